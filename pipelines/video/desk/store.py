"""Videos on disk: what their files say, read with every field of its type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipelines.fields import rows, typed
from pipelines.request import Request
from pipelines.video.video import Film, Video
from pipelines.works.store import Form, Store

FOLDER = "videos"  # under the data folder
RECORD = "video.json"
PASSING: dict[str, Any] = {"stage": "", "eta_seconds": None, "position": None}


def store_in(data_dir: Path) -> Store[Video]:
    """The folders under `<data_dir>/videos/`."""
    return Store(data_dir / FOLDER, Form("video", RECORD, read, PASSING))


def read(data: bytes) -> Video:
    """A video from its file. Raises one of UNREADABLE."""
    values = dict(json.loads(data))
    film, request = values.pop("film"), values.pop("request")
    parts: dict[str, Any] = {
        "asked": dict(values.pop("asked")),
        "output": dict(values.pop("output")),
        "request": Request.from_dict(request).as_dict() if request is not None else None,
        "film": rows(Film, [film], "film")[0] if film is not None else None,
        "error": _error(values.pop("error")),
        "warnings": tuple(str(text) for text in values.pop("warnings")),
    }
    return Video(**typed(Video, values, "video."), **parts)


def _error(values: Any) -> dict[str, Any] | None:
    if values is not None and not isinstance(values, dict):
        raise ValueError(f"{values!r:.80} is no error")
    return values
