"""Where the noise of a picture comes from: its seed, a variation of it, another size, and other seeds on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from pipelines.request import Request
from pipelines.worker.sampling.philox import Philox

Device = torch.device | str
Shape = tuple[int, ...]  # (channels, height, width) of latents

NEARLY_PARALLEL = 0.9995  # cosine from which on AUTOMATIC1111 does not turn but mix


class Noise(Protocol):
    """Standard normal numbers by the number of the draw: any draw, in any order, as often as wanted."""

    def draw(self, counter: int, shape: Shape) -> Tensor:
        """A float32 tensor of `shape`; equal arguments give equal tensors."""


def noise_like(x: Tensor, noise: Noise, counter: int) -> Tensor:
    """Draw number `counter` in the shape (1, …) and on the device of one picture's x."""
    return noise.draw(counter, tuple(x.shape[1:])).to(x.device).unsqueeze(0)


class TorchStream:
    """The noise of one seed as torch's generator of a device gives it: one draw after another, all of one shape.

    The generator is kept where it is; for an earlier draw it begins anew.
    """

    def __init__(self, seed: int, device: Device) -> None:
        self._seed, self._generator, self._next = seed, torch.Generator(device), 0
        self._generator.manual_seed(seed)

    def draw(self, counter: int, shape: Shape) -> Tensor:
        if counter < self._next:
            self._generator.manual_seed(self._seed)
            self._next = 0
        for _ in range(self._next, counter):
            self._following(shape)
        drawn = self._following(shape)
        self._next = counter + 1
        return drawn

    def _following(self, shape: Shape) -> Tensor:
        device = self._generator.device
        return torch.randn(shape, generator=self._generator, device=device, dtype=torch.float32)


def _of_the_device(seed: int, device: Device) -> Noise:
    """Apple's GPU has no generator that repeats itself; there it is the CPU's, as in AUTOMATIC1111."""
    return TorchStream(seed, "cpu" if torch.device(device).type == "mps" else device)


# The rows of SOURCES in pipelines/asking/noise.py: (seed, device) → its noise.
STREAMS: Mapping[str, Callable[[int, Device], Noise]] = {
    "nv": lambda seed, device: Philox(seed),
    "cpu": lambda seed, device: TorchStream(seed, "cpu"),
    "gpu": _of_the_device,
}


@dataclass(frozen=True)
class PictureNoise:
    """The noise of one picture. Draw 0 is its initial latent; later draws belong to its steps, in order."""

    beginning: Callable[[Shape], Tensor]
    # (until, whose noise is added at steps < until); the last one also after that.
    spans: tuple[tuple[int, Noise], ...]
    behind: int = 0  # so many draws less than the picture has the stream behind it given
    step: int = 0  # at which it is drawn

    def at(self, step: int) -> PictureNoise:
        """As it is added at a step, counted from the picture's own first one."""
        return replace(self, step=step)

    def draw(self, counter: int, shape: Shape) -> Tensor:
        if counter == 0:
            return self.beginning(shape)
        current = (noise for until, noise in self.spans if self.step < until)
        return next(current, self.spans[-1][1]).draw(counter - self.behind, shape)


def noise_of(request: Request, seed: int, device: Device, px_per_cell: int) -> PictureNoise:
    """The noise of the picture of that seed; `px_per_cell`: of its latents."""
    asked, stream = request.noise, STREAMS[request.noise.source]

    def beginning(shape: Shape) -> Tensor:
        drawn_shape = shape
        if asked.from_width and asked.from_height:
            drawn_shape = (
                shape[0],
                asked.from_height // px_per_cell,
                asked.from_width // px_per_cell,
            )
        drawn = stream(seed, device).draw(0, drawn_shape)
        if asked.variation_strength:
            variation = stream(asked.variation_seed, device).draw(0, drawn_shape)
            drawn = slerp(asked.variation_strength, drawn, variation)
        if drawn_shape == shape:
            return drawn
        return centred(drawn, stream(seed, device).draw(0, shape))

    def added(later_seed: int | None) -> Noise:
        return stream((seed if later_seed is None else later_seed) + asked.seed_delta, device)

    spans = [(one.until, added(one.later_seed)) for one in request.beginnings]
    spans.append((0, added(asked.later_seed)))
    # A stream that begins anew after the first noise, as with AUTOMATIC1111's ENSD, has not given that.
    return PictureNoise(beginning, tuple(spans), behind=1 if asked.seed_delta else 0)


def slerp(share: float, low: Tensor, high: Tensor) -> Tensor:
    """So much of the way from one noise to the other, (channels, height, width), on a sphere: Shoemake 1985.

    As AUTOMATIC1111 turns it: the angle is taken along the height, for each channel and column by itself; and noises
    that are nearly the same are mixed, with their weights exchanged.
    """
    low_unit, high_unit = (one / one.norm(dim=1, keepdim=True) for one in (low, high))
    cosine = (low_unit * high_unit).sum(1)
    if cosine.mean() > NEARLY_PARALLEL:
        return low * share + high * (1 - share)
    angle = torch.acos(cosine)
    sine = torch.sin(angle)
    low_weight, high_weight = (
        (torch.sin(part * angle) / sine).unsqueeze(1) for part in (1 - share, share)
    )
    return low_weight * low + high_weight * high


def centred(small: Tensor, whole: Tensor) -> Tensor:
    """`whole` with `small` in its middle, or with the middle of it where it is larger; both (channels, h, w)."""
    rows, columns = (_overlap(small.shape[side], whole.shape[side]) for side in (1, 2))
    result = whole.clone()
    result[:, rows[1], columns[1]] = small[:, rows[0], columns[0]]
    return result


def _overlap(length: int, target: int) -> tuple[slice, slice]:
    """(which cells, where they go) along one side, in AUTOMATIC1111's whole numbers."""
    offset = (target - length) // 2
    count = length if offset >= 0 else length + 2 * offset
    start, place = max(-offset, 0), max(offset, 0)
    return slice(start, start + count), slice(place, place + count)
