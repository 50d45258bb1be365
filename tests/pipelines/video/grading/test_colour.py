"""Colours come back to those of the reference, and stay where they are if they are there."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pipelines.errors import StateDamaged
from pipelines.video.grading.colour import SPACES, Reference, Space, match, reference_of
from tests.pipelines.video.grading.scenes import gradient_energy, mean_drift, street, warmed

FRAME = street()
PLAIN = np.full((20, 30, 3), (200, 40, 90), np.uint8)
DOTS = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("frame", [FRAME, PLAIN, DOTS, DOTS[:1, :1]])
def test_a_frame_that_has_the_colours_already_keeps_its_bits(
    space: Space, frame: np.ndarray
) -> None:
    assert np.array_equal(match(frame, reference_of(frame, space)), frame)


@pytest.mark.parametrize("space", SPACES)
def test_where_the_colours_lie_does_not_matter(space: Space) -> None:
    mirrored = np.ascontiguousarray(FRAME[:, ::-1])

    assert np.array_equal(match(mirrored, reference_of(FRAME, space)), mirrored)


@pytest.mark.parametrize(("space", "left_over"), [("LAB", 0.3), ("RGB", 0.1)])
def test_a_cast_is_taken_out(space: Space, left_over: float) -> None:
    cast = np.clip(FRAME * (1.1, 0.95, 0.85) + (5, 3, -4), 0, 255).astype(np.uint8)
    matched = match(cast, reference_of(FRAME, space))

    before, after = (np.abs(frame.astype(float) - FRAME).mean() for frame in (cast, matched))
    assert after < left_over * before
    assert mean_drift(matched, FRAME) < 1.5


@pytest.mark.parametrize(("space", "channel"), [("HSV", 2), ("LAB", 0), ("RGB", 1)])
def test_another_picture_takes_on_the_distribution(space: Space, channel: int) -> None:
    other = np.ascontiguousarray(street(seed=8)[::-1] // 2 + 20)
    before, after, wanted = (
        np.array(reference_of(frame, space).quantiles[channel])
        for frame in (other, match(other, reference_of(FRAME, space)), FRAME)
    )

    assert np.abs(before - wanted).max() > 0.1
    assert np.abs(after - wanted).mean() < 0.01


def test_the_order_of_levels_is_kept() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    matched = match(ramp, reference_of(FRAME, "RGB")).astype(int)

    assert (np.diff(matched[0], axis=0) >= 0).all()
    assert (matched[0, 3] < np.quantile(FRAME, 0.02, axis=(0, 1))).all()
    assert (matched[0, -4] > np.quantile(FRAME, 0.98, axis=(0, 1))).all()
    assert np.abs(matched[0, 128] - np.median(FRAME, axis=(0, 1))).max() <= 1


def test_hues_on_both_sides_of_red_are_not_torn_apart() -> None:
    lot = np.random.default_rng(0)
    reds = np.stack([lot.integers(180, 220, (40, 40)), *lot.integers(20, 60, (2, 40, 40))], axis=-1)
    frame = reds.astype(np.uint8)
    shifted = np.clip(frame + np.array((0, 0, 12)), 0, 255).astype(np.uint8)

    matched = match(shifted, reference_of(frame, "HSV"))

    assert np.abs(matched.astype(float) - frame).mean() < 4
    assert matched[..., 0].min() > 150


@pytest.mark.parametrize("space", SPACES)
def test_three_hundred_rounds_of_feedback_change_nothing(space: Space) -> None:
    reference, frame = reference_of(FRAME, space), FRAME
    for _ in range(300):
        frame = match(frame, reference)

    assert mean_drift(frame, FRAME) <= 2
    assert gradient_energy(frame) >= 0.9 * gradient_energy(FRAME)
    assert np.abs(frame.astype(int) - FRAME).max() <= 1


@pytest.mark.parametrize("space", SPACES)
def test_a_model_with_a_taste_does_not_pull_the_colours_along(space: Space) -> None:
    reference, held, free = reference_of(FRAME, space), FRAME, FRAME
    for _ in range(100):
        held, free = match(warmed(held), reference), warmed(free)

    assert mean_drift(held, FRAME) < 0.03 * mean_drift(free, FRAME)


def test_what_mixes_the_channels_does_not_build_up() -> None:
    reference, frame = reference_of(FRAME, "RGB"), FRAME
    for _ in range(100):
        grey = frame.mean(axis=-1, keepdims=True)
        more_colourful = np.clip(np.round(grey + 1.03 * (frame - grey)), 0, 255).astype(np.uint8)
        frame = match(more_colourful, reference)

    assert np.abs(frame.astype(float) - FRAME).mean() < 1


@pytest.mark.parametrize("space", SPACES)
def test_a_reference_survives_json(space: Space) -> None:
    reference = reference_of(FRAME, space)
    written = json.dumps(reference.as_dict())

    assert Reference.from_dict(json.loads(written)) == reference
    assert len(written) < 12_000


@pytest.mark.parametrize(
    "change",
    [
        {"space": "XYZ"},
        {"quantiles": [[0.0, 1.0]] * 3},
        {"quantiles": None},
        {"mean": [0.5]},
        {"covariance": [[1.0]]},
        {"hue_cut": "red"},
        {"hue_cut": float("nan")},
    ],
)
def test_a_damaged_reference_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(StateDamaged):
        Reference.from_dict(reference_of(FRAME, "LAB").as_dict() | change)
    with pytest.raises(StateDamaged):
        Reference.from_dict({})
