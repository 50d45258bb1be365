"""Captioning: a model of the user's own describes pictures, in a child process that ends when it is idle."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pipelines.catalog.json_file import read_object
from pipelines.catalog.weights_file import Damaged
from pipelines.errors import ModelUnreadable, StudioError

FOLDER = (
    "captioner"  # under models/: a BLIP in the layout of transformers, or one in a folder there
)
CONFIG, KNOWN = "config.json", ("blip",)
CHILD = "pipelines.worker.finetune.captioner"
REPOSITORY = Path(__file__).parents[3]
# Of the server's environment: no tokens, no proxies. Nothing may be fetched.
ENVIRONMENT = {
    "PATH": os.defpath,
    "PYTHONPATH": str(REPOSITORY),
    "PYTHONDONTWRITEBYTECODE": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}
ANSWER_SECONDS = 300.0  # the first answer waits for the model to be read
IDLE_SECONDS = 60.0
COMMAND = (sys.executable, "-m", CHILD)


class NoCaptioner(StudioError):
    """There is no model that describes pictures."""

    code = "no_captioner"
    http_status = 409


class Captioning:
    """May be asked from any thread; pictures are described one after another."""

    def __init__(
        self,
        models_dirs: Iterable[Path],
        command: Sequence[str] = COMMAND,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._models_dirs, self._command = tuple(models_dirs), tuple(command)
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None  # of the child's model
        self._idle = threading.Timer(0, lambda: None)

    @property
    def name(self) -> str:
        """Of the model's folder; "" when there is none."""
        folder = next(self._folders(), None)
        return folder.name if folder else ""

    def describe(self, path: Path) -> str:
        """A caption for a picture. Raises NoCaptioner, or ModelUnreadable with what its process said."""
        folder = next(self._folders(), None)
        if folder is None:
            remedy = f"Put a BLIP as transformers keeps it (safetensors) into models/{FOLDER}/."
            raise NoCaptioner("There is nothing here that describes pictures.", remedy)
        with self._lock:
            self._idle.cancel()
            answer = self._asked(folder, path)
            self._idle = threading.Timer(self._idle_seconds, self.close)
            self._idle.daemon = True
            self._idle.start()
        if "caption" not in answer:
            why = answer.get("problem") or "its process ended"
            remedy = "Copy the model again, or take it away and write captions yourself."
            raise ModelUnreadable(f"{folder.name} could not describe it ({why}).", remedy)
        return str(answer["caption"])

    def close(self) -> None:
        """Ends the child. The next picture starts another one."""
        self._idle.cancel()
        with self._lock:
            self._end()

    def _folders(self) -> Iterator[Path]:
        for place in (one / FOLDER for one in self._models_dirs):
            with contextlib.suppress(OSError):
                for folder in (place, *sorted(place.iterdir())):
                    if _is_captioner(folder):
                        yield folder

    def _asked(self, folder: Path, path: Path) -> dict[str, Any]:
        child = self._running(folder)
        assert child.stdin is not None
        assert child.stdout is not None
        clock = threading.Timer(ANSWER_SECONDS, child.kill)
        clock.start()
        try:
            child.stdin.write(json.dumps({"path": str(path.absolute())}).encode() + b"\n")
            child.stdin.flush()
            answer = json.loads(child.stdout.readline())
        except (OSError, ValueError):  # it has ended
            self._end()
            return {}
        finally:
            clock.cancel()
        return answer if isinstance(answer, dict) else {}

    def _running(self, folder: Path) -> subprocess.Popen[bytes]:
        child = self._child
        if child is None or child.poll() is not None or folder != self._folder:
            self._end()
            child = subprocess.Popen(
                [*self._command, str(folder.absolute())],
                cwd=REPOSITORY,
                env=ENVIRONMENT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            self._child, self._folder = child, folder
        return child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for stream in (child.stdin, child.stdout):
            with contextlib.suppress(OSError):
                if stream:
                    stream.close()
        child.wait()


def _is_captioner(folder: Path) -> bool:
    try:
        return read_object(folder / CONFIG, CONFIG).get("model_type") in KNOWN
    except Damaged:
        return False
