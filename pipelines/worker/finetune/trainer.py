"""Trainer: one step of the optimizer after another, each a pure function of plan, step and what was learned so far."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from pipelines.errors import NotFinite, StudioError
from pipelines.finetune.plan import Plan
from pipelines.worker.device.faults import OOM, POISONED, Fault
from pipelines.worker.engine.gate import Component
from pipelines.worker.engine.task import Poisoned
from pipelines.worker.finetune.examples import Examples
from pipelines.worker.finetune.method import Batch, Method, Text
from pipelines.worker.finetune.objective import Objective, Row, batches_of, rows_of
from pipelines.worker.finetune.optimizers import optimizer_of, remembered, remind
from pipelines.worker.finetune.rates import factor
from pipelines.worker.finetune.skeleton import Skeleton
from pipelines.worker.finetune.state import State
from pipelines.worker.finetune.workshop import WORKED, Course, Workshop

GRADIENT_NORM = 1.0  # larger gradients are cut to it, as all trainers do
SCALER = "scaler"  # its numbers among those of the state


@dataclass(frozen=True, eq=False)
class Subject:
    """What is trained on what."""

    plan: Plan
    skeleton: Skeleton
    method: Method
    examples: Examples


class Trainer:
    """`step` steps are done. Between two yields nothing of it is on its way but sums of gradients."""

    def __init__(self, shop: Workshop, subject: Subject) -> None:
        self._shop, self._subject, plan = shop, subject, subject.plan
        model = subject.skeleton.model
        self.step = 0
        self._groups = subject.method.groups()
        self._optimizer = optimizer_of(plan.optimizer, self._groups, model.device)
        is_float16 = subject.skeleton.dtype == torch.float16
        self._scaler = torch.amp.GradScaler(model.device.type, enabled=is_float16)
        self._objective = Objective(model.training, model.device, plan.min_snr_gamma or 0.0)
        # What the captions of what is kept say untaught, which does not change.
        self._meant: dict[Text, Text] = {}
        self._row_limit: int | None = None
        self._has_freed = False  # in this step
        self._savings: list[Callable[[], None]] = [self._one_by_one]
        if plan.saves_memory:
            subject.skeleton.save_memory()
        else:
            self._savings.append(subject.skeleton.save_memory)

    def rate(self) -> float:
        """Of the first group, at the next step."""
        return self._groups[0].learning_rate * factor(self._subject.plan, self.step)

    def learn(self) -> Course[float]:
        """One step; its loss. Yields between the batches that it is made of. Raises NotFinite or OutOfMemory."""
        subject = self._subject
        schedule = subject.skeleton.model.training
        rows = rows_of(subject.plan, subject.examples, schedule, self.step)
        self._has_freed = False
        while True:
            loss, fault = 0.0, None
            self._optimizer.zero_grad(set_to_none=True)
            batches = batches_of(rows, self._row_limit)
            for number, batch in enumerate(batches, 1):
                part, fault = self._attempt(batch)
                loss += part
                if fault:
                    break
                if number < len(batches):
                    yield WORKED
            if fault is None:
                break
            self._save_memory(fault)
        self._move()
        return loss

    def state(self, plan: str) -> State:
        """After `step` steps. `plan`: see State."""
        tensors, numbers = remembered(self._optimizer)
        if self._scaler.is_enabled():
            numbers[SCALER] = self._scaler.state_dict()
        return State(plan, self.step, self._subject.method.state(), tensors, numbers)

    def load(self, state: State) -> None:
        """Goes on from there. Raises StateDamaged."""
        numbers = dict(state.numbers)
        scaler = numbers.pop(SCALER, None)
        self._subject.method.load_state(state.taught)
        remind(self._optimizer, state.optimizer, numbers)
        if scaler and self._scaler.is_enabled():
            self._scaler.load_state_dict(scaler)
        self.step = state.step

    def _attempt(self, rows: Sequence[Row]) -> tuple[float, Fault | None]:
        """(loss of these rows, None) with their gradients added up, or what went wrong."""
        cells = rows[0].clean[0, 0].numel()
        unet = self._subject.skeleton.model.denoiser
        self._shop.device.use_threads(unet.parameters, len(rows) * cells)
        self._shop.pulse.begin()
        try:
            batch, target = self._objective.asked(rows)
            loss = float(self._backward(rows, batch, self._kept(rows, batch, target)))
        except StudioError:
            raise
        except Exception as error:
            return 0.0, self._understood(Fault.of(error))
        finally:
            self._shop.pulse.end()
        if not math.isfinite(loss):
            raise _runaway("loss", self.step, self.rate())
        return loss, None

    def _kept(self, rows: Sequence[Row], batch: Batch, target: Tensor) -> Tensor:
        """The target, in which what is to be kept has what the untaught networks answer instead of its own noise.

        Its mean is the same and it is steadier: learning without forgetting (Li and Hoiem 2016, arXiv:1606.09282).
        """
        places, subject = [n for n, row in enumerate(rows) if row.is_kept], self._subject
        if places:
            asked = batch.only(places)
            with subject.skeleton.awake(), subject.method.untaught():
                for text in asked.texts:
                    if text not in self._meant:
                        self._meant[text] = subject.skeleton.encoded(text)
                asked = replace(asked, texts=[self._meant[text] for text in asked.texts])
                target[places] = subject.method.predict(asked).float()
        return target

    # Holds for these lines alone: no picture runs before they are done.
    @torch.enable_grad()
    def _backward(self, rows: Sequence[Row], batch: Batch, target: Tensor) -> Tensor:
        subject = self._subject
        with subject.skeleton.awake():
            answer = subject.method.predict(batch)
            losses = self._objective.losses(answer, target, batch.timesteps)
            loss = (losses * torch.tensor([row.weight for row in rows]).to(losses)).sum()
            self._shop.pulse.end()
            self._shop.pulse.begin()
            self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def _move(self) -> None:
        """The optimizer's step."""
        for group, own in zip(self._optimizer.param_groups, self._groups, strict=True):
            group["lr"] = own.learning_rate * factor(self._subject.plan, self.step)
        self._scaler.unscale_(self._optimizer)
        parameters = [one for own in self._groups for one in own.parameters]
        norm = float(torch.nn.utils.clip_grad_norm_(parameters, GRADIENT_NORM))
        if not math.isfinite(norm) and not self._scaler.is_enabled():  # that one skips such steps
            raise _runaway("gradient", self.step, self.rate())
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._optimizer.zero_grad(set_to_none=True)
        self._subject.method.after_step()
        self.step += 1

    def _understood(self, fault: Fault) -> Fault:
        if fault.kind == POISONED:
            raise Poisoned(fault)
        if fault.kind != OOM:
            raise self._shop.forwards.explain(fault, "a step of the training")
        return fault

    def _save_memory(self, fault: Fault) -> None:
        """The next way of needing less, which changes no result but by rounding. Raises OutOfMemory after the last."""
        self._optimizer.zero_grad(set_to_none=True)
        self._shop.memory.release_cached()
        if not self._has_freed:
            self._has_freed = True
            self._free_others()
        elif self._savings:
            self._savings.pop(0)()
        else:
            raise self._shop.memory.error(fault, "a step of the training")

    def _free_others(self) -> None:
        models = self._shop.models
        if self._shop.device.has_own_memory:
            models.free(Component("training", _nothing))  # all leave; our own come back
        else:
            while models.evict_one():
                pass

    def _one_by_one(self) -> None:
        self._row_limit = 1


def _nothing() -> None:
    """What computes nowhere, and so needs no network to stay."""


def _runaway(what: str, step: int, rate: float) -> NotFinite:
    return NotFinite(
        f"The {what} is no finite number at step {step + 1}: the training has run away.",
        f"Lower the learning rate (now {rate:.2g}), or choose the precision float32.",
    )
