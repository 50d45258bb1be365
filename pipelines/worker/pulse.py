"""The pulse of the worker: plain numbers that the GPU thread writes and the heartbeat reads. No torch here."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable

from pipelines.worker.messages import Heartbeat, Holder

REMEMBERED_STEPS = 50


class Pulse:
    """Written by the GPU thread, read by the reader thread; each field is one plain value, so no lock is needed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.memory: Callable[[], tuple[int, int]] | None = None  # (used, total) bytes
        self.loaded: tuple[str, ...] = ()
        self.holders: tuple[Holder, ...] = ()
        self.forwards = 0
        self.calls = 0
        self._clock = clock
        self._began: float | None = None
        self._seconds: deque[float] = deque(maxlen=REMEMBERED_STEPS)

    def begin(self) -> None:
        """A forward starts."""
        self._began = self._clock()

    def end(self) -> None:
        """The forward that was begun is over."""
        if self._began is not None:
            self._seconds.append(self._clock() - self._began)
        self._began = None

    def heartbeat(self) -> Heartbeat:
        began, seconds = self._began, tuple(self._seconds)
        used, total = self.memory() if self.memory else (0, 0)
        return Heartbeat(
            step_seconds=self._clock() - began if began is not None else 0.0,
            median_step_seconds=statistics.median(seconds) if seconds else 0.0,
            used_bytes=used,
            total_bytes=total,
            loaded=self.loaded,
            holders=self.holders,
            forwards=self.forwards,
            calls=self.calls,
        )
