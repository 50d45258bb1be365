"""Guard: what may not reach the application does not, which a canary inside shows; every answer has the headers."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from api.guard import CONTENT_SECURITY_POLICY, HEADERS, Guard
from api.identity import Identity
from api.throttle import Throttle
from pipelines import Settings

PASSWORD = "correct horse"
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


class Canary:
    """Stands where the application is; counts what reaches it and reads its body."""

    def __init__(self) -> None:
        self.reached = 0
        self.body_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reached += 1
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4000})
            return
        while True:
            message = await receive()
            self.body_bytes += len(message.get("body", b""))
            if not message.get("more_body"):
                break
        headers = {"Access-Control-Allow-Origin": "http://evil.example", "X-Frame-Options": "ALLOW"}
        await PlainTextResponse("inside", headers=headers)(scope, receive, send)


class Clock:
    def __call__(self) -> float:
        return 1_000_000.0


def guard(canary: Canary, password: str | None = None, **settings: Any) -> Guard:
    clock = Clock()
    identity = Identity(b"s" * 32, password, clock)
    return Guard(canary, Settings(**settings), identity, Throttle(clock))


def client(house: Guard, host: str = "localhost:7860") -> TestClient:
    return TestClient(house, base_url=f"http://{host}", follow_redirects=False)


def ask(
    house: Guard,
    headers: list[tuple[bytes, bytes]],
    messages: list[Message] | None = None,
    path: str = "/x",
    kind: str = "http",
) -> list[Message]:
    """Sends one request as raw ASGI messages; the messages that come back."""
    scope = {"type": kind, "method": "POST", "path": path, "headers": headers, "query_string": b""}
    waiting = list(messages or [{"type": "http.request", "body": b"", "more_body": False}])
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(house(scope, receive, send))
    return sent


LAN = {"host": "0.0.0.0", "allowed_host": ("Studio.lan",), "password": PASSWORD}
BEARER = {"authorization": f"Bearer {PASSWORD}"}


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:7860", "127.0.0.1:80", "[::1]:7860", "LOCALHOST.:1"]
)
def test_on_loopback_its_names_are_served(host: str) -> None:
    assert client(guard(Canary())).get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "192.168.1.5:7860",
        "127.0.0.1.nip.io",
        "",
        "[::2]:1",
        "localhost:7860@evil.example",
        "0x7f.1",
    ],
)
def test_on_loopback_every_other_name_is_refused(host: str) -> None:
    canary = Canary()

    answer = client(guard(canary)).get("/", headers={"host": host})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "foreign_host"
    assert "--allowed-host" in answer.json()["error"]["remedy"]
    assert canary.reached == 0


def test_two_hosts_in_one_request_are_refused() -> None:
    canary = Canary()
    headers = [(b"host", b"localhost"), (b"host", b"evil.example")]

    assert ask(guard(canary), headers=headers)[0]["status"] == 400
    assert canary.reached == 0


@pytest.mark.parametrize("host", ["192.168.1.5:7860", "[fe80::1]:7860", "studio.lan", "localhost"])
def test_beyond_loopback_addresses_and_allowed_names_are_served(host: str) -> None:
    answer = client(guard(Canary(), **LAN)).get("/x", headers={**BEARER, "host": host})

    assert answer.status_code == 200


def test_beyond_loopback_other_names_are_refused() -> None:
    answer = client(guard(Canary(), **LAN)).get("/x", headers={**BEARER, "host": "evil.example"})

    assert answer.status_code == 400


FOREIGN = [
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "http://localhost:7861"},
    {"origin": "https://localhost:443"},
    {"origin": "file://localhost:7860"},
    {"origin": "http://localhost:7860.evil.example"},
    {"origin": "http://["},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site", "origin": "http://localhost:7860"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("method", UNSAFE)
def test_what_another_site_sends_is_refused(method: str, headers: dict[str, str]) -> None:
    canary = Canary()

    answer = client(guard(canary)).request(method, "/api/v1/jobs", headers=headers)

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "foreign_page"
    assert canary.reached == 0


@pytest.mark.parametrize("headers", FOREIGN[:-1])
def test_what_another_site_embeds_or_fetches_is_refused(headers: dict[str, str]) -> None:
    answer = client(guard(Canary())).get("/api/v1/jobs", headers=headers)

    assert answer.status_code == 403


def test_a_link_from_another_site_may_be_followed_but_not_framed() -> None:
    visitor = client(guard(Canary()))
    link = {
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "document",
    }

    assert visitor.get("/", headers=link).status_code == 200
    assert visitor.get("/", headers={**link, "sec-fetch-dest": "iframe"}).status_code == 403


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:7860", "http://localhost:7860"),
        ("localhost", "http://localhost:80"),
        ("studio.lan", "https://studio.lan"),
        ("10.0.0.5:7860", "https://studio.lan"),
        ("[::1]:7860", "http://[::1]:7860"),
    ],
)
def test_our_own_page_may_send(host: str, origin: str) -> None:
    headers = {**BEARER, "host": host, "origin": origin, "sec-fetch-site": "same-origin"}

    assert client(guard(Canary(), **LAN)).post("/x", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers", [[(b"origin", b"http://evil.example")], [(b"sec-fetch-site", b"cross-site")], []]
)
def test_a_websocket_of_another_site_or_host_is_closed(headers: list[tuple[bytes, bytes]]) -> None:
    canary = Canary()
    host = b"localhost:7860" if headers else b"evil.example"

    sent = ask(guard(canary), kind="websocket", headers=[(b"host", host), *headers])

    assert sent == [{"type": "websocket.close", "code": 1008}]
    assert canary.reached == 0


def test_a_websocket_of_our_own_page_gets_through() -> None:
    canary = Canary()
    headers = [(b"host", b"localhost:7860"), (b"origin", b"http://localhost:7860")]

    ask(guard(canary), kind="websocket", headers=headers)

    assert canary.reached == 1


def test_a_websocket_without_login_is_closed() -> None:
    sent = ask(guard(Canary(), **LAN), kind="websocket", headers=[(b"host", b"10.0.0.5")])

    assert sent[0]["code"] == 1008


@pytest.mark.parametrize(
    "path", ["/", "/config", "/static/style.css", "/loginx", "/login/", "//login", "/LIVEZ"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", *UNSAFE])
def test_without_login_nothing_but_the_open_paths_is_reached(method: str, path: str) -> None:
    canary = Canary()

    answer = client(guard(canary, **LAN)).request(method, path)

    assert answer.status_code == 401
    assert canary.reached == 0


@pytest.mark.parametrize("path", ["/login", "/livez"])
def test_the_open_paths_are_reached(path: str) -> None:
    assert client(guard(Canary(), **LAN)).get(path).status_code == 200


def test_on_loopback_too_a_password_means_login() -> None:
    assert client(guard(Canary(), password=PASSWORD)).get("/").status_code == 401


def test_a_browser_is_led_to_the_login_under_the_prefix_of_its_proxy() -> None:
    visitor = client(guard(Canary(), **LAN, root_path="/sd"))

    answer = visitor.get("/", headers={"accept": "text/html,*/*"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/sd/login")


def test_programs_are_asked_for_basic_and_scripts_of_a_page_are_not() -> None:
    visitor = client(guard(Canary(), **LAN))

    assert visitor.get("/x").headers["www-authenticate"].startswith("Basic")
    assert "www-authenticate" not in visitor.get("/x", headers={"sec-fetch-mode": "cors"}).headers


def test_the_password_opens_as_bearer_and_as_basic() -> None:
    visitor = client(guard(Canary(), **LAN))
    basic = base64.b64encode(f"me:{PASSWORD}".encode()).decode()

    assert visitor.get("/x", headers=BEARER).status_code == 200
    assert visitor.get("/x", headers={"authorization": f"Basic {basic}"}).status_code == 200
    assert visitor.get("/x", headers={"authorization": "Bearer wrong"}).status_code == 401


def test_guessing_by_authorization_is_throttled_even_if_the_last_guess_is_right() -> None:
    visitor = client(guard(Canary(), **LAN))
    codes = [
        visitor.get("/x", headers={"authorization": f"Bearer {n}"}).status_code for n in range(60)
    ]

    assert codes.count(401) == 10
    assert codes.count(429) == 50
    answer = visitor.get("/x", headers=BEARER)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("path", ["/", "/login"])
@pytest.mark.parametrize(
    "headers", [{}, {"host": "evil.example"}, {"origin": "http://evil.example"}]
)
def test_every_answer_carries_the_headers_and_lets_no_other_site_read_it(
    path: str, headers: dict[str, str]
) -> None:
    answer = client(guard(Canary(), **LAN)).get(path, headers=headers)

    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert "frame-ancestors 'none'" in CONTENT_SECURITY_POLICY
