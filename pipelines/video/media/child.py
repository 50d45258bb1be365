"""Child processes that open what strangers have sent: started, heard and ended. What they do stands in inside.py."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import av

import pipelines.errors
from pipelines.video.media.errors import MediaError
from pipelines.video.media.limits import CPU_SECONDS, MEMORY_BYTES
from pipelines.video.media.messages import Data, PipeEnded, receive, send

CLOCK_SECONDS = 120.0  # ends a child that hangs; one that computes ends itself after CPU_SECONDS
PIPE_BYTES = 1 << 20
NAME_CHARACTERS = 60
# Our package without its __init__, which would import all of Darkroom.
HOUSE = (
    "import sys, types; sys.path.append(sys.argv[2]); "
    "house = sys.modules['pipelines'] = types.ModuleType('pipelines'); house.__path__ = [sys.argv[1]]; "
)
START_CHILD = HOUSE + "from pipelines.video.media import inside; inside.main(*sys.argv[3:])"


class Child:
    """A process that does one job with one file. A context manager: at its end the process is ended, whatever it does.

    `source`: the file, or None for a job without one. Raises MediaError when there is no such file.
    """

    def __init__(self, job: str, source: Path | None, asked: dict[str, Any]) -> None:
        self.name = shown(source) if source else "The movie"
        if source and not source.is_file():
            raise MediaError(f"{self.name} is not there.", "Choose another file.")
        path = str(source.absolute()) if source else ""
        self._process = subprocess.Popen(
            [*isolated(START_CHILD), job, path, json.dumps(asked)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            pipesize=PIPE_BYTES,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe
            pipe.close()
        self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, header: dict[str, Any], data: Data = b"") -> None:
        """To a child that has ended nothing is said; what it has left to say tells why."""
        with contextlib.suppress(BrokenPipeError), self._clock():
            send(self._process.stdin, header, data)  # type: ignore[arg-type]

    def receive(self) -> tuple[dict[str, Any], bytearray]:
        """The next message. Raises MediaError for a problem that the child tells, and when it has come to an end."""
        try:
            with self._clock():
                header, data = receive(self._process.stdout)  # type: ignore[arg-type]
        except PipeEnded:
            limits = f"{CPU_SECONDS} s a frame and {MEMORY_BYTES / 1e9:g} GB"
            why = f"{self.name} could not be decoded within {limits}."
            raise MediaError(why, "Send a smaller one, or save it anew.") from None
        if "problem" in header:
            message, remedy = header["problem"]
            raise MediaError(message.replace("{name}", self.name), remedy)
        return header, data

    @contextlib.contextmanager
    def _clock(self) -> Iterator[None]:
        timer = threading.Timer(CLOCK_SECONDS, self._process.kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def isolated(code: str) -> list[str]:
    """The command that runs code which begins with HOUSE, with nothing of the user's in reach of its imports."""
    ours, library = Path(pipelines.errors.__file__).parent, Path(av.__file__).parent.parent
    return [sys.executable, "-I", "-S", "-c", code, str(ours), str(library)]


def shown(path: Path) -> str:
    """The name of a file as errors say it."""
    name = "".join(sign for sign in path.name if sign.isprintable())[-NAME_CHARACTERS:]
    return f"“{name}”"
