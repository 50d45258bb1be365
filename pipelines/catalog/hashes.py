"""The SHA-256 of checkpoint files, by which other programs know them: worked out in the background, kept on disk.

Only files that are used are read for it; reading one takes as long as reading it, so it gives way to everything
else. Its first ten digits are called AutoV2 and stand in a picture's text as `Model hash`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import queue
import re
import threading
import time
from pathlib import Path

from pipelines.catalog.weights_file import Damaged, read_header

LOG = logging.getLogger(__name__)
FILE = "model-hashes.json"
CHUNK_BYTES = 4 * 2**20
SHARE = 0.5  # of its time that the thread works; the rest of it the disk is free
NICE = 19
KNOWN_MAX = 10_000
# Of what: all of a file, or what stands after the header of safetensors, as AUTOMATIC1111 has it for LoRAs (AutoV3).
WHOLE, AFTER_HEADER = "", "|after header"
OWN_HASH = "sshs_model_hash"  # the same, written into the file by kohya's scripts
SHA256 = re.compile(r"[0-9a-f]{64}")
# What AUTOMATIC1111 wrote as `Model hash` before December 2022 (AutoV1): of a piece of the file.
AUTO_V1_DIGITS, AUTO_V1_START, AUTO_V1_BYTES = 8, 0x100000, 0x10000

Key = str  # path, size, change time and inode: another file under the same name has another key


class Hashes:
    """May be asked from any thread. `share`: of its time that it works."""

    def __init__(self, data_dir: Path, *, share: float = SHARE) -> None:
        self._file, self._share = data_dir / FILE, share
        self._known = _load(self._file)
        self._wanted: queue.SimpleQueue[tuple[Path, str] | None] = queue.SimpleQueue()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hashes", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._wanted.put(None)

    @property
    def count(self) -> int:
        """How many are known."""
        return len(self._known)

    def want(self, path: Path, part: str = WHOLE) -> None:
        """Works it out in the background, unless it is known."""
        if path.is_file() and not self.of(path, part):
            self._wanted.put((path, part))

    def of(self, path: Path, part: str = WHOLE) -> str:
        """64 hex digits, or "" while it is unknown."""
        key = _key(path, part)
        return self._known.get(key, "") if key else ""

    def _run(self) -> None:
        _give_way()
        while (wanted := self._wanted.get()) is not None and not self._is_over.is_set():
            self.work_out(*wanted)

    def work_out(self, path: Path, part: str = WHOLE) -> str:
        """Reads the whole file, unless its hash is known; "" when it cannot be read."""
        key = _key(path, part)
        if not key or key in self._known:
            return self.of(path, part)
        try:
            digest = self._digest(path, part)
            if digest and key == _key(path, part):  # it is still the file that was read
                self._keep(key, digest)
        except (OSError, Damaged) as error:
            LOG.info("no hash of %s: %s", path.name, error)
        return self.of(path, part)

    def _digest(self, path: Path, part: str) -> str:
        """ "" when the server ends meanwhile."""
        sha256 = hashlib.sha256()
        own = read_header(path) if part == AFTER_HEADER else None
        if own and SHA256.fullmatch(own.metadata.get(OWN_HASH, "")):
            return own.metadata[OWN_HASH]
        with path.open("rb", buffering=0) as file:
            file.seek(own.bytes if own else 0)
            began = time.monotonic()
            while chunk := file.read(CHUNK_BYTES):
                sha256.update(chunk)
                worked_seconds = time.monotonic() - began
                if self._is_over.wait(worked_seconds * (1 / self._share - 1)):
                    return ""
                began = time.monotonic()
        return sha256.hexdigest()

    def _keep(self, key: Key, digest: str) -> None:
        self._known = dict([*self._known.items(), (key, digest)][-KNOWN_MAX:])
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(self._known, indent=1), encoding="utf-8")
        part.replace(self._file)  # half a file would only mean that it is worked out again


def auto_v1(path: Path) -> str:
    """Its 8 hex digits; "" when the file cannot be read, or is shorter than where the piece begins."""
    try:
        with path.open("rb") as file:
            file.seek(AUTO_V1_START)
            piece = file.read(AUTO_V1_BYTES)
    except OSError:
        return ""
    return hashlib.sha256(piece).hexdigest()[:AUTO_V1_DIGITS] if piece else ""


def _key(path: Path, part: str) -> Key:
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{path.absolute()}|{found.st_size}|{found.st_mtime_ns}|{found.st_ino}{part}"


def _load(file: Path) -> dict[Key, str]:
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    items = values.items() if isinstance(values, dict) else ()
    return {key: digest for key, digest in items if isinstance(digest, str) and len(digest) == 64}


def _give_way() -> None:
    """The lowest priority, where a thread can have one of its own (Linux)."""
    if hasattr(os, "setpriority") and os.uname().sysname == "Linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
