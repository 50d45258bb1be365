"""The plain ground that a graphic stands on: its colour at each place, and how far pixels may stray from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.errors import NotPlain

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

BORDER_SHARE = 0.03  # width of the border that is looked at, as a share of the shorter side
REWEIGHTINGS = 12
RIDGE = 1e-6 * np.eye(3)  # for pictures of a single row
TOLERANCE = (8.0, 18.0)  # Lab units
NOISE_TO_TOLERANCE = 2.0
PLAIN_SHARE = 0.75  # of the border that must be of the ground's colour
SLOPE_MAX = 30.0  # Lab units from one corner to the opposite one
GROWTHS = 3
LOCAL_SHARE = (
    0.05  # radius of the blur that follows soft changes of the ground, of the shorter side
)
BLUR_PX = 4.0  # that radius in the small copy in which it is done


@dataclass(frozen=True)
class Ground:
    """`lab`: (h, w, 3), the ground's colour at each place; `tolerance` in the same units."""

    lab: Floats
    tolerance: float


def lab_of(rgb: NDArray[Any]) -> Floats:
    """CIE Lab: L 0…100, a and b about −100…100; `rgb`: (h, w, 3), 0…255."""
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return np.asarray(lab, np.float32)


def find_ground(lab: Floats) -> Ground:
    """The plane through the colours of the border, fitted so that what juts out of the picture does not count.

    Raises NotPlain when too little of the border lies on it.
    """
    height, width = lab.shape[:2]
    border = _border(height, width)
    rows, columns = np.nonzero(border)
    sides = np.stack([np.ones(len(rows)), _ramp(width)[columns], _ramp(height)[rows]], axis=1)
    colours = lab[border].astype(np.float64)
    strays = np.linalg.norm(colours - np.median(colours, axis=0), axis=1)
    for _ in range(REWEIGHTINGS):
        scale = max(2.0, 2 * float(np.median(strays)))
        weighted = sides.T / (1 + (strays / scale) ** 2)
        fit = np.linalg.solve(weighted @ sides + RIDGE, weighted @ colours)
        strays = np.linalg.norm(colours - sides @ fit, axis=1)
    slope = 2 * float(np.linalg.norm(np.abs(fit[1:]).sum(axis=0)))
    noise = float(np.quantile(strays, 0.6))
    tolerance = float(np.clip(TOLERANCE[0] + NOISE_TO_TOLERANCE * noise, *TOLERANCE))
    plain = float((strays < tolerance).mean())
    if plain < PLAIN_SHARE or slope > SLOPE_MAX:
        seen = f"only {plain:.0%} of the border are of one colour"
        if plain >= PLAIN_SHARE:
            seen = "its colour changes from one side to the other"
        remedy = "Ask for “on a plain white background” in the prompt, or keep the background."
        raise NotPlain(f"The background is not plain: {seen}.", remedy)
    across, down = np.meshgrid(_ramp(width), _ramp(height))
    plane = fit[0] + across[..., None] * fit[1] + down[..., None] * fit[2]
    return Ground(plane.astype(np.float32), tolerance)


def grown(lab: Floats, ground: Ground, region: Mask) -> Mask:
    """What is of the ground's colour and hangs together with the border, or with what is known to be ground.

    The ground is followed from place to place, so that a vignette or a stain belongs to it.
    """
    seeds = region | _border(*lab.shape[:2])
    for _ in range(GROWTHS):
        near = (distance(lab, ground.lab) < ground.tolerance) | region
        region = joined(near, seeds)
        ground = followed(lab, ground, region)
    return region


def followed(lab: Floats, ground: Ground, region: Mask) -> Ground:
    """The ground as it is where it is seen."""
    return Ground(spread(lab, region, ground.lab), ground.tolerance)


def distance(one: Floats, other: Floats) -> Floats:
    return np.asarray(np.linalg.norm(one - other, axis=-1), np.float32)


def joined(mask: Mask, seeds: Mask) -> Mask:
    """The parts of the mask that touch a seed."""
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    is_wanted = np.zeros(labels.max() + 1, bool)
    is_wanted[labels[mask & seeds]] = True
    return np.asarray(is_wanted[labels], bool)


def spread(values: Floats, known: Mask, otherwise: Floats) -> Floats:
    """Soft local means of what is known, (h, w, 3); `otherwise` far from all of it."""
    height, width = known.shape
    factor = min(1.0, BLUR_PX / (LOCAL_SHARE * min(height, width)))
    small = (max(1, round(width * factor)), max(1, round(height * factor)))
    shares = known.astype(np.float32)
    weight, total = (
        cv2.GaussianBlur(cv2.resize(part, small, interpolation=cv2.INTER_AREA), (0, 0), BLUR_PX)
        for part in (shares, values * shares[..., None])
    )
    doubt = np.float32(0.01)
    far = cv2.resize(otherwise, small, interpolation=cv2.INTER_AREA)
    mean = (total + doubt * far) / (weight[..., None] + doubt)
    return np.asarray(cv2.resize(mean, (width, height)), np.float32)


def _ramp(length: int) -> NDArray[np.float64]:
    return np.linspace(-1, 1, length)


def _border(height: int, width: int) -> Mask:
    depth = max(2, round(BORDER_SHARE * min(height, width)))
    border = np.ones((height, width), bool)
    border[depth:-depth, depth:-depth] = False
    return border
