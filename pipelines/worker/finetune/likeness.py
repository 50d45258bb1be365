"""Likeness: whether samples look like the pictures that are taught; by what the untrained denoiser sees in both.

The middle of a denoiser that looks at a picture with little noise on it tells things apart (as Baranchuk et al. 2022,
arXiv:2112.03126, and Tang et al. 2023, arXiv:2306.03881, found for its layers), and costs no further weights. Measured
on the starter, fifteen things in any colour before any backdrop, by five drawings each: of a sample of it and one
of another thing, the first is more like them in 94 of 100 cases; by the latents themselves in 55, which is next to
chance, by averages over the middle in 67 at most, by layers after it in 89. Little noise is better than much; what the
denoiser sees in an empty picture is taken away first, and mirrored pictures count as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, normalize

from pipelines.worker.engine.gate import Component, ask
from pipelines.worker.finetune.chances import MEASURE, generator
from pipelines.worker.finetune.examples import Example
from pipelines.worker.finetune.workshop import Course, Workshop, done
from pipelines.worker.recipes.encoding import encode
from pipelines.worker.recipes.wording import words
from pipelines.worker.weights.loading import Model

NOISE_SHARE = 0.05  # of the timesteps
GRID = 8  # so many places a side are compared, whatever the size of a picture
LOOKED_AT = 100  # of the pictures that are taught, at most
SEED = 0
# From here on samples do not show the same thing but are the same pictures, which the page says (train/telling.js). On
# the starter drawings of the same thing come to 0.43 ± 0.16, copies to 0.97 at least, those 4 of 128 px aside to 0.83.
REPEATED = 0.8


@dataclass(eq=False)
class Likeness:
    """To these pictures, which are looked at once."""

    shop: Workshop
    model: Model
    taught: Sequence[Example]
    _seen: list[Tensor] = field(default_factory=list)
    _empty: dict[torch.Size, Tensor] = field(default_factory=dict)  # pictures, by their shapes

    def of(self, pictures: Sequence[Tensor]) -> Course[float | None]:
        """The mean over pictures (height, width, 3), uint8, of that to the nearest one: −1 … 1; None without any.

        Raises StudioError.
        """
        if not pictures or not self.taught:
            return None
        if not self._seen:
            for example in self.taught[:LOOKED_AT]:
                for latents in (example.latents, example.latents.flip(-1)):
                    self._seen.append((yield from self._sight(latents)))
        nearest: list[float] = []
        for picture in pictures:
            latents = yield from done(self.shop, partial(_encoded, picture, self.model))
            sight = yield from self._sight(latents)
            nearest.append(max(float(sight @ other) for other in self._seen))
        return sum(nearest) / len(nearest)

    def _sight(self, latents: Tensor) -> Course[Tensor]:
        """What the denoiser sees there, as a vector of length 1."""
        if latents.shape not in self._empty:
            nothing = partial(middle, torch.zeros_like(latents), self.model)
            self._empty[latents.shape] = yield from done(self.shop, nothing)
        seen = yield from done(self.shop, partial(middle, latents, self.model))
        return normalize((seen - self._empty[latents.shape]).flatten(), dim=0)


def above(likeness: float | None, untrained: float | None) -> float | None:
    """0 … 1: 0 where samples are no more like the pictures than the untrained ones are, 1 where they are the same.

    Two pictures of anything are somewhat alike; how much so differs with prompts and checkpoint.
    """
    if likeness is None:
        return None
    floor = min(untrained or 0.0, 0.99)
    return min(max((likeness - floor) / (1.0 - floor), 0.0), 1.0)


def middle(latents: Tensor, model: Model) -> Tensor:
    """What the middle block answers for latents (1, channels, h, w): (channels, GRID, GRID), float32, on the CPU.

    Asks at the gate.
    """
    schedule = model.training
    timestep = int(NOISE_SHARE * (schedule.last_timestep + 1))
    kept = float(schedule.alphas_cumprod[timestep])
    noise = torch.randn(latents.shape, generator=generator(SEED, MEASURE, 0))
    noisy = kept**0.5 * latents.cpu() + (1 - kept) ** 0.5 * noise
    seen = ask(
        _as_far_as_the_middle(model),
        sample=noisy.to(model.device, model.dtype),
        timestep=timestep,
        return_dict=False,
        **_told_nothing(latents, model),
    )
    return adaptive_avg_pool2d(seen.float().cpu(), GRID)[0]


def _told_nothing(latents: Tensor, model: Model) -> dict[str, Tensor]:
    text = words("", model)
    told = {"encoder_hidden_states": text.hidden}
    if not model.family.is_told_its_size or text.pooled is None:
        return told
    size = [side * model.family.px_per_cell for side in latents.shape[-2:]]
    ids = torch.tensor([[*size, 0, 0, *size]], dtype=model.dtype, device=model.device)
    return {**told, "text_embeds": text.pooled, "time_ids": ids}


def _as_far_as_the_middle(model: Model) -> Component:
    """The denoiser, which answers what its middle block does."""

    def forward(**inputs: Any) -> Tensor:
        seen: list[Tensor] = []
        with model.unet.mid_block.register_forward_hook(lambda *hooked: seen.append(hooked[-1])):
            model.denoiser.forward(**inputs)
        return seen[0]

    return replace(model.denoiser, forward=forward)


def _encoded(picture: Tensor, model: Model) -> Tensor:
    """Asks at the gate."""
    levels = picture.permute(2, 0, 1)[None].to(model.device).float() / 127.5 - 1
    return encode(levels, model).cpu()
