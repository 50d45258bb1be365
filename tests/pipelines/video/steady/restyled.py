"""A restyled movie, made once for the tests of all that steadies it, and how far from steady a result is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pipelines.video.steady.flow import Motion
from pipelines.video.steady.measures import detail_ratio, flicker_index, mean_luma, warp_error
from tests.pipelines.video.steady.scenes import Array, Scene, Styliser

SCENE = Scene(
    width=320, height=180, pan_px=(2.5, 0.6),
    disc_radius_px=32, disc_at=(0.35, 0.4), disc_px=(2.0, 0.8),
)  # fmt: skip
FRAMES = 25


@dataclass(frozen=True)
class Restyled:
    """`styled` is what the model makes of each source frame by itself; `ideal` the same without its noise."""

    sources: tuple[Array, ...]
    styled: tuple[Array, ...]
    ideal: tuple[Array, ...]


@dataclass(frozen=True)
class Figures:
    """Means over a movie: warp error along the true motion, flicker of the luma, detail and distance to the ideal."""

    warp_error: float
    flicker: float
    detail: float
    distance_levels: float


@lru_cache(maxsize=4)
def restyled(scene: Scene = SCENE, frames: int = FRAMES) -> Restyled:
    sources = tuple(scene.frame(k) for k in range(frames))
    styliser = Styliser()
    return Restyled(
        sources,
        tuple(styliser.styled(frame, k) for k, frame in enumerate(sources)),
        tuple(styliser.ideal(frame) for frame in sources),
    )


@lru_cache(maxsize=64)
def true_motion(scene: Scene, start: int, end: int) -> Motion:
    return Motion(scene.flow(start, end), scene.visible(start, end).astype(np.float32))


def figures(results: Sequence[Array], ideal: Sequence[Array], scene: Scene = SCENE) -> Figures:
    steps = range(1, len(results))
    return Figures(
        mean(warp_error(results[k - 1], results[k], true_motion(scene, k, k - 1)) for k in steps),
        flicker_index(mean_luma(frame) for frame in results),
        mean(detail_ratio(*pair) for pair in zip(results, ideal, strict=True)),
        mean(np.abs(a.astype(float) - b).mean() for a, b in zip(results, ideal, strict=True)),
    )


def mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))
