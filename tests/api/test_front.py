"""Front: the server answers before the page is built, hands over when it is, and outlives one that cannot be built."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.front import Front

Lifespan = Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]


def application(front: Front) -> FastAPI:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        task = asyncio.ensure_future(front.run())
        yield
        front.close()
        await task

    app = FastAPI(lifespan=lifespan)
    app.mount("/", front)
    return app


def page(lifespan: Lifespan | None = None) -> FastAPI:
    app = FastAPI(lifespan=lifespan)
    app.add_api_route("/", lambda: "the page")
    return app


def settled(client: TestClient, front: Front) -> None:
    assert client.portal is not None
    client.portal.call(front.is_settled.wait)


def test_until_the_page_is_built_browsers_are_asked_to_wait_and_then_get_it() -> None:
    may_go_on = threading.Event()

    def build() -> FastAPI:
        assert may_go_on.wait(30)
        return page()

    front = Front(build)
    with TestClient(application(front)) as client:
        early = client.get("/")
        assert (early.status_code, early.headers["retry-after"]) == (503, "1")
        assert 'http-equiv="refresh"' in early.text
        assert client.get("/config").json()["error"]["code"] == "starting"

        may_go_on.set()
        settled(client, front)
        assert client.get("/").json() == "the page"


def test_the_page_starts_and_ends_with_the_server() -> None:
    happened = []

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        happened.append("start")
        yield
        happened.append("end")

    front = Front(lambda: page(lifespan))
    with TestClient(application(front)) as client:
        settled(client, front)
        assert happened == ["start"]
    assert happened == ["start", "end"]


def test_a_page_that_cannot_be_built_is_logged_and_leaves_the_server_running(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def build() -> FastAPI:
        raise RuntimeError("no such island")

    front = Front(build)
    with TestClient(application(front)) as client:
        settled(client, front)

        assert client.get("/").status_code == 500
        assert client.get("/").json()["error"]["code"] == "no_page"
    assert front.has_failed
    assert "no such island" in caplog.text
