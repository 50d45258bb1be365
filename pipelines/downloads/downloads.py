"""Downloads: the face of this folder. One event loop on a thread of its own; may be asked from any thread."""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeVar

import httpx

from pipelines.catalog.catalog import Catalog
from pipelines.downloads import civitai, hub, place
from pipelines.downloads.addresses import origin_of, policy_of
from pipelines.downloads.client import Client, Interrupted
from pipelines.downloads.file import find as find_file
from pipelines.downloads.licences import Acceptances
from pipelines.downloads.names import safe_name
from pipelines.downloads.offers import check_offer
from pipelines.downloads.package import Package, renamed
from pipelines.downloads.plan import Download, Order, Plan
from pipelines.downloads.records import Record, Records
from pipelines.downloads.run import DONE, PAUSED, QUEUED, Means, Run
from pipelines.downloads.sources import Civitai, Hub, parse
from pipelines.downloads.tokens import tokens_by_origin
from pipelines.downloads.transfer import in_thread
from pipelines.errors import (
    DiskFull,
    LicenceNeeded,
    NotFound,
    Offline,
    Refused,
    RequestError,
    SourceFailed,
)
from pipelines.manager.space import free_bytes, lacking
from pipelines.output.disk import failures_named
from pipelines.settings import Settings

FILES_AT_ONCE = 2
OPEN_MAX = 50
ANSWER_SECONDS = 300.0  # a look at a file of the same name may take as long as reading it
Result = TypeVar("Result")


class Downloads:
    """`environment` holds the tokens. Nothing is asked of the network before somebody asks for a model."""

    def __init__(
        self,
        settings: Settings,
        catalog: Catalog,
        environment: Mapping[str, str],
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings, self._catalog, self._pause = settings, catalog, pause
        self.folder = settings.models_dir[-1]
        self.is_offline = settings.offline
        self._tokens = tokens_by_origin(settings, environment)
        self._records = Records(settings.data_dir / "downloads")
        self._acceptances = Acceptances(settings.data_dir)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="downloads", daemon=True
        )
        self._runs: dict[str, Run] = {}
        self._beginning = asyncio.Lock()

    # ---- start and stop

    def start(self) -> None:
        """Goes on with what was under way when the last server ended."""
        self._thread.start()
        self._ask(self._recover())

    def stop(self) -> None:
        """Returns when nothing is written any more; the next start goes on."""
        if self._thread.is_alive():
            self._ask(self._halt())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(ANSWER_SECONDS)
        self._loop.close()

    async def _recover(self) -> None:
        self._means = Means(
            Client(policy_of(self._settings), self._tokens),
            self._records,
            self._catalog,
            asyncio.Semaphore(FILES_AT_ONCE),
            self._pause,
        )
        for record in self._records.load():
            if record.state == DONE:  # it is a model by now
                self._records.remove(record)
                continue
            run = self._runs[record.id] = Run(record, self._means)
            if run.is_active and self.is_offline:
                await run.halt(PAUSED)
            elif run.is_active:
                run.start()

    async def _halt(self) -> None:
        await asyncio.gather(*(run.halt() for run in self._runs.values()))
        await self._means.client.close()

    # ---- what people ask

    def all(self) -> list[Download]:
        """Newest first."""
        views = [run.view() for run in list(self._runs.values())]
        return sorted(views, key=lambda view: -view.created)

    def plan(self, order: Order) -> Plan:
        """What a download would bring. Raises RequestError, Offline, SourceFailed, AccessDenied or AddressRefused."""
        return self._ask(self._plan(order))

    def begin(self, order: Order) -> Download:
        """Starts it, or answers with the one that is under way, or with one that is done if it is there already.

        Raises what `plan` raises, LicenceNeeded, NameTaken, DiskFull or Refused.
        """
        return self._ask(self._begin(order))

    def pause(self, download_id: str) -> Download:
        """Raises NotFound."""
        return self._ask(self._do_pause(download_id))

    def resume(self, download_id: str) -> Download:
        """Goes on with one that is paused or has failed. Raises NotFound or Offline."""
        return self._ask(self._do_resume(download_id))

    def remove(self, download_id: str) -> None:
        """Ends it and takes away what was gathered; a model that is there stays. Raises NotFound."""
        self._ask(self._do_remove(download_id))

    def _ask(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWER_SECONDS)

    # ---- on the event loop

    async def _plan(self, order: Order) -> Plan:
        package = await self._find(order)
        wanted = safe_name(order.name) if order.name else package.name
        target = place.target_of(package, wanted, self.folder)
        is_there = bool(package.files) and await in_thread(lambda: place.is_there(package, target))
        if not is_there and not order.name:
            wanted = place.free_name(package, wanted, self.folder)
            target = place.target_of(package, wanted, self.folder)
        return Plan(
            package=renamed(package, wanted),
            target=target,
            free_bytes=free_bytes(self.folder),
            is_accepted=self._acceptances.has(package.licence.id, package.model),
            needs_token=package.is_gated and not self._has_token(package),
            is_there=is_there,
            is_taken=not is_there and place.is_taken(target),
        )

    async def _begin(self, order: Order) -> Download:
        plan = await self._plan(order)
        if not plan.package.files:
            there = ", ".join(choice.file for choice in plan.package.choices[:8])
            raise RequestError("file", order.file, "has to be chosen", f"There are: {there}.")
        async with self._beginning:
            if run := self._under_way(plan):
                return run.view()
            if plan.is_taken:
                raise place.taken(plan.target)
            if sum(run.is_active for run in self._runs.values()) >= OPEN_MAX:
                raise Refused(
                    f"{OPEN_MAX} downloads are under way.", "Wait for one of them to end."
                )
            self._accept(plan.package, order)
            run = self._new(plan, order.owner)
            if plan.is_there:
                await run.finish()
            else:
                run.start()
            return run.view()

    def _under_way(self, plan: Plan) -> Run | None:
        """The one that already brings this. Raises NameTaken when it brings another model of that name."""
        for run in self._runs.values():
            if run.record.target == plan.target and run.record.state != DONE:
                if run.record.package.source != plan.package.source:
                    raise place.taken(plan.target)
                return run
        return None

    def _has_token(self, package: Package) -> bool:
        return origin_of(httpx.URL(package.page_url)) in self._tokens

    def _accept(self, package: Package, order: Order) -> None:
        """Raises LicenceNeeded."""
        licence, model = package.licence, package.model
        if order.licence == licence.id:
            self._acceptances.add(licence.id, model, order.owner)
        elif not self._acceptances.has(licence.id, model):
            raise LicenceNeeded(
                f"{package.name} may be downloaded once its licence is accepted: {licence.name}.",
                f"Read it, then send “licence”: “{licence.id}”.",
                licence=dataclasses.asdict(licence),
            )

    def _new(self, plan: Plan, owner: str) -> Run:
        """A record on the disk, after a look at the space. Raises DiskFull."""
        package = plan.package
        state = DONE if plan.is_there else QUEUED
        if state == QUEUED and (words := lacking((self.folder,), package.size_bytes)):
            raise DiskFull(words, "Make room there, then try again.")
        record = Record(
            id=secrets.token_hex(16),
            created=time.time(),
            owner=owner,
            package=dataclasses.replace(package, choices=()),
            target=plan.target,
            state=state,
        )
        if state == QUEUED:
            with failures_named(self.folder):
                record.staging.mkdir(parents=True)
        self._records.save(record)
        run = self._runs[record.id] = Run(record, self._means)
        return run

    async def _find(self, order: Order) -> Package:
        if self.is_offline:
            remedy = f"Start without --offline, or put the files into {self.folder}."
            raise Offline(
                "Darkroom was started with --offline and asks nothing of the network.", remedy
            )
        source = parse(order.source, self._settings)
        if order.file and isinstance(source, Hub):
            source = parse(
                f"{dataclasses.replace(source, file='').text}/{order.file}", self._settings
            )
        client = self._means.client
        try:
            if isinstance(source, Hub):
                package = await hub.find(client, self._settings.hub_url, source)
            elif isinstance(source, Civitai):
                package = await civitai.find(client, self._settings.civitai_url, source)
            else:
                package = await find_file(client, source)
        except Interrupted as error:
            remedy = (
                f"Check the network, then try again; or put the files into {self.folder} yourself."
            )
            raise SourceFailed(str(error), remedy) from error
        check_offer(order.source, package)
        return package

    async def _do_pause(self, download_id: str) -> Download:
        run = self._run(download_id)
        await run.halt(PAUSED)
        return run.view()

    async def _do_resume(self, download_id: str) -> Download:
        run = self._run(download_id)
        if self.is_offline:
            raise Offline("Darkroom was started with --offline.", "Start it without --offline.")
        if not run.is_active and run.record.state != DONE:
            run.start()
        return run.view()

    async def _do_remove(self, download_id: str) -> None:
        run = self._run(download_id)
        await run.halt()
        del self._runs[download_id]
        if run.record.state != DONE:
            await in_thread(lambda: place.clear(run.record))
        self._records.remove(run.record)

    def _run(self, download_id: str) -> Run:
        if download_id not in self._runs:
            raise NotFound("There is no such download.", "It may have been removed.")
        return self._runs[download_id]
