"""One server per data folder: a lock that the system takes back when the process ends, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

from pipelines.errors import AlreadyRunning

if sys.platform == "win32":
    import msvcrt

    def _claim(file: IO[str]) -> None:
        file.seek(1_000_000)  # far behind the pid, which stays readable
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _claim(file: IO[str]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


class FolderLock:
    """Holds the folder from construction to `release`. Raises AlreadyRunning with the other's pid."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "lock"
        self._file = open(path, "a+", encoding="ascii")  # noqa: SIM115 — open as long as it is held
        try:
            _claim(self._file)
        except OSError as error:
            self._file.seek(0)
            pid = self._file.read(20).strip() or "unknown"
            self._file.close()
            raise AlreadyRunning(
                f"Another Darkroom (process {pid}) is using the data folder {folder}.",
                "Stop it first, or give this one a data folder of its own.",
                pid=pid,
                folder=str(folder),
            ) from error
        self._file.seek(0)
        self._file.truncate()
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        self._file.close()
