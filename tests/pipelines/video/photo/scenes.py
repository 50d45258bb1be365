"""A river between rocky banks, drawn by lot, and the arrows along it."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.video.photo.plan import Arrow, Flow, Plan

SPEED = (
    1.57 * 24 / 512
)  # of the longer side a second: 1.57 px a frame at 512 px and 24 frames a second
SIZE = (288, 384)


def river(size: tuple[int, int] = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """(photo, mask) of this height and width: water with grain of several sizes, with a stone in it."""
    height, width = size
    scale = max(size) / 512
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    bank = np.abs(x - middle(y / height) * width) - width * (0.1 + 0.1 * y / height)
    inside = (bank < grain(size, 5, 8 * scale) * 4 * scale).astype(np.uint8) * 255
    stone = (round(middle(0.55) * width), round(0.55 * height))
    cv2.circle(inside, stone, round(16 * scale), 0, -1)
    waves = sum(
        share * grain(size, seed, across * scale, down * scale)
        for seed, across, down, share in ((1, 1.2, 3, 0.6), (2, 4, 9, 0.6), (3, 14, 14, 0.4))
    )
    water = np.array([70, 115, 140]) + waves[..., None] * [18, 24, 28]
    rock = (105 + 30 * grain(size, 7, 2 * scale))[..., None] * [1, 0.92, 0.8]
    photo = np.where(inside[..., None] > 0, water, rock)
    return np.clip(photo, 0, 255).astype(np.uint8), inside


def middle(down: float | np.ndarray) -> float | np.ndarray:
    """Where the river's middle is at a share of the height, in shares of the width."""
    return 0.5 + 0.16 * np.sin(2 * np.pi * down * 0.9)


def grain(size: tuple[int, int], seed: int, across: float, down: float | None = None) -> np.ndarray:
    """Noise with a mean of 0 and a deviation of 1."""
    noise = np.random.default_rng(seed).normal(size=size).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), sigmaX=across, sigmaY=down or across)
    return (blurred - blurred.mean()) / blurred.std()


def downstream(speed: float | None = SPEED) -> Flow:
    downs = np.linspace(0.02, 0.98, 12)
    points = tuple((float(middle(down)), float(down)) for down in downs)
    return Flow(arrows=(Arrow(points=points, speed=speed),))


def plan(*effects: object, seconds: float = 2.0, fps: float = 24.0) -> Plan:
    return Plan(effects=effects, loop_seconds=seconds, fps=fps)  # type: ignore[arg-type]


def grey(frame: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)


def motion(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """(height, width, 2): by how many px what is seen moves, as an optical flow finds it."""
    finder = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return finder.calc(grey(before).astype(np.uint8), grey(after).astype(np.uint8), None)
