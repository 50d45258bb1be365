"""Runs videos: one that draws and one that does not at a time, each in a process of its own; and how they end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any, Protocol

from pipelines.errors import DiskFull, StudioError, WorkerDied
from pipelines.manager.bench import Bench
from pipelines.manager.space import lacking
from pipelines.video.desk.crew import Crew, Target
from pipelines.video.desk.drawing import Drawing
from pipelines.video.desk.roster import Entry, Roster
from pipelines.video.messages import (
    Counted,
    Drawn,
    FilmDone,
    Framed,
    Said,
    Shoot,
    ShootFailed,
    Wanted,
)
from pipelines.video.video import Film, Video
from pipelines.worker.messages import Cancel, PictureDone, PictureFailed, Progress, Submit
from pipelines.works.hands import Hands
from pipelines.works.store import Store
from pipelines.works.work import DONE, FAILED, PAUSED, QUEUED, RUNNING

LOG = logging.getLogger(__name__)

ATTEMPTS = 3  # without a frame in between
REPEATED = "The GPU process died again and again under this video, which got no further."
AGAIN = "Choose a smaller size, or let it go on if it was not the cause; nothing of it is lost."
MAKE_ROOM = "Make room there, then let it go on; nothing of it is lost."
INPUTS = "inputs"  # the folder in that of a video with the pictures that it is made of
TICKET = "video"  # what the names begin with under which the worker draws frames


class Worker(Protocol):
    """The GPU process, as far as it is needed here."""

    @property
    def is_ready(self) -> bool: ...

    def send(self, message: Any) -> None: ...

    def job_finished(self) -> None: ...


@dataclass(frozen=True)
class Means:
    """What videos are run with. `target` is what their processes do. `remove(video)`: deletes all that lies here."""

    store: Store[Video]
    roster: Roster
    hands: Hands
    worker: Worker
    bench: Bench
    drawing: Drawing
    clock: Callable[[], float]
    post: Callable[[Callable[[], None]], None]
    target: Target
    context: BaseContext | None


class Runner:
    """Used on the desk thread only."""

    def __init__(self, means: Means) -> None:
        self._means, self._roster = means, means.roster
        self.is_closing = False
        self._hears: dict[type[Any], Callable[[Entry, Any], None]] = {
            Wanted: self._wanted,
            Framed: self._framed,
            Said: self._said,
            Counted: self._counted,
            FilmDone: self._film_done,
            ShootFailed: self._shoot_failed,
        }

    # ---- who is next ---------------------------------------------------------------------------------

    def fill(self) -> None:
        """Begins what may begin, and sends the worker the frames that are waited for."""
        for entry in self._roster if not self.is_closing else ():
            if entry.wanted is not None and not entry.ticket:
                self._draw(entry)
        under_way = {draws(one) for one in self._roster if one.crew is not None}
        for entry in self._roster.line() if not self.is_closing else ():
            if draws(entry) not in under_way and self._begin(entry):
                under_way.add(draws(entry))

    def _begin(self, entry: Entry) -> bool:
        video, means = entry.video, self._means
        full = lacking((means.store.root,), bytes_left(video))
        if full:
            self.rest(entry, DiskFull(full, MAKE_ROOM).as_dict())
            return False

        def hear(message: Any) -> None:
            means.post(lambda: self._heard(entry, crew, message))

        def end(why: str) -> None:
            means.post(lambda: self._ended(entry, crew, why))

        shoot = shoot_of(video, means.store.folder(video.id))
        crew = entry.crew = Crew(means.target, shoot, hear, end, means.context)
        entry.began_at, entry.made = means.clock(), 0
        crew.start()
        started = video.started or means.clock()
        under_way: dict[str, Any] = {"state": RUNNING, "stage": "beginning", "error": None}
        self._roster.change(entry, started=started, finished=None, **under_way)
        return True

    def finish(self, entry: Entry) -> None:
        """It ends with the frames that there are."""
        self.halt(entry)
        is_partial = entry.video.frame < entry.video.frames
        self.wait_again(entry, is_partial=is_partial, error=None, attempt=0)

    # ---- what its process says -----------------------------------------------------------------------

    def _heard(self, entry: Entry, crew: Crew, message: Any) -> None:
        if entry.crew is crew and (hear := self._hears.get(type(message))):
            hear(entry, message)

    def _wanted(self, entry: Entry, message: Wanted) -> None:
        entry.wanted, entry.ticket = message, ""
        self._roster.change(entry, quietly=True, stage=f"drawing frame {message.frame + 1}")
        self._draw(entry)

    def _framed(self, entry: Entry, message: Framed) -> None:
        entry.made += 1
        seconds = (self._means.clock() - entry.began_at) / entry.made
        left = entry.video.frames - message.frames
        if entry.video.attempt and message.frames > entry.video.frame:
            self._roster.change(entry, attempt=0)  # further than ever: it was not at fault
        self._roster.change(
            entry,
            quietly=True,
            frame=max(entry.video.frame, message.frames),
            drawn=message.drawn,
            score=message.score,
            frame_seconds=seconds,
            eta_seconds=round(left * seconds, 1),
        )

    def _said(self, entry: Entry, message: Said) -> None:
        self._roster.change(entry, quietly=True, stage=message.text, eta_seconds=None)

    def _counted(self, entry: Entry, message: Counted) -> None:
        self._roster.change(entry, frames=message.frames, drawings=message.drawings)

    def _film_done(self, entry: Entry, message: FilmDone) -> None:
        self._let_go(entry)
        film = Film(**message.film)
        ended: dict[str, Any] = {"finished": self._means.clock(), "stage": "", "eta_seconds": None}
        self._roster.change(entry, state=DONE, film=film, attempt=0, **ended)

    def _shoot_failed(self, entry: Entry, message: ShootFailed) -> None:
        self._let_go(entry)
        if message.error.get("code") == DiskFull.code:
            self.rest(entry, dict(message.error))
        else:
            self._fail(entry, dict(message.error))

    def _ended(self, entry: Entry, crew: Crew, why: str) -> None:
        """Its process is gone, and nobody had asked it to."""
        if entry.crew is not crew:
            return
        self._let_go(entry)
        self._count(entry, f"{why} It has happened again and again.")

    # ---- what the worker says ------------------------------------------------------------------------

    def heard(self, message: Any) -> None:
        """What is of no frame that is waited for is too late, or of a job, and is dropped."""
        entry = self._of(getattr(message, "job_id", ""))
        if entry is None:
            return
        if isinstance(message, Progress) and message.preview:
            entry.preview = message.preview
            self._roster.change(entry, quietly=True)
        elif isinstance(message, PictureDone):
            self._drawn(entry, message)
        elif isinstance(message, PictureFailed):
            self.halt(entry)
            self._fail(entry, message.error)

    def worker_died(self) -> bool | None:
        """The frames that it drew are drawn again. Whether it will likely die again; None: it drew none."""
        drawing = [entry for entry in self._roster if entry.ticket]
        for entry in drawing:
            entry.ticket = ""
            self._count(entry, REPEATED)
        return any(one.video.state == FAILED for one in drawing) if drawing else None

    def _draw(self, entry: Entry) -> None:
        means, wanted = self._means, entry.wanted
        if not means.worker.is_ready or means.bench.is_alone or wanted is None:
            return
        entry.tickets += 1
        ticket = entry.ticket = f"{TICKET}.{entry.id}.{entry.tickets}"
        video = entry.video

        def ordered(submit: Submit | None, error: StudioError | None) -> None:
            if entry.ticket != ticket:
                return  # it was stopped meanwhile
            if submit is not None:
                means.worker.send(submit)
            elif error is not None:
                self.halt(entry)
                self._fail(entry, error.as_dict())

        means.hands.do(lambda: means.drawing.order(video, wanted, ticket), ordered)

    def _drawn(self, entry: Entry, message: PictureDone) -> None:
        wanted, crew, pixels = entry.wanted, entry.crew, message.pixels
        entry.wanted, entry.ticket, entry.preview = None, "", b""
        self._means.worker.job_finished()
        self._means.bench.used(entry.video.owner, message.seconds)
        if wanted is not None and crew is not None:
            drawn = Drawn(wanted.frame, pixels.width, pixels.height, pixels.data)
            self._means.hands.do(lambda: crew.send(drawn))

    def _of(self, ticket: str) -> Entry | None:
        kind, _, rest = ticket.partition(".")
        entry = self._roster.get(rest.partition(".")[0]) if kind == TICKET else None
        return entry if entry is not None and entry.ticket == ticket else None

    # ---- ends ----------------------------------------------------------------------------------------

    def halt(self, entry: Entry) -> None:
        """Its process ends now, and the worker gives its frame up."""
        if entry.ticket:
            self._means.worker.send(Cancel(entry.ticket))
        if entry.crew is not None:
            entry.crew.stop()
        self._let_go(entry)

    def rest(self, entry: Entry, error: dict[str, Any] | None = None) -> None:
        """It waits for somebody to let it go on; `error`: why, if nobody asked for it."""
        self._roster.change(entry, state=PAUSED, error=error, stage="", eta_seconds=None)

    def wait_again(self, entry: Entry, **changes: Any) -> None:
        """It goes on when its turn comes."""
        self._roster.change(entry, state=QUEUED, stage="", eta_seconds=None, **changes)

    def recover(self) -> None:
        """At start: what was under way when the last server ended waits again."""
        for entry in self._roster:
            if entry.video.state == RUNNING:
                self._count(entry, REPEATED)

    def close_down(self) -> None:
        """Nothing more begins; what is under way goes on after the next start."""
        self.is_closing = True
        for entry in self._roster:
            if entry.crew is not None:
                self.halt(entry)
                self.wait_again(entry)

    def _count(self, entry: Entry, why: str) -> None:
        """Another attempt; after too many without a frame in between it is over."""
        attempt = entry.video.attempt + 1
        if attempt >= ATTEMPTS:
            self.halt(entry)
            self._fail(entry, WorkerDied(why, AGAIN).as_dict(), attempt=attempt)
        elif entry.crew is None:
            self.wait_again(entry, attempt=attempt)
        else:
            self._roster.change(entry, attempt=attempt)

    def _fail(self, entry: Entry, error: dict[str, Any], **changes: Any) -> None:
        ended: dict[str, Any] = {"stage": "", "eta_seconds": None, "finished": self._means.clock()}
        self._roster.change(entry, state=FAILED, error=error, **ended, **changes)

    def _let_go(self, entry: Entry) -> None:
        entry.crew, entry.wanted, entry.ticket, entry.preview = None, None, "", b""


def draws(entry: Entry) -> bool:
    """Whether it needs the worker."""
    return entry.video.request is not None


def bytes_left(video: Video) -> int:
    """What it will still write."""
    left = 0 if video.is_partial else video.frames - video.frame
    return round(video.bytes_in_all * left / max(1, video.frames))


def shoot_of(video: Video, folder: Path) -> Shoot:
    """What its process is told."""
    request = video.request or {}
    return Shoot(
        mode=video.mode,
        asked=video.asked,
        output=video.output,
        frames=video.frames,
        size=(video.width, video.height),
        seed=request.get("seed", 0),
        folder=str(folder),
        drawn_size=(request.get("width", 0), request.get("height", 0)),
        inputs={path.stem: str(path) for path in sorted((folder / INPUTS).glob("*"))},
        until=video.frame if video.is_partial else None,
    )
