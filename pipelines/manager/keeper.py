"""Puts finished pictures and held drafts on the disk, on a thread of its own; nothing is done before it is there.

What cannot be written stays in memory, within a bound, so that a full disk does not cost the picture.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from pipelines.errors import DiskFull, StudioError
from pipelines.manager.drafts import Drafts
from pipelines.output.record import NewPicture, PictureRecord
from pipelines.worker.messages import PictureHeld

UNSAVED_BYTES = 256 * 2**20

Post = Callable[[Callable[[], None]], None]
Saved = Callable[[str, StudioError | None], None]  # (picture id, None) or ("", why not)


class Keeper:
    """Used on the desk thread, where the callbacks arrive as well. `save` is the library's."""

    def __init__(
        self, save: Callable[[NewPicture], PictureRecord], drafts: Drafts, post: Post
    ) -> None:
        self.drafts = drafts
        self._save, self._post = save, post
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="saver")
        self._unsaved: dict[tuple[str, int], NewPicture] = {}
        self.backlog = 0  # pictures that wait for the disk

    def save(self, picture: NewPicture, then: Saved) -> None:
        """`then` is called when the picture is on disk and in the index, or cannot be."""
        self.backlog += 1
        future = self._disk.submit(self._save, picture)

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

    def hold(self, held: PictureHeld, job_id: str, preview: bytes | None, then: Saved) -> None:
        """Writes the state of a draft; `then` as for `save`, without an id."""
        future = self._disk.submit(self.drafts.write, job_id, held.index, held.state, preview)
        future.add_done_callback(lambda _: self._post(lambda: then("", _why_not(future))))

    def unsaved(self, job_id: str) -> list[NewPicture]:
        """Finished pictures of a job that could not be written; they are handed out once."""
        keys = [key for key in self._unsaved if key[0] == job_id]
        return [self._unsaved.pop(key) for key in keys]

    def stop(self) -> None:
        """Returns when everything that was handed over is on the disk."""
        self._disk.shutdown(wait=True)

    def _remember(self, picture: NewPicture) -> None:
        self._unsaved[picture.job_id, picture.index] = picture
        while sum(len(p.pixels) for p in self._unsaved.values()) > UNSAVED_BYTES:
            self._unsaved.pop(next(iter(self._unsaved)))


def _why_not(future: Future[PictureRecord] | Future[None]) -> StudioError | None:
    error = future.exception()
    if error is None or isinstance(error, StudioError):
        return error
    return StudioError(
        f"The picture was made but could not be written: {type(error).__name__}: {error}.",
        "Queue the job again; if that does not help, look into the server's log.",
    )
