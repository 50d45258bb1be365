"""Takes pictures of other programs into the Library, on a thread of its own that gives way to everything else."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from pipelines.output.library import Library

LOG = logging.getLogger(__name__)
SHARE = 0.5  # of its time that the thread works
TOLD_SECONDS = 1.0


class Progress(NamedTuple):
    """Pictures of other programs: those in the Library, and those that there are. `is_over`: no more are read."""

    read: int = 0
    total: int = 0
    is_over: bool = True


class Intake:
    """`changed` is called on the thread, now and then while pictures are read and once when all are."""

    def __init__(self, library: Library, changed: Callable[[], None]) -> None:
        self._library, self._changed = library, changed
        self.progress = Progress(is_over=not library.sources)
        self._is_stopped = threading.Event()
        self._worked_since = self._told_at = float("-inf")
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)

    def start(self) -> None:
        if self._library.sources and not self._is_stopped.is_set():
            self._thread.start()

    def stop(self) -> None:
        """Waits for the pictures that are being read: after this the index is not touched."""
        self._is_stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        self._worked_since = time.monotonic()
        try:
            self._library.take_in(self._tell, self._is_stopped.is_set)
        except Exception:  # whatever lies there: the Library goes on with what was read
            LOG.exception("pictures of other programs cannot be read")
        self.progress = self.progress._replace(is_over=True)
        if not self._is_stopped.is_set():
            self._changed()

    def _tell(self, read: int, total: int) -> None:
        self.progress = Progress(read, total, is_over=False)
        now = time.monotonic()
        if now - self._told_at > TOLD_SECONDS:
            self._told_at = now
            self._changed()
        self._is_stopped.wait((now - self._worked_since) * (1 / SHARE - 1))
        self._worked_since = time.monotonic()
