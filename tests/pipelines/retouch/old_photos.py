"""Sound pictures of several kinds, and the scratches, hairs and dust that years leave on them: all drawn by lot."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from training.starter.scenes import sample_scene
from training.starter.styles import render

Lot = np.random.Generator
SEEN = 12.0  # levels of 255: what changes a pixel by less is not damage that somebody sees
KINDS = ("drawing", "gradient", "landscape", "portrait", "texture")


def sound(kind: str, size_px: int, lot: Lot) -> np.ndarray:
    """A picture without damage: (size, size, 3), uint8, with the grain of film on it."""
    picture = np.asarray(MAKERS[kind](size_px, lot), np.float32)
    if lot.random() < 0.4:  # black and white, or brown with age
        picture = picture.mean(axis=2, keepdims=True) * (1, *lot.uniform((0.85, 0.7), 1))
    grain = lot.normal(0, lot.uniform(0, 5), (size_px, size_px, 1))
    if lot.random() < 0.5:
        grain = cv2.GaussianBlur(grain, (0, 0), 0.8)[..., None] * 2
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def drawing(size_px: int, lot: Lot) -> np.ndarray:
    """One of the starter model's drawings, with edges as a lens shows them."""
    scene = replace(sample_scene(lot), style=str(lot.choice(["flat", "watercolour", "logo"])))
    pixels = np.asarray(render(scene, size_px, lot), np.float32)
    return cv2.GaussianBlur(pixels, (0, 0), lot.uniform(0.3, 1.2))


def gradient(size_px: int, lot: Lot) -> np.ndarray:
    """Two colours that flow into each other."""
    y, x = np.mgrid[0:size_px, 0:size_px] / size_px
    angle = lot.uniform(0, 2 * np.pi)
    share = np.clip(0.5 + (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle), 0, 1)[..., None]
    return share * lot.uniform(40, 230, 3) + (1 - share) * lot.uniform(40, 230, 3)


def clouds(size_px: int, lot: Lot, slope: float) -> np.ndarray:
    """Noise whose amplitude falls with frequency by this power, as in photographs: mean 0, deviation 1."""
    fy, fx = np.fft.fftfreq(size_px)[:, None], np.fft.rfftfreq(size_px)[None]
    fall = np.maximum(np.hypot(fy, fx), 1 / size_px) ** -slope
    waves = np.fft.rfft2(lot.normal(size=(size_px, size_px))) * fall
    waves[0, 0] = 0
    noise = np.fft.irfft2(waves, (size_px, size_px))
    return (noise / noise.std()).astype(np.float32)


def landscape(size_px: int, lot: Lot) -> np.ndarray:
    """A sky, two ranges of hills with hard outlines, and trees that stand on them."""
    shade = clouds(size_px, lot, 1.8)[..., None]
    picture = lot.uniform(120, 220, 3) + 14 * shade
    x = np.arange(size_px)
    for level, rough in ((0.5, 1.7), (0.7, 1.4)):
        line = (level + 0.07 * clouds(size_px, lot, rough)[0]) * size_px
        ground = np.arange(size_px)[:, None] > line[None]
        hill = lot.uniform(30, 150, 3) + lot.uniform(4, 16) * clouds(size_px, lot, 1.3)[..., None]
        picture = np.where(ground[..., None], hill, picture)
        for stem in lot.integers(0, size_px, 3):
            tall, wide = (
                lot.uniform(0.1, 0.25) * size_px,
                max(7, lot.uniform(0.012, 0.03) * size_px),
            )
            foot = float(line[stem])
            trunk = (np.abs(x - stem) < wide / 2)[None] & (
                np.abs(np.arange(size_px) - foot + tall / 2) < tall / 2
            )[:, None]
            picture = np.where(trunk[..., None], lot.uniform(20, 70, 3), picture)
    return cv2.GaussianBlur(picture, (0, 0), lot.uniform(0.6, 1.2))


def portrait(size_px: int, lot: Lot) -> np.ndarray:
    """Soft ovals before a dim backdrop, with eyes, a mouth and an edge of hair; the sharpest things are edges."""
    picture = np.full((size_px, size_px, 3), lot.uniform(60, 140, 3), np.float32)
    skin = lot.uniform(150, 215) * np.array([1.0, 0.86, 0.74])
    at = np.array([lot.uniform(0.42, 0.58), lot.uniform(0.4, 0.48)]) * size_px
    parts = [
        ((0, 0.62), (0.42, 0.34), lot.uniform(30, 200, 3)),
        ((0, -0.06), (0.27, 0.34), lot.uniform(20, 90, 3)),
        ((0, 0), (0.22, 0.29), skin),
        ((-0.09, -0.05), (0.035, 0.018), skin * 0.35),
        ((0.09, -0.05), (0.035, 0.018), skin * 0.35),
        ((0, 0.15), (0.08, 0.022), skin * (0.9, 0.55, 0.55)),
    ]
    for offset, axes, colour in parts:
        centre = at + np.array(offset) * size_px
        half = np.array(axes) * size_px
        cv2.ellipse(
            picture,
            (tuple(map(float, centre)), tuple(map(float, half * 2)), 0),
            colour.tolist(),
            -1,
        )
    picture += 10 * clouds(size_px, lot, 1.9)[..., None]
    return cv2.GaussianBlur(picture, (0, 0), lot.uniform(1.0, 2.0))


def texture(size_px: int, lot: Lot) -> np.ndarray:
    """Cloth, plaster or leaves: the same fine structure all over."""
    colour, depth = lot.uniform(70, 180, 3), lot.uniform(8, 22)
    return colour + depth * clouds(size_px, lot, lot.uniform(0.9, 1.4))[..., None]


MAKERS = {
    "drawing": drawing,
    "gradient": gradient,
    "landscape": landscape,
    "portrait": portrait,
    "texture": texture,
}


def damaged(picture: np.ndarray, lot: Lot) -> tuple[np.ndarray, np.ndarray]:
    """The picture with scratches, hairs and dust, and where they can be seen: (height, width), bool."""
    old = picture.astype(np.float32)
    for _ in range(lot.integers(2, 7)):
        old = _laid(old, _line(old.shape[:2], lot, lot.uniform(0.15, 1.1), lot.uniform(1, 4)), lot)
    for _ in range(lot.integers(0, 4)):
        hair = _line(old.shape[:2], lot, lot.uniform(0.08, 0.25), lot.uniform(1, 2), bend=2.0)
        old = _laid(old, hair, lot)
    for _ in range(lot.integers(5, 40)):
        old = _laid(old, _speck(old.shape[:2], lot), lot)
    old = np.clip(old, 0, 255).astype(np.uint8)
    change = np.abs(old.astype(np.float32) - picture).max(axis=2)
    return old, change >= SEEN


def _laid(picture: np.ndarray, cover: np.ndarray, lot: Lot) -> np.ndarray:
    """Something pale or dark over the picture; `cover` is the share of each pixel that it hides."""
    colour = np.float32(lot.uniform(210, 255) if lot.random() < 0.6 else lot.uniform(0, 50))
    share = np.float32(lot.uniform(0.2, 1.0))
    where = cover > 0
    picture[where] += (colour - picture[where]) * (cover[where] * share)[:, None]
    return picture


def _line(
    shape: tuple[int, ...], lot: Lot, length: float, width_px: float, bend: float = 0.25
) -> np.ndarray:
    """A smooth curve, `length` in shares of the picture's side, anti-aliased: (height, width), 0…1."""
    size_px = shape[0]
    steps = max(8, int(length * size_px / 4))
    turns = lot.uniform(0, 2 * np.pi) + bend * np.cumsum(lot.normal(0, 0.2, steps)) * 4 / 8
    path = np.cumsum(np.stack([np.cos(turns), np.sin(turns)], 1) * 4, axis=0)
    path += lot.uniform(0.1, 0.9, 2) * size_px - path[steps // 2]
    zoom, margin = 4, 4
    low = np.clip(np.floor(path.min(axis=0)).astype(int) - margin, 0, size_px - 1)
    high = np.clip(np.ceil(path.max(axis=0)).astype(int) + margin, low + 1, size_px)
    wide, tall = (int(n) for n in high - low)
    canvas = np.zeros((tall * zoom, wide * zoom), np.uint8)
    points = np.round((path - low) * zoom).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(canvas, [points], False, 255, max(1, round(width_px * zoom)))
    cover = np.zeros(shape, np.float32)
    cover[low[1] : high[1], low[0] : high[0]] = (
        cv2.resize(canvas, (wide, tall), interpolation=cv2.INTER_AREA) / 255
    )
    return cover


def _speck(shape: tuple[int, ...], lot: Lot) -> np.ndarray:
    """A grain of dust of 1 to 6 pixels' radius, not quite round."""
    canvas = np.zeros(shape, np.uint8)
    at = lot.uniform(0, 1, 2) * (shape[1], shape[0])
    radius = lot.uniform(1, 6)
    axes = (2 * radius, 2 * radius * lot.uniform(0.6, 1))
    cv2.ellipse(canvas, (tuple(map(float, at)), axes, lot.uniform(0, 180)), 255, -1)
    return cv2.GaussianBlur(canvas, (0, 0), 0.6) / np.float32(255)
