"""PipelineManager: the face of everything between a request and a picture. It joins the parts; they do the work.

submit → queue (disk) → dispatch → GPU process → results → library (disk) → board → followers
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from multiprocessing.context import BaseContext
from typing import Any

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.hashes import Hashes
from pipelines.catalog.watch import Watch
from pipelines.errors import NotFound
from pipelines.finetune.desk.house import House
from pipelines.finetune.desk.store import FOLDER as TRAININGS_DIR
from pipelines.finetune.desk.trainings import Trainings
from pipelines.guiding.prepared import Prepared
from pipelines.manager.bench import Bench
from pipelines.manager.canvases import Canvases
from pipelines.manager.commands import Commands
from pipelines.manager.desk import Desk
from pipelines.manager.dispatch import Dispatcher, Terms
from pipelines.manager.disposal import Disposal
from pipelines.manager.docket import Docket
from pipelines.manager.drafts import Drafts
from pipelines.manager.explaining import PromptQuestion
from pipelines.manager.finder import Finder
from pipelines.manager.follow import Board
from pipelines.manager.gpu import Gpu
from pipelines.manager.grids import Grids
from pipelines.manager.guides import Guides
from pipelines.manager.jobs import Jobs
from pipelines.manager.keeper import Keeper
from pipelines.manager.launching import launch_of
from pipelines.manager.lock import FolderLock
from pipelines.manager.models import Models
from pipelines.manager.naming import Naming
from pipelines.manager.pickles import Pickles
from pipelines.manager.presets import Presets
from pipelines.manager.queue import Queue
from pipelines.manager.recovery import recover
from pipelines.manager.results import Results
from pipelines.manager.rounds import Parts, Rounds
from pipelines.manager.saving import Saver
from pipelines.manager.status import Status
from pipelines.manager.style_book import StyleBook
from pipelines.manager.tokens import TokenCount, TokenCounter
from pipelines.manager.verifying import Verifier
from pipelines.manager.words import Words
from pipelines.output.assets import Assets
from pipelines.output.intake import Intake, Progress
from pipelines.output.library import Library
from pipelines.output.own_files import OwnFiles
from pipelines.projects.pictures import Pictures
from pipelines.projects.projects import Projects
from pipelines.projects.runner import Means
from pipelines.projects.store import Store
from pipelines.projects.tools import TOOLS
from pipelines.prompting.wildcard_files import WildcardFiles
from pipelines.settings import Settings
from pipelines.takeover.takeovers import Takeovers
from pipelines.version import VERSION
from pipelines.video.desk.videos import Videos
from pipelines.worker.messages import Probed, Unload

LOG = logging.getLogger(__name__)

FACTS_DIR = "model-facts"  # about models of other programs
WORKER = "pipelines.worker.process"
OWN_DIR = "own"  # in the data folder: styles and presets, by owner
WILDCARDS_DIR = "wildcards"  # in each folder of models
CONVERTED_DIR = "converted"  # in the data folder: what came of pickles
HOLD_SECONDS = 5.0  # for what the worker does to come to rest; a step may take longer
STOP_SECONDS = 5.0  # for the worker to end by itself


class PipelineManager(Jobs):
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
        self._settings, self._clock = settings, clock
        self.takeovers = Takeovers.at(settings.from_)
        self._lock = FolderLock(settings.data_dir)
        self._open_catalog()
        self._open_library()
        self._open_jobs(worker_target or WORKER, worker_context)
        self._open_projects()
        self._open_works(worker_context)
        self._is_running = False

    # ---- the parts, each from those before it; what looks ahead is asked only once all are there -----

    def _open_catalog(self) -> None:
        settings = self._settings
        converted = settings.data_dir / CONVERTED_DIR
        made = (converted, settings.data_dir / TRAININGS_DIR)
        self.catalog = Catalog(
            (*settings.models_dir, *made),
            self.takeovers.models,
            settings.data_dir / FACTS_DIR,
            lambda path, owner: self.trainings.shows(path, owner),
        )
        self.pickles = Pickles(converted, self.catalog, is_allowed=settings.allow_pickle)
        self.hashes = Hashes(settings.data_dir)
        self.naming = Naming(self.catalog, self.hashes)

    def _open_library(self) -> None:
        settings = self._settings
        self.library = Library(
            settings.output_dir,
            settings.data_dir,
            version=VERSION,
            sources=self.takeovers.sources,
        )
        self._store = Store(settings.output_dir)
        self.assets = Assets(settings.data_dir, self.library.source, self._store.assets())
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

    def _open_jobs(self, target: str, context: BaseContext | None) -> None:
        settings = self._settings
        self._board = Board(self._clock())
        self._queue = Queue(settings.data_dir / "jobs.sqlite")
        self._docket = Docket(self._queue, self._board, self._clock)
        self._bench = Bench(self._docket)
        self._desk = Desk(lambda now_seconds: self._rounds.after_batch(now_seconds))
        self._intake = Intake(self.library, lambda: self._desk.post(self._board.announce))
        disposal = Disposal(
            self.catalog,
            self._desk,
            self._docket,
            settings.data_dir,
            lambda model: self.trainings.needing(model),
        )
        self.models = Models(self.catalog, self.hashes, disposal, settings.data_dir)
        self._watch = Watch(self.catalog, lambda: self._desk.post(self._board.announce))
        self._gpu = Gpu(
            target,
            lambda is_warm: launch_of(settings, self._finder, is_warm=is_warm),
            self._desk.post,
            lambda message: self._rounds.heard(message),
            lambda death: self._rounds.died(death),
            context,
        )
        self._verifier = Verifier(self.library, self.naming)
        saver = Saver(
            self._canvases,
            self.library,
            self.hashes,
            self.catalog,
            self._verifier,
            lambda owner, ticket: self.projects.edits(owner, ticket),
        )
        self._keeper = Keeper(saver.save, saver.compare, Drafts(settings.data_dir), self._desk.post)
        self._results = Results(self._docket, self._bench, self._keeper, self._gpu)
        terms = Terms(
            max_active_pictures=settings.max_active_pictures,
            folders=(settings.output_dir, settings.data_dir),
            finder=self._finder,
            drafts=self._keeper.drafts,
        )
        self._dispatcher = Dispatcher(self._docket, self._bench, self._results, self._gpu, terms)
        self._commands = Commands(self._docket, self._bench, self._results, self._keeper, self._gpu)

    def _open_projects(self) -> None:
        pictures = Pictures(self.library, self.assets)
        means = Means(self, pictures, TOOLS, self._board.tell, self._clock)
        self.projects = Projects(self._store, means)
        self._board.listen(self.projects.heard)
        self._board.listen(self.grids.heard)

    def _open_works(self, context: BaseContext | None) -> None:
        settings = self._settings
        house = House(
            settings=settings,
            desk=self._desk,
            board=self._board,
            bench=self._bench,
            worker=self._gpu,
            finder=self._finder,
            assets=self.assets,
            clock=self._clock,
            submit=self.submit,
            status=self.status,
            kept_uploads=self._store.assets,
        )
        self.trainings, self.videos = Trainings(house), Videos(house, context)
        parts = Parts(
            board=self._board,
            docket=self._docket,
            bench=self._bench,
            gpu=self._gpu,
            keeper=self._keeper,
            results=self._results,
            dispatcher=self._dispatcher,
            commands=self._commands,
            trainings=self.trainings,
            videos=self.videos,
            output_dir=settings.output_dir,
        )
        self._rounds = Rounds(parts)

    # ---- start and stop ------------------------------------------------------------------------------

    def start(self) -> None:
        """Returns at once; the GPU process comes up by itself, and jobs can be submitted meanwhile."""
        self.models.trash.recover()
        self.trainings.start()
        self.videos.start()
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
            self._desk.ask(self._rounds.close_down)
            if drain_seconds:
                self._rounds.is_idle.wait(drain_seconds)
            if self._desk.ask(self._rounds.ask_back):
                self._rounds.is_idle.wait(HOLD_SECONDS)
            self._desk.ask(self._rounds.put_back)
            self._gpu.stop(STOP_SECONDS)
        self.projects.stop()
        self.pickles.close()
        self._keeper.stop()
        self.trainings.stop()
        self.videos.stop()
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

    # ---- the server ----------------------------------------------------------------------------------

    @property
    def taking_over(self) -> Progress:
        """How far the pictures of other programs have been read."""
        return self._intake.progress

    def status(self) -> Status:
        catalog = self.catalog
        return replace(
            self._rounds.status,
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

    def count_tokens(self, text: str, checkpoint: str | None = None, owner: str = "") -> TokenCount:
        """`owner`: who writes it; "" knows only what is there for everybody. Raises NotFound or ModelUnreadable."""
        return self._finder.count_tokens(text, checkpoint, owner)

    def explain(self, question: PromptQuestion, owner: str = "") -> dict[str, Any]:
        """How prompts are read; `owner` as above. Raises NotFound or ModelUnreadable."""
        return self._finder.explain(question, owner)

    def _reconcile(self) -> None:
        """On the desk thread."""
        found = self.library.reconcile()
        if found.parts_removed or found.indexed or found.dropped:
            LOG.info("the library was brought in line with its files: %s", found)
