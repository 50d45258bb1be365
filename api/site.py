"""The one web application: health, login, both APIs, and the page last, since it takes every address that is left."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

from fastapi import FastAPI, Response
from fastapi import Request as HttpRequest
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Scope

from api import (
    a1111,
    a1111_controlnet,
    a1111_extras,
    a1111_infotext,
    a1111_lists,
    answers,
    branches,
    doors,
    downloads,
    graphics,
    grids,
    guides,
    models,
    native,
    pictures,
    projects,
    prompting,
    retouch,
    trainings,
    video_frames,
    video_tools,
    videos,
    words,
)
from api.front import Front
from api.guard import Guard
from api.studio import Studio
from pipelines import NotFound, Settings

ROUTERS = (
    doors.ROUTES, native.ROUTES, guides.ROUTES, models.ROUTES, pictures.ROUTES, retouch.ROUTES, downloads.ROUTES,
    branches.ROUTES, graphics.ROUTES, grids.ROUTES, words.ROUTES, projects.ROUTES, prompting.ROUTES,
    trainings.ROUTES, videos.ROUTES, video_tools.ROUTES, video_frames.ROUTES,
    a1111_extras.ROUTES, a1111_controlnet.ROUTES, a1111_infotext.ROUTES, a1111.ROUTES, a1111_lists.ROUTES,
)  # fmt: skip
SMALLEST_GZIP_BYTES = 1000
ANY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Static(StaticFiles):
    """Our own scripts and styles; browsers ask each time whether they have changed, so that an update is seen."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def build(studio: Studio, front: Front, beside: Callable[[], Awaitable[None]]) -> FastAPI:
    """The application without its guard. `beside` runs while it serves and is cancelled when it ends."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(studio.downloads.start)
        page = asyncio.ensure_future(front.run())
        other = asyncio.ensure_future(beside())
        yield
        studio.closing.begin()
        front.close()
        other.cancel()
        if not front.is_settled.is_set():
            page.cancel()
        await asyncio.gather(page, other, return_exceptions=True)
        await run_in_threadpool(studio.downloads.stop)
        await run_in_threadpool(studio.manager.stop)

    app = bare(lifespan)
    app.state.studio = studio
    answers.install(app)
    for routes in ROUTERS:
        app.include_router(routes)
    app.add_api_route(
        "/api/{rest:path}", _nothing_here, methods=ANY_METHOD, include_in_schema=False
    )
    app.mount("/", front)
    return app


def bare(
    lifespan: Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]] | None = None,
) -> FastAPI:
    """An application without FastAPI's own pages, which load scripts from elsewhere."""
    return FastAPI(
        title="Darkroom", openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan
    )


def mount_static(app: FastAPI, folders: Mapping[str, Path]) -> None:
    """Serves folders of the page; `folders` maps a relative address to each, longer addresses first."""
    for place, folder in folders.items():
        app.mount(f"/{place}", Static(directory=folder))


def mount_text(app: FastAPI, place: str, text: Callable[[], str], media_type: str) -> None:
    """Serves a text that is put together anew each time; before `mount_static` when its place lies in there."""

    async def answer(http: HttpRequest) -> Response:
        body = text()
        tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
        headers = {"Cache-Control": "no-cache", "ETag": tag}
        if http.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=media_type, headers=headers)

    app.add_api_route(f"/{place}", answer, include_in_schema=False)


def guarded(app: FastAPI, settings: Settings) -> ASGIApp:
    """What the server is given: compression, and the guard outside everything."""
    studio: Studio = app.state.studio
    packed = GZipMiddleware(app, minimum_size=SMALLEST_GZIP_BYTES, compresslevel=6)
    return Guard(packed, settings, studio.identity, studio.throttle)


async def _nothing_here(rest: str) -> Response:
    raise NotFound(f"There is no /api/{rest[:64]} here.", "See docs/api.md for what there is.")
