"""Uploads: the pictures that people send, kept without loss under an id that is made of their pixels.

An asset is two files: `<id>.json`, what it is, who has sent it and what each one's file said, and `<id>`, the picture,
a PNG, which makes the asset valid when it gets its name. `<id>.webp` is its small picture, once somebody has asked.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from pipelines.errors import NotFound, Refused, UploadError
from pipelines.output import child, metadata
from pipelines.output.description import NAME as DESCRIPTION
from pipelines.output.disk import PART, claim, failures_named, part_of, sync_file, sync_folder
from pipelines.output.edits import Edits
from pipelines.output.infotext import Unmapped
from pipelines.request import Request

CHILDREN_AT_ONCE = 2  # each may take 1.5 GB
# The others are asked to come again, so that they do not hold every thread of the server.
UPLOADS_AT_ONCE = 8
KEPT_SECONDS = 30 * 86_400.0
ID = re.compile("[0-9a-f]{32}")

Find = Callable[[str, str], Path | None]  # (asset id, owner) → where else its picture lies


@dataclass(frozen=True)
class Asset:
    """An upload as it is kept. All from `request` to `description` is what the metadata of this owner's file said."""

    id: str  # the first 32 hex digits of the SHA-256 of mode, size and pixels
    width: int
    height: int
    format: str  # png; jpeg for uploads of older versions
    request: Request | None
    parameters: str
    edits: Edits | None
    program: str  # that has made it; "" if that is unknown
    unmapped: tuple[Unmapped, ...]  # what it says and `request` cannot
    description: str  # what a person has written about it into the file
    path: Path

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the API; the place on disk stays out of it, and of the edits it has the number."""
        values = dataclasses.asdict(replace(self, edits=None))
        del values["path"]
        return {**values, "edits": self.edits.count if self.edits else 0}


def nowhere(asset_id: str, owner: str) -> Path | None:
    """For who keeps pictures nowhere else."""
    return None


class Assets:
    """The uploads of all owners, in one folder, which is swept when this object is made: once, at start.

    `elsewhere` finds the picture of an upload that is gone, if this owner may have it; it then becomes one again.
    `kept`: the ids of those that stay however long nobody has used them.
    """

    def __init__(
        self, data_dir: Path, elsewhere: Find = nowhere, kept: Collection[str] = ()
    ) -> None:
        self._folder = data_dir / "assets"
        self._elsewhere = elsewhere
        self._line = threading.BoundedSemaphore(UPLOADS_AT_ONCE)
        self._children = threading.BoundedSemaphore(CHILDREN_AT_ONCE)
        self._naming = threading.Lock()  # a picture and its sidecar change together
        self._sweep(kept)

    def add(self, sent: bytes | BinaryIO, owner: str, filename: str = "") -> Asset:
        """Raises UploadError with what is wrong, Refused or DiskFull. `filename` is only for the message.

        `sent` is the bytes, or a file of the disk, which then need not fit into memory.
        """
        if isinstance(sent, bytes):
            child.check(sent, len(sent), filename)
        else:
            child.check_file(sent, filename)
        if not self._line.acquire(blocking=False):
            raise Refused("Too many pictures are being sent at once.", "Try again in a moment.", 5)
        try:
            return self._add(sent, owner)
        finally:
            self._line.release()

    def add_file(self, path: Path, owner: str) -> Asset:
        """Likewise, from a file that lies here already. Raises OSError as well."""
        with path.open("rb") as file:
            return self.add(file, owner, path.name)

    def get(self, asset_id: str, owner: str) -> Asset:
        """Raises NotFound, in the same words for what is another's and for what is not there, or DiskFull.

        What was swept and is found elsewhere is decoded and compared with its id, like anything that is sent.
        """
        found = None
        if ID.fullmatch(asset_id):
            found = self._own(asset_id, owner) or self._brought_back(asset_id, owner)
        if found is None:
            raise NotFound("There is no such upload.", "Send the picture again.")
        return found

    def thumbnail(self, asset_id: str, owner: str) -> bytes:
        """A WebP of at most 512 px. Raises as `get` does."""
        asset = self.get(asset_id, owner)
        small = asset.path.with_suffix(".webp")
        with contextlib.suppress(FileNotFoundError):
            return small.read_bytes()
        with asset.path.open("rb") as file, self._decoded(file, "shrink") as (part, _):
            data = part.read_bytes()
            with failures_named(self._folder):
                part.replace(small)
        return data

    def forget(self, asset_id: str, owner: str) -> None:
        """It is this owner's no more, and goes with its last owner; what is not there does not matter.

        Raises DiskFull.
        """
        path = self._folder / asset_id
        with self._naming, failures_named(self._folder):
            sidecar = _read(path)
            others = {name: one for name, one in sidecar["owners"].items() if name != owner}
            if not ID.fullmatch(asset_id) or others == sidecar["owners"]:
                return
            if others:
                facts = {name: sidecar[name] for name in ("width", "height", "format")}
                _write(path, {**facts, "owners": others})
            else:  # the picture first: without it the others are swept
                for one in (path, path.with_suffix(".webp"), path.with_suffix(".json")):
                    one.unlink(missing_ok=True)
            sync_folder(self._folder)

    def _own(self, asset_id: str, owner: str) -> Asset | None:
        path = self._folder / asset_id
        sidecar = _read(path)
        if owner not in sidecar["owners"]:
            return None
        try:
            os.utime(path)  # it is used, so it stays
        except FileNotFoundError:
            return None
        return _asset(path, sidecar, owner)

    def _brought_back(self, asset_id: str, owner: str) -> Asset | None:
        path = self._elsewhere(asset_id, owner)
        if path is None:
            return None
        with contextlib.suppress(FileNotFoundError, UploadError), path.open("rb") as file:
            return self._add(file, owner, asset_id)
        return None

    def _add(self, sent: bytes | BinaryIO, owner: str, wanted_id: str = "") -> Asset:
        """Raises UploadError for pixels that are not those of the wanted id."""
        with self._decoded(sent, "reencode") as (part, report):
            if wanted_id and report["id"] != wanted_id:
                raise UploadError("The picture is another one than it was.")
            with failures_named(self._folder):
                sync_file(part)
                return self._keep(part, report, owner)

    @contextlib.contextmanager
    def _decoded(self, sent: bytes | BinaryIO, make: str) -> Iterator[tuple[Path, dict[str, Any]]]:
        """(a file in our folder, which is gone afterwards unless it got another name; the child's report)."""
        with failures_named(self._folder):
            part = part_of(claim(self._folder, [secrets.token_hex(16)]))
        try:
            with self._children:
                report = child.decode(sent, part, make)
            yield part, report
        finally:
            part.unlink(missing_ok=True)

    def _keep(self, part: Path, report: dict[str, Any], owner: str) -> Asset:
        """Notes the owner, then gives the picture its name, unless an equal one has it."""
        path = self._folder / report["id"]
        with self._naming:
            facts = {name: report[name] for name in ("width", "height", "format")}
            owners = {**_read(path)["owners"], owner: report["texts"]}
            _write(path, {**facts, "owners": owners})
            if path.exists():
                os.utime(path)
            else:
                part.rename(path)
            sync_folder(self._folder)
        return _asset(path, {**facts, "owners": owners}, owner)

    def _sweep(self, kept: Collection[str]) -> None:
        """Removes what a kill left behind, and uploads that nobody has used for 30 days."""
        oldest = time.time() - KEPT_SECONDS
        for path in sorted(self._folder.glob("*")):
            picture = path.with_suffix("")
            is_left = path.suffix == PART or not picture.exists()
            if is_left or (picture.stat().st_mtime < oldest and picture.name not in kept):
                path.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    """The sidecar of a picture. `owners`: each with the texts of the file that he or she has sent."""
    try:
        sidecar: dict[str, Any] = json.loads(path.with_suffix(".json").read_bytes())
    except (FileNotFoundError, ValueError):
        return {"owners": {}}
    if "owner" in sidecar:  # as older versions wrote it
        sidecar["owners"] = {sidecar["owner"]: sidecar["texts"]}
    return sidecar


def _write(path: Path, sidecar: dict[str, Any]) -> None:
    """Whole or not at all; durable once the folder is."""
    final = path.with_suffix(".json")
    part_of(final).write_text(json.dumps(sidecar), encoding="utf-8")
    sync_file(part_of(final))
    part_of(final).replace(final)


def _asset(path: Path, sidecar: dict[str, Any], owner: str) -> Asset:
    texts = sidecar["owners"][owner]
    embedded = metadata.parse(texts)
    return Asset(
        id=path.name,
        width=sidecar["width"],
        height=sidecar["height"],
        format=sidecar["format"],
        request=embedded.request,
        parameters=embedded.parameters,
        edits=embedded.edits,
        program=embedded.program,
        unmapped=embedded.unmapped,
        description=texts.get(DESCRIPTION, ""),
        path=path,
    )
