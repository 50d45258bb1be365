"""The page's place in the application: it is built beside the running server, because Gradio takes seconds to import.

Until it is there, browsers get a page that asks again each second, and everything else gets 503.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.answers import UNKEPT, Json

STARTING = Path(__file__).with_name("starting.html")
LOGGER = logging.getLogger(__name__)


class Front:
    """Hands over to the page as soon as `build` has returned it; `build` runs in a thread."""

    def __init__(self, build: Callable[[], FastAPI]) -> None:
        self._build = build
        self._page: ASGIApp | None = None
        self._starting = STARTING.read_text(encoding="utf-8")
        self._is_over = asyncio.Event()
        self.is_settled = asyncio.Event()  # the page is up, or never will be
        self.has_failed = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._page is not None:
            await self._page(scope, receive, send)
        elif scope["type"] == "http":
            await self._substitute(scope["path"])(scope, receive, send)

    async def run(self) -> None:
        """Builds the page and keeps it, with its own start and end, until `close`."""
        try:
            page = await self._built()
            async with page.router.lifespan_context(page):
                self._page = page
                self.is_settled.set()
                await self._is_over.wait()
        except Exception:  # the API can do without the page, and goes on
            LOGGER.exception("The page cannot be built")
            self.has_failed = True
            self.is_settled.set()

    async def _built(self) -> FastAPI:
        """Made in a thread of its own that no shutdown waits for, as it does for those of a pool."""
        future: Future[FastAPI] = Future()

        def build() -> None:
            future.set_running_or_notify_cancel()
            try:
                future.set_result(self._build())
            except Exception as error:
                future.set_exception(error)

        threading.Thread(target=build, name="page", daemon=True).start()
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        self._is_over.set()

    def _substitute(self, path: str) -> Response:
        if self.has_failed:
            error = {
                "code": "no_page",
                "message": "The page cannot be built; the log says why.",
                "remedy": "Check the installation. The API works meanwhile.",
            }
            return Json({"error": error}, 500)
        headers = {**UNKEPT, "Retry-After": "1"}
        if path == "/":
            return HTMLResponse(self._starting, 503, headers)
        error = {
            "code": "starting",
            "message": "The page is starting.",
            "remedy": "Ask again soon.",
        }
        return Json({"error": error}, 503, headers)
