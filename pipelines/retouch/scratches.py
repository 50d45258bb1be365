"""Scratches, hairs and dust of an old photograph, found as a mask that a person may correct.

Damage is thin or small, lighter or darker than what it lies on, and the same picture goes on at both of its sides.
Outlines of things are not: there the picture is another one on the other side. So a mark must stand out from the
median of its surroundings, from the noise there, and from the step between the regions that it lies between; it must
have the shape of a line or a grain, and stand free; and the more there is like it around, as in a face or in branches,
the more it must stand out. Lines too faint to be seen pixel by pixel are seen by their mean along straight runs in
twelve directions. All of it is done at two scales: thin marks at the first, wider at half.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.retouch.working_size import reduced, rgb_pixels

Pixels = NDArray[np.uint8]
Levels = NDArray[np.float32]
Mask = NDArray[np.bool_]

PIXELS_MAX = 1_600_000  # larger pictures are looked at in this size
SCALES = (1, 2)
AROUND_PX = 11  # a mark covers less than half of this square
NOISE_PX = 65
NOISE_FLOOR = 1.5  # levels of 255: less counts as this
DIRECTIONS, RUN_DOUBLINGS = 12, 4  # runs of 2**4 pixels
LINE, GRAIN = 2.0, 5.0  # how often the noise: a run's mean, a grain's peak
GRAIN_MEAN = 4.0  # of all pixels of a grain
CALM, LINE_DOUBT, GRAIN_DOUBT = (
    0.05,
    15.0,
    20.0,
)  # where a larger share is candidates, more is asked of each
WEAK = 2.0  # what is joined to such a line or grain
CONTRAST, GRAIN_CONTRAST = 6.0, 14.0  # levels of 255
STEP_SHARE, STEP_FLOOR = 0.7, 6.0
BRIDGE_PX = 5  # how far a mark goes on over an outline
LINE_LENGTH_PX, LINE_WIDTH_PX, SLENDER = 12, 6.0, 3.0
GRAIN_PX, GRAIN_AREA_PX, GRAIN_FILL = 14, 4, 0.4
FREE_SHARE = 0.12  # of what is round a mark may look like it


@dataclass(frozen=True)
class Relief:
    """What stands out at one scale, pale things or dark ones: three times (height, width)."""

    tone: Levels  # levels of 255, negative for dark things: the more the paler, or the darker
    height: Levels  # above the median of what is round it
    times_noise: Levels

    @property
    def is_weak(self) -> Mask:
        return np.asarray((self.times_noise > WEAK) & (self.height > CONTRAST))


@dataclass(frozen=True)
class Blobs:
    """The connected parts of a mask. `labels`: (height, width), 0 where there is none; the rest has a row each."""

    labels: NDArray[np.int32]
    area: NDArray[np.float64]
    wide: NDArray[np.int32]
    tall: NDArray[np.int32]

    @property
    def count(self) -> int:
        return len(self.area)


def scratches(picture: Image.Image) -> Image.Image:
    """A mask of mode L and the picture's size: 255 where it seems damaged, a pixel of margin included, else 0."""
    pixels = rgb_pixels(picture)
    height, width = pixels.shape[:2]
    small = reduced(pixels, PIXELS_MAX)
    margin = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    found = np.zeros(small.shape[:2], np.uint8)
    for scale in SCALES:
        level = reduced(small, small.shape[0] * small.shape[1] // scale**2)
        if min(level.shape[:2]) > AROUND_PX:
            marks = _marks(level, scale).astype(np.uint8) * 255
            wider = cv2.dilate(marks, margin) if scale == 1 else _resized(marks, found.shape)
            found = np.asarray(np.maximum(found, wider), np.uint8)
    whole = _resized(found, (height, width))
    return Image.fromarray(np.where(whole > 127, np.uint8(255), np.uint8(0)))


def _resized(mask: Any, shape: tuple[int, ...]) -> Any:
    return cv2.resize(mask, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR)


def _marks(pixels: Pixels, scale: int) -> Mask:
    """What is damaged, one pixel being `scale` pixels of the picture: (height, width).

    Marks are grey: pale ones are sought where the weakest colour rises, dark ones where the strongest falls.
    """
    step = _step(pixels)
    reliefs = _relief(pixels.min(axis=2), 1), _relief(pixels.max(axis=2), -1)
    candidates = (reliefs[0].is_weak | reliefs[1].is_weak).astype(np.float32)
    busy = np.asarray(cv2.blur(candidates, (NOISE_PX, NOISE_PX)), np.float32)
    light, dark = (_marks_of(relief, step, busy, scale) for relief in reliefs)
    return light | dark


def _step(pixels: Pixels) -> Levels:
    """How far apart the regions round each pixel are, thin things left out: (height, width), levels of 255."""
    height, width = pixels.shape[:2]
    half = cv2.resize(
        pixels, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA
    )
    regions = cv2.medianBlur(half, 7)
    near = np.ones((5, 5), np.uint8)
    apart = (cv2.dilate(regions, near) - cv2.erode(regions, near)).max(axis=2)
    return np.asarray(_resized(apart, pixels.shape), np.float32)


def _relief(channel: Pixels, sign: int) -> Relief:
    around = cv2.medianBlur(channel, AROUND_PX)
    height = np.asarray(sign * (channel.astype(np.float32) - around), np.float32)
    return Relief(sign * channel.astype(np.float32), height, height / _noise(height))


def _marks_of(relief: Relief, step: Levels, busy: Levels, scale: int) -> Mask:
    """The marks of one sign: (height, width). `busy`: the share of candidates round each pixel."""
    height, times_noise = relief.height, relief.times_noise
    is_inside = height > STEP_SHARE * (step - STEP_FLOOR)
    runs = _runs(np.where(is_inside | (height < 0), np.clip(times_noise, -4, 8), 0))
    blobs = _blobs(relief.is_weak & is_inside)
    doubt = np.maximum(_mean(blobs, busy) - CALM, 0)
    is_line = _holds(blobs, runs > LINE) & _is_slender(blobs, LINE_WIDTH_PX / scale)
    is_line &= _mean(blobs, runs) > LINE + LINE_DOUBT * doubt
    is_peak = (times_noise > GRAIN) & (height > GRAIN_CONTRAST)
    is_grain = _holds(blobs, is_peak) & _is_small(blobs, GRAIN_PX / scale)
    is_grain &= _mean(blobs, times_noise) > GRAIN_MEAN + GRAIN_DOUBT * doubt
    is_mark = (is_line | is_grain) & _stands_free(blobs, relief)
    return _bridged(is_mark[blobs.labels], relief.is_weak)


def _noise(height: Levels) -> Levels:
    """The deviation of the picture's own grain and texture round each pixel; marks themselves hardly count."""
    size = np.abs(height)
    capped = np.minimum(size, 3 * np.median(size) + 3)
    around = cv2.blur(capped, (NOISE_PX, NOISE_PX))
    return np.asarray(np.maximum(1.25 * around, NOISE_FLOOR), np.float32)


def _runs(values: NDArray[Any]) -> Levels:
    """The largest mean of 16 values in a row through each pixel, over twelve directions: (height, width).

    A run is doubled four times: its sum, and the same sum 1, 2, 4, 8 pixels further on.
    """
    length = 2**RUN_DOUBLINGS
    height, width = values.shape
    fixed = np.round(values * 16).astype(np.int16)
    best = np.full((height, width), np.iinfo(np.int16).min, np.int16)
    for number in range(DIRECTIONS):
        angle = math.pi * number / DIRECTIONS
        across, down = math.cos(angle), math.sin(angle)
        runs = np.pad(fixed, length)
        for doubling in range(RUN_DOUBLINGS):
            runs = runs + np.roll(
                runs, (round(down * 2**doubling), round(across * 2**doubling)), (0, 1)
            )
        top, left = (length + round(part * (length - 1) / 2) for part in (down, across))
        np.maximum(best, runs[top : top + height, left : left + width], out=best)
    return np.asarray(best / np.float32(16 * length))


# ---- shapes --------------------------------------------------------------------------------------------


def _blobs(mask: Mask) -> Blobs:
    _, labels, rows, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    box = np.asarray(rows, np.int32)
    return Blobs(
        labels=np.asarray(labels, np.int32),
        area=box[:, cv2.CC_STAT_AREA].astype(np.float64),
        wide=box[:, cv2.CC_STAT_WIDTH],
        tall=box[:, cv2.CC_STAT_HEIGHT],
    )


def _mean(blobs: Blobs, values: Levels) -> NDArray[np.float64]:
    """Of each blob."""
    return np.asarray(np.bincount(blobs.labels.ravel(), values.ravel(), blobs.count) / blobs.area)


def _holds(blobs: Blobs, seeds: Mask) -> Mask:
    """Which blobs hold a seed, by number; the ground does not."""
    held = np.bincount(blobs.labels[seeds], minlength=blobs.count) > 0
    held[0] = False
    return held


def _is_slender(blobs: Blobs, width_max: float) -> Mask:
    """Which blobs have the shape of a line: the mean distance to the border of a strip is a quarter of its width."""
    depth = cv2.distanceTransform((blobs.labels > 0).astype(np.uint8), cv2.DIST_L2, 3)
    width = np.maximum(4 * _mean(blobs, np.asarray(depth, np.float32)) - 2, 1)
    is_long = np.maximum(blobs.wide, blobs.tall) >= LINE_LENGTH_PX
    return np.asarray(is_long & (width < width_max) & (blobs.area > SLENDER * width**2))


def _is_small(blobs: Blobs, side_max: float) -> Mask:
    """Which blobs have the shape of a grain: small, and filling most of the box round them."""
    fits = (np.maximum(blobs.wide, blobs.tall) <= side_max) & (blobs.area >= GRAIN_AREA_PX)
    return np.asarray(fits & (blobs.area >= GRAIN_FILL * blobs.wide * blobs.tall))


def _stands_free(blobs: Blobs, relief: Relief) -> Mask:
    """Which blobs do not jut out of something like them, as the peak of a hill does.

    Of the pixels two or three away from a blob few may reach half of its height.
    """
    inside = (blobs.labels > 0).astype(np.float32)
    box = (9, 9)
    weight = np.maximum(cv2.blur(inside, box), 1e-6)
    middle = cv2.blur((relief.tone - relief.height / 2) * inside, box) / weight
    numbers = blobs.labels.astype(np.float32)  # exact below 2**24 blobs
    far = cv2.dilate(numbers, np.ones((7, 7), np.uint8))
    near = cv2.dilate(inside, np.ones((3, 3), np.uint8))
    ring = np.where(near > 0, 0, far).astype(np.int32)
    all_round = np.bincount(ring.ravel(), minlength=blobs.count)
    like_it = np.bincount(ring[relief.tone > middle], minlength=blobs.count)
    return np.asarray(like_it <= FREE_SHARE * np.maximum(all_round, 1))


def _bridged(marks: Mask, is_weak: Mask) -> Mask:
    """The marks, continued for some pixels where they cross an outline."""
    bridged, weak = marks.astype(np.uint8), is_weak.astype(np.uint8)
    for _ in range(BRIDGE_PX):
        bridged |= np.asarray(cv2.dilate(bridged, np.ones((3, 3), np.uint8)), np.uint8) & weak
    return bridged > 0
