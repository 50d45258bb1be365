"""Hands: one thread for what one kind of works needs done off the desk: orders, files, deleted folders.

It is one, so that what is done for a work is done in its order, and a deleted folder is written to no more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from pipelines.errors import StudioError

LOG = logging.getLogger(__name__)

Done = TypeVar("Done")
Post = Callable[[Callable[[], None]], None]


class Hands:
    """`post` has something done on the desk thread, where answers arrive. `noun`: what such a work is called."""

    def __init__(self, post: Post, noun: str) -> None:
        self._post, self._noun = post, noun
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"{noun}s")

    def do(
        self,
        work: Callable[[], Done],
        then: Callable[[Done | None, StudioError | None], None] | None = None,
    ) -> Future[Done]:
        """`then(what came of it, None)` or `then(None, why not)`."""
        future = self._thread.submit(work)

        def ended(_: Any) -> None:
            error = self._why_not(future)
            if then is not None:
                self._post(lambda: then(None if error else future.result(), error))

        future.add_done_callback(ended)
        return future

    def stop(self) -> None:
        """Returns when all is done."""
        self._thread.shutdown(wait=True)

    def _why_not(self, future: Future[Any]) -> StudioError | None:
        error = future.exception()
        if error is None or isinstance(error, StudioError):
            return error
        LOG.error("what a %s needed could not be done", self._noun, exc_info=error)
        return StudioError(
            f"Something of the {self._noun} could not be done: {type(error).__name__}: {error}.",
            "Let it go on; if that does not help, look into the server's log.",
        )
