"""Teaching: one training from its first class picture to its last mark, as a generator to be left at any yield."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from pipelines.errors import StateDamaged, StudioError
from pipelines.finetune.plan import Plan
from pipelines.finetune.training import Mark
from pipelines.worker.finetune import state as states
from pipelines.worker.finetune.examples import Known, Reader, examples
from pipelines.worker.finetune.export import export
from pipelines.worker.finetune.fitness import check, fingerprint
from pipelines.worker.finetune.likeness import Likeness, above
from pipelines.worker.finetune.measures import best_step, held_out_loss
from pipelines.worker.finetune.messages import Train, TrainingDone, TrainingMark
from pipelines.worker.finetune.methods import METHODS
from pipelines.worker.finetune.priors import priors
from pipelines.worker.finetune.samples import samples
from pipelines.worker.finetune.skeleton import Skeleton
from pipelines.worker.finetune.state import FILE, State
from pipelines.worker.finetune.telling import Telling
from pipelines.worker.finetune.trainer import Subject, Trainer
from pipelines.worker.finetune.workshop import WORKED, Course, Workshop, leased
from pipelines.worker.weights.loading import Model

SAVE_SECONDS, SAVE_STEPS = 20.0, 500  # so much is lost at most when the process is killed
SAVE_SHARE = 0.02  # of the time that may go into it: large states are written less often


class Teaching:
    """Holds a lease and memory of the device only while its `course` is under way. Raises RequestError at once."""

    def __init__(self, shop: Workshop, train: Train) -> None:
        self._shop, self.train = shop, train
        self._plan = Plan.from_dict(train.plan)
        self._folder = Path(train.folder)
        self._telling = Telling(shop, train.training_id)
        self._known: Known = {}
        self._trainer: Trainer | None = None
        self._marks: list[Mark] = []
        self._is_sampled_untrained = False
        self._untrained: float | None = None  # how like the pictures the samples of step 0 are
        self._is_finishing = False
        self._saved_step, self._saved_at, self._save_every = 0, 0.0, SAVE_SECONDS

    @property
    def step(self) -> int:
        """How many steps are done and on the disk, or will be by `save`."""
        return self._trainer.step if self._trainer else self._saved_step

    def finish(self) -> None:
        """It ends at the step where it is."""
        self._is_finishing = True

    def save(self) -> None:
        """Writes the state as it is after the last whole step. Raises DiskFull."""
        if self._trainer is None:
            return
        whole = replace(
            self._trainer.state(fingerprint(self.train, self._plan)),
            marks=tuple(self._marks),
            is_sampled_untrained=self._is_sampled_untrained,
            untrained=self._untrained,
        )
        began = self._shop.clock()
        states.write(self._folder, whole)
        self._saved_step, self._saved_at = whole.step, self._shop.clock()
        self._save_every = max(SAVE_SECONDS, (self._saved_at - began) / SAVE_SHARE)

    def say(self, stage: str) -> None:
        """What is done now, in words."""
        self._telling.stage(stage)

    def course(self) -> Course[None]:
        """All of it. Raises StudioError; closing it gives back what it holds, and saves nothing."""
        self.say(f"loading {self.train.checkpoint.name}")
        model = yield from leased(self._shop, self.train.checkpoint)
        try:
            yield from self._taught(model)
        finally:
            self._trainer = None
            self._shop.models.release(model)
            self._shop.memory.release_cached()

    def _taught(self, model: Model) -> Course[None]:
        shop, plan, train = self._shop, self._plan, self.train
        check(model, plan)
        lessons = yield from priors(shop, train)
        skeleton = Skeleton(model, shop.models, plan.precision)
        method = METHODS[plan.method](skeleton, plan)
        reader = Reader(shop, model, method, plan, self._known)
        subject = Subject(plan, skeleton, method, (yield from examples(reader, train, lessons)))
        self._trainer = Trainer(shop, subject)
        self._go_on(self._trainer)
        likeness = Likeness(shop, model, subject.examples.taught)
        if not self._is_sampled_untrained:
            self.say("drawing samples before the first step")
            pictures = yield from samples(shop, train, 0, None)
            self._untrained = yield from likeness.of(pictures)
            self._is_sampled_untrained = True
            self.save()
        yield from self._steps(self._trainer, subject, likeness)

    def _steps(self, trainer: Trainer, subject: Subject, likeness: Likeness) -> Course[None]:
        """To the last step, which is that of the plan or the one at which it is to finish."""
        while True:
            if self._is_due(trainer.step):
                self._telling.all_steps(trainer.step, trainer.rate())
                yield from self._mark(trainer, subject, likeness)
                yield WORKED
            if self._is_over(trainer.step):
                break
            self.say("training")
            began, rate = self._shop.clock(), trainer.rate()
            loss = yield from trainer.learn()
            self._telling.stepped(trainer.step, loss, rate, self._shop.clock() - began)
            self._save_now_and_then(trainer.step)
            yield WORKED
        self._shop.send(
            TrainingDone(self.train.training_id, trainer.step, best_step(self._marks, trainer.step))
        )

    def _mark(self, trainer: Trainer, subject: Subject, likeness: Likeness) -> Course[None]:
        """Keeps the weights of this step and looks at them. Twice gives the same, so it may be broken off."""
        step, train = trainer.step, self.train
        self.say(f"keeping step {step}")
        path = export(train, self._plan, subject.method, step)
        self.save()
        schedule = subject.skeleton.model.training
        loss = yield from held_out_loss(
            subject.method, subject.skeleton, subject.examples, schedule
        )
        self.say(f"drawing samples of step {step}")
        pictures = yield from samples(self._shop, train, step, path)
        alike = above((yield from likeness.of(pictures)), self._untrained)
        mark = Mark(step=step, file=path.name, held_out_loss=loss, similarity=alike)
        self._marks.append(mark)
        self.save()
        self._tell(mark)

    def _go_on(self, trainer: Trainer) -> None:
        """From the state on the disk, if there is one that can be used; its marks are told once more."""
        self._marks, self._is_sampled_untrained, self._untrained = [], False, None
        try:
            kept = self._read()
            if kept is None:
                return
            trainer.load(kept)
        except StateDamaged as damage:
            self.say(f"beginning again: {damage.message}")
            os.replace(self._folder / FILE, self._folder / f"{FILE}.damaged")
            return
        self._marks, self._untrained = [*kept.marks], kept.untrained
        self._is_sampled_untrained = kept.is_sampled_untrained
        self._saved_step, self._saved_at = kept.step, self._shop.clock()
        for mark in self._marks:
            self._tell(mark)

    def _read(self) -> State | None:
        kept = states.read(self._folder)
        if kept is not None and kept.plan != fingerprint(self.train, self._plan):
            raise StateDamaged("the saved state is of another plan or of other pictures")
        return kept

    def _save_now_and_then(self, step: int) -> None:
        is_old = self._shop.clock() - self._saved_at >= self._save_every
        if is_old or step - self._saved_step >= SAVE_STEPS:
            self.save()

    def _is_over(self, step: int) -> bool:
        """Raises StudioError when it is to finish before its first step: there is nothing to keep."""
        if self._is_finishing and not step:
            why = "The training was finished before its first step, so there is nothing to keep."
            raise StudioError(why, "Let it go on for a while, or delete it.")
        return self._is_finishing or step >= (self._plan.steps or 0)

    def _is_due(self, step: int) -> bool:
        if not step or any(mark.step == step for mark in self._marks):
            return False
        every = self._plan.sample_every
        return self._is_over(step) or bool(every and step % every == 0)

    def _tell(self, mark: Mark) -> None:
        own = (mark.step, mark.file, mark.held_out_loss, mark.similarity)
        self._shop.send(TrainingMark(self.train.training_id, *own))
