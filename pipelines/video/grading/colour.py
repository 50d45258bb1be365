"""Colour coherence: a frame takes the distribution of colours of a reference, so that feedback does not drift.

Each channel is bent by the one rising curve that lays its quantiles on those of the reference (histogram matching;
Gonzalez and Woods, Digital Image Processing, 3.3). Pixels are given the difference that the curves make to them, not
what comes back from another colour space: a frame that has the distribution already keeps its bits.
"""

from __future__ import annotations

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
    """A colour space of OpenCV: how to get there and back from RGB in 0…1, and what its channels lie between."""

    there: int | None
    back: int | None
    low: tuple[float, float, float]
    high: tuple[float, float, float]


SPACES: dict[Space, Scale] = {
    "HSV": Scale(cv2.COLOR_RGB2HSV, cv2.COLOR_HSV2RGB, (0, 0, 0), (360, 1, 1)),
    "LAB": Scale(cv2.COLOR_RGB2LAB, cv2.COLOR_LAB2RGB, (0, -128, -128), (100, 128, 128)),
    "RGB": Scale(None, None, (0, 0, 0), (1, 1, 1)),
}
LEVELS = 4096  # a channel is counted in
HUES = 72  # of the circle, of which one is the rarest
GREY_WEIGHT = 1e-6  # of a pixel's hue if it is grey
TAIL = (1 / 8192, 1 / 2048, 1 / 512)  # few pixels lie there, and they are far apart
SHARES = np.unique([*np.linspace(0, 1, 129), *TAIL, *np.subtract(1, TAIL)])  # of the pixels


@dataclass(frozen=True)
class Reference:
    """How the colours of a frame are distributed: small enough to lie in the record of a job.

    `quantiles`: of each channel, rising, as shares of the channel's span. `hue_cut`: where the circle of hues begins,
    as a share of it, so that it can have quantiles: at the hue that the frame has least of; 0 in other spaces.
    """

    space: Space
    quantiles: tuple[tuple[float, ...], ...]
    hue_cut: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Any) -> Reference:
        """What `as_dict` gave, also by way of JSON. Raises StateDamaged."""
        try:
            quantiles = tuple(tuple(map(float, row)) for row in stored["quantiles"])
            reference = cls(stored["space"], quantiles, float(stored["hue_cut"]))
            is_sound = reference.space in SPACES and np.shape(quantiles) == (3, len(SHARES))
            is_sound &= bool(np.isfinite([*np.ravel(quantiles), reference.hue_cut]).all())
        except (KeyError, TypeError, ValueError):
            is_sound = False
        if not is_sound:
            raise StateDamaged("the colours that frames are matched to cannot be read")
        return reference


def reference_of(frame: Frame, space: Space) -> Reference:
    """The distribution of a frame's colours, (h, w, 3)."""
    channels = _channels(frame, space)
    cut = _rarest_hue(channels) if space == "HSV" else 0.0
    return Reference(space, _quantiles(_cut(channels, cut), space), cut)


def match(frame: Frame, reference: Reference) -> Frame:
    """The frame with the reference's distribution; one that has exactly this one keeps its bits."""
    channels = _cut(_channels(frame, reference.space), reference.hue_cut)
    own = _quantiles(channels, reference.space)
    curves = zip(np.moveaxis(channels, -1, 0), own, reference.quantiles, strict=True)
    matched = channels + np.stack([_change(*curve) for curve in curves], axis=-1)
    before, after = (_rgb(_cut(part, -reference.hue_cut), reference.space) for part in (channels, matched))
    return np.clip(np.round(frame + 255 * (after - before)), 0, 255).astype(np.uint8)


def _change(channel: Floats, own: Quantiles, wanted: Quantiles) -> Floats:
    """What is added to each pixel of a channel so that its quantiles become those that are wanted."""
    middles = (np.arange(LEVELS) + 0.5) / LEVELS
    change = np.interp(middles, own, np.subtract(wanted, own))
    return change.astype(np.float32)[_levels(channel)]


def _quantiles(channels: Floats, space: Space) -> tuple[Quantiles, ...]:
    weights = [_chroma(channels) + GREY_WEIGHT if space == "HSV" else None, None, None]
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
    return values if scale.back is None else np.asarray(cv2.cvtColor(values, scale.back), np.float32)


def _span(scale: Scale) -> tuple[Floats, Floats]:
    return np.asarray(scale.low, np.float32), np.asarray(scale.high, np.float32)
