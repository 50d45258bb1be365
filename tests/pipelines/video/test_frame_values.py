"""All values of a clip at once: which frames are diffused, with what seed and prompt, in which units."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from pipelines.errors import RequestError
from pipelines.video.animation import LANES, Animation, Prompt
from pipelines.video.frame_values import Between, Sampler, frame_values
from pipelines.video.schedules.prompts import Blend, Words
from pipelines.video.schedules.seeds import random_seed


def still(**fields: Any) -> Animation:
    return Animation(**({"max_frames": 10, "zoom": "1"} | fields))


def test_each_schedule_gives_the_value_of_its_own_name() -> None:
    """Each one has a value that no other has, inside the bounds of all."""
    numbers = {name: 1 + index / 100 for index, name in enumerate(LANES)}
    schedules = {name: f"0: ({number})" for name, number in numbers.items()}
    schedules |= {"strength": "0: (0.3)", "noise": "0: (0.2)", "variation_strength": "0: (0.1)"}
    schedules |= {"steps": "0: (33.9)", "clip_skip": "0: (2)", "unsharp_kernel": "0: (7)"}

    found = frame_values(still(**schedules), 42).at(9)

    exact = {"strength": 0.3, "noise": 0.2, "variation_strength": 0.1}
    exact |= {"steps": 33, "clip_skip": 2, "unsharp_kernel": 7, "variation_seed": 1}
    for name in LANES:
        if name != "seed_schedule":
            assert getattr(found, name) == pytest.approx(exact.get(name, numbers[name])), name
    assert found.denoising_strength == pytest.approx(0.7)


def test_what_the_request_says_is_left_open() -> None:
    open_fields = {name: "" for name, lane in LANES.items() if lane.is_optional}

    found = frame_values(still(**open_fields), 42).at(0)

    assert {getattr(found, name) for name in open_fields} == {None}
    assert (found.sampler, found.prompt) == (None, None)


def test_every_so_many_frames_are_diffused_and_the_last_one() -> None:
    values = frame_values(still(diffusion_cadence=4), 42)

    assert values.diffused == (0, 4, 8, 9)
    assert [values.at(frame).is_diffused for frame in (0, 1, 8, 9)] == [True, False, True, True]
    assert values.at(5).between == Between(4, 8, 0.25)
    assert values.at(4).between == Between(4, 4, 0.0)
    assert values.at(9).between == Between(9, 9, 0.0)


def test_all_frames_of_a_morph_are_diffused() -> None:
    assert frame_values(still(mode="morph", diffusion_cadence=4), 42).diffused == tuple(range(10))


def test_drawn_frames_of_a_loop_are_evenly_apart_and_lead_to_the_first_one() -> None:
    values = frame_values(still(diffusion_cadence=3, is_looped=True), 42)

    assert values.diffused == (0, 3, 6)
    assert values.at(8).between == Between(6, 10, 0.5)
    assert frame_values(still(diffusion_cadence=50, is_looped=True), 42).diffused == (0,)
    assert frame_values(still(diffusion_cadence=1, is_looped=True), 42).diffused[-1] == 9


def test_the_first_frame_counts_more_and_more_towards_the_end_of_a_loop() -> None:
    looped, left_open = (
        [frame_values(still(max_frames=90, is_looped=is_so), 42).at(n).closing for n in range(90)]
        for is_so in (True, False)
    )

    assert looped[:61] == [0] * 61
    assert np.all(np.diff(looped[60:]) > 0)
    assert 0.9 < looped[89] < 1
    assert left_open == [0] * 90


def test_the_prompt_of_a_loop_leads_back_to_the_first_one() -> None:
    asked = {"prompts": PROMPTS, "is_looped": True, "max_frames": 90}
    values = frame_values(still(**asked), 42)

    held, last = values.at(60).prompt, values.at(89).prompt
    assert held == Blend(Words("b", "n"), Words("b", "n"))
    assert last == Blend(Words("b", "n"), Words("a"), values.at(89).closing)
    assert frame_values(still(**asked | {"mode": "movie"}), 42).at(89).prompt == held


def test_seeds_count_the_frames_that_are_diffused() -> None:
    values = frame_values(still(diffusion_cadence=3), 42)

    assert values.seeds == (42, 42, 42, 43, 43, 43, 44, 44, 44, 45)
    assert values.at(3).seed == 43


def test_seeds_by_chance_are_those_of_their_frames() -> None:
    seeds = frame_values(still(seed_behaviour="random", diffusion_cadence=5), 42).seeds

    assert seeds[:5] == (42,) * 5
    assert seeds[5:9] == (random_seed(42, 5),) * 4
    assert seeds[9] == random_seed(42, 9)


def test_a_schedule_of_seeds_counts_only_where_it_is_asked_for() -> None:
    asked = {"seed_schedule": "0:(s), 1:(-1), 2:(7)"}

    assert frame_values(still(**asked), 42).seeds[2] == 43
    seeds = frame_values(still(seed_behaviour="schedule", **asked), 42).seeds
    assert seeds[:3] == (42, random_seed(42, 1), 7)


def test_variation_seeds_by_chance_are_rolled_for_each_frame() -> None:
    values = frame_values(still(variation_seed="0:(5), 1:(-1)"), 42)

    assert values.at(0).variation_seed == 5
    assert values.at(3).variation_seed == random_seed(42, 3)


def test_samplers_are_known_by_all_their_names() -> None:
    values = frame_values(still(sampler='0: ("euler A"), 5: ("DPM++ 2M Karras")'), 42)

    assert values.at(4).sampler == Sampler("Euler a", None)
    assert values.at(5).sampler == Sampler("DPM++ 2M", "Karras")


def test_a_sampler_that_nobody_knows_is_refused() -> None:
    with pytest.raises(RequestError) as raised:
        frame_values(still(sampler="Eulr"), 42)

    assert raised.value.field == "animation.sampler"


PROMPTS = (Prompt(frame="0", text="a"), Prompt(frame="5", text="b --neg n"))


def test_prompts_are_held_in_2d_and_fade_in_a_morph() -> None:
    words = {"prompts": PROMPTS, "common_prompt": "best", "common_negative_prompt": "bad"}

    held = frame_values(still(**words), 42).at(4).prompt
    faded = frame_values(still(mode="morph", **words), 42).at(4).prompt

    assert held == Blend(Words("best a", "bad"), Words("best a", "bad"))
    assert faded == Blend(Words("best a", "bad"), Words("best b", "n bad"), 0.8)


def test_a_looped_morph_fades_back_to_its_beginning() -> None:
    last = frame_values(still(mode="morph", prompts=PROMPTS, is_looped=True), 42).at(9).prompt

    assert last is not None
    assert (last.second.positive, last.share) == ("a", pytest.approx(0.8))


@pytest.mark.parametrize("name", LANES)
def test_a_value_outside_of_what_is_of_use_is_refused_by_its_field(name: str) -> None:
    with pytest.raises(RequestError, match="at frame 3") as raised:
        frame_values(still(**{name: "0: (where(t<3, 1, 1e30))"}), 42)

    assert raised.value.field == f"animation.{name}"


def test_the_same_is_worked_out_again() -> None:
    asked = still(seed_behaviour="random", prompts=PROMPTS, angle="0: (sin(t))")
    first, again = frame_values(asked, 42), frame_values(asked, 42)

    assert [first.at(k) for k in range(10)] == [again.at(k) for k in range(10)]
    assert first.seeds != frame_values(asked, 43).seeds


def test_ten_thousand_frames_are_worked_out_while_one_types() -> None:
    asked = Animation(max_frames=10_000, prompts=PROMPTS, angle="0: (sin(t/9)), 5000: (t%7)")

    def seconds() -> float:
        begun = time.process_time()
        assert frame_values(asked, 42).frame_count == 10_000
        return time.process_time() - begun

    assert min(seconds() for _ in range(3)) < 0.2


def test_a_clip_of_one_frame_is_a_clip() -> None:
    values = frame_values(Animation(max_frames=1), 0)

    assert values.diffused == (0,)
    assert np.isfinite(values.at(0).zoom)
