"""Scenes whose motion is known exactly: a camera that moves over a picture, and a disc that moves in front of it.

A scene is drawn at any time, also between frames; `flow` is the true way from each pixel of one frame to another one.
`Styliser` stands for a model that restyles each frame by itself: a fixed map of colours, and fresh soft noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
PAPER_PX = (600, 800)  # (height, width) of the picture that the camera moves over


@dataclass(frozen=True)
class Scene:
    """Speeds are per frame: `pan_px` and `disc_px` (x, y), `zoom` a factor, `turn_degrees`."""

    seed: int = 0
    width: int = 320
    height: int = 180
    at: tuple[float, float] = (400.0, 300.0)  # of the paper, where the camera starts
    pan_px: tuple[float, float] = (2.0, 0.6)
    zoom: float = 1.0
    turn_degrees: float = 0.0
    disc_radius_px: float = 0.0
    disc_at: tuple[float, float] = (0.25, 0.45)  # share of the size, in frame 0
    disc_px: tuple[float, float] = (-1.5, 1.0)

    def frame(self, time: float) -> Array:
        """(height, width, 3) uint8."""
        picture = _looked_up(paper(self.seed), *self._on_paper(time, *self._grid()))
        if self.disc_radius_px:
            across, down = self._on_disc(time, *self._grid())
            cover = np.clip(self.disc_radius_px + 0.5 - np.hypot(across, down), 0, 1)[..., None]
            disc = _looked_up(paper(self.seed + 1000), across + 400, down + 300)
            picture = cover * disc[..., ::-1] + (1 - cover) * picture
        return np.clip(np.rint(picture), 0, 255).astype(np.uint8)

    def flow(self, start: float, end: float) -> Array:
        """(height, width, 2): where in the frame at `end` each pixel of the one at `start` is."""
        grid = self._grid()
        places = self._from_paper(end, *self._on_paper(start, *grid))
        flow = np.stack([places[0] - grid[0], places[1] - grid[1]], axis=-1)
        moved = np.array(self.disc_px) * (end - start)
        flow[self._from_edge(start, *grid) <= 0] = moved
        return flow.astype(np.float32)

    def visible(self, start: float, end: float) -> Array:
        """(height, width) of truth: seen in the frame at `end` too, and 3 px away from all edges of things."""
        x, y = self._places(start, end)
        is_inside = (x >= 3) & (x < self.width - 3) & (y >= 3) & (y < self.height - 3)
        if not self.disc_radius_px:
            return is_inside
        here, there = self._from_edge(start, *self._grid()), self._from_edge(end, x, y)
        return is_inside & (abs(here) > 3) & (abs(there) > 3) & ((here < 0) == (there < 0))

    def hidden(self, start: float, end: float) -> Array:
        """(height, width) of truth: of the background, and the disc is before it in the frame at `end`."""
        there = self._from_edge(end, *self._places(start, end))
        return (self._from_edge(start, *self._grid()) > 3) & (there < -3)

    def _places(self, start: float, end: float) -> tuple[Array, Array]:
        flow, (x, y) = self.flow(start, end), self._grid()
        return x + flow[..., 0], y + flow[..., 1]

    def _from_edge(self, time: float, x: Array, y: Array) -> Array:
        """Distance from the disc's edge in px, below 0 on the disc."""
        return np.hypot(*self._on_disc(time, x, y)) - self.disc_radius_px

    def _grid(self) -> tuple[Array, Array]:
        down, across = np.mgrid[: self.height, : self.width].astype(np.float64)
        return across, down

    def _camera(self, time: float) -> tuple[complex, complex]:
        factor = self.zoom**-time * np.exp(1j * np.radians(self.turn_degrees) * time)
        return factor, complex(*np.add(self.at, np.multiply(self.pan_px, time)))

    def _on_paper(self, time: float, x: Array, y: Array) -> tuple[Array, Array]:
        factor, centre = self._camera(time)
        z = factor * (x - self.width / 2 + 1j * (y - self.height / 2)) + centre
        return z.real, z.imag

    def _from_paper(self, time: float, x: Array, y: Array) -> tuple[Array, Array]:
        factor, centre = self._camera(time)
        z = (x + 1j * y - centre) / factor
        return z.real + self.width / 2, z.imag + self.height / 2

    def _on_disc(self, time: float, x: Array, y: Array) -> tuple[Array, Array]:
        left = self.disc_at[0] * self.width + self.disc_px[0] * time
        top = self.disc_at[1] * self.height + self.disc_px[1] * time
        return x - left, y - top


@dataclass(frozen=True)
class Styliser:
    """`noise_levels`: deviation of the soft noise, and of the brightness of whole frames."""

    seed: int = 0
    noise_levels: float = 12.0
    light_levels: float = 2.5

    def ideal(self, frame: Array) -> Array:
        """The map of colours alone: (h, w, 3) uint8."""
        values = frame.astype(np.float32) / 255
        mixed = values @ np.array([[0.9, 0.1, 0.1], [0.1, 0.7, 0.3], [0.1, 0.1, 0.8]], np.float32)
        curved = np.clip(mixed, 0, 1) ** np.array([0.8, 1.0, 1.3], np.float32)
        return np.clip(np.rint(20 + 215 * curved), 0, 255).astype(np.uint8)

    def styled(self, frame: Array, index: int) -> Array:
        rng = np.random.default_rng((self.seed, index))
        height, width = frame.shape[:2]
        soft = cv2.GaussianBlur(rng.normal(0, 1, (height, width, 3)).astype(np.float32), (0, 0), 3)
        noise = soft / soft.std() * self.noise_levels + rng.normal(0, self.light_levels)
        return np.clip(np.rint(self.ideal(frame) + noise), 0, 255).astype(np.uint8)


@lru_cache(maxsize=32)
def paper(seed: int) -> Array:
    """A picture with shapes of many sizes and edges: (600, 800, 3) float32, 10…245 levels."""
    rng = np.random.default_rng(seed)
    height, width = PAPER_PX
    total = np.zeros((height, width, 3), np.float32)
    for cells, share in ((4, 1.0), (12, 0.7), (36, 0.5), (100, 0.35), (267, 0.12)):
        coarse = rng.normal(0, share, (cells * height // width, cells, 3)).astype(np.float32)
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(30):
        shape = np.zeros((180, 180), np.uint8)
        corners = rng.normal(90, 45, (4, 2)).clip(2, 177).astype(np.int32)
        cv2.fillConvexPoly(shape, cv2.convexHull(corners), 255, cv2.LINE_AA)
        top, left = rng.integers(0, height - 180), rng.integers(0, width - 180)
        cover = cv2.GaussianBlur(shape, (0, 0), 0.7)[..., None] / np.float32(255)
        total[top : top + 180, left : left + 180] += cover * rng.normal(0, 1.2, 3).astype(
            np.float32
        )
    low, high = np.percentile(total[::4, ::4], (0.5, 99.5))
    return np.clip(10 + (total - low) / (high - low) * 235, 10, 245).astype(np.float32)


def _looked_up(picture: Array, x: Array, y: Array) -> Array:
    across, down = x.astype(np.float32), y.astype(np.float32)
    return cv2.remap(
        picture, across, down, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REFLECT_101
    ).astype(np.float64)
