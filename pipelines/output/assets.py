"""Uploads: checked, decoded in a limited child process, encoded anew, kept per owner.

An asset is two files: `<id>.json`, whose and what it is, and `<id>`, the picture, which makes the asset valid when it
gets its name.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import json
import os
import re
import secrets
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import PIL

from pipelines.errors import NotFound, Refused, UploadError
from pipelines.output import metadata
from pipelines.output.decoder import CPU_SECONDS, MEMORY_BYTES
from pipelines.output.disk import (
    PART,
    claim,
    disk_full,
    failures_named,
    part_of,
    publish,
    sync_file,
)
from pipelines.request import Request

UPLOAD_BYTES_MAX = 20_000_000
CHILDREN_AT_ONCE = 2  # each may take 1 GB
# The others are asked to come again, so that they do not hold every thread of the server.
UPLOADS_AT_ONCE = 8
CLOCK_SECONDS = 30.0  # ends a child that hangs; one that computes ends itself after 5 s of CPU time
KEPT_SECONDS = 30 * 86_400.0
START_CHILD = "import sys; sys.path += sys.argv[1:3]; import decoder; decoder.main(sys.argv[3])"
CHOOSE_ANOTHER = "Send a PNG, JPEG or WebP picture."
OURS = rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|RIFF....WEBP"
KNOWN_OTHERS = (  # beginnings of files that people take for pictures we read
    (rb"GIF8", "a GIF picture"),
    (rb"II\*\0|MM\0\*", "a TIFF picture"),
    (rb"BM", "a BMP picture"),
    (rb"8BPS", "a Photoshop file"),
    (rb"....ftyp(?:hei|mif|hev)", "an HEIC picture"),
    (rb"....ftypavi", "an AVIF picture"),
    (rb"....ftyp", "a video"),
    (rb"%PDF", "a PDF file"),
    (rb"PK\x03\x04", "a ZIP archive"),
    (
        rb"(?is)\s*(?:<\?xml.{0,400}?)?(?:<!--.{0,400}?-->\s*)?(?:<!doctype svg|<svg)",
        "an SVG drawing",
    ),
    (rb"(?i)\s*<(?:!doctype html|html|head|body|script)", "an HTML page"),
)


@dataclass(frozen=True)
class Asset:
    """An upload as it is kept. `format` is png or jpeg; `request` and `parameters` are what its metadata said."""

    id: str
    width: int
    height: int
    format: str
    request: Request | None
    parameters: str
    path: Path

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the API; the place on disk stays out of it."""
        values = dataclasses.asdict(self)
        del values["path"]
        return values


class Assets:
    """The uploads of all owners, in one folder, which is swept when this object is made: once, at start."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "assets"
        self._line = threading.BoundedSemaphore(UPLOADS_AT_ONCE)
        self._children = threading.BoundedSemaphore(CHILDREN_AT_ONCE)
        self._sweep()

    def add(self, data: bytes, owner: str, filename: str = "") -> Asset:
        """Raises UploadError with what is wrong, Refused or DiskFull. `filename` is only for the message."""
        check(data, filename)
        if not self._line.acquire(blocking=False):
            raise Refused("Too many pictures are being sent at once.", "Try again in a moment.", 5)
        try:
            return self._add(data, owner)
        finally:
            self._line.release()

    def _add(self, data: bytes, owner: str) -> Asset:
        with failures_named(self._folder):
            final = claim(self._folder, [secrets.token_hex(16)])
        try:
            with self._children:
                report = decode(data, part_of(final))
            with failures_named(self._folder):
                sidecar = final.with_suffix(".json")
                sidecar.write_text(json.dumps({**report, "owner": owner}), encoding="utf-8")
                sync_file(sidecar)
                sync_file(part_of(final))
                publish(final)
        except BaseException:
            part_of(final).unlink(missing_ok=True)
            final.with_suffix(".json").unlink(missing_ok=True)
            raise
        return _asset(final, report)

    def get(self, asset_id: str, owner: str) -> Asset:
        """Raises NotFound, in the same words for what is another's and for what is not there."""
        path = self._folder / asset_id
        if re.fullmatch("[0-9a-f]{32}", asset_id):
            with contextlib.suppress(FileNotFoundError):
                report = json.loads(path.with_suffix(".json").read_bytes())
                if report["owner"] == owner:
                    os.utime(path)  # it is used, so it stays
                    return _asset(path, report)
        raise NotFound("There is no such upload.", "Send the picture again.")

    def _sweep(self) -> None:
        """Removes what a kill left behind, and uploads that nobody has used for 30 days."""
        oldest = time.time() - KEPT_SECONDS
        for path in sorted(self._folder.glob("*")):
            picture = path.with_suffix("")
            if path.suffix == PART or not picture.exists() or picture.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)


def check(data: bytes, filename: str = "") -> None:
    """Refuses by size and by the first bytes, at no cost. Raises UploadError."""
    shown = "".join(sign for sign in filename if sign.isprintable())[-60:]
    name = f"“{shown}”" if shown else "The file"
    if len(data) > UPLOAD_BYTES_MAX:
        limit = f"{UPLOAD_BYTES_MAX // 1_000_000} MB"
        raise _refused(f"{name} has {len(data) / 1e6:.1f} MB.", f"Send at most {limit}.", 413)
    if not data:
        raise _refused(f"{name} is empty.", CHOOSE_ANOTHER)
    if not re.match(OURS, data):
        kinds = (kind for start, kind in KNOWN_OTHERS if re.match(start, data))
        raise _refused(f"{name} is {next(kinds, 'no picture that we can read')}.", CHOOSE_ANOTHER)


def decode(data: bytes, target: Path, make: str = "reencode") -> dict[str, Any]:
    """Lets a child write the picture anew into `target` and returns its report. Raises UploadError or DiskFull.

    `make` is a row of MAKERS in decoder.py: reencode, or shrink for a small one.
    """
    library, here = Path(PIL.__file__).parent.parent, Path(__file__).parent
    command = [sys.executable, "-I", "-S", "-c", START_CHILD, str(here), str(library), make]
    with target.open("wb") as stdout:
        try:
            child = subprocess.run(
                command, input=data, stdout=stdout, stderr=subprocess.PIPE, timeout=CLOCK_SECONDS
            )
        except subprocess.TimeoutExpired:
            raise _refused("The picture took too long to decode.", "Send a smaller one.") from None
    try:
        report: dict[str, Any] = json.loads(child.stderr.splitlines()[-1])
    except (ValueError, IndexError):  # ended by one of its limits, or crashed
        raise _refused(
            f"The picture could not be decoded within {CPU_SECONDS} s and {MEMORY_BYTES // 10**9} GB.",
            "Send a smaller one.",
        ) from None
    if "problem" in report:
        raise _refused(*report["problem"])
    if report.get("errno") == errno.ENOSPC:
        raise disk_full(target.parent, True, OSError())
    if "why" in report:
        raise _refused(
            f"The picture is damaged or incomplete ({report['why']}).",
            "Open it in an image program, save it anew and send that.",
        )
    return report


def _refused(message: str, remedy: str, http_status: int = 415) -> UploadError:
    error = UploadError(message, remedy)
    error.http_status = http_status
    return error


def _asset(path: Path, report: dict[str, Any]) -> Asset:
    embedded = metadata.parse(report["texts"])
    return Asset(
        id=path.name,
        width=report["width"],
        height=report["height"],
        format=report["format"],
        request=embedded.request,
        parameters=embedded.parameters,
        path=path,
    )
