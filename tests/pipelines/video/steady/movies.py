"""Movies of many shots whose cuts are known: pans, zooms, flashes, fades, moving things, low light, grain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tests.pipelines.video.steady.scenes import Array, Scene

BLACK_FRAMES = 2
PAPERS = 7  # pictures that the shots are taken of, at many places


@dataclass(frozen=True)
class Shot:
    """`light`: a factor for each frame, by which its levels are multiplied; `noise_levels`: deviation of the grain."""

    scene: Scene
    light: tuple[float, ...]
    noise_levels: float = 1.0

    def frames(self) -> Iterator[Array]:
        rng = np.random.default_rng(self.scene.seed)
        for time, light in enumerate(self.light):
            grain = rng.normal(0, self.noise_levels, (self.scene.height, self.scene.width, 3))
            picture = light * self.scene.frame(time) + grain
            yield np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def movie(
    seed: int, shots: int, length: tuple[int, int] = (8, 14)
) -> tuple[list[Array], list[int]]:
    """The frames of so many shots one after the other, and the numbers of those that begin a new one."""
    rng = np.random.default_rng(seed)
    frames: list[Array] = []
    cuts: list[int] = []
    for number in range(shots):
        count = int(rng.integers(*length))
        kind = KINDS[number % len(KINDS)] if number else "still"
        if number:
            if kind == "from black":
                frames += [np.zeros((90, 160, 3), np.uint8)] * BLACK_FRAMES
            cuts.append(len(frames))
        frames += made(kind, seed * 1000 + number, count, rng).frames()
    return frames, cuts


KINDS = (
    *("still", "pan", "zoom", "flash", "fade out", "from black"),
    *("disc", "dark", "grain", "fast pan", "lightning", "dimmed"),
)


def made(kind: str, seed: int, count: int, rng: np.random.Generator) -> Shot:
    """A shot of this kind; speeds fit frames of 160 × 90."""
    light = np.ones(count)
    at = tuple(rng.uniform((200, 150), (600, 450)))
    scene = Scene(seed % PAPERS, 160, 90, at=at, pan_px=tuple(rng.normal(0, 0.5, 2)))
    noise = 1.0
    if kind == "pan":
        scene = replace(scene, pan_px=tuple(rng.uniform(-3, 3, 2)))
    elif kind == "fast pan":
        scene = replace(scene, pan_px=(float(rng.choice([-9, 9])), 1.0))
    elif kind == "zoom":
        scene = replace(scene, zoom=float(rng.choice([0.97, 1.03])), turn_degrees=0.5)
    elif kind == "disc":
        scene = replace(scene, disc_radius_px=28, disc_at=(-0.1, 0.5), disc_px=(9, 0.5))
    elif kind == "flash":
        light[count // 2 : count // 2 + int(rng.integers(1, 3))] = 2.5
    elif kind == "lightning":
        light[count // 2], light[count // 2 + 2] = 6.0, 1.8
    elif kind == "fade out":
        light[-5:] = (0.8, 0.6, 0.4, 0.2, 0.05)
    elif kind == "from black":
        light[:4] = (0.1, 0.35, 0.6, 0.8)
    elif kind == "dimmed":
        light = 0.65 + 0.35 * np.cos(np.arange(count))
    elif kind == "dark":
        light, noise = light * 0.12, 2.0
    elif kind == "grain":
        noise = 14.0
    return Shot(scene, tuple(light), noise)
