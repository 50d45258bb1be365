"""The end of the server, as a flag that answers under way can wait for: none may hold up a shutdown."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request as HttpRequest

from pipelines import Refused

Result = TypeVar("Result")


class Closing:
    """Begins once, when the process is asked to end. Made before there is an event loop, used within one."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    @property
    def is_begun(self) -> bool:
        return self._event.is_set()

    def begin(self) -> None:
        """To be called in the thread of the event loop; a signal handler of the main thread is there."""
        self._event.set()

    async def wait(self) -> None:
        await self._event.wait()


class ClientLeft(Exception):
    """Nobody is there any more to answer to."""


async def unless_over(
    work: Coroutine[Any, Any, Result], http: HttpRequest, closing: Closing
) -> Result:
    """What `work` returns; it is cancelled when the client leaves (ClientLeft) or the server ends (Refused, 503).

    The body of the request must have been read: what comes next on its channel is the disconnect.
    """
    tasks = [asyncio.ensure_future(one) for one in (work, _left(http), closing.wait())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            return tasks[0].result()  # type: ignore[return-value]
        if tasks[1].done():
            raise ClientLeft
        raise shutting_down()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def shutting_down() -> Refused:
    """What is answered while the server ends."""
    refused = Refused(
        "The server is shutting down.", "Queued jobs are kept. Ask again after it has started."
    )
    refused.http_status = 503
    return refused


async def _left(http: HttpRequest) -> None:
    while (await http.receive())["type"] != "http.disconnect":
        pass
