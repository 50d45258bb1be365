"""The whole site: every route is documented, guarded, closed without a login, and answers with the headers."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from api.a1111_lists import EMPTY
from api.guard import HEADERS, OPEN_PATHS
from api.site import ROUTERS
from tests.api.conftest import House
from tests.api.test_guard import FOREIGN, Canary, client, guard

PAGE = Path(__file__).parent.parent.parent / "docs" / "api.md"
SAFE = {"GET", "HEAD"}
ROUTES = sorted(
    (method, route.path)
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in route.methods
)


def address(path: str) -> str:
    """A path in which the places are filled."""
    return re.sub(r"\{\w+\}", "1", path)


def test_there_are_routes_to_speak_of() -> None:
    assert ("POST", "/api/v1/jobs") in ROUTES
    assert ("POST", "/sdapi/v1/txt2img") in ROUTES
    assert len(ROUTES) > 35


@pytest.mark.parametrize(("method", "path"), [row for row in ROUTES if row[0] != "HEAD"])
def test_every_route_is_documented(method: str, path: str) -> None:
    assert f"`{method} {path}`" in PAGE.read_text(encoding="utf-8")


def test_every_documented_route_is_there() -> None:
    documented = re.findall(r"^\| `(\w+) (/[^`]*)` \|", PAGE.read_text(encoding="utf-8"), re.M)

    assert not set(documented) - set(ROUTES)
    assert all(f"`{name}`" in PAGE.read_text(encoding="utf-8") for name in EMPTY)


@pytest.mark.parametrize(("method", "path"), [row for row in ROUTES if row[0] not in SAFE])
def test_what_changes_something_does_not_hear_other_sites(method: str, path: str) -> None:
    canary = Canary()
    visitor = client(guard(canary))

    for headers in [*FOREIGN, {"host": "evil.example"}]:
        assert visitor.request(method, address(path), headers=headers).status_code in (400, 403)
    assert canary.reached == 0


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_without_a_login_only_the_open_paths_answer(lan: House, method: str, path: str) -> None:
    answer = lan.client.request(method, address(path))

    if path in OPEN_PATHS:
        assert answer.status_code != 403
    else:
        assert answer.status_code == 401


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_answers_with_the_headers_and_never_with_500(
    lan: House, method: str, path: str
) -> None:
    if "txt2img" in path:  # would make a picture
        return
    answer = lan.client.request(method, address(path), headers=lan.owner())

    assert answer.status_code < 500 or path == "/readyz"
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "cache-control" in answer.headers


def test_fastapis_own_pages_are_not_there(home: House) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert home.client.get(path).status_code == 404


def test_large_answers_are_compressed_and_pictures_are_not(home: House) -> None:
    packed = home.client.get("/api/v1/status", headers={"accept-encoding": "gzip"})
    picture_id = home.make()["pictures"][0]["picture_id"]
    picture = home.client.get(
        f"/api/v1/pictures/{picture_id}/file", headers={"accept-encoding": "gzip"}
    )

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in picture.headers


def test_a_fault_of_ours_is_told_without_its_insides(
    door: Callable[..., AbstractContextManager[House]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("/private/path/of/ours")

    with door() as house:
        monkeypatch.setattr(house.manager, "submit", fail)
        answer = house.client.post("/api/v1/jobs", json={})

    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal"
    assert "private" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_end_of_the_server_ends_waiting_and_takes_nothing_more(
    door: Callable[..., AbstractContextManager[House]],
) -> None:
    with door() as house:
        version = house.client.get("/api/v1/jobs").json()["version"]
        assert house.client.portal is not None
        house.client.portal.call(house.studio.closing.begin)

        waiting = house.client.get(f"/api/v1/jobs?since={version + 10**6}&wait=20")
        submitted = house.client.post("/api/v1/jobs", json={})
        rendered = house.client.post("/sdapi/v1/txt2img", json={})
        ready = house.client.get("/readyz")

        assert waiting.status_code in (200, 503)
        assert (submitted.status_code, rendered.status_code, ready.status_code) == (503, 503, 503)
        assert "shutting down" in submitted.json()["error"]["message"]
        assert "shutting down" in rendered.json()["detail"]
        assert "shutting down" in ready.json()["why"]
        assert house.client.get("/livez").status_code == 200
