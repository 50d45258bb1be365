"""Interpolating: a frame at any time between two others, each thing on its own way.

The path u through x at time t leaves the first frame at x − t·u and enters the second one at x + (1 − t)·u. It is
found from either side by iterating u(x) = flow(x − t·u(x)); each place takes the path whose two ends look more alike.
What is hidden in one of the frames is taken from the other (Baker et al., "A Database and Evaluation Methodology for
Optical Flow", IJCV 2011, section 3.4.2, with splatting replaced by the iteration).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.fields import within
from pipelines.video.steady.flow import Floats, Motion, Pixels, carried, motions
from pipelines.video.steady.warping import rounded, stretched, warped

ITERATIONS = 4  # of the path's equation
LOOKED_AT_SIGMA_PX = 1.5  # around a place, to see whether both ends of its path look alike
DECIDED_LEVELS = 4.0  # of that likeness, by which one path must be better to be taken alone
TRUST_MIN = 0.35  # of both frames; below, nothing can be followed and the nearer frame is shown
DOUBT = 0.02  # keeps what is found in neither frame a mean of both


@dataclass(frozen=True)
class Pair:
    """Two neighbours, (h, w, 3) uint8, and the motions from each to the other, of any size."""

    before: Pixels
    after: Pixels
    there: Motion
    back: Motion


def paired(before: Pixels, after: Pixels, quality: str = "medium") -> Pair:
    """Two frames that others are wanted between. Raises RequestError for two sizes or an unknown quality."""
    return Pair(before, after, *motions(before, after, quality))


def between(pair: Pair, time: float) -> Pixels:
    """The frame at `time`, 0…1, between them: at 0 and 1 they themselves.

    Two that have nothing to do with each other are not mixed: it is the nearer one. Raises RequestError.
    """
    within("time", time, (0.0, 1.0))
    is_lost = min(pair.there.trust, pair.back.trust) < TRUST_MIN
    if is_lost or time in (0.0, 1.0):
        return pair.before if time < 0.5 else pair.after
    forth = _path(pair.there.flow, time)
    back = -_path(pair.back.flow, 1 - time)
    one, other = (_along(pair, path, time) for path in (forth, back))
    share = 1 / (1 + np.exp((one[1] - other[1]) / np.float32(DECIDED_LEVELS)))
    return rounded(other[0] + share[..., None] * (one[0] - other[0]))


def _path(flow: Floats, time: float) -> Floats:
    """u with u(x) = flow(x − time · u(x))."""
    path = flow
    for _ in range(ITERATIONS):
        path = carried(flow, np.float32(-time) * path)
    return path


def _along(pair: Pair, path: Floats, time: float) -> tuple[Floats, Floats]:
    """What is seen at the ends of the paths, (h, w, 3), and how unlike both ends are, (h, w) levels."""
    to_before, to_after = np.float32(-time) * path, np.float32(1 - time) * path
    size = pair.before.shape[:2]
    first = stretched(Motion(to_before, carried(pair.there.confidence, to_before)), size)
    second = stretched(Motion(to_after, carried(pair.back.confidence, to_after)), size)
    seen, later = warped(pair.before, first), warped(pair.after, second)
    # What one frame alone shows is not found in the other; so each counts as far as the *other's* end is found.
    weight = np.float32(1 - time) * (second.confidence + DOUBT)
    weight = weight / (weight + np.float32(time) * (first.confidence + DOUBT))
    apart = np.abs(cv2.GaussianBlur(seen - later, (0, 0), LOOKED_AT_SIGMA_PX)).max(axis=-1)
    return later + weight[..., None] * (seen - later), apart
