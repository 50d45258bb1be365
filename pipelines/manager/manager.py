"""PipelineManager: the face of everything between a request and a picture. It joins the parts; they do the work.

submit → queue (disk) → dispatch → GPU process → results → library (disk) → board → followers
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from multiprocessing.context import BaseContext
from typing import Any

from pipelines.branching import Branch, as_asked, branched
from pipelines.catalog.catalog import Catalog
from pipelines.catalog.hashes import Hashes
from pipelines.catalog.verdict import verdict_of
from pipelines.catalog.watch import Watch
from pipelines.errors import ModelUnreadable, NotFound, RequestError, StudioError
from pipelines.guiding.prepared import Prepared
from pipelines.job import QUEUED, RUNNING, Job
from pipelines.manager.bench import Bench
from pipelines.manager.canvases import Canvases
from pipelines.manager.commands import Commands, Order
from pipelines.manager.desk import Desk
from pipelines.manager.dispatch import Dispatcher, Terms
from pipelines.manager.disposal import Disposal
from pipelines.manager.docket import Docket
from pipelines.manager.drafts import Drafts
from pipelines.manager.explaining import PromptQuestion
from pipelines.manager.finder import Finder
from pipelines.manager.follow import Board, Changes
from pipelines.manager.gpu import Gpu
from pipelines.manager.grids import Grids
from pipelines.manager.guides import Guides
from pipelines.manager.keeper import Keeper
from pipelines.manager.lock import FolderLock
from pipelines.manager.marks import marks_of
from pipelines.manager.models import Models
from pipelines.manager.naming import Naming
from pipelines.manager.pickles import Pickles
from pipelines.manager.presets import Presets
from pipelines.manager.queue import Queue
from pipelines.manager.recovery import recover
from pipelines.manager.results import Results
from pipelines.manager.space import free_bytes
from pipelines.manager.status import Status
from pipelines.manager.style_book import StyleBook
from pipelines.manager.tokens import TokenCount, TokenCounter
from pipelines.manager.used import used_by
from pipelines.manager.verifying import Comparison, Verifier, refused
from pipelines.manager.words import Words
from pipelines.output.assets import Assets
from pipelines.output.intake import Intake, Progress
from pipelines.output.library import Library
from pipelines.output.own_files import OwnFiles
from pipelines.output.record import NewPicture, PictureRecord
from pipelines.projects.pictures import Pictures
from pipelines.projects.projects import Projects
from pipelines.projects.runner import Means
from pipelines.projects.store import Store
from pipelines.projects.tools import TOOLS
from pipelines.prompting.wildcard_files import WildcardFiles
from pipelines.request import Request
from pipelines.settings import Settings
from pipelines.takeover.takeovers import Takeovers
from pipelines.version import VERSION
from pipelines.worker.messages import Launch, Probed, Unload
from pipelines.worker.supervisor import Death

LOG = logging.getLogger(__name__)

FACTS_DIR = "model-facts"  # about models of other programs
WORKER = "pipelines.worker.process"
CLIENT_REQUEST_ID_CHARACTERS = 200
OWN_DIR = "own"  # in the data folder: styles and presets, by owner
WILDCARDS_DIR = "wildcards"  # in each folder of models
CONVERTED_DIR = "converted"  # in the data folder: what came of pickles
REFRESH_SECONDS = 2.0  # of estimates and of the free disk space
HOLD_SECONDS = 5.0  # for what the worker does to come to rest; a step may take longer
STOP_SECONDS = 5.0  # for the worker to end by itself


class PipelineManager:
    """One for each data folder. Its methods may be called from any thread and answer for one owner at a time.

    `worker_target` is the module whose `main(connection, launch)` is the GPU process, `worker_context` how it is
    started (see `Supervisor`). Raises AlreadyRunning when another server uses the data folder.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        worker_target: str | None = None,
        worker_context: BaseContext | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self.takeovers = Takeovers.at(settings.from_)
        self._lock = FolderLock(settings.data_dir)
        converted = settings.data_dir / CONVERTED_DIR
        self.catalog = Catalog(
            (*settings.models_dir, converted), self.takeovers.models, settings.data_dir / FACTS_DIR
        )
        self.pickles = Pickles(converted, self.catalog, is_allowed=settings.allow_pickle)
        self.hashes = Hashes(settings.data_dir)
        self.naming = Naming(self.catalog, self.hashes)
        self.library = Library(
            settings.output_dir,
            settings.data_dir,
            version=VERSION,
            sources=self.takeovers.sources,
        )
        store = Store(settings.output_dir)
        self.assets = Assets(settings.data_dir, self.library.source, store.assets())
        prepared = Prepared(settings.data_dir)
        self.guides = Guides(self.assets, prepared)
        self._canvases = Canvases(self.assets, prepared)
        own = OwnFiles(settings.data_dir / OWN_DIR)
        folders = (folder / WILDCARDS_DIR for folder in settings.models_dir)
        wildcards = WildcardFiles((*folders, *self.takeovers.wildcards))
        self.words = Words(StyleBook(own, self.takeovers.styles), wildcards)
        self.presets = Presets(own)
        models = (self.catalog, self.hashes, self.guides, self._canvases, TokenCounter())
        self._finder = Finder(*models, self.words)
        self.grids = Grids(self._finder, self.library, settings.output_dir)
        self._board = Board(clock())
        self._queue = Queue(settings.data_dir / "jobs.sqlite")
        self._docket = Docket(self._queue, self._board, clock)
        self._bench = Bench(self._docket)
        self._desk = Desk(self._after_batch)
        self._intake = Intake(self.library, lambda: self._desk.post(self._board.announce))
        disposal = Disposal(self.catalog, self._desk, self._docket, settings.data_dir)
        self.models = Models(self.catalog, self.hashes, disposal, settings.data_dir)
        self._watch = Watch(self.catalog, lambda: self._desk.post(self._board.announce))
        self._gpu = Gpu(
            worker_target or WORKER,
            self._launch,
            self._desk.post,
            self._heard,
            self._died,
            worker_context,
        )
        self._verifier = Verifier(self.library, self.naming)
        self._keeper = Keeper(self._save, self._compare, Drafts(settings.data_dir), self._desk.post)
        self._results = Results(self._docket, self._bench, self._keeper, self._gpu)
        self._dispatcher = Dispatcher(
            self._docket, self._bench, self._results, self._gpu, self._terms()
        )
        self._commands = Commands(self._docket, self._bench, self._results, self._keeper, self._gpu)
        pictures = Pictures(self.library, self.assets)
        means = Means(self, pictures, TOOLS, self._board.tell, clock)
        self.projects = Projects(store, means)
        self._board.listen(self.projects.heard)
        self._board.listen(self.grids.heard)
        self._is_idle = threading.Event()
        self._is_running = False
        self._refreshed_at = float("-inf")
        self._status = Status(worker=self._gpu.state)

    # ---- start and stop ------------------------------------------------------------------------------

    def start(self) -> None:
        """Returns at once; the GPU process comes up by itself, and jobs can be submitted meanwhile."""
        self.models.trash.recover()
        self._desk.post(self._reconcile)
        self._desk.post(lambda: recover(self._docket, self._results, self._keeper, self.library))
        self._desk.post(lambda: self.grids.start(entry.job for entry in self._docket))
        self._desk.post(self._gpu.start)
        self._desk.start()
        self._watch.start()
        self._desk.post(self._intake.start)  # once the library is in line with its own files
        self.hashes.start()
        self.projects.start()
        self._is_running = True

    def stop(self, drain_seconds: float = 0.0) -> None:
        """Takes no more jobs, gives running ones so long to end, and closes.

        The others wait in the queue for the next start, with their pictures as far as these have come, unless their
        step takes too long.
        """
        self._watch.stop()
        self.hashes.stop()
        if self._is_running:
            self._is_running = False
            self._desk.ask(self._close_down)
            if drain_seconds:
                self._is_idle.wait(drain_seconds)
            if self._desk.ask(self._ask_back):
                self._is_idle.wait(HOLD_SECONDS)
            self._desk.ask(self._put_back)
            self._gpu.stop(STOP_SECONDS)
        self.projects.stop()
        self.pickles.close()
        self._keeper.stop()
        self._intake.stop()
        self._desk.close()
        self.grids.stop()
        self._queue.close()
        self.library.close()
        self._lock.release()

    def try_again(self) -> None:
        """Starts the GPU process now, when it is broken or waits for its next start."""
        self._desk.post(self._gpu.try_again)

    def unload(self, name: str) -> None:
        """Frees the memory of a checkpoint, as soon as no picture uses it. Raises NotFound when it is not loaded."""
        if name not in self.status().loaded:
            loaded = ", ".join(self.status().loaded) or "none"
            raise NotFound(f"The checkpoint {name[:100]} is not loaded.", f"Loaded are: {loaded}.")
        self._desk.post(lambda: self._gpu.send(Unload(name)))

    # ---- jobs ----------------------------------------------------------------------------------------

    def submit(self, request: Request, owner: str, client_request_id: str = "") -> Job:
        """The job, on the disk; the same one again for the same client_request_id.

        Raises RequestError, Refused (too many open jobs), ModelUnreadable or DiskFull.
        """
        if len(client_request_id) > CLIENT_REQUEST_ID_CHARACTERS:
            why = f"is longer than {CLIENT_REQUEST_ID_CHARACTERS} characters"
            raise RequestError("client_request_id", client_request_id, why, "Send a shorter one.")
        settled = self._finder.settle(request, owner)
        order = Order(owner, *settled, client_request_id)
        return self._board.job(self._desk.ask(lambda: self._commands.submit(order)), owner)

    def verify(self, picture_id: str, owner: str) -> Job | Comparison:
        """Makes a picture again from what its file says, to be compared in the job's `verdict` and not kept.

        No job where it is clear that it cannot be made. Raises NotFound, Refused or DiskFull.
        """
        request = self._verifier.request(picture_id, owner)
        if isinstance(request, Comparison):
            return request
        try:
            settled = self._finder.settle(request, owner)
        except (RequestError, ModelUnreadable) as error:
            return refused(error)
        order = Order(owner, *settled, verifies=picture_id)
        return self._board.job(self._desk.ask(lambda: self._commands.submit(order)), owner)

    def job(self, job_id: str, owner: str) -> Job:
        """Raises NotFound, for a job of somebody else as well."""
        return self._board.job(job_id, owner)

    def jobs(self, owner: str, limit: int = 50) -> list[Job]:
        """Newest first."""
        return self._board.jobs(owner, limit)

    async def changes(self, owner: str, since: int, wait_seconds: float) -> Changes:
        """What is newer than version `since`; waits for it if there is nothing. Costs no thread."""
        return await self._board.changes(owner, since, wait_seconds)

    def cancel(self, job_id: str, owner: str) -> Job:
        """Raises NotFound."""
        self._desk.ask(lambda: self._commands.cancel(job_id, owner))
        return self._board.job(job_id, owner)

    def pause(self, job_id: str, owner: str) -> Job:
        """Its pictures stop within a step and stay on the disk. Raises NotFound, RequestError or Refused."""
        self._desk.ask(lambda: self._commands.pause(job_id, owner))
        return self._board.job(job_id, owner)

    def resume(self, job_id: str, owner: str) -> Job:
        """A paused job goes on from where it is. Raises NotFound, RequestError or Refused."""
        self._desk.ask(lambda: self._commands.resume(job_id, owner))
        return self._board.job(job_id, owner)

    def branch(
        self, picture_id: str, owner: str, asked: Branch, client_request_id: str = ""
    ) -> Job:
        """A job for pictures that begin as this one. Raises NotFound, RequestError, or as `submit`."""
        record = self.library.get(picture_id, owner)
        if record.request is None:
            why = "this picture does not say how it was made"
            raise RequestError("step", asked.step, why, "Branch from one that was made here.")
        try:
            return self.submit(branched(record.request, asked), owner, client_request_id)
        except RequestError as error:
            raise as_asked(error, asked) from error

    def requeue(self, job_id: str, owner: str) -> Job:
        """Queues a failed or cancelled job again. Raises NotFound, RequestError or Refused."""
        self._desk.ask(lambda: self._commands.requeue(job_id, owner))
        return self._board.job(job_id, owner)

    def again(self, job_id: str, owner: str, pictures: tuple[int, ...], seed: int | None) -> Job:
        """Makes these pictures of a job that is over anew. Raises NotFound, RequestError or Refused."""
        self._desk.ask(lambda: self._commands.again(job_id, owner, pictures, seed))
        return self._board.job(job_id, owner)

    def develop(self, job_id: str, owner: str, pictures: tuple[int, ...]) -> Job:
        """Lets these held drafts go on to the end and drops the others. Raises NotFound or RequestError."""
        self._desk.ask(lambda: self._commands.develop(job_id, owner, pictures))
        return self._board.job(job_id, owner)

    def remove(self, job_id: str, owner: str) -> None:
        """Forgets a job that is over; its pictures stay. Raises NotFound or RequestError."""
        self._desk.ask(lambda: self._commands.remove(job_id, owner))

    def preview(self, job_id: str, index: int, owner: str) -> bytes | None:
        """The latest JPEG of a picture that develops or rests; None when there is none. Raises NotFound."""
        self._board.job(job_id, owner)
        return self._results.preview(job_id, index)

    # ---- the server ----------------------------------------------------------------------------------

    @property
    def taking_over(self) -> Progress:
        """How far the pictures of other programs have been read."""
        return self._intake.progress

    def status(self) -> Status:
        catalog = self.catalog
        return replace(
            self._status,
            checkpoint_names=catalog.usable_names,
            catalog_version=catalog.version,
            taken_over=self._intake.progress.read,
            to_take_over=self._intake.progress.total,
        )

    async def probe(self, timeout_seconds: float) -> Probed:
        """Whether the GPU process makes a real forward pass right now; `why` says why not."""
        future: Future[Probed] = Future()
        self._desk.post(lambda: self._gpu.probe(future))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), timeout_seconds)
        except TimeoutError:
            why = f"The GPU process gave no answer within {timeout_seconds:g} s."
            return Probed(0, False, timeout_seconds, why)

    def count_tokens(self, text: str, checkpoint: str | None = None) -> TokenCount:
        """Raises NotFound or ModelUnreadable."""
        return self._finder.count_tokens(text, checkpoint)

    def explain(self, question: PromptQuestion) -> dict[str, Any]:
        """How prompts are read. Raises NotFound or ModelUnreadable."""
        return self._finder.explain(question)

    def _save(self, picture: NewPicture) -> PictureRecord:
        """On the saver's thread: with the hashes of its files, as far as they are known by now, and their licences."""
        picture = self._canvases.finish(picture)
        files = [one.path for one in picture.embeddings]
        licences = verdict_of(used_by(picture.request, self.catalog.view, files))
        marks = marks_of(picture, self.hashes, self.catalog.view)
        edits = self.projects.edits(picture.owner, picture.client_request_id)
        whole = replace(picture, marks=marks, licences=licences, edits=edits)
        return self.library.save(whole)

    def _compare(self, picture: NewPicture, picture_id: str) -> Comparison:
        """On the saver's thread."""
        return self._verifier.compare(self._canvases.finish(picture), picture_id)

    # ---- on the desk thread --------------------------------------------------------------------------

    def _after_batch(self, now_seconds: float) -> float:
        self._bench.charge(now_seconds)
        until_start_seconds = self._gpu.tick(now_seconds)
        self._dispatcher.fill()
        is_due = now_seconds - self._refreshed_at > REFRESH_SECONDS
        if is_due or self._docket.has_news:
            self._dispatcher.foresee()
        pause_seconds = self._docket.flush(now_seconds)
        self._show_status(now_seconds if is_due else None)
        if not self._bench.pictures and not self._keeper.backlog:
            self._is_idle.set()
        return min(pause_seconds, until_start_seconds)

    def _reconcile(self) -> None:
        found = self.library.reconcile()
        if found.parts_removed or found.indexed or found.dropped:
            LOG.info("the library was brought in line with its files: %s", found)

    def _heard(self, message: Any) -> None:
        now_seconds = time.monotonic()
        self._bench.charge(now_seconds)
        self._gpu.heard(message)
        self._results.heard(message, now_seconds)

    def _died(self, death: Death) -> None:
        self._bench.charge(time.monotonic())
        self._gpu.died(death, counts=self._results.worker_died(death))

    def _close_down(self) -> None:
        self._commands.is_closing = self._dispatcher.is_closing = True
        self._is_idle.clear()

    def _ask_back(self) -> bool:
        """Whether the worker has anything that is worth waiting for."""
        for part in self._bench:
            self._results.ask_back(part)
        return any(part.is_begun for part in self._bench)

    def _put_back(self) -> None:
        for entry in {part.entry for part in self._bench.clear()}:
            self._results.send_back(entry, attempt=entry.job.attempt)

    def _launch(self, is_warm: bool) -> Launch:
        settings = self._settings
        try:
            warm_up = self._finder.checkpoint(None) if is_warm else None
        except StudioError:
            warm_up = None
        return Launch(
            device=settings.device,
            dtype=settings.dtype,
            attention=settings.attention,
            exact=settings.exact,
            offline=settings.offline,
            vram_bytes=settings.vram_bytes,
            ram_bytes=settings.ram_bytes,
            tier=settings.tier,
            max_active_pictures=settings.max_active_pictures,
            warm_up=warm_up,
        )

    def _terms(self) -> Terms:
        settings = self._settings
        return Terms(
            max_active_pictures=settings.max_active_pictures,
            folders=(settings.output_dir, settings.data_dir),
            finder=self._finder,
            drafts=self._keeper.drafts,
        )

    def _show_status(self, now_seconds: float | None) -> None:
        """Renews the status; the free space and the followers' news only when it is time or something happened."""
        before, gpu = self._status, self._gpu
        free = before.free_disk_bytes
        if now_seconds is not None:
            self._refreshed_at = now_seconds
            free = free_bytes(self._settings.output_dir)
        states = [entry.job.state for entry in self._docket.open()]
        self._status = Status(
            worker=gpu.state,
            why=gpu.why or self._dispatcher.lacking,
            queue_length=states.count(QUEUED),
            running=states.count(RUNNING),
            restarts=gpu.restarts,
            free_disk_bytes=free,
            **gpu.facts(),
        )
        if _news(before) != _news(self._status):
            self._board.announce()


def _news(status: Status) -> tuple[object, ...]:
    """What followers are told at once when it changes; all else they hear with the next news."""
    return status.worker, status.why, status.loaded
