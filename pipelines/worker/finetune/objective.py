"""Objective: what the denoiser is asked, what it should have answered, and how much the difference counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import SimpleNamespace

import torch
from diffusers.training_utils import compute_snr
from torch import Tensor

from pipelines.finetune.plan import Plan
from pipelines.worker.finetune.chances import KEPT_ORDER, PRIOR_ORDER, Chance, chances, places
from pipelines.worker.finetune.examples import Example, Examples
from pipelines.worker.finetune.method import Batch, Text
from pipelines.worker.sampling import NoiseSchedule

TAUGHT_TO_KEPT = (
    2  # pictures that are taught to such as are only answered as before with other words
)


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture and what is said of it. `weight`: how much its loss counts in that of the step.

    `is_kept`: it is to be answered as before.
    """

    example: Example
    text: Text
    weight: float
    is_kept: bool = False


@dataclass(frozen=True, eq=False)
class Row:
    """A picture as it is shown once; see Shown."""

    example: Example
    text: Text
    chance: Chance
    weight: float
    is_kept: bool = False

    @property
    def clean(self) -> Tensor:
        """(1, channels, h, w)"""
        mirrored = self.example.mirrored if self.chance.is_mirrored else None
        return self.example.latents if mirrored is None else mirrored

    @property
    def likeness(self) -> tuple[tuple[int, ...], int]:
        return tuple(self.example.latents.shape), self.text.tokens


def rows_of(plan: Plan, examples: Examples, schedule: NoiseSchedule, step: int) -> list[Row]:
    """What is shown at a step: pictures that are taught, and what is to be answered as before, if anything."""
    shown = [
        *_taught(plan, examples, step),
        *_priors(plan, examples, step),
        *_kept(plan, examples, step),
    ]
    shapes = [tuple(one.example.latents.shape) for one in shown]
    drawn = chances(plan, step, shapes, schedule.last_timestep + 1)
    return [
        Row(
            one.example,
            examples.nothing if chance.is_nameless else one.text,
            chance,
            one.weight,
            one.is_kept,
        )
        for one, chance in zip(shown, drawn, strict=True)
    ]


def _taught(plan: Plan, examples: Examples, step: int) -> Iterator[Shown]:
    size = plan.batch_size or 1
    for place in places(plan, len(examples.taught), step):
        example = examples.taught[place]
        yield Shown(example, example.text, 1 / size)


def _priors(plan: Plan, examples: Examples, step: int) -> Iterator[Shown]:
    """As many of the class. Prior preservation: Ruiz et al. 2022, arXiv:2208.12242, equation 2."""
    size = plan.batch_size or 1
    shown = places(plan, len(examples.priors), step, PRIOR_ORDER)
    for number, place in enumerate(shown, step * size):
        example = examples.priors[place]
        text = examples.nothing if _is_wordless(number) else example.text
        yield Shown(example, text, _prior_weight(plan) / size, is_kept=True)


def _kept(plan: Plan, examples: Examples, step: int) -> Iterator[Shown]:
    """Pictures that are taught, with other words: these shall mean what they meant, even for what looks like it.

    Without pictures to be drawn first, it is the "output preservation" of Ostris' AI Toolkit.
    """
    size, others = plan.kept_a_step, examples.others
    shown = places(plan, len(examples.taught), step, KEPT_ORDER, size)
    for number, place in enumerate(shown, step * size):
        is_wordless = not others or _is_wordless(number)
        text = examples.nothing if is_wordless else others[number // 2 % len(others)]
        yield Shown(examples.taught[place], text, _prior_weight(plan) / size, is_kept=True)


def _is_wordless(number: int) -> bool:
    """Every second of what is kept is shown without words.

    A guided picture is drawn away from what the denoiser answers to nothing, by more than that itself: where it
    drifts, so does whatever is drawn, and twice as far at a guidance scale of 3.
    """
    return number % 2 == 0


def _prior_weight(plan: Plan) -> float:
    return 1.0 if plan.prior_weight is None else plan.prior_weight


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
