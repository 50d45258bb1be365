"""What people ask of videos: add, pause, resume, finish now, make again from a frame on, drop. The desk does it."""

from __future__ import annotations

import secrets
from concurrent.futures import Future
from typing import Any

from pipelines.asking.noise import ANY_SEED, RANDOM_SEED_MAX
from pipelines.errors import RequestError
from pipelines.fields import within
from pipelines.video.desk.roster import Entry
from pipelines.video.desk.runner import Means, Runner
from pipelines.video.shooting.folder import Folder
from pipelines.video.video import Video
from pipelines.works.admission import Admission
from pipelines.works.work import DONE, FAILED, OPEN_STATES, PAUSED

ADMISSION = Admission("video", open_max=10, kept_max=500)


class Wishes:
    """Used on the desk thread only."""

    def __init__(self, means: Means, runner: Runner) -> None:
        self._means, self._roster, self._runner = means, means.roster, runner

    def admit(self, owner: str) -> None:
        """Raises Refused when this owner has too many."""
        own = (one.work.state for one in self._roster if one.work.owner == owner)
        ADMISSION.check(own, is_closing=self._runner.is_closing)

    def add(self, video: Video) -> None:
        """Raises Refused."""
        self.admit(video.owner)
        self._roster.add(video)

    def pause(self, entry: Entry) -> None:
        """It rests at once, with every frame that is whole. Raises RequestError."""
        if entry.video.state == PAUSED:
            return
        _demand(entry, OPEN_STATES, "only a video that waits or is made can be paused")
        self._runner.halt(entry)
        self._runner.rest(entry)

    def resume(self, entry: Entry) -> None:
        """Goes on from where it was, also when it had failed. Raises RequestError or Refused."""
        if entry.video.state in OPEN_STATES:
            return
        states = (PAUSED, FAILED, *((DONE,) if entry.video.is_partial else ()))
        _demand(entry, states, "only a video that is paused, failed or ended early can go on")
        self.admit(entry.video.owner)
        self._runner.wait_again(entry, attempt=0, error=None, finished=None, is_partial=False)

    def finish(self, entry: Entry) -> None:
        """Ends with the frames that there are. Raises RequestError when there is none yet."""
        states = (*OPEN_STATES, PAUSED, FAILED)
        _demand(entry, states, "only a video that is not over can be finished")
        if not entry.video.frame:
            why = "no frame of it is done yet"
            raise RequestError("video", entry.video.state, why, "Let it go on for a while.")
        self._runner.finish(entry)

    def remake(self, entry: Entry, frame: int, seed: int | None = None) -> Future[None]:
        """Makes all anew from this frame on; the future is done when it waits in the line.

        `seed`: another one for what is drawn from there on, -1 for any; None: to the same frames again. Raises
        RequestError or Refused.
        """
        if not 0 <= frame < entry.video.frames:
            why = f"is no frame of this video, which has {entry.video.frames}"
            raise RequestError("frame", frame, why, f"Send 0 … {entry.video.frames - 1}.")
        request = _seeded(entry.video, seed)
        self.admit(entry.video.owner)
        crew, folder = entry.crew, Folder(self._means.store.folder(entry.id))
        self._runner.halt(entry)
        self._runner.rest(entry)

        def forget() -> int:
            if crew is not None:
                crew.join()
            return folder.forget_from(frame)

        def forgotten(left: int | None, _: object) -> None:
            changes: dict[str, Any] = {"frame": left or 0, "drawn": 0, "request": request}
            changes |= {"film": None, "finished": None}
            self._runner.wait_again(entry, attempt=0, error=None, is_partial=False, **changes)

        future = self._means.hands.do(forget, forgotten)
        done: Future[None] = Future()
        future.add_done_callback(lambda _: self._means.post(lambda: done.set_result(None)))
        return done

    def drop(self, entry: Entry) -> Future[None]:
        """Deletes it; the future is done once its folder is gone."""
        crew = entry.crew
        self._runner.halt(entry)
        self._roster.drop(entry)
        store, video_id = self._means.store, entry.id

        def remove() -> None:
            store.forget(video_id)
            if crew is not None:
                crew.join()
            store.remove(video_id)

        self._means.hands.do(remove, lambda *_: entry.on_gone.set_result(None))
        return entry.on_gone


def _seeded(video: Video, seed: int | None) -> dict[str, Any] | None:
    """Its request with another seed. Raises RequestError where that would change nothing."""
    if seed is None:
        return video.request
    if video.request is None:
        why = "draws nothing, so that another seed changes nothing"
        raise RequestError("seed", seed, why, "Leave it out.")
    within("seed", seed, ANY_SEED)
    another = secrets.randbelow(RANDOM_SEED_MAX) if seed < 0 else seed
    return video.request | {"seed": another}


def _demand(entry: Entry, states: tuple[str, ...], why: str) -> None:
    if entry.video.state not in states:
        raise RequestError("video", entry.video.state, why, "Leave it as it is.")
