"""The desk: one thread that owns the state of all jobs, and an inbox. Whoever wants something posts it here.

So nothing behind the desk needs a lock, and everything happens in one order.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from pipelines.errors import Refused

LOG = logging.getLogger(__name__)

Answer = TypeVar("Answer")
AT_ONCE = 64  # so many letters are handled before what they changed is written and shown
TICK_SECONDS = 1.0


class Desk:
    """Runs what is posted, one after another; after each batch it calls `after_batch`.

    `after_batch(now)` returns the seconds after which it wants to be called again at the latest. Answers to `ask`
    are given after it, so that what they report is on disk and on the board.
    """

    def __init__(self, after_batch: Callable[[float], float]) -> None:
        self._after_batch = after_batch
        self._inbox: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._answers: list[Callable[[], None]] = []
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def post(self, letter: Callable[[], None]) -> None:
        """Has it done soon; does not wait."""
        self._inbox.put(letter)

    def ask(self, question: Callable[[], Answer]) -> Answer:
        """Has it done and waits for its answer, or raises what it raised; Refused once the desk is closed."""
        if self._is_closed:
            raise Refused("Darkroom is shutting down.", "Start it again, then ask again.")
        future: Future[Answer] = Future()

        def letter() -> None:
            try:
                answer = question()
            except Exception as error:
                future.set_exception(error)
            else:
                self._answers.append(lambda: future.set_result(answer))

        self._inbox.put(letter)
        return future.result()

    def close(self) -> None:
        """Ends the thread after what has been posted so far."""
        self._is_closed = True
        self._inbox.put(None)
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        pause_seconds, is_open = 0.0, True
        while is_open:
            is_open = self._handle_batch(pause_seconds)
            pause_seconds = TICK_SECONDS
            try:
                pause_seconds = min(pause_seconds, self._after_batch(time.monotonic()))
            except Exception:  # the desk must live: without it nobody's job goes on
                LOG.exception("the desk could not finish its round")
            answers, self._answers = self._answers, []
            for answer in answers:
                answer()

    def _handle_batch(self, pause_seconds: float) -> bool:
        """Handles what lies in the inbox, waiting for the first letter; False when the desk is to close."""
        for number in range(AT_ONCE):
            try:
                letter = (
                    self._inbox.get_nowait() if number else self._inbox.get(timeout=pause_seconds)
                )
            except queue.Empty:
                return True
            if letter is None:
                return False
            try:
                letter()
            except Exception:  # one bad letter must not stop everybody's jobs
                LOG.exception("the desk could not handle a message")
        return True
