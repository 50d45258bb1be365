"""Pickles of weights, turned into safetensors where the administrator allows it: one at a time, in a child process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.single_file import PICKLES
from pipelines.errors import ModelUnreadable
from pipelines.output.disk import claim, failures_named, part_of, publish, sync_file

REPOSITORY = Path(__file__).parents[2]
# As a file: it needs torch, and nothing of what its package would bring along.
CHILD = REPOSITORY / "pipelines" / "worker" / "unpickle.py"
WAITING, CONVERTING, DONE, FAILED = "waiting", "converting", "done", "failed"
SHOWN_MAX = 50
# Of the server's environment: no tokens, no proxies.
ENVIRONMENT = {"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True)
class Conversion:
    """How far one is. `name`: of the model that comes of it; `why`: a sentence, when it failed."""

    source: str
    name: str
    state: str = WAITING
    why: str = ""


class Pickles:
    """May be asked from any thread. What comes of a pickle lies in `folder`, one of the folders of models."""

    def __init__(self, folder: Path, catalog: Catalog, *, is_allowed: bool) -> None:
        self.folder, self._catalog, self.is_allowed = folder, catalog, is_allowed
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pickles")
        self._lock = threading.Lock()
        self._known: dict[str, Conversion] = {}
        self._child: subprocess.Popen[bytes] | None = None

    def rows(self) -> list[dict[str, Any]]:
        """All conversions since the start, as JSON."""
        with self._lock:
            return [asdict(one) for one in self._known.values()]

    def convert(self, source: Path) -> dict[str, Any]:
        """Begins, unless it is under way; how far it is. Raises ModelUnreadable."""
        if not self.is_allowed:
            raise ModelUnreadable(
                f"{source.name} is a pickle, which could run code, and pickles are not allowed here.",
                "Start Darkroom with --allow-pickle, or convert the file elsewhere.",
            )
        if source.suffix.lower() not in PICKLES or not source.is_file():
            raise ModelUnreadable(f"{source} is no pickle of weights.", "Choose another file.")
        with self._lock:
            known = self._known.get(str(source))
            if known is None or known.state in (DONE, FAILED):
                known = Conversion(str(source), source.stem)
                self._known[str(source)] = known
                for old in list(self._known)[:-SHOWN_MAX]:
                    del self._known[old]
                self._thread.submit(self._run, known)
        return asdict(known)

    def close(self) -> None:
        """Ends the child, too; nothing half-written is ever listed."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._child is not None:
            self._child.kill()

    def _run(self, conversion: Conversion) -> None:
        self._note(replace(conversion, state=CONVERTING))
        try:
            with failures_named(self.folder):
                target = claim(self.folder, _names(Path(conversion.source)))
                conversion, why = replace(conversion, name=target.stem), ""
                try:
                    why = self._in_child(Path(conversion.source), part_of(target))
                    if not why:
                        sync_file(part_of(target))
                        publish(target)
                finally:
                    part_of(target).unlink(missing_ok=True)
        except Exception as error:  # a full disk, a folder that cannot be written to
            why = getattr(error, "message", str(error))
        self._note(replace(conversion, state=FAILED if why else DONE, why=why))
        self._catalog.look()

    def _in_child(self, source: Path, part: Path) -> str:
        """Why it could not be converted; "": it was."""
        files = [str(source.absolute()), str(part.absolute())]
        command = [sys.executable, "-P", str(CHILD), *files]
        self._child = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        _, said = self._child.communicate()
        code, self._child = self._child.returncode, None
        if code == 0:
            return ""
        words = said.decode(errors="replace").strip().splitlines()
        why = words[-1][:300] if words else f"ended the converter with code {code}"
        return f"{source.name} {why}."

    def _note(self, conversion: Conversion) -> None:
        with self._lock:
            self._known[conversion.source] = conversion


def _names(source: Path) -> Iterator[str]:
    """Its own name, then numbered ones: another pickle of this name may have been converted before."""
    yield f"{source.stem}.safetensors"
    yield from (f"{source.stem} ({number}).safetensors" for number in count(2))
