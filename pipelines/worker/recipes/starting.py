"""Pictures that start from a picture: its latents, where they may change, and how the others are held in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from pipelines.editing.source import Source
from pipelines.request import Request
from pipelines.worker.messages import GuideRef, SourceTask
from pipelines.worker.recipes.encoding import encode
from pipelines.worker.recipes.surroundings import Surroundings, nothing_around
from pipelines.worker.sampling import Denoise, Denoised, Noise, Plan, State, noise_like
from pipelines.worker.weights.loading import Model

Levels = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True, eq=False)
class Origin:
    """levels (height, width, 3) uint8; mask (height, width) uint8, white where they may change; None: everywhere."""

    task: SourceTask
    levels: Levels
    mask: Levels | None


@dataclass(frozen=True, eq=False)
class Start:
    """latents (1, channels, h, w), those of the origin; mask (1, 1, h, w) in 0…1, or None: all may change."""

    latents: Tensor
    mask: Tensor | None
    is_soft: bool = False

    def held(self, x: Tensor, mask: Tensor) -> Tensor:
        """x where the mask is 1, the latents of the origin where it is 0."""
        return x * mask + self.latents * (1 - mask)

    def mask_at(self, share: float) -> Tensor | None:
        """What may change when so much of the way is done.

        A soft mask: Levin and Fried 2023 (arXiv:2306.00950), a place is held for the longer the darker it is.
        """
        if self.mask is None or not self.is_soft:
            return self.mask
        return (self.mask > 1 - share).float()


def origin_of(task: SourceTask | None, guides: Mapping[GuideRef, Any]) -> Origin | None:
    if task is None:
        return None
    mask = None if task.mask is None else guides[task.mask].levels[..., 0]
    return Origin(task, guides[task.picture].levels, mask)


def start_of(
    origin: Origin, request: Request, model: Model, noise: Noise, shape: tuple[int, int, int]
) -> Start:
    """The origin as the sampler sees it; shape: (channels, h, w) of the picture to come."""
    seamless = request.seamless
    latents = encode(_pixels(origin, model), model, same_as=origin.task.picture, seamless=seamless)
    if latents.shape[1:] != shape:
        latents = functional.interpolate(latents, shape[1:], mode="bilinear")
    inpainting = request.inpainting
    if origin.mask is None or inpainting is None:
        return Start(latents, None)
    small = Image.fromarray(origin.mask).resize((shape[2], shape[1]), Image.Resampling.BICUBIC)
    mask = torch.from_numpy(np.array(small, np.float32) / 255)[None, None].to(model.device)
    sharp = mask.round()
    if inpainting.content in ("noise", "nothing"):
        latents = latents * (1 - sharp)
    if inpainting.content == "noise":
        latents = latents + noise_like(latents, noise, 0) * sharp
    return Start(latents, mask if inpainting.is_soft else sharp, inpainting.is_soft)


def begun(start: Start, source: Source, course: Plan, noise: Noise, steps_taken: int) -> State:
    """The origin under the noise of the level at which the last `steps_taken` steps begin."""
    first = course.steps - steps_taken
    fresh = noise_like(start.latents, noise, 0) * source.noise_multiplier
    return State(x=start.latents + course.sigmas[first] * fresh, step=first, draws=1)


def around(origin: Origin | None, request: Request, model: Model) -> Surroundings:
    """What an inpainting model is told: of a picture that may change everywhere, nothing stands around."""
    if origin is None or origin.mask is None or request.inpainting is None:
        return nothing_around(request, model)
    weight = request.inpainting.conditioning_weight
    mask = torch.from_numpy(origin.mask / np.float32(255)).round()[None, None].to(model.device)
    key = (origin.task, weight)
    picture = encode(
        _pixels(origin, model) * (1 - weight * mask),
        model,
        same_as=key,
        seamless=request.seamless,
    )
    return Surroundings(functional.interpolate(mask, picture.shape[2:], mode="nearest"), picture)


class Holding:
    """A denoiser that sees what may not change as it is in the origin, whatever the network makes of it."""

    def __init__(self, denoise: Denoise, start: Start, first: int, steps: int) -> None:
        self._denoise, self._start, self._first, self._steps = denoise, start, first, steps

    def __call__(self, x: Tensor, sigma: float, step: int) -> Denoised:
        denoised = self._denoise(x, sigma, step)
        share = (step + 1 - self._first) / (self._steps - self._first)
        mask = self._start.mask_at(share)
        if mask is None:
            return denoised
        return denoised._replace(x0=self._start.held(denoised.x0, mask))


def _pixels(origin: Origin, model: Model) -> Tensor:
    """(1, 3, height, width) in −1…1."""
    levels = torch.from_numpy(origin.levels / np.float32(127.5) - 1)
    return levels.permute(2, 0, 1)[None].to(model.device)
