"""Body limit: too large a body is refused before the application sees any of it, however it is declared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import Message

from api.body_limit import ASSET_BYTES, JSON_BYTES, UPLOAD_BYTES
from tests.api.test_guard import Canary, ask, guard


def chunks(total_bytes: int, chunk_bytes: int = 1_000_000) -> Iterator[bytes]:
    for start in range(0, total_bytes, chunk_bytes):
        yield b"x" * min(chunk_bytes, total_bytes - start)


def chunked(total_bytes: int) -> list[Message]:
    parts = [
        {"type": "http.request", "body": part, "more_body": True} for part in chunks(total_bytes)
    ]
    return [*parts, {"type": "http.request", "body": b"", "more_body": False}]


CASES = [
    ("application/json", JSON_BYTES),
    ("text/plain", JSON_BYTES),
    ("", JSON_BYTES),
    ("multipart/form-data; boundary=x", UPLOAD_BYTES),
    ("image/png", UPLOAD_BYTES),
]


@pytest.mark.parametrize(("kind", "most"), CASES)
@pytest.mark.parametrize("is_declared", [True, False])
def test_a_body_that_is_too_large_is_refused_before_the_application_sees_any_of_it(
    kind: str, most: int, is_declared: bool
) -> None:
    canary = Canary()
    headers = [(b"host", b"localhost"), (b"content-type", kind.encode())]
    length = (b"content-length", str(most + 1).encode())
    headers.append(length if is_declared else (b"transfer-encoding", b"chunked"))

    sent = ask(guard(canary), headers, chunked(most + 1))

    assert sent[0]["status"] == 413
    assert b"too_large" in sent[1]["body"]
    assert canary.reached == 0


@pytest.mark.parametrize(("kind", "most"), CASES)
def test_a_body_at_the_limit_arrives_whole_also_in_chunks(kind: str, most: int) -> None:
    canary = Canary()
    headers = [(b"host", b"localhost"), (b"content-type", kind.encode())]

    sent = ask(guard(canary), [*headers, (b"transfer-encoding", b"chunked")], chunked(most))

    assert sent[0]["status"] == 200
    assert canary.body_bytes == most


def test_a_small_declared_length_beside_chunks_does_not_help() -> None:
    canary = Canary()
    headers = [
        (b"host", b"localhost"),
        (b"content-length", b"2"),
        (b"transfer-encoding", b"chunked"),
    ]

    assert ask(guard(canary), headers, chunked(JSON_BYTES + 1))[0]["status"] == 413
    assert canary.reached == 0


@pytest.mark.parametrize(
    ("path", "kind", "most"),
    [
        ("/api/v1/assets", b"image/png", ASSET_BYTES),
        ("/api/v1/assets", b"multipart/form-data; boundary=x", ASSET_BYTES),
        ("/studio/api/v1/assets", b"image/png", ASSET_BYTES),
        ("/api/v1/assets", b"application/json", JSON_BYTES),
        ("/api/v1/jobs", b"image/png", UPLOAD_BYTES),
    ],
)
def test_only_an_upload_may_be_as_large_as_a_photograph(path: str, kind: bytes, most: int) -> None:
    for size_bytes, status in ((most, 200), (most + 1, 413)):
        length = (
            b"content-length",
            str(size_bytes).encode(),
        )  # the parser of HTTP holds it to that
        headers = [(b"host", b"localhost"), (b"content-type", kind), length]
        assert ask(guard(Canary()), headers, chunked(5), path)[0]["status"] == status


def test_an_upload_that_does_not_say_its_length_is_held_in_memory_and_so_may_not_be_large() -> None:
    headers = [
        (b"host", b"localhost"),
        (b"content-type", b"image/png"),
        (b"transfer-encoding", b"chunked"),
    ]

    sent = ask(guard(Canary()), headers, chunked(UPLOAD_BYTES + 1), "/api/v1/assets")

    assert sent[0]["status"] == 413


def test_an_empty_body_without_a_length_is_no_obstacle() -> None:
    canary = Canary()

    assert ask(guard(canary), [(b"host", b"localhost")])[0]["status"] == 200


def test_nothing_of_a_refused_body_is_left_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    headers = [(b"host", b"localhost"), (b"transfer-encoding", b"chunked")]

    ask(guard(Canary()), [*headers, (b"content-type", b"image/png")], chunked(UPLOAD_BYTES + 1))

    assert not list(tmp_path.iterdir())
