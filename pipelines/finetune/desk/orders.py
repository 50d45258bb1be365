"""What the worker is told when a training begins or goes on: its lessons, and all that is drawn for it, settled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipelines.errors import ModelUnreadable, NotFound, RequestError, StudioError
from pipelines.finetune.pictures.preparing import crop_path
from pipelines.finetune.plan import SEED, Plan
from pipelines.finetune.planning.problems import base_of
from pipelines.finetune.results.header import header
from pipelines.finetune.training import Training
from pipelines.manager.finder import Finder
from pipelines.request import Request
from pipelines.worker.finetune.messages import Lesson, Train

PRIOR_SEED = 10_000  # from here on, so that no picture of the class is a sample


class CheckpointGone(StudioError):
    """The checkpoint that a training is of cannot be used now."""

    code = "checkpoint_gone"


@dataclass(frozen=True)
class Orders:
    """Made on a thread that may wait for the disk. `folder(id)` is that of a training."""

    finder: Finder
    folder: Callable[[str], Path]

    def order(self, training: Training) -> Train:
        """Raises CheckpointGone, or StudioError for what else is not there any more."""
        folder, plan = self.folder(training.id), training.plan
        try:
            base = base_of(plan, self.finder.catalog.look())
            ref = self.finder.checkpoint(base.name)
        except (RequestError, NotFound, ModelUnreadable) as error:
            why = getattr(error, "why", error.message).rstrip(".")
            raise CheckpointGone(
                f"The checkpoint {plan.checkpoint}, which is trained on: {why}.",
                "Put it back, then let the training go on; nothing of it is lost.",
                checkpoint=plan.checkpoint,
            ) from error
        return Train(
            training_id=training.id,
            plan=plan.as_dict(),
            checkpoint=ref,
            folder=str(folder),
            lessons=lessons(training, folder),
            samples=self.samples(plan, training.owner),
            priors=self.priors(plan, training.owner),
            metadata=header(training, base, self.finder.hashes.of(base.path)),
        )

    def samples(self, plan: Plan, owner: str) -> tuple[dict[str, Any], ...]:
        """One of each prompt, each time from the same seed. Raises RequestError."""
        return tuple(
            self._settled(plan, owner, prompt, plan.seed + number).as_dict()
            for number, prompt in enumerate(plan.sample_prompts)
        )

    def priors(self, plan: Plan, owner: str) -> tuple[dict[str, Any], ...]:
        """The prompts in turn, each picture from a seed of its own. Raises RequestError."""
        if not plan.prior_pictures:
            return ()
        first = plan.seed + PRIOR_SEED
        settled = [self._settled(plan, owner, prompt, first) for prompt in plan.prior_prompts]
        return tuple(
            replace(settled[number % len(settled)], seed=_seed(first + number)).as_dict()
            for number in range(plan.prior_pictures)
        )

    def _settled(self, plan: Plan, owner: str, prompt: str, seed: int) -> Request:
        side = plan.resolution
        asked = Request(prompt=prompt, checkpoint=plan.checkpoint, width=side, height=side)
        # exact: the same whatever else is drawn meanwhile, so that a resumed training goes on bit for bit
        return self.finder.settle(replace(asked, seed=_seed(seed), exact=True), owner).request


def lessons(training: Training, folder: Path) -> tuple[Lesson, ...]:
    """Raises NotFound for a picture that is gone from the folder."""
    for example in training.examples:
        if not crop_path(folder, example.index).is_file():
            what = f"Picture {example.index + 1} of the training is gone from {folder}."
            raise NotFound(what, "Delete the training and begin it anew with its pictures.")
    return tuple(
        Lesson(str(crop_path(folder, one.index)), one.caption, one.is_held_out)
        for one in training.examples
    )


def _seed(number: int) -> int:
    return number % (SEED[1] + 1)
