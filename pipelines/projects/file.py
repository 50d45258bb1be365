"""The project file: a zip of project.json and every picture that it names, to be opened anywhere. Never trusted.

Nothing is unpacked to where a name in it says; each picture goes through the decoder's child as an upload does.
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from pipelines.errors import UploadError
from pipelines.projects.changes import NAME_CHARACTERS, STEPS_MAX
from pipelines.projects.orders import asked
from pipelines.projects.project import Place, Project, Values, places
from pipelines.projects.reopening import Known, new_step
from pipelines.projects.telling import assets_of, named_in, renamed
from pipelines.projects.tools import Tools, check_tool

FORMAT, VERSION = "darkroom project", 1
CONTENTS = "project.json"
PICTURE = re.compile(r"pictures/[0-9a-f]{1,64}\.png")
CONTENTS_BYTES = 5_000_000
PICTURE_BYTES = 150_000_000
ALL_BYTES = 1_000_000_000  # unpacked
MEMBERS = 4 * STEPS_MAX
ENCRYPTED = 0x1  # flag of a member
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
ANOTHER = "Send the file of a project, as Darkroom has written it."


@dataclass(frozen=True)
class Opened:
    """What stands in a project file, its pictures among the uploads of who sent it."""

    name: str
    base: str
    steps: tuple[Known, ...]
    position: int


def write(project: Project, target: BinaryIO, png: Callable[[str], bytes]) -> None:
    """Writes the file; `png` gives the picture of an asset. Results that are not true now stay out."""
    steps = [_step(place) for place in places(project)]
    contents = {
        "format": FORMAT,
        "version": VERSION,
        "name": project.name,
        "base": _name(project.base),
        "position": project.position,
        "steps": steps,
    }
    results = {place.result.image for place in places(project) if place.result}
    older = {one.image for step in project.steps for one in step.results} - results
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:  # PNG is packed already
        text = json.dumps(contents, ensure_ascii=False, indent=1)
        archive.writestr(CONTENTS, text.encode("utf-8", "replace"))
        for asset in sorted(assets_of(project) - (older - {project.base})):
            with archive.open(_name(asset), "w") as member:
                member.write(png(asset))


def read(source: BinaryIO, add: Callable[[bytes], str], tools: Tools) -> Opened:
    """Checks the file before any picture of it is taken; `add` makes an asset. Raises UploadError or RequestError."""
    try:
        with zipfile.ZipFile(source) as archive:
            _check(archive)
            contents = _contents(archive)
            steps = [_read_step(one, tools) for one in contents["steps"]]
            names = _names(contents["base"], steps)
            missing = sorted(names - set(archive.namelist()))
            if missing:
                raise _refused(f"its picture {missing[0]:.80} is missing")
            assets = {name: add(_member(archive, name, PICTURE_BYTES)) for name in sorted(names)}
    except DAMAGES as error:
        raise _refused(f"it is damaged ({error})") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _refused(f"what it says cannot be read ({error!r:.100})") from error
    known = tuple(_in_house(one, assets) for one in steps)
    return Opened(contents["name"], assets[contents["base"]], known, contents["position"])


def _step(place: Place) -> Values:
    step = place.step
    names = {asset: _name(asset) for asset in named_in(step.request or {})}
    return {
        "name": step.name,
        "request": renamed(step.request, names) if step.request else None,
        "tool": step.tool,
        "is_enabled": step.is_enabled,
        "image": _name(place.result.image) if place.result else "",
    }


def _name(asset_id: str) -> str:
    return f"pictures/{asset_id}.png"


def _check(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    if len(members) > MEMBERS:
        raise _refused(f"it has {len(members):,} files in it, of {MEMBERS} that there may be")
    if len({member.filename for member in members}) < len(members):
        raise _refused("a name stands in it twice")
    for member in members:
        if member.filename != CONTENTS and not PICTURE.fullmatch(member.filename):
            raise _refused(f"{member.filename!r:.80} does not belong into it")
        if member.flag_bits & ENCRYPTED or member.compress_type not in PACKED:
            raise _refused(f"{member.filename} is encrypted or packed in another way")
    total = sum(member.file_size for member in members)
    if total > ALL_BYTES:
        why = f"it would take {total / 1e6:,.0f} MB, of {ALL_BYTES // 1_000_000:,} that it may"
        raise _refused(why, 413)


def _contents(archive: zipfile.ZipFile) -> Values:
    if CONTENTS not in archive.namelist():
        raise _refused(f"there is no {CONTENTS} in it")
    values = json.loads(_member(archive, CONTENTS, CONTENTS_BYTES))
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise _refused(f"{CONTENTS} is of another program")
    if values.get("version") != VERSION:
        why = f"it was written by a newer Darkroom (format {values.get('version')!r:.20})"
        raise _refused(why)
    steps, position = values["steps"], values["position"]
    if not isinstance(steps, list) or len(steps) > STEPS_MAX:
        raise _refused(f"it has no steps, or more than {STEPS_MAX}")
    if type(position) is not int or not 0 <= position <= len(steps):
        raise _refused(f"position {position!r:.20} is none")
    return {**values, "name": _text(values["name"]), "base": _text(values["base"])}


def _read_step(values: Any, tools: Tools) -> Known:
    request, tool = values["request"], values["tool"]
    if (request is None) == (tool is None) or type(values["is_enabled"]) is not bool:
        raise _refused("a step in it is none")
    step = new_step(
        _text(values["name"]),
        asked(request) if request is not None else None,
        check_tool(tool, tools) if tool is not None else None,
    )
    return Known(replace(step, is_enabled=values["is_enabled"]), _text(values["image"]))


def _names(base: str, steps: list[Known]) -> set[str]:
    """Every picture that is named, which must be in the file."""
    requests = (one.step.request or {} for one in steps)
    masks = (name for request in requests for name in named_in(request))
    return ({base} | {one.image for one in steps} | set(masks)) - {""} | {base}


def _in_house(known: Known, assets: dict[str, str]) -> Known:
    """With our names for the pictures."""
    request = known.step.request
    step = replace(known.step, request=renamed(request, assets)) if request else known.step
    return Known(step, assets.get(known.image, ""))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r:.40} is no text")
    return value[:NAME_CHARACTERS]


def _member(archive: zipfile.ZipFile, name: str, most_bytes: int) -> bytes:
    """The bytes of a member, whatever its header says of their number."""
    with archive.open(name) as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise _refused(f"{name} has more than {most_bytes // 1_000_000} MB", 413)
    return data


def _refused(why: str, http_status: int = 415) -> UploadError:
    error = UploadError(f"The project file cannot be opened: {why}.", ANOTHER)
    error.http_status = http_status
    return error
