"""Puts finished pictures and half-done ones on the disk, on a thread of its own; nothing is done before it is there.

What cannot be written stays in memory, within a bound, so that a full disk does not cost the picture.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from pipelines.errors import DiskFull, StudioError
from pipelines.manager.drafts import Draft, Drafts, Past
from pipelines.manager.verifying import Comparison
from pipelines.output.record import NewPicture, PictureRecord
from pipelines.worker.messages import PictureHeld

UNSAVED_BYTES = 256 * 2**20

Post = Callable[[Callable[[], None]], None]
Saved = Callable[[str, StudioError | None], None]  # (picture id, None) or ("", why not)
Compare = Callable[[NewPicture, str], Comparison]  # with the picture of this id
Compared = Callable[[Comparison | None, StudioError | None], None]


class Keeper:
    """Used on the desk thread, where the callbacks arrive as well. `save` is the library's."""

    def __init__(
        self,
        save: Callable[[NewPicture], PictureRecord],
        compare: Compare,
        drafts: Drafts,
        post: Post,
    ) -> None:
        self.drafts = drafts
        self._save, self._compare, self._post = save, compare, post
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="saver")
        self._unsaved: dict[tuple[str, int], NewPicture] = {}
        self.backlog = 0  # pictures that wait for the disk

    def save(self, picture: NewPicture, then: Saved) -> None:
        """`then` is called when the picture is on disk and in the index, or cannot be."""
        self.backlog += 1
        future = self._disk.submit(self._save_whole, picture)

        def ended() -> None:
            self.backlog -= 1
            error = _why_not(future)
            if error is None:
                then(future.result().id, None)
            else:
                if isinstance(error, DiskFull):
                    self._remember(picture)
                then("", error)

        future.add_done_callback(lambda _: self._post(ended))

    def compare(self, picture: NewPicture, picture_id: str, then: Compared) -> None:
        """Compares a finished picture with that of this id, and keeps nothing of it."""
        self.backlog += 1
        future = self._disk.submit(self._compare, picture, picture_id)

        def ended() -> None:
            self.backlog -= 1
            error = _why_not(future)
            then(None if error else future.result(), error)

        future.add_done_callback(lambda _: self._post(ended))

    def hold(self, held: PictureHeld, job_id: str, preview: bytes | None, then: Saved) -> None:
        """Writes a half-done picture; `then` as for `save`, without an id."""
        self.backlog += 1
        draft = Draft(held.state, preview, Past(held.kept, held.seconds))
        future = self._disk.submit(self.drafts.write, job_id, held.index, draft)

        def ended() -> None:
            self.backlog -= 1
            then("", _why_not(future))

        future.add_done_callback(lambda _: self._post(ended))

    def unsaved(self, job_id: str) -> list[NewPicture]:
        """Finished pictures of a job that could not be written; they are handed out once."""
        keys = [key for key in self._unsaved if key[0] == job_id]
        return [self._unsaved.pop(key) for key in keys]

    def stop(self) -> None:
        """Returns when everything that was handed over is on the disk."""
        self._disk.shutdown(wait=True)

    def _save_whole(self, picture: NewPicture) -> PictureRecord:
        """On the saver's thread: with the steps that it had taken before it was held or paused."""
        before = self.drafts.past(picture.job_id, picture.index)
        past = before.then(Past(picture.kept, picture.seconds))
        return self._save(replace(picture, kept=past.kept, seconds=past.seconds))

    def _remember(self, picture: NewPicture) -> None:
        self._unsaved[picture.job_id, picture.index] = picture
        while sum(len(p.pixels) for p in self._unsaved.values()) > UNSAVED_BYTES:
            self._unsaved.pop(next(iter(self._unsaved)))


def _why_not(future: Future[Any]) -> StudioError | None:
    error = future.exception()
    if error is None or isinstance(error, StudioError):
        return error
    return StudioError(
        f"The picture was made but could not be written: {type(error).__name__}: {error}.",
        "Queue the job again; if that does not help, look into the server's log.",
    )
