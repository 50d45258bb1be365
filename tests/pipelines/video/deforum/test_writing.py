"""Animations written as settings files of Deforum, and read again."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from pipelines.video.animation import LANES, Animation, Prompt
from pipelines.video.deforum import read, write
from pipelines.video.deforum.keys import SETTINGS

REQUEST: dict[str, Any] = {
    "width": 640,
    "height": 768,
    "seed": 7,
    "sampling.sampler": "Euler",
    "sampling.steps": 30,
    "seamless": "both",
    "noise.from_width": 512,
    "noise.from_height": 512,
}
FULL = Animation(
    **{name: f"0: (1), 5: ({index}+t)" for index, name in enumerate(LANES)},  # type: ignore[arg-type]
    mode="morph",
    max_frames=33,
    fps=29.97,
    prompts=(Prompt(text="a cät"), Prompt(frame="max_f/2", text="b --neg c")),
    common_prompt="best",
    common_negative_prompt="worst",
    flips_perspective=True,
    border="wrap",
    noise_type="uniform",
    perlin_octaves=5,
    perlin_persistence=0.25,
    colour_coherence="none",
    diffusion_cadence=7,
    sampler='0: ("Euler a"), 5: ("DDIM")',
    seed_behaviour="schedule",
    seed_every=3,
    init_strength=0.25,
    extract_nth_frame=3,
    extract_from_frame=9,
    extract_to_frame=60,
    keeps_times=True,
)


@pytest.mark.parametrize(
    "animation",
    [
        FULL,
        Animation(),
        Animation(mode="movie"),
        Animation(noise_multiplier="", guidance_scale="0: (3)", prompts=(Prompt(text="x"),)),
    ],
)
def test_what_is_written_is_read_again(animation: Animation) -> None:
    found = read(write(animation, REQUEST))

    expected = {"prompts": animation.prompts} if animation.prompts else {}
    assert found.animation == animation
    assert found.request_fields == REQUEST
    assert expected.get("prompts", ()) == found.animation.prompts


def test_a_file_has_the_keys_and_the_form_of_deforum() -> None:
    text = write(FULL, REQUEST)

    assert list(json.loads(text)) == [setting.key for setting in SETTINGS]
    assert text.startswith('{\n    "W": 640,\n    "H": 768,\n')
    assert "a cät" in text


def test_values_have_the_kinds_that_deforum_expects() -> None:
    values = json.loads(write(Animation(), {}))

    for setting in SETTINGS:
        if setting.default is not None:
            assert type(values[setting.key]) is type(setting.default), setting.key
    assert values["fps"] == 15
    assert values["enable_steps_scheduling"] is False
    assert values["enable_noise_multiplier_scheduling"] is True
    assert json.loads(write(FULL, REQUEST))["enable_steps_scheduling"] is True


def test_the_prompt_of_the_request_is_said_where_the_animation_has_none() -> None:
    fields = {"prompt": "a cat", "negative_prompt": "a dog"}

    assert json.loads(write(Animation(), fields))["prompts"] == {"0": "a cat --neg a dog"}


def test_samplers_are_named_with_their_schedules() -> None:
    fields = {"sampling.sampler": "DPM++ 2M", "sampling.schedule": "Karras"}

    assert json.loads(write(Animation(), fields))["sampler"] == "DPM++ 2M Karras"


def test_what_deforum_cannot_say_is_left_out() -> None:
    values = json.loads(write(Animation(border="reflect", init_image="abc"), {"width": None}))

    assert (values["border"], values["init_image"], values["W"]) == ("replicate", None, 512)


def test_lanes_that_are_open_are_switched_off() -> None:
    optional = [name for name, lane in LANES.items() if lane.is_optional]
    animation = Animation(**dict.fromkeys(optional, ""))  # type: ignore[arg-type]

    found = read(write(animation, {"sampling.guidance_scale": 4.5})).animation

    # Deforum always has a schedule for the guidance.
    assert found == dataclasses.replace(animation, guidance_scale="0: (4.5)")
    assert json.loads(write(animation, {}))["cfg_scale_schedule"] == "0: (7)"
