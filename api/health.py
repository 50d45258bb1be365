"""Whether the worker can make pictures: it is asked for a real step, since a process that lives may be of no use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from api.closing import Closing
from pipelines import PipelineManager

PROBE_SECONDS = 10.0
KEPT_SECONDS = 5.0


class Readiness:
    """One real forward serves everybody who asks within five seconds."""

    def __init__(self, manager: PipelineManager, closing: Closing, clock: Callable[[], float]):
        self._manager = manager
        self._closing = closing
        self._clock = clock
        self._lock = asyncio.Lock()
        self._looked = float("-inf")
        self._why = ""

    async def why_not(self) -> str:
        """Why no picture can be made just now, in words; "" when it can."""
        if self._closing.is_begun:
            return "The server is shutting down."
        status = self._manager.status()
        if status.worker != "ready":
            return f"The worker is {status.worker}. {status.why}".strip()
        async with self._lock:
            if self._clock() - self._looked > KEPT_SECONDS:
                self._why = await self._try(status.forwards)
                self._looked = self._clock()
            return self._why

    async def _try(self, forwards_before: int) -> str:
        probed = await self._manager.probe(PROBE_SECONDS)
        status = self._manager.status()
        # A worker that is busy with pictures may answer late; forwards that ended meanwhile prove as much.
        is_busy = status.worker == "ready" and status.forwards > forwards_before
        return "" if probed.is_ok or is_busy else f"The worker made no step. {probed.why}".strip()
