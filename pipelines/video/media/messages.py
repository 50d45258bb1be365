"""Messages in a pipe between the studio and a child: a header in JSON, then bytes; each is preceded by its length."""

from __future__ import annotations

import json
import struct
from typing import Any, Protocol

LENGTHS = struct.Struct("<IQ")
HEADER_BYTES_MAX = 1_000_000  # the other side may have been taken over by a hostile file
PAYLOAD_BYTES_MAX = 1_000_000_000

Data = bytes | bytearray | memoryview


class Pipe(Protocol):
    """What of a file without a buffer is needed here."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...

    def write(self, data: memoryview, /) -> int | None: ...


class PipeEnded(Exception):
    """The other side is gone."""


def send(pipe: Pipe, header: dict[str, Any], payload: Data = b"") -> None:
    """Writes one message, and waits until the pipe has taken it. Raises BrokenPipeError."""
    text = json.dumps(header).encode()
    data = memoryview(payload).cast("B")
    _write(pipe, memoryview(LENGTHS.pack(len(text), len(data)) + text))
    _write(pipe, data)


def receive(pipe: Pipe) -> tuple[dict[str, Any], bytearray]:
    """Waits for one message. Raises PipeEnded, also for lengths that nobody sends."""
    header_bytes, payload_bytes = LENGTHS.unpack(_read(pipe, LENGTHS.size))
    if header_bytes > HEADER_BYTES_MAX or payload_bytes > PAYLOAD_BYTES_MAX:
        raise PipeEnded
    try:
        header = json.loads(_read(pipe, header_bytes))
    except ValueError:
        raise PipeEnded from None
    return header, _read(pipe, payload_bytes)


def _write(pipe: Pipe, data: memoryview) -> None:
    while data:
        data = data[pipe.write(data) or 0 :]


def _read(pipe: Pipe, size: int) -> bytearray:
    buffer = bytearray(size)
    left = memoryview(buffer)
    while left:
        count = pipe.readinto(left)
        if not count:
            raise PipeEnded
        left = left[count:]
    return buffer
