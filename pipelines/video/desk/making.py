"""Making: from what was sent to a draft that is shown, and to a video that waits in the line, whole on the disk."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import DiskFull, NotFound, RequestError
from pipelines.fields import check_client_request_id
from pipelines.finetune.desk.house import House
from pipelines.manager.space import lacking
from pipelines.output.disk import failures_named
from pipelines.request import Request
from pipelines.video.desk.roster import Roster
from pipelines.video.desk.runner import INPUTS
from pipelines.video.desk.wishes import Wishes
from pipelines.video.media.probe import Clip, probe
from pipelines.video.modes.mode import Ground, Planned
from pipelines.video.modes.modes import MODES
from pipelines.video.movies import SUFFIX as MOVIE
from pipelines.video.movies import Movies
from pipelines.video.output import Output
from pipelines.video.video import Video
from pipelines.works.admission import OneAtATime
from pipelines.works.store import Store
from pipelines.works.work import QUEUED

TITLE_CHARACTERS = 200
PNG_SHARE = 0.6  # of its pixels, what a drawn frame takes, about
FILM_SHARE = 0.1  # likewise of a frame in a film, of which there are two for a while
MAKE_ROOM = "Make room there, then send it again."
FIELDS = ("mode", "title", "settings", "request", "output")


@dataclass(frozen=True)
class Order:
    """What was sent, checked and planned."""

    mode: str
    title: str
    output: Output
    planned: Planned

    @property
    def bytes_in_all(self) -> int:
        """What its folder takes in the end, about."""
        width, height = self.planned.size
        drawn, framed = self.planned.drawings * PNG_SHARE, self.planned.frames * 2 * FILM_SHARE
        return round(width * height * 3 * (drawn + framed))


class Maker:
    """May be asked from any thread."""

    def __init__(
        self, house: House, store: Store[Video], roster: Roster, wishes: Wishes, movies: Movies
    ) -> None:
        self._house, self._store, self._roster, self._wishes = house, store, roster, wishes
        self._movies = movies
        self._ordering = OneAtATime()

    def draft(self, asked: Any, owner: str) -> dict[str, Any]:
        """What would be made, as JSON; see docs/api.md. Raises RequestError."""
        order = self._ordered(asked, owner)
        planned = order.planned
        width, height = planned.size
        return {
            "settings": dict(planned.settings),
            "width": width,
            "height": height,
            "frames": planned.frames,
            "drawings": planned.drawings,
            "fps": planned.fps,
            "bytes": order.bytes_in_all,
            "seconds": self._seconds(order),
            "warnings": list(planned.warnings),
        }

    def create(self, asked: Any, owner: str, client_request_id: str = "") -> Video:
        """The video, on the disk; the same one again for the same client_request_id.

        Raises RequestError, Refused, NotFound or DiskFull.
        """
        check_client_request_id(client_request_id)
        with self._ordering.of(owner):
            known = self._roster.ordered(owner, client_request_id)
            if known is not None:
                return known
            self._house.desk.ask(lambda: self._wishes.admit(owner))
            return self._begun(self._ordered(asked, owner), owner, client_request_id)

    def _begun(self, order: Order, owner: str, client_request_id: str) -> Video:
        full = lacking((self._store.root,), order.bytes_in_all)
        if full:
            raise DiskFull(full, MAKE_ROOM)
        planned, video_id = order.planned, secrets.token_hex(16)
        width, height = planned.size
        video = Video(
            id=video_id,
            owner=owner,
            state=QUEUED,
            mode=order.mode,
            title=order.title,
            asked=dict(planned.settings),
            request=planned.request.as_dict() if planned.request else None,
            output=order.output.as_dict(),
            width=width,
            height=height,
            frames=planned.frames,
            drawings=planned.drawings,
            fps=planned.fps,
            bytes_in_all=order.bytes_in_all,
            created=self._house.clock(),
            client_request_id=client_request_id,
            warnings=planned.warnings,
        )
        try:
            self._take(planned, self._store.folder(video_id) / INPUTS, owner)
            self._store.save(video)
            self._house.desk.ask(lambda: self._wishes.add(video))
        except BaseException:
            self._store.remove(video_id)
            raise
        return self._roster.snapshot(video_id, owner)

    def _take(self, planned: Planned, folder: Path, owner: str) -> None:
        """So that the video needs its uploads no more."""
        with failures_named(self._store.root):
            folder.mkdir(parents=True)
            for image in planned.uploads:
                path = self._house.assets.get(image, owner).path
                shutil.copyfile(path, folder / f"{image}{path.suffix}")
            for movie in planned.movies:
                _link(self._movies.get(movie, owner).path, folder / f"{movie}{MOVIE}")

    def _ordered(self, asked: Any, owner: str) -> Order:
        values = _object(asked, "video")
        for name in values.keys() - set(FIELDS):
            raise RequestError(name, values[name], "is no field of a video", "Leave it out.")
        mode = values.get("mode")
        row = MODES.get(mode) if isinstance(mode, str) else None
        if row is None:
            raise RequestError("mode", mode, "is no mode", f"Choose from: {', '.join(MODES)}.")
        ground = Ground(
            request=Request.from_dict(values.get("request") or {}) if row.draws else None,
            settle=lambda request: self._house.finder.settle(request, owner).request,
            settle_frame=lambda request: self._house.finder.settle_frame(request, owner).request,
            size_of=lambda field, image: self._size(field, image, owner),
            movie_of=lambda field, movie: self._movie(field, movie, owner),
        )
        settings = _object(values.get("settings", {}), "settings")
        output, planned = Output.from_dict(values.get("output") or {}), row.plan(settings, ground)
        output.check(planned.frames)
        title = str(values.get("title") or "")[:TITLE_CHARACTERS]
        return Order(mode=str(mode), title=title, output=output, planned=planned)

    def _size(self, field: str, image: str, owner: str) -> tuple[int, int]:
        try:
            asset = self._house.assets.get(image, owner)
        except NotFound:
            raise RequestError(
                field, image, "there is no such upload", "Choose it again."
            ) from None
        return asset.width, asset.height

    def _movie(self, field: str, movie: str, owner: str) -> Clip:
        try:
            return probe(self._movies.get(movie, owner).path)
        except NotFound:
            remedy = "Choose the movie again."
            raise RequestError(field, movie, "there is no such movie", remedy) from None

    def _seconds(self, order: Order) -> float | None:
        """How long it takes, by the last video of this mode that draws if this one does; None: nobody knows."""
        area = order.planned.size[0] * order.planned.size[1]
        for known in self._roster.snapshots():
            is_alike = known.mode == order.mode and bool(known.drawings) == bool(
                order.planned.drawings
            )
            if is_alike and known.film and known.frame_seconds:
                scale = area / max(1, known.width * known.height)
                return round(known.frame_seconds * scale * order.planned.frames, 1)
        return None


def _link(path: Path, target: Path) -> None:
    """The same file under another name, or a copy where the disk knows no such thing."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)


def _object(values: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(values, dict):
        raise RequestError(name, values, "is no object of fields", "Send a JSON object.")
    return values
