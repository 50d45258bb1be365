"""Who made which picture: one line of JSON a picture in a file that only grows.

A line is on the disk before its picture gets its name, so a finished picture always has an owner, also when the index
is lost. The picture itself does not say who made it, because people share pictures.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines.output.disk import sync_folder
from pipelines.output.record import LOCAL_OWNER


@dataclass(frozen=True)
class Entry:
    """A picture and whose it is; `job_id` and `index` tell a restarted job that it was made.

    `hidden`: since when a picture of another program, whose file stays, is out of sight; seconds since the epoch.
    """

    id: str
    owner: str = LOCAL_OWNER
    job_id: str = ""
    index: int = 0
    hidden: float | None = None


class Ledger:
    """The file. Several processes may append at once: a line is one write."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, *entries: Entry) -> None:
        """Returns once the lines are on the disk. The leading newline ends a line that a power cut tore."""
        is_new = not self._path.exists()
        line = "".join(f"\n{json.dumps(asdict(entry))}\n" for entry in entries).encode()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            if os.write(descriptor, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            sync_folder(self._path.parent)

    def read(self) -> dict[str, Entry]:
        """The last entry of every picture by its id; lines that cannot be understood are passed over."""
        entries = {}
        with (
            contextlib.suppress(FileNotFoundError),
            self._path.open(encoding="utf-8", errors="replace") as lines,
        ):
            for line in lines:
                with contextlib.suppress(ValueError, TypeError):
                    entry = Entry(**json.loads(line))
                    entries[entry.id] = entry
        return entries
