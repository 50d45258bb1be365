"""A prompt that is blended with another one: the ends are the prompts themselves, and what lies between is between."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipelines.asking.morph import Morph
from pipelines.catalog import diffusers_folder
from pipelines.errors import RequestError
from pipelines.request import Request, check
from pipelines.worker.messages import CheckpointRef
from pipelines.worker.recipes.still import Brief, Developed, still
from pipelines.worker.recipes.wording import conditioning
from pipelines.worker.recipes.words import Words
from pipelines.worker.sampling import Moment
from tests.pipelines.worker.workbench import Workbench, request

STARTER = Path(__file__).parents[4] / "models" / "starter"
LONG = "a very long text " * 30


def meant(bench: Workbench, prompt: str, morph: Morph | None, **changes: Any) -> Moment:
    asked = request(prompt=prompt, morph=morph, **changes)
    return conditioning(asked, bench.model()).at(0)


def hidden(moment: Moment) -> torch.Tensor:
    words: Words = moment.parts[0][1]
    return words.hidden


def test_at_the_ends_the_prompts_mean_what_they_mean_alone(toy: CheckpointRef) -> None:
    bench = Workbench(toy)
    other = Morph(prompt="a cat", negative_prompt="rain", share=1.0)
    start = meant(bench, "a boat", Morph(prompt="a cat", share=0.0), negative_prompt="fog")
    end = meant(bench, "a boat", other, negative_prompt="fog")

    assert torch.equal(hidden(start), hidden(meant(bench, "a boat", None)))
    assert torch.equal(hidden(end), hidden(meant(bench, "a cat", None)))
    assert torch.equal(
        end.negative.hidden, meant(bench, "a cat", None, negative_prompt="rain").negative.hidden
    )


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_in_between_lies_on_the_line(toy: CheckpointRef, share: float) -> None:
    bench = Workbench(toy)
    one, two = (hidden(meant(bench, text, None)) for text in ("a boat", "a cat"))

    between = hidden(meant(bench, "a boat", Morph(prompt="a cat", share=share)))

    assert torch.allclose(between, one * (1 - share) + two * share, atol=1e-6)
    assert not torch.allclose(between, one, atol=1e-3)


def test_a_short_text_goes_on_with_no_words_beside_a_long_one(toy: CheckpointRef) -> None:
    bench = Workbench(toy)
    nothing, short = hidden(meant(bench, "", None)), hidden(meant(bench, "a boat", None))
    long = hidden(meant(bench, LONG, None))
    chunks = long.shape[1] // 77
    padded = torch.cat([short, *[nothing] * (chunks - 1)], dim=1)

    between = hidden(meant(bench, "a boat", Morph(prompt=LONG, share=0.5)))

    assert chunks > 1
    assert torch.allclose(between, (padded + long) / 2, atol=1e-6)


def test_parts_of_a_sum_count_by_the_share_of_their_prompt(toy: CheckpointRef) -> None:
    moment = meant(Workbench(toy), "a boat AND fog", Morph(prompt="a cat", share=0.25))

    assert [weight for weight, _ in moment.parts] == [0.75, 0.75, 0.25]


def test_both_prompts_keep_their_schedules(toy: CheckpointRef) -> None:
    bench = Workbench(toy)
    other = Morph(prompt="[a cat:a dog:1]", share=0.5)
    asked = request(prompt="[a boat:a car:2]", morph=other, steps=3)

    spans = conditioning(asked, bench.model()).spans

    assert [until for until, _ in spans] == [1, 2, 3]
    halves = [("a boat", "a cat"), ("a boat", "a dog"), ("a car", "a dog")]
    for (_, moment), pair in zip(spans, halves, strict=True):
        one, two = (hidden(meant(bench, text, None)) for text in pair)
        assert torch.allclose(hidden(moment), (one + two) / 2, atol=1e-6)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_outside_of_the_way_is_refused(share: float) -> None:
    with pytest.raises(RequestError, match=r"morph\.share"):
        check(request(morph=Morph(prompt="a cat", share=share)))


def test_it_survives_json() -> None:
    asked = request(morph=Morph(prompt="a cat", share=0.25))

    assert Request.from_dict(asked.as_dict()) == asked


def test_a_red_circle_becomes_a_blue_one_by_and_by() -> None:
    bench = Workbench(diffusers_folder.read(STARTER, "starter").ref())

    def blueness(share: float) -> float:
        """Of what is coloured, from −1 (red) to 1 (blue)."""
        morph = Morph(prompt="a blue circle on a white background", share=share)
        asked = request(
            prompt="a red circle on a white background",
            morph=morph,
            width=128,
            height=128,
            steps=12,
            guidance_scale=3.0,
        )
        made = still(Brief(asked, 7), bench.model(), lambda look: None)
        assert isinstance(made, Developed)
        pixels = made.pixels.numpy().astype(np.float32)
        is_coloured = np.ptp(pixels, axis=2) > 60
        red, _, blue = (pixels[is_coloured][:, channel].mean() for channel in range(3))
        return float((blue - red) / (blue + red))

    course = [blueness(share) for share in np.linspace(0, 1, 9)]

    assert course[0] < -0.4
    assert course[-1] > 0.4
    assert all(later > before - 0.01 for before, later in pairwise(course))
