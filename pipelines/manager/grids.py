"""Grids as their owners see them: what can vary, what a grid would make, and its pictures side by side, also kept."""

from __future__ import annotations

import io
import logging
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PIL.PngImagePlugin import PngInfo

from pipelines.errors import NotFound, Refused, StudioError
from pipelines.grids.axes import AXES, Stock, choices_of
from pipelines.grids.cells import Varied, varied
from pipelines.grids.page import page
from pipelines.grids.sheet import draw
from pipelines.grids.table import Place, Table, told
from pipelines.job import DONE, Job, Picture
from pipelines.manager.finder import Finder
from pipelines.output.disk import PART, failures_named, rewrite
from pipelines.output.library import Library
from pipelines.output.reconcile import GRIDS
from pipelines.request import Request

LOG = logging.getLogger(__name__)

REMADE_SECONDS = 86_400.0  # a grid that ended so long ago and is not kept was deleted by somebody
WORDS = {"queued": "waits", "running": "develops", "dropped": "not made", "cancelled": "not made"}


class NoPictureYet(Refused):
    """A grid of which nothing is made yet cannot be shown."""

    code = "no_picture_yet"
    http_status = 409


class Grids:
    """May be asked from any thread. Those that are done lie in `<output_dir>/grids/` as a picture and as a page."""

    def __init__(self, finder: Finder, library: Library, output_dir: Path) -> None:
        self._finder, self._library = finder, library
        self._folder = output_dir / GRIDS
        self._drawing = threading.Lock()  # one takes hundreds of megabytes
        self._kept: dict[str, float] = {}  # job → when it ended, as it was kept
        self._keeping = ThreadPoolExecutor(1, thread_name_prefix="grids")

    def start(self, jobs: Iterable[Job]) -> None:
        """Sweeps what a kill has left, and keeps what ended just before."""
        for part in self._folder.glob(f"*{PART}"):
            part.unlink(missing_ok=True)
        for job in jobs:
            is_new = time.time() - (job.finished or 0.0) < REMADE_SECONDS
            if is_new and not all(path.exists() for path in self._paths(job)):
                self.heard(job)

    def stop(self) -> None:
        """Returns when all that has ended is kept."""
        self._keeping.shutdown(wait=True)

    def heard(self, job: Job) -> None:
        """A job has changed: a grid that is done is kept."""
        if job.request.grid is None or job.state != DONE or job.finished is None:
            return
        if self._kept.get(job.id) != job.finished:
            self._kept[job.id] = job.finished
            self._keeping.submit(self._keep, job)

    def axes(self, owner: str) -> list[dict[str, Any]]:
        """What can vary, as JSON."""
        view = self._finder.catalog.seen_by(owner)
        others = [one for one in view.others if not one.problem]
        stock = Stock(
            checkpoints=tuple(one.name for one in view.checkpoints if not one.problem),
            vaes=("None", *(one.name for one in others if one.kind == "vae")),
            styles=("None", *(style.name for style in self._finder.words.styles.all(owner))),
            upscalers=(
                *Stock().upscalers,
                *(one.name for one in others if one.kind == "upscaler"),
            ),
        )
        rows = [(row, list(choices_of(row, stock))) for row in AXES]
        return [
            {
                "field": row.field,
                "label": row.label,
                "kind": row.kind,
                "hint": row.hint,
                "choices": choices,
            }
            for row, choices in rows
        ]

    def plan(self, request: Request, owner: str) -> dict[str, Any]:
        """What a grid would make, as JSON. Raises RequestError."""
        axes = self._finder.plan(request, owner)
        pictures = 1
        for axis in axes:
            pictures *= len(axis.values)
        return {"pictures": pictures, "axes": [axis.as_dict() for axis in axes]}

    def layout(self, job: Job) -> dict[str, Any]:
        """Which picture stands where, as JSON: cells in the order z, y, x. Raises NotFound for what is no grid."""
        axes = [axis.as_dict() for axis in _axes(job)]
        return {"axes": axes, "cells": [picture.index for picture in job.pictures]}

    def png(self, job: Job) -> bytes:
        """The grid as one picture. Raises NotFound for what is no grid, NoPictureYet."""
        kept, _ = self._paths(job)
        return kept.read_bytes() if self._is_kept(job, kept) else self._png(self._table(job))

    def html(self, job: Job) -> str:
        """The grid as one page. Raises as `png` does."""
        _, kept = self._paths(job)
        if self._is_kept(job, kept):
            return kept.read_text(encoding="utf-8")
        table = self._table(job)
        with self._drawing:
            return page(table)

    def _is_kept(self, job: Job, path: Path) -> bool:
        """Whether the file shows the job as it is now."""
        try:
            return job.state == DONE and path.stat().st_mtime >= (job.finished or 0.0)
        except OSError:
            return False

    def _keep(self, job: Job) -> None:
        """On a thread of its own."""
        try:
            table = self._table(job)
            picture, document = self._paths(job)
            with failures_named(self._folder):
                rewrite(picture, self._png(table))
                rewrite(document, page(table).encode("utf-8", "replace"))
        except (StudioError, OSError, ValueError) as error:
            LOG.warning("the grid of job %s cannot be kept: %s", job.id, error)

    def _paths(self, job: Job) -> tuple[Path, Path]:
        name = f"{time.strftime('%Y-%m-%d', time.localtime(job.created))}-{job.id[:16]}"
        return self._folder / f"{name}.png", self._folder / f"{name}.html"

    def _png(self, table: Table) -> bytes:
        first = next(place for place in table.places if place.picture)
        info, stream = PngInfo(), io.BytesIO()
        info.add_itxt("parameters", told(table.axes, first))
        with self._drawing:
            draw(table).save(stream, "PNG", pnginfo=info, compress_level=1)
        return stream.getvalue()

    def _table(self, job: Job) -> Table:
        axes = _axes(job)
        places = tuple(self._place(job, picture) for picture in job.pictures)
        if not any(place.picture for place in places):
            raise NoPictureYet("No picture of this grid is there yet.", "Wait for the first one.")
        title = " × ".join(axis.row.label for axis in axes)
        return Table(f"{title}: {job.request.prompt[:200]}", axes, places)

    def _place(self, job: Job, picture: Picture) -> Place:
        if picture.picture_id is None:
            return Place(None, WORDS.get(picture.state, picture.state))
        try:
            record = self._library.get(picture.picture_id, job.owner)
            return Place(
                self._library.file(picture.picture_id, job.owner), settings=record.parameters
            )
        except NotFound:
            return Place(None, "deleted")


def _axes(job: Job) -> tuple[Varied, ...]:
    if job.request.grid is None:
        raise NotFound(f"The job {job.id[:64]} is no grid.", "Its pictures stand one by one.")
    return varied(job.request.grid)
