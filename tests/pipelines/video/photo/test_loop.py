"""A photo, a plan and masks become a loop, or an error that says what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipelines.errors import RequestError
from pipelines.video.photo.loop import prepare, preview
from pipelines.video.photo.plan import Arrow, Flow, Parallax, Ripple
from tests.pipelines.video.photo.scenes import grain, plan

SIZE = (96, 128)
PHOTO = np.clip(128 + 40 * grain(SIZE, 1, 2), 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2)
LEFT, RIGHT = np.zeros(SIZE, np.uint8), np.zeros(SIZE, np.uint8)
LEFT[:, :50], RIGHT[:, 80:] = 255, 255
FLOW = Flow(arrows=(Arrow(points=((0.2, 0.1), (0.2, 0.9)), speed=0.05),))


def test_effects_with_masks_of_their_own_move_side_by_side() -> None:
    both = prepare(PHOTO, plan(FLOW, Ripple()), [LEFT, RIGHT]).frame(9)
    flow = prepare(PHOTO, plan(FLOW), [LEFT]).frame(9)
    ripple = prepare(PHOTO, plan(Ripple()), [RIGHT]).frame(9)

    assert np.array_equal(both[:, :64], flow[:, :64])
    assert np.array_equal(both[:, 64:], ripple[:, 64:])


def test_a_later_effect_moves_what_an_earlier_one_made() -> None:
    painted = plan(FLOW, Parallax(amount=0.0, horizon=0.5))
    flow = prepare(PHOTO, plan(FLOW), [LEFT])

    assert np.array_equal(prepare(PHOTO, painted, [LEFT, None]).frame(9), flow.frame(9))


def test_the_photo_itself_is_not_changed() -> None:
    before = PHOTO.copy()
    prepare(PHOTO, plan(FLOW, Ripple()), [LEFT, RIGHT]).frame(5)

    assert np.array_equal(PHOTO, before)


def test_masks_may_have_another_size_than_the_photo() -> None:
    small = prepare(PHOTO, plan(FLOW), [LEFT[::2, ::2].copy()]).frame(9)

    assert np.array_equal(small[:, 54:], PHOTO[:, 54:])
    assert not np.array_equal(small, PHOTO)


def test_a_preview_of_a_small_photo_is_the_photos_size() -> None:
    assert preview(PHOTO, plan(FLOW), [LEFT]).frame(0).shape == PHOTO.shape


def test_a_wide_and_flat_photo_moves_too() -> None:
    photo = np.tile(PHOTO[:20], (1, 10, 1))
    loop = prepare(photo, plan(FLOW), [np.full(photo.shape[:2], 255, np.uint8)])

    assert np.abs(loop.frame(5).astype(int) - photo).mean() > 1


REFUSED: dict[str, tuple[Any, Any, Any, str]] = {
    "empty mask": (PHOTO, (FLOW,), [LEFT * 0], "effects.0.mask"),
    "no mask": (PHOTO, (FLOW,), [None], "effects.0.mask"),
    "mask of three channels": (PHOTO, (FLOW,), [PHOTO], "effects.0.mask"),
    "mask of floats": (PHOTO, (FLOW,), [LEFT.astype(np.float32)], "effects.0.mask"),
    "second mask empty": (PHOTO, (FLOW, Ripple()), [LEFT, LEFT * 0], "effects.1.mask"),
    "arrows elsewhere": (PHOTO, (FLOW,), [RIGHT], "effects.0.arrows"),
    "no arrows": (PHOTO, (Flow(),), [LEFT], "effects.0.arrows"),
    "no masks": (PHOTO, (FLOW,), [], "maps"),
    "depth in colour": (PHOTO, (Parallax(),), [PHOTO], "effects.0.depth"),
    "grey photo": (LEFT, (FLOW,), [LEFT], "photo"),
    "tiny photo": (PHOTO[:8], (FLOW,), [LEFT], "photo"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_animated_is_refused_with_field_and_remedy(case: str) -> None:
    photo, effects, maps, field = REFUSED[case]
    with pytest.raises(RequestError) as refused:
        prepare(photo, plan(*effects), maps)

    assert refused.value.field == field
    assert refused.value.remedy


def test_a_stroke_that_is_too_small_for_the_grid_is_refused() -> None:
    mask = np.zeros((2048, 2048), np.uint8)
    mask[1000, 1000] = 255
    photo = np.zeros((2048, 2048, 3), np.uint8)
    with pytest.raises(RequestError, match="so little"):
        prepare(photo, plan(FLOW), [mask])
