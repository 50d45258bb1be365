"""Videos: the face of this folder. What people do with theirs; what the desk does with all of them."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

from pipelines.errors import NotFound, RequestError
from pipelines.finetune.desk.house import House
from pipelines.output.assets import Asset
from pipelines.video.animation import Animation
from pipelines.video.deforum.reading import read as read_settings
from pipelines.video.deforum.writing import write as write_settings
from pipelines.video.desk.drawing import Drawing
from pipelines.video.desk.making import Maker
from pipelines.video.desk.roster import Entry, News, Roster
from pipelines.video.desk.runner import Means, Runner
from pipelines.video.desk.store import store_in
from pipelines.video.desk.wishes import Wishes
from pipelines.video.media.encoders import QUALITIES, available
from pipelines.video.media.loops import KINDS
from pipelines.video.movies import Movie, Movies
from pipelines.video.shooting import process
from pipelines.video.shooting.folder import Folder
from pipelines.video.sketching import Sketcher, animation_defaults
from pipelines.video.stills import Stills, plain
from pipelines.video.video import Video
from pipelines.works.hands import Hands
from pipelines.works.work import ENDED_STATES

SKETCHES_AT_ONCE = 2  # they are computed in this process, which must answer others meanwhile
GONE_SECONDS = 10.0  # for a process to let go of what is deleted; its folder goes in any case


class Videos:
    """Those of all owners. May be asked from any thread; what `rounds` calls, on the desk thread only."""

    def __init__(self, house: House, context: BaseContext | None = None) -> None:
        self._house = house
        self.store = store_in(house.settings.data_dir)
        self._roster = Roster(self.store, Entry, house.board.tell, house.clock())
        self._hands = Hands(house.desk.post, "video")
        self._means = Means(
            store=self.store,
            roster=self._roster,
            hands=self._hands,
            worker=house.worker,
            bench=house.bench,
            drawing=Drawing(house.finder, self.store.folder),
            clock=house.clock,
            post=house.desk.post,
            target=process.main,
            context=context,
        )
        self.runner = Runner(self._means)
        self.wishes = Wishes(self._means, self.runner)
        self.movies = Movies(house.settings.data_dir, house.clock)
        self._sketching = threading.Semaphore(SKETCHES_AT_ONCE)
        self._maker = Maker(house, self.store, self._roster, self.wishes, self.movies)

    # ---- start and stop ------------------------------------------------------------------------------

    def start(self) -> None:
        """Before the desk thread begins: what was under way when the last server ended will go on."""
        self._roster.load()
        self.movies.sweep()
        self.runner.recover()

    def stop(self) -> None:
        """Returns when all that was begun is on the disk."""
        self._hands.stop()

    def tick(self, now_seconds: float) -> float:
        """On the desk thread, after each batch: begins what is next; the seconds until it wants to be called again."""
        self.runner.fill()
        return self._roster.flush(now_seconds)

    # ---- plans ---------------------------------------------------------------------------------------

    def draft(self, asked: Any, owner: str) -> dict[str, Any]:
        """What would be made, as JSON; see docs/api.md. Raises RequestError for what is no video at all."""
        return self._maker.draft(asked, owner)

    def create(self, asked: Any, owner: str, client_request_id: str = "") -> Video:
        """The video, on the disk; the same one again for the same client_request_id.

        Raises RequestError, Refused, NotFound or DiskFull.
        """
        return self._maker.create(asked, owner, client_request_id)

    # ---- what there is -------------------------------------------------------------------------------

    def get(self, video_id: str, owner: str) -> Video:
        """Raises NotFound, in the same words for what is another's and for what is not there."""
        return self._roster.snapshot(video_id, owner)

    def of_owner(self, owner: str) -> list[Video]:
        """Newest first."""
        return [one for one in self._roster.snapshots() if one.owner == owner]

    def news(self, owner: str, since: int = 0) -> News:
        """What is newer than that version, and which there are; everything for 0."""
        return self._roster.news(owner, since)

    def version(self, owner: str) -> int:
        """Rises with every change of this owner's videos."""
        return self._roster.version(owner)

    def unfinished(self, owner: str) -> int:
        """How many of this owner's are not over."""
        return sum(one.state not in ENDED_STATES for one in self.of_owner(owner))

    def film(self, video_id: str, owner: str) -> tuple[Path, str, str]:
        """(the finished file, a name to keep it under, its media type). Raises NotFound."""
        video = self.get(video_id, owner)
        film = video.film
        if film is None:
            raise NotFound("This video is not done yet.", "Let it go on, or finish it now.")
        path = _there(self._folder(video).path / film.file)
        name = f"{plain(video.title, video.mode)}-{video.id[:8]}{path.suffix}"
        return path, name, film.media_type

    def stills(self, video_id: str, owner: str) -> Stills:
        """The finished film as its frames. Raises NotFound."""
        path, name, _ = self.film(video_id, owner)
        film = self.get(video_id, owner).film
        return Stills(path, Path(name).stem, film.frames if film else 0)

    def key_path(self, video_id: str, frame: int, owner: str) -> Path:
        """A frame as the model drew it, a PNG. Raises NotFound."""
        return _there(self._folder(self.get(video_id, owner)).key_path(frame))

    def strip(self, video_id: str, owner: str) -> Sequence[int]:
        """The frames of which there are small pictures. Raises NotFound."""
        return self._folder(self.get(video_id, owner)).shown()

    def strip_path(self, video_id: str, frame: int, owner: str) -> Path:
        """A small picture of a frame, a WebP. Raises NotFound."""
        return _there(self._folder(self.get(video_id, owner)).strip_path(frame))

    def preview(self, video_id: str, owner: str) -> bytes:
        """The frame that is being drawn, as a JPEG. Raises NotFound where none is."""
        self.get(video_id, owner)
        found = self._house.desk.ask(lambda: self._roster.find(video_id, owner).preview)
        if not found:
            raise NotFound("No frame of this video is being drawn.", "Ask again later.")
        return found

    # ---- before there is one --------------------------------------------------------------------------

    def formats(self) -> dict[str, Any]:
        """How videos can be written here, the usual one first, and how an animation begins."""
        rows = [{"name": row.name, "label": row.label} for row in available()]
        rows += [{"name": name, "label": row.label} for name, row in KINDS.items()]
        return {"formats": rows, "qualities": list(QUALITIES), "animation": animation_defaults()}

    def sketcher(self, owner: str) -> Sketcher:
        """For what is shown before anything is made."""

        def path_of(field: str, image: str) -> Path:
            try:
                return self._house.assets.get(image, owner).path
            except NotFound:
                why = "there is no such upload"
                raise RequestError(field, image, why, "Choose it again.") from None

        return Sketcher(path_of, self._sketching)

    def read_deforum(self, text: str) -> dict[str, Any]:
        """A settings file of Deforum, as the settings of a video, with a word about each of its keys.

        Raises RequestError.
        """
        found = read_settings(text)
        return {
            "settings": found.animation.as_dict(),
            "request": found.request_fields,
            "report": [dataclasses.asdict(row) for row in found.report],
        }

    def write_deforum(self, settings: Any, request: Any) -> str:
        """The other way round; `request`: fields by their names in errors. Raises RequestError."""
        if not isinstance(request, dict):
            raise RequestError("request", request, "is no object of fields", "Send JSON.")
        return write_settings(Animation.from_dict(settings), request)

    def take_frame(self, movie_id: str, number: int, owner: str) -> Asset:
        """A frame of a movie as an upload. Raises NotFound or MediaError."""
        png = self.movies.get(movie_id, owner).stills.png(number)
        return self._house.assets.add(png, owner)

    def as_movie(self, video_id: str, owner: str) -> Movie:
        """A finished video as a movie to begin with. Raises NotFound or DiskFull."""
        path, name, _ = self.film(video_id, owner)
        return self.movies.add_file(path, owner, name)

    # ---- what is done with them ----------------------------------------------------------------------

    def pause(self, video_id: str, owner: str) -> Video:
        """It rests at once. Raises NotFound or RequestError."""
        return self._wish(video_id, owner, self.wishes.pause)

    def resume(self, video_id: str, owner: str) -> Video:
        """It goes on to the same bytes. Raises NotFound, RequestError or Refused."""
        return self._wish(video_id, owner, self.wishes.resume)

    def finish(self, video_id: str, owner: str) -> Video:
        """It ends with the frames that there are, as a file that plays. Raises NotFound or RequestError."""
        return self._wish(video_id, owner, self.wishes.finish)

    def remake(self, video_id: str, owner: str, frame: int, seed: int | None = None) -> Video:
        """Makes all from this frame on anew, by this seed, -1 for any. Raises NotFound, RequestError or Refused."""
        ask = self._house.desk.ask
        ask(lambda: self.wishes.remake(self._roster.find(video_id, owner), frame, seed)).result()
        return self.get(video_id, owner)

    def delete(self, video_id: str, owner: str) -> None:
        """Stops it and deletes every file of it. Raises NotFound."""
        gone = self._house.desk.ask(lambda: self.wishes.drop(self._roster.find(video_id, owner)))
        with suppress(NotYet):
            gone.result(GONE_SECONDS)

    def _wish(self, video_id: str, owner: str, wish: Callable[[Entry], None]) -> Video:
        self._house.desk.ask(lambda: wish(self._roster.find(video_id, owner)))
        return self.get(video_id, owner)

    def _folder(self, video: Video) -> Folder:
        return Folder(self.store.folder(video.id))


def _there(path: Path) -> Path:
    with suppress(OSError, ValueError):  # a number of many digits is no name of a file
        if path.is_file():
            return path
    raise NotFound("There is no such picture of this video.", "Reload the page.")
