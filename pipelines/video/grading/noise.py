"""Noise mixed into a frame before it is diffused, so that there is something to draw new detail from.

It follows from the seed and the number of the frame alone: Philox, the generator, counts instead of remembering
(Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011). Frames can be made in any order, or again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator, Philox
from numpy.typing import NDArray

from pipelines.errors import RequestError
from pipelines.fields import within

Frame = NDArray[np.uint8]
Floats = NDArray[np.float32]
Kind = Literal["uniform", "perlin"]

KINDS: tuple[Kind, ...] = ("uniform", "perlin")
BOUNDS = {
    "amount": (0.0, 1.0),
    "cells_x": (1, 256),
    "cells_y": (1, 256),
    "octaves": (1, 7),
    "persistence": (0.0, 1.0),
}
GREY = 127.5  # the middle of the levels, and the standard deviation of full noise
KEY_BITS = 64


@dataclass(frozen=True)
class Noise:
    """What is mixed in. Raises RequestError.

    `kind`: Gaussian noise that is alike everywhere ("uniform"), or in clouds ("perlin"). `amount`: its share of the
    frame, 0…1. `cells_x`, `cells_y`: clouds of the largest kind from side to side and from top to bottom, 1…256.
    `octaves`: kinds of clouds, each half as large as the one before, 1…7, and `persistence` times as strong, 0…1.
    """

    kind: Kind = "perlin"
    amount: float = 0.065
    cells_x: int = 8
    cells_y: int = 8
    octaves: int = 4
    persistence: float = 0.5

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise RequestError(
                "kind", self.kind, "is no kind of noise", f"Use {' or '.join(KINDS)}."
            )
        for name, bounds in BOUNDS.items():
            within(name, getattr(self, name), bounds)


def add_noise(frame: Frame, noise: Noise, seed: int, number: int) -> Frame:
    """(1 − amount) · frame + amount · noise around the middle grey; the same bits if the amount is 0.

    `frame`: (h, w, 3). `number`: of the frame, 0 or more.
    """
    if noise.amount == 0:
        return frame
    key = np.array([seed % 2**KEY_BITS, number % 2**KEY_BITS], np.uint64)
    generator = Generator(Philox(key=key))
    grain = generator.standard_normal(frame.shape, dtype=np.float32)
    if noise.kind == "perlin":
        grain *= clouds(generator, (frame.shape[1], frame.shape[0]), noise)[..., None]
    mixed = (1 - noise.amount) * frame.astype(np.float32) + noise.amount * GREY * (1 + grain)
    return np.clip(np.round(mixed), 0, 255).astype(np.uint8)


def clouds(generator: Generator, size: tuple[int, int], noise: Noise) -> Floats:
    """Perlin noise from exactly 0 to exactly 1, (h, w), for a size of width and height in px."""
    total = np.zeros((size[1], size[0]), np.float32)
    for octave in range(noise.octaves):
        cells = (noise.cells_x << octave, noise.cells_y << octave)
        total += np.float32(noise.persistence**octave) * _octave(generator, size, cells)
    total -= total.min()
    return total / max(float(total.max()), 1e-12)


def _octave(generator: Generator, size: tuple[int, int], cells: tuple[int, int]) -> Floats:
    """Gradient noise with the fade curve of Perlin, Improving noise (2002), in two dimensions.

    The gradients are drawn at random for each corner; the paper's table of permutations takes the place of a
    generator that counts, which we have. As faded weights are products, corners are summed along each axis in turn.
    """
    angles = 2 * np.pi * generator.random((cells[1] + 1, cells[0] + 1), dtype=np.float32)
    across, down = np.cos(angles), np.sin(angles)
    columns, rows = _corners(size[0], cells[0]), _corners(size[1], cells[1])
    ramps_x = sum(across[:, corner] * (weight * offset) for corner, weight, offset in columns)
    ramps_y = sum(down[:, corner] * weight for corner, weight, _ in columns)
    noise = sum(
        weight[:, None] * ramps_x[corner] + (weight * offset)[:, None] * ramps_y[corner]
        for corner, weight, offset in rows
    )
    return np.asarray(noise, np.float32)


def _corners(length_px: int, cells: int) -> list[tuple[NDArray[np.intp], Floats, Floats]]:
    """For each pixel of an axis both corners of its cell: their number, faded weight, and distance in cells."""
    places = ((np.arange(length_px) + 0.5) * cells / length_px).astype(np.float32)
    first = np.minimum(places.astype(np.intp), cells - 1)
    t = places - first
    fade = t**3 * (t * (6 * t - 15) + 10)
    return [(first, 1 - fade, t), (first + 1, fade, t - 1)]
