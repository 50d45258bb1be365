"""Light and texture that flicker are held still; a light that is turned down for good gets through."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.errors import RequestError
from pipelines.video.steady.blending import Blended
from pipelines.video.steady.deflickering import Deflicker, deflickered
from tests.pipelines.video.steady.restyled import SCENE, figures, restyled
from tests.pipelines.video.steady.scenes import Array

FRAMES = 14


def run(sources: list[Array], settings: Deflicker) -> list[Array]:
    now: Blended | None = None
    frames = []
    for source in sources:
        now = deflickered(now, source, settings)
        frames.append(now.frame)
    return frames


def flickering(sources: tuple[Array, ...], seed: int = 0) -> list[Array]:
    """Light that jumps, and bands that wander, as of lamps before a camera."""
    rng = np.random.default_rng(seed)
    down = np.arange(SCENE.height)[:, None, None]
    made = []
    for source in sources:
        light = rng.normal(0, 6) + 6 * np.sin(down / 40 + rng.uniform(0, 6))
        made.append(np.clip(np.rint(source + light), 0, 255).astype(np.uint8))
    return made


def test_light_that_flickers_is_held_still() -> None:
    clean = restyled().sources[:FRAMES]
    flicker = flickering(clean)

    held = figures(run(flicker, Deflicker()), clean)

    as_it_was = figures(flicker, clean)
    assert held.warp_error < as_it_was.warp_error / 4
    assert held.flicker < as_it_was.flicker / 8
    assert held.detail > 0.95


def test_what_does_not_flicker_stays_as_it_is() -> None:
    clean = list(restyled().sources[:6])

    frames = run(clean, Deflicker())

    apart = [np.abs(a.astype(int) - b).mean() for a, b in zip(frames, clean, strict=True)]
    assert max(apart) < 1


def test_a_lasting_change_of_the_light_gets_through() -> None:
    clean = restyled().sources[0]
    darker = (clean * 0.8).astype(np.uint8)

    frames = run([clean] * 2 + [darker] * 25, Deflicker(light=0.9, quality="fast"))

    step = clean.mean() - darker.mean()
    assert abs(frames[2].mean() - clean.mean()) < 0.3 * step
    assert abs(frames[-1].mean() - darker.mean()) < 0.15 * step


def test_the_first_frame_of_a_shot_is_left_alone() -> None:
    frame = restyled().sources[0]

    assert (deflickered(None, frame, Deflicker()).frame == frame).all()


def test_strengths_outside_their_bounds_are_refused() -> None:
    with pytest.raises(RequestError, match="light"):
        Deflicker(light=1.0)
    with pytest.raises(RequestError, match="texture"):
        Deflicker(texture=-0.2)
