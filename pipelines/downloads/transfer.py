"""One file from there to here: gone on from where it stopped, hashed while it comes, whole and right or not there."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

import httpx

from pipelines.downloads.client import Client, Interrupted
from pipelines.downloads.package import Hasher, RemoteFile
from pipelines.errors import DiskFull, SourceFailed
from pipelines.manager.space import lacking
from pipelines.output.disk import failures_named, part_of, sync_file, sync_folder

CHUNK_BYTES = 2**18
REHASH_BYTES = 16 * 2**20
FLUSH_SECONDS = 0.25
LOOK_AT_SPACE_BYTES = 64 * 2**20
FRUITLESS_MAX = 6  # attempts in a row that brought nothing
PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")
AGAIN = "Try again: what is there already is kept."
Result = TypeVar("Result")


class Mismatch(Exception):
    """All bytes came, and they are not those that were announced."""


@dataclass(frozen=True)
class Watcher:
    """What a transfer tells: the bytes of a file that are here, those that just came, why it waits; how it waits.

    `folder` is the one that people know, and is named when the disk is full.
    """

    have: Callable[[RemoteFile, int], None]
    came: Callable[[int], None]
    waits: Callable[[str], None]
    folder: Path
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep


async def fetch(client: Client, file: RemoteFile, final: Path, watcher: Watcher) -> None:
    """Brings the file to `final`, unless it is there. Raises SourceFailed, AccessDenied, AddressRefused or DiskFull.

    What came before an error stays in the .part beside it.
    """
    if final.exists():
        watcher.have(file, final.stat().st_size)
        return
    final.parent.mkdir(parents=True, exist_ok=True)
    best = fruitless = mismatches = 0
    while True:
        try:
            await _attempt(client, file, final, watcher)
            return
        except Interrupted as error:
            so_far = _size(part_of(final))
            fruitless, best = (0 if so_far > best else fruitless + 1), max(best, so_far)
            if fruitless >= FRUITLESS_MAX:
                raise SourceFailed(f"{error} Tried {fruitless} times.", AGAIN) from error
            watcher.waits(str(error))
            await watcher.pause(error.retry_after_seconds or PAUSES_SECONDS[fruitless])
        except Mismatch as error:
            mismatches += 1
            _forget(final)
            if mismatches > 1:
                raise SourceFailed(
                    f"{final.name} came whole twice and is not the file that was announced ({error}).",
                    "Try again later; if it happens again, do not use this source.",
                ) from error


async def _attempt(client: Client, file: RemoteFile, final: Path, watcher: Watcher) -> None:
    """One request. Raises Interrupted or Mismatch, and what `fetch` raises."""
    part, etag = part_of(final), final.with_name(f"{final.name}.etag")
    begin, hasher = await _resumed(file, part, etag, watcher)
    if file.is_verifiable and begin and file.is_this(hasher.hexdigest()):
        await _finish(final, watcher.folder)  # the last server ended just before this
        return
    headers = {"Range": f"bytes={begin}-"} if begin else {}
    if begin and (known := _text(etag)):
        headers["If-Range"] = known
    async with client.open(file.url, headers) as response:
        if response.status_code == 416:
            _forget(final)
            raise Interrupted("The server has less of this file than is here already.")
        if begin and response.status_code != 206:  # it starts anew: other bytes, or no ranges there
            begin, hasher = 0, file.hasher()
        _check_answer(file, response, begin)
        if not begin:
            with failures_named(watcher.folder):
                part.write_bytes(b"")
                etag.write_text(_strong(response.headers.get("etag", "")))
        sink = _Sink(part, begin, hasher, file, watcher)
        await sink.drain(response)
    missing = file.size_bytes - sink.have
    if missing > file.slack_bytes:
        raise Interrupted(f"The connection ended {missing:,} bytes too early.")
    if not file.is_this(sink.hasher.hexdigest()):
        raise Mismatch("its checksum is another one")
    await _finish(final, watcher.folder)


async def _resumed(
    file: RemoteFile, part: Path, etag: Path, watcher: Watcher
) -> tuple[int, Hasher]:
    """How much of the file is here and can be gone on from, and the hash of so much."""
    hasher, have = file.hasher(), _size(part)
    if have > file.size_bytes + file.slack_bytes or not (_text(etag) or file.is_verifiable):
        return 0, file.hasher()
    done = 0
    if have:
        with part.open("rb", buffering=0) as stream:
            while done < have:
                done += await in_thread(lambda: _rehash(stream, hasher))
                watcher.have(file, done)
    return done, hasher


def _rehash(stream: BinaryIO, hasher: Hasher) -> int:
    """Feeds the next piece of what is there; its bytes. Raises Interrupted when it has become shorter."""
    piece = stream.read(REHASH_BYTES)
    if not piece:
        raise Interrupted("What was gathered has become shorter.")
    hasher.update(piece)
    return len(piece)


def _check_answer(file: RemoteFile, response: httpx.Response, begin: int) -> None:
    """Raises SourceFailed when these cannot be the bytes that were announced."""
    if response.headers.get("content-type", "").startswith("text/html"):
        raise SourceFailed(
            f"{file.path} is answered with a web page instead of the file.",
            "The model may be taken down or ask for a login: look at its page.",
        )
    total = _length(response.headers.get("content-length"))
    if begin:
        found = CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        if not found or int(found[1]) != begin:
            raise SourceFailed(
                f"{file.path} is answered with another part than was asked for.", AGAIN
            )
        total = int(found[3])
    if total is not None and abs(total - file.size_bytes) > file.slack_bytes:
        raise SourceFailed(
            f"{file.path} would have {total:,} bytes; {file.size_bytes:,} were announced.",
            "Its publisher may have changed it: look it up again.",
        )


class _Sink:
    """Takes the bytes of one answer: into the part and into the hash, in pieces worth a write."""

    def __init__(
        self, part: Path, begin: int, hasher: Hasher, file: RemoteFile, watcher: Watcher
    ) -> None:
        self.have, self.hasher = begin, hasher
        self._part, self._file, self._watcher = part, file, watcher
        self._looked_at, self._flushed = begin, time.monotonic()
        self._buffer = bytearray()

    async def drain(self, response: httpx.Response) -> None:
        """All of the answer, and what came of it also when it breaks off."""
        try:
            async for piece in response.aiter_raw():
                self._buffer += piece
                is_late = time.monotonic() - self._flushed > FLUSH_SECONDS
                if len(self._buffer) >= CHUNK_BYTES or is_late:
                    await self._flush()
        finally:
            await self._flush()

    async def _flush(self) -> None:
        data, self._buffer = bytes(self._buffer), bytearray()
        self._flushed = time.monotonic()
        if not data:
            return
        if self.have + len(data) > self._file.size_bytes + self._file.slack_bytes:
            raise SourceFailed(
                f"{self._file.path} does not end after the {self._file.size_bytes:,} bytes that were announced.",
                "Its publisher may have changed it: look it up again.",
            )
        await in_thread(lambda: self._write(data))
        self.have += len(data)
        self._watcher.have(self._file, self.have)
        self._watcher.came(len(data))

    def _write(self, data: bytes) -> None:
        folder = self._watcher.folder
        if self.have - self._looked_at >= LOOK_AT_SPACE_BYTES or self.have == self._looked_at:
            self._looked_at = self.have
            if words := lacking((folder,), len(data)):
                raise DiskFull(words, "Make room there, then go on.")
        with failures_named(folder), self._part.open("r+b") as stream:
            stream.seek(self.have)
            try:
                stream.write(data)
                stream.flush()
            except OSError:
                with contextlib.suppress(OSError):
                    os.truncate(self._part, self.have)  # so that it goes on from what was hashed
                raise
        self.hasher.update(data)


async def _finish(final: Path, folder: Path) -> None:
    """The part, which is what it should be, gets its name once it is on the disk."""
    with failures_named(folder):
        await in_thread(lambda: sync_file(part_of(final)))
        part_of(final).rename(final)
        sync_folder(final.parent)
    final.with_name(f"{final.name}.etag").unlink(missing_ok=True)


async def in_thread(work: Callable[[], Result]) -> Result:
    """Work that may block, on another thread. Cancelling waits for it, so that nothing writes afterwards."""
    future = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        future.exception()
        raise


def _forget(final: Path) -> None:
    part_of(final).unlink(missing_ok=True)
    final.with_name(f"{final.name}.etag").unlink(missing_ok=True)


def _strong(etag: str) -> str:
    """The ETag if it promises the same bytes, else ""."""
    is_strong = etag.startswith('"') and etag.isascii() and etag.isprintable() and len(etag) < 300
    return etag if is_strong else ""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""


def _length(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 16 else None
