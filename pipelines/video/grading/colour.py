"""Colour coherence: a frame takes the distribution of colours of a reference, so that feedback does not drift.

First mean and covariance are laid on those of the reference, by the linear map that moves colours least (Pitié and
Kokaram, The linear Monge–Kantorovitch colour mapping, 2007): channels alone would let drift whatever mixes them, a tint
say. Then each channel is bent by the one rising curve that lays its quantiles on the reference's (histogram matching;
Gonzalez and Woods, Digital Image Processing, 3.3). Pixels are given the difference that the curves make to them, not
what comes back from another colour space: a frame that has the distribution already keeps its bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.errors import StateDamaged

Frame = NDArray[np.uint8]
Floats = NDArray[np.float32]
Quantiles = tuple[float, ...]
Space = Literal["HSV", "LAB", "RGB"]


@dataclass(frozen=True)
class Scale:
    """A colour space of OpenCV: how to get there and back from RGB in 0…1, and what its channels lie between.

    `has_hue`: the first channel is a circle, the others are saturation and value.
    """

    there: int | None
    back: int | None
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    has_hue: bool = False


SPACES: dict[Space, Scale] = {
    "HSV": Scale(cv2.COLOR_RGB2HSV, cv2.COLOR_HSV2RGB, (0, 0, 0), (360, 1, 1), True),
    "LAB": Scale(cv2.COLOR_RGB2LAB, cv2.COLOR_LAB2RGB, (0, -128, -128), (100, 128, 128)),
    "RGB": Scale(None, None, (0, 0, 0), (1, 1, 1)),
}
LEVELS = 4096  # a channel is counted in
HUES = 72  # of the circle, of which one is the rarest
VARIANCE_MIN = 4e-6  # half a level: below it there is nothing but rounding to make larger
GREY_WEIGHT = 1e-6  # of a pixel's hue if it is grey
TAIL = (1 / 8192, 1 / 2048, 1 / 512)  # few pixels lie there, and they are far apart
SHARES = np.unique([*np.linspace(0, 1, 129), *TAIL, *np.subtract(1, TAIL)])  # of the pixels


@dataclass(frozen=True)
class Reference:
    """How the colours of a frame are distributed: small enough to lie in the record of a job.

    `quantiles`: of each channel, rising, as shares of the channel's span. `mean` and `covariance`: of the channels, in
    the same unit; empty where one of them is a hue. `hue_cut`: where the circle of hues begins, as a share of it, so
    that it can have quantiles: at the hue that the frame has least of; 0 in other spaces.
    """

    space: Space
    quantiles: tuple[tuple[float, ...], ...]
    mean: tuple[float, ...] = ()
    covariance: tuple[tuple[float, ...], ...] = ()
    hue_cut: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Any) -> Reference:
        """What `as_dict` gave, also by way of JSON. Raises StateDamaged."""
        try:
            space, cut = stored["space"], float(stored["hue_cut"])
            quantiles, covariance = (_table(stored[name]) for name in ("quantiles", "covariance"))
            reference = cls(space, quantiles, _row(stored["mean"]), covariance, cut)
            numbers = [*sum(quantiles + covariance, ()), *reference.mean, cut]
            moments = ((0,), (0,)) if SPACES[space].has_hue else ((3,), (3, 3))
            is_sound = np.shape(quantiles) == (3, len(SHARES)) and bool(np.isfinite(numbers).all())
            is_sound &= (np.shape(reference.mean), np.shape(covariance)) == moments
        except (KeyError, TypeError, ValueError):
            is_sound = False
        if not is_sound:
            raise StateDamaged("the colours that frames are matched to cannot be read")
        return reference


def reference_of(frame: Frame, space: Space) -> Reference:
    """The distribution of a frame's colours, (h, w, 3)."""
    channels = _channels(frame, space)
    if SPACES[space].has_hue:
        cut = _rarest_hue(channels)
        return Reference(space, _quantiles(_cut(channels, cut), space), hue_cut=cut)
    mean, covariance = _moments(channels)
    return Reference(space, _quantiles(channels, space), _row(mean), _table(covariance))


def match(frame: Frame, reference: Reference) -> Frame:
    """The frame with the reference's distribution; one that has exactly this one keeps its bits."""
    space = reference.space
    before = _cut(_channels(frame, space), reference.hue_cut)
    linear = before if SPACES[space].has_hue else _aligned(before, reference)
    curves = zip(_quantiles(linear, space), reference.quantiles, strict=True)
    changes = [_change(linear[..., k], *curve) for k, curve in enumerate(curves)]
    after = linear + np.stack(changes, axis=-1)
    old, new = (_rgb(_cut(part, -reference.hue_cut), space) for part in (before, after))
    return np.clip(np.round(frame + 255 * (new - old)), 0, 255).astype(np.uint8)


def _aligned(channels: Floats, reference: Reference) -> Floats:
    """The channels with the reference's mean and covariance."""
    mean, own = _moments(channels)
    root, inverse = _power(own, 0.5), _power(own, -0.5)
    turn = inverse @ _power(root @ np.array(reference.covariance) @ root, 0.5) @ inverse
    # The change alone is computed: next to nothing added to 32-bit floats leaves their bits.
    shift = np.array(reference.mean) - turn @ mean
    change = cv2.transform(channels, np.column_stack([turn - np.eye(3), shift]))
    return np.asarray(channels + change, np.float32)


def _moments(channels: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rows = channels.reshape(-1, 3).astype(np.float64)
    return rows.mean(axis=0), np.cov(rows, rowvar=False, bias=True) + VARIANCE_MIN * np.eye(3)


def _power(matrix: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(values, 0) ** exponent) @ vectors.T)


def _change(channel: Floats, own: Quantiles, wanted: Quantiles) -> Floats:
    """What is added to each pixel of a channel so that its quantiles become those that are wanted."""
    middles = (np.arange(LEVELS) + 0.5) / LEVELS
    change = np.interp(middles, own, np.subtract(wanted, own))
    return change.astype(np.float32)[_levels(channel)]


def _quantiles(channels: Floats, space: Space) -> tuple[Quantiles, ...]:
    weights = [_chroma(channels) + GREY_WEIGHT if SPACES[space].has_hue else None, None, None]
    return tuple(_of_one(channels[..., k].ravel(), weight) for k, weight in enumerate(weights))


def _chroma(channels: Floats) -> Floats:
    """How much of a colour each pixel has, in a row, from HSV."""
    return np.asarray((channels[..., 1] * channels[..., 2]).ravel(), np.float32)


def _of_one(channel: Floats, weights: Floats | None) -> Quantiles:
    counts = np.bincount(_levels(channel), weights, minlength=LEVELS)
    below = np.concatenate([[0.0], np.cumsum(counts) / counts.sum()])
    edges = np.arange(LEVELS + 1) / LEVELS
    # The ends are where pixels are, not where the empty levels beyond them end.
    first, last = np.flatnonzero(counts)[[0, -1]]
    part = slice(first, last + 2)
    return tuple(np.interp(SHARES, below[part], edges[part]).tolist())


def _rarest_hue(channels: Floats) -> float:
    """The hue, as a share of the circle, that is farthest from what the frame has."""
    places = (channels[..., 0] * HUES).astype(np.intp) % HUES
    counts = np.bincount(places.ravel(), _chroma(channels), minlength=HUES)
    soft = sum(np.roll(counts, k) * (HUES // 4 - abs(k)) for k in range(-HUES // 4, HUES // 4 + 1))
    return float((np.argmin(soft) + 0.5) / HUES)


def _cut(channels: Floats, place: float) -> Floats:
    """The channels with the circle, which is the first one, begun at another place."""
    if place == 0:
        return channels
    turned = channels.copy()
    turned[..., 0] = np.remainder(channels[..., 0] - np.float32(place), 1)
    return turned


def _levels(channel: Floats) -> NDArray[np.intp]:
    return np.clip(channel * LEVELS, 0, LEVELS - 1).astype(np.intp)


def _channels(frame: Frame, space: Space) -> Floats:
    """The frame in another space, each channel as a share of its span."""
    scale = SPACES[space]
    values = frame.astype(np.float32) / 255
    if scale.there is not None:
        values = np.asarray(cv2.cvtColor(values, scale.there), np.float32)
    low, high = _span(scale)
    return np.asarray((values - low) / (high - low), np.float32)


def _rgb(channels: Floats, space: Space) -> Floats:
    scale = SPACES[space]
    low, high = _span(scale)
    values = np.asarray(channels * (high - low) + low, np.float32)
    return (
        values if scale.back is None else np.asarray(cv2.cvtColor(values, scale.back), np.float32)
    )


def _span(scale: Scale) -> tuple[Floats, Floats]:
    return np.asarray(scale.low, np.float32), np.asarray(scale.high, np.float32)


def _row(numbers: Iterable[float]) -> tuple[float, ...]:
    return tuple(float(number) for number in numbers)


def _table(rows: Iterable[Iterable[float]]) -> tuple[tuple[float, ...], ...]:
    return tuple(_row(row) for row in rows)
