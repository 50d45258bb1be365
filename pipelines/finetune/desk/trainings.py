"""Trainings: the face of this folder. What people do with theirs; what the desk does with all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from pipelines.catalog.checkpoint import Model
from pipelines.errors import NotFound
from pipelines.finetune.desk.hearing import Hearing, sample_path
from pipelines.finetune.desk.house import House
from pipelines.finetune.desk.making import Maker
from pipelines.finetune.desk.orders import Orders
from pipelines.finetune.desk.roster import Entry, News, Roster
from pipelines.finetune.desk.runner import Means, Runner, kept
from pipelines.finetune.desk.store import store_in
from pipelines.finetune.desk.uploads import Uploads
from pipelines.finetune.desk.wishes import Wishes
from pipelines.finetune.pictures.preparing import crop_path
from pipelines.finetune.planning.demands import size_name
from pipelines.finetune.results.comparing import grid_request, names_of_steps
from pipelines.finetune.results.publishing import publish
from pipelines.finetune.training import Made, Training
from pipelines.job import Job
from pipelines.works.hands import Hands
from pipelines.works.work import DONE, FAILED

Answer = TypeVar("Answer")

GONE_SECONDS = 10.0  # for a worker to let go of what is deleted; its folder goes in any case


class Trainings:
    """Those of all owners. May be asked from any thread; what `rounds` calls, on the desk thread only."""

    def __init__(self, house: House) -> None:
        self._house, settings = house, house.settings
        self.store = store_in(settings.data_dir)
        self._roster = Roster(self.store, Entry, house.board.tell, house.clock())
        self._hands = Hands(house.desk.post, "training")
        self._uploads = Uploads(self.store, house.assets, house.board, house.kept_uploads)
        means = Means(
            store=self.store,
            roster=self._roster,
            hands=self._hands,
            worker=house.worker,
            bench=house.bench,
            clock=house.clock,
            order=Orders(house.finder, self.store.folder).order,
            publish=self._put_among_models,
            remove=self._remove,
            size_name=self._size_name,
            disk=self.store.root,
        )
        self.runner = Runner(means)
        self.wishes = Wishes(means, self.runner)
        self.hearing = Hearing(means, self.runner)
        self._maker = Maker(house, self.store, self._roster, self.wishes)

    # ---- start and stop ------------------------------------------------------------------------------

    def start(self) -> None:
        """Before the desk thread begins: what ran when the last server ended will go on."""
        self._roster.load()
        self.hearing.recover()

    def stop(self) -> None:
        """Returns when all that was begun is on the disk."""
        self._maker.captioning.close()
        self._hands.stop()

    def tick(self, now_seconds: float) -> float:
        """On the desk thread, after each batch: sends what is next; the seconds until it wants to be called again."""
        self.runner.fill()
        return self._roster.flush(now_seconds)

    @property
    def is_busy(self) -> bool:
        """On the desk thread: whether the worker has one."""
        return self.runner.is_busy

    # ---- plans ---------------------------------------------------------------------------------------

    def draft(self, plan: Any, images: Sequence[Any], owner: str) -> dict[str, Any]:
        """What would be trained, as JSON; see docs/api.md. Raises RequestError for what is no plan at all."""
        return self._maker.draft(plan, images, owner)

    def describe(self, image: str, owner: str) -> str:
        """An upload in words, by a model of the user's own. Raises NotFound, NoCaptioner or ModelUnreadable."""
        return self._maker.describe(image, owner)

    def create(
        self, plan: Any, examples: Sequence[Any], owner: str, client_request_id: str = ""
    ) -> Training:
        """The training, on the disk; the same one again for the same client_request_id.

        Raises RequestError, Refused, UploadError or DiskFull.
        """
        return self._maker.create(plan, examples, owner, client_request_id)

    # ---- what there is -------------------------------------------------------------------------------

    def get(self, training_id: str, owner: str) -> Training:
        """Raises NotFound, in the same words for what is another's and for what is not there."""
        return self._roster.snapshot(training_id, owner)

    def of_owner(self, owner: str) -> list[Training]:
        """Newest first."""
        return [one for one in self._roster.snapshots() if one.owner == owner]

    def news(self, owner: str, since: int = 0) -> News:
        """What is newer than that version, and which there are; everything for 0."""
        return self._roster.news(owner, since)

    def version(self, owner: str) -> int:
        """Rises with every change of this owner's trainings."""
        return self._roster.version(owner)

    def unfinished(self, owner: str) -> int:
        """How many of this owner's are not over."""
        return sum(one.state not in (DONE, FAILED) for one in self.of_owner(owner))

    def example_path(self, training_id: str, index: int, owner: str) -> Path:
        """A PNG, as it is trained. Raises NotFound."""
        training = self.get(training_id, owner)
        return _there(crop_path(self.store.folder(training.id), index))

    def sample_path(self, training_id: str, step: int, index: int, owner: str) -> Path:
        """A WebP. Raises NotFound."""
        training = self.get(training_id, owner)
        return _there(sample_path(self.store.folder(training.id), step, index))

    def shows(self, model: Path, owner: str) -> bool:
        """Whether a model is there for this owner: a kept step is for who teaches alone."""
        training_id = self.store.owning(model)
        return not training_id or self._roster.has(training_id, owner)

    def needing(self, model: Model) -> int:
        """How many trainings that are not over are on this model."""
        return sum(
            model.kind == "checkpoint" and one.plan.checkpoint == model.name
            for one in self._roster.snapshots()
            if one.state not in (DONE, FAILED)
        )

    # ---- what is done with them ----------------------------------------------------------------------

    def pause(self, training_id: str, owner: str) -> Training:
        """It rests within a step. Raises NotFound or RequestError."""
        return self._wish(training_id, owner, self.wishes.pause)

    def resume(self, training_id: str, owner: str) -> Training:
        """It goes on bit for bit. Raises NotFound, RequestError or Refused."""
        return self._wish(training_id, owner, self.wishes.resume)

    def finish(self, training_id: str, owner: str) -> Training:
        """It ends as it is, and the best step becomes a model. Raises NotFound or RequestError."""
        return self._wish(training_id, owner, self.wishes.finish)

    def delete(self, training_id: str, owner: str) -> None:
        """Stops it and deletes every file of it but what was put among the models. Raises NotFound."""
        gone = self._house.desk.ask(lambda: self.wishes.drop(self._roster.find(training_id, owner)))
        with suppress(NotYet):
            gone.result(GONE_SECONDS)

    def publish(self, training_id: str, owner: str, step: int) -> Training:
        """Puts the weights of a kept step among the models, in place of those before.

        Raises NotFound, RequestError or DiskFull.
        """

        def begin(entry: Entry) -> Any:
            kept(entry.training, step)
            return self.runner.publish(entry, step)

        self._ask(training_id, owner, begin).result()
        self._house.desk.ask(lambda: None)  # its end is on the roster
        return self.get(training_id, owner)

    def compare(
        self,
        training_id: str,
        owner: str,
        steps: Sequence[int] = (),
        strengths: Sequence[float] = (),
        prompt: str = "",
    ) -> Job:
        """A grid over kept steps and strengths. Raises NotFound, RequestError or Refused."""
        training = self.get(training_id, owner)
        folder = self.store.folder(training.id)
        names = names_of_steps(training, folder, self._house.finder.catalog.others())
        return self._house.submit(grid_request(training, names, steps, strengths, prompt), owner)

    def _wish(self, training_id: str, owner: str, wish: Callable[[Entry], None]) -> Training:
        self._ask(training_id, owner, wish)
        return self.get(training_id, owner)

    def _ask(self, training_id: str, owner: str, ask: Callable[[Entry], Answer]) -> Answer:
        return self._house.desk.ask(lambda: ask(self._roster.find(training_id, owner)))

    def _remove(self, training: Training) -> None:
        """On the hands' thread; its folder goes whatever becomes of the uploads."""
        try:
            self._uploads.forget(training.id, training.owner)
        finally:
            self.store.remove(training.id)

    def _size_name(self, checkpoint: str | None, family: str) -> str:
        """By the last look, since the desk does not wait."""
        known = self._house.finder.catalog.view.checkpoints
        found = next((one for one in known if one.name == checkpoint), None)
        return size_name(found) or family

    def _put_among_models(self, training: Training, step: int) -> Made:
        """On the hands' thread."""
        mine = training.made.name if training.made else ""
        taken = [
            one.name
            for one in self._house.finder.catalog.others()
            if one.kind == training.plan.method and one.name != mine
        ]
        folder = self.store.folder(training.id)
        made = publish(training, folder, step, self._house.settings.models_dir[0], taken)
        self._house.finder.catalog.look()
        return made


def _there(path: Path) -> Path:
    with suppress(OSError):  # a number of many digits is no name of a file
        if path.is_file():
            return path
    raise NotFound("There is no such picture of this training.", "Reload the page.")
