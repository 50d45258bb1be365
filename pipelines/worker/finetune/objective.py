"""Objective: what the denoiser is asked, what it should have answered, and how much the difference counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from types import SimpleNamespace

import torch
from diffusers.training_utils import compute_snr
from torch import Tensor

from pipelines.finetune.plan import Plan
from pipelines.worker.finetune.chances import PRIOR_ORDER, Chance, chances, places
from pipelines.worker.finetune.examples import Example, Examples
from pipelines.worker.finetune.method import Batch, Text
from pipelines.worker.sampling import NoiseSchedule


@dataclass(frozen=True, eq=False)
class Row:
    """A picture as it is shown once. `weight`: how much its loss counts in that of the step.

    `is_prior`: it shows what the model knows already, and is to be answered as before.
    """

    example: Example
    text: Text
    chance: Chance
    weight: float
    is_prior: bool = False

    @property
    def clean(self) -> Tensor:
        """(1, channels, h, w)"""
        mirrored = self.example.mirrored if self.chance.is_mirrored else None
        return self.example.latents if mirrored is None else mirrored

    @property
    def likeness(self) -> tuple[tuple[int, ...], int]:
        return tuple(self.example.latents.shape), self.text.tokens


def rows_of(plan: Plan, examples: Examples, schedule: NoiseSchedule, step: int) -> list[Row]:
    """What is shown at a step: pictures that are taught, and as many of the class, if there are any.

    Prior preservation: Ruiz et al. 2022, arXiv:2208.12242, equation 2.
    """
    size, taught, priors = plan.batch_size or 1, examples.taught, examples.priors
    shown = [(taught[place], 1.0, False) for place in places(plan, len(taught), step)]
    shown += [
        (priors[place], 1.0 if plan.prior_weight is None else plan.prior_weight, True)
        for place in places(plan, len(priors), step, PRIOR_ORDER)
    ]
    shapes = [tuple(example.latents.shape) for example, *_ in shown]
    drawn = chances(plan, step, shapes, schedule.last_timestep + 1)
    return [
        Row(
            example,
            examples.nothing if chance.is_nameless else example.text,
            chance,
            weight / size,
            is_prior,
        )
        for (example, weight, is_prior), chance in zip(shown, drawn, strict=True)
    ]


def batches_of(rows: Sequence[Row], limit: int | None = None) -> list[list[Row]]:
    """Those that are alike together, at most `limit`: how they are grouped changes nothing but rounding errors."""
    alike = [list(group) for _, group in groupby(sorted(rows, key=_likeness), key=_likeness)]
    size = limit or max(1, len(rows))
    return [group[at : at + size] for group in alike for at in range(0, len(group), size)]


class Objective:
    """The loss of a schedule's noise, on one device.

    `gamma`: min-SNR weighting (Hang et al. 2023, arXiv:2303.09556); 0: all timesteps count alike.
    """

    def __init__(self, schedule: NoiseSchedule, device: torch.device, gamma: float = 0.0) -> None:
        self._alphas = torch.tensor(schedule.alphas_cumprod, dtype=torch.float32, device=device)
        self._predicts_v, self._gamma, self._device = (
            schedule.prediction_type == "v_prediction",
            gamma,
            device,
        )

    def asked(self, rows: Sequence[Row]) -> tuple[Batch, Tensor]:
        """The batch of rows that are alike, and what should be answered: (rows, channels, h, w), float32."""
        clean = torch.cat([row.clean for row in rows]).to(self._device)
        noise = torch.cat([row.chance.noise for row in rows]).to(self._device)
        timesteps = torch.tensor([row.chance.timestep for row in rows], device=self._device)
        kept = self._alphas[timesteps][:, None, None, None].sqrt()
        lost = (1 - self._alphas[timesteps])[:, None, None, None].sqrt()
        noisy = kept * clean + lost * noise
        # v: Salimans and Ho 2022, arXiv:2202.00512
        target = kept * noise - lost * clean if self._predicts_v else noise
        ids = [row.example.time_ids for row in rows if row.example.time_ids is not None]
        time_ids = torch.cat(ids).to(self._device) if ids else None
        return Batch(noisy, timesteps, tuple(row.text for row in rows), time_ids), target

    def losses(self, answer: Tensor, target: Tensor, timesteps: Tensor) -> Tensor:
        """(rows,): the mean square of the difference, weighted by timestep."""
        plain = ((answer - target) ** 2).mean((1, 2, 3))
        return plain * self._weights(timesteps) if self._gamma else plain

    def _weights(self, timesteps: Tensor) -> Tensor:
        snr = compute_snr(SimpleNamespace(alphas_cumprod=self._alphas), timesteps)  # type: ignore[no-untyped-call]
        weights: Tensor = snr.clamp(max=self._gamma) / (snr + 1 if self._predicts_v else snr)
        return weights


def _likeness(row: Row) -> tuple[tuple[int, ...], int]:
    return row.likeness
