"""Where a child begins: it opens its files, limits itself, does its one job and says what went wrong.

The parent starts it isolated and without our packages' own beginnings, which would import all of Darkroom.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
from collections.abc import Callable
from typing import Any, BinaryIO

from pipelines.video.media import limits
from pipelines.video.media.decoder import Wanted, tell_facts, tell_frames
from pipelines.video.media.messages import PipeEnded, send
from pipelines.video.media.movies import ANOTHER, Problem
from pipelines.video.media.muxer import Plan, Target, join

SMALLER = "Send a smaller or a shorter one."


def facts(pipe: io.FileIO, source: str, asked: dict[str, Any]) -> None:
    with open(source, "rb") as file:
        limits.confine()
        tell_facts(file, pipe)


def frames(pipe: io.FileIO, source: str, asked: dict[str, Any]) -> None:
    with open(source, "rb") as file:
        limits.confine()
        tell_frames(file, pipe, Wanted(**asked))


def joined(pipe: io.FileIO, source: str, asked: dict[str, Any]) -> None:
    """`source` is the movie whose sound is wanted, or empty."""
    with contextlib.ExitStack() as stack:
        file: BinaryIO | None = stack.enter_context(open(source, "rb")) if source else None
        path = asked.pop("target")
        written = stack.enter_context(open(path, "r+b", buffering=0))
        read = stack.enter_context(open(path, "rb", buffering=0))
        limits.confine(is_writing=True)
        join(file, pipe, Target(written, read), Plan(**asked))


JOBS: dict[str, Callable[[io.FileIO, str, dict[str, Any]], None]] = {
    "facts": facts,
    "frames": frames,
    "joined": joined,
}


def main(job: str, source: str, asked: str) -> None:
    """`asked`: a JSON object for the job. Messages leave on stdout; the last may say what the problem is."""
    with io.FileIO(1, "wb", closefd=False) as pipe:
        try:
            JOBS[job](pipe, source, json.loads(asked))
        except (BrokenPipeError, PipeEnded):
            pass  # nobody listens any longer
        except Exception as error:
            with contextlib.suppress(BrokenPipeError):
                send(pipe, _worded(error))


def _worded(error: Exception) -> dict[str, Any]:
    if isinstance(error, Problem):
        return {"problem": error.args}
    if isinstance(error, MemoryError):
        return {"problem": ("{name} needs too much memory.", SMALLER)}
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return {"errno": error.errno}
    why = f"{type(error).__name__}: {error}"[:300]
    return {"problem": (f"{{name}} is damaged or incomplete ({why}).", ANOTHER)}
