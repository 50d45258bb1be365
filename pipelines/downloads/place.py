"""From the gathered files to a model that is listed: checked, with its licence beside it, in one rename."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.catalog.facts import FACTS
from pipelines.catalog.json_file import read_object
from pipelines.catalog.weights_file import Damaged, read_header
from pipelines.downloads.package import Package
from pipelines.downloads.records import Record
from pipelines.downloads.variants import SAFETENSORS
from pipelines.errors import NameTaken, SourceFailed
from pipelines.output.disk import failures_named, move, part_of, sync_file, sync_folder

HASH_BYTES = 4 * 2**20


def target_of(package: Package, name: str, models_dir: Path) -> Path:
    """The file or folder that the package will be under this name."""
    folder = models_dir / package.subfolder if package.subfolder else models_dir
    return folder / (name if package.is_folder else f"{name}{SAFETENSORS}")


def is_taken(target: Path) -> bool:
    """Whether something lies there, also under a name that differs in case only."""
    try:
        return any(
            path.name.casefold() == target.name.casefold() for path in target.parent.iterdir()
        )
    except OSError:
        return False


def free_name(package: Package, name: str, models_dir: Path) -> str:
    """The name, or the next one with a number that is free."""
    number, wanted = 1, name
    while is_taken(target_of(package, wanted, models_dir)):
        number += 1
        wanted = f"{name}-{number}"
    return wanted


def is_there(package: Package, target: Path) -> bool:
    """Whether exactly this package lies there already. Reads the whole file if its size is right."""
    try:
        if package.is_folder:
            facts = read_object(target / FACTS, FACTS)
            return (facts.get("source"), facts.get("commit")) == (package.page_url, package.commit)
        file = package.files[0]
        if not file.sha256 or abs(target.stat().st_size - file.size_bytes) > file.slack_bytes:
            return False
        return file.is_this(_noted(target) or _sha256(target))
    except (OSError, Damaged):
        return False


def check(record: Record) -> None:
    """Raises SourceFailed when a file of weights is none, whatever its checksum says."""
    for file in record.package.files:
        if not file.path.endswith(SAFETENSORS):
            continue
        try:
            read_header(record.staging / file.path)
        except Damaged as error:
            raise SourceFailed(
                f"{file.path} {error}.", "Do not use this source; remove this download."
            ) from error


def publish(record: Record) -> None:
    """Gives the gathered files their place. Raises NameTaken or DiskFull."""
    package, staging, target = record.package, record.staging, record.target
    with failures_named(target.parent):
        part_of(target).unlink(missing_ok=True)  # of a server that was killed just here
        if is_taken(target):  # before anything is put beside what is not ours
            raise taken(target)
        if package.is_folder:
            _write(staging / FACTS, _facts(package))
            _move(staging, target)
        else:
            for path in _notes(record):
                _beside(path, target.parent)
            _move(staging / package.files[0].path, target)


def is_published(record: Record) -> bool:
    """Whether the files have got their place already: they are there, and no longer among what was gathered."""
    first = record.package.files[0].path
    return os.path.lexists(record.target) and not (record.staging / first).exists()


def clear(record: Record) -> None:
    """Takes away what was gathered."""
    shutil.rmtree(record.staging, ignore_errors=True)
    with contextlib.suppress(OSError):
        record.staging.parent.rmdir()  # stays while another download needs it


def _notes(record: Record) -> list[Path]:
    """The files that go beside a single file, as they lie among what was gathered."""
    package, staging, stem = record.package, record.staging, record.target.stem
    notes = {f"{stem}.{FACTS}": _facts(package)}
    if package.record:
        notes[f"{stem}.civitai.info"] = dict(package.record)
    for name, values in notes.items():
        _write(staging / name, values)
    return [staging / name for name in (*(notice.path for notice in package.notices), *notes)]


def _write(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, ensure_ascii=False, indent=1), encoding="utf-8")
    sync_file(path)
    sync_folder(path.parent)


def _move(source: Path, target: Path) -> None:
    try:
        move(source, target.parent, [target.name])
    except FileExistsError as error:
        raise taken(target) from error


def taken(target: Path) -> NameTaken:
    return NameTaken(
        f"{target.name} lies in {target.parent} already, and it is not this model.",
        "Choose another name; nothing is ever overwritten.",
        name=target.stem if target.suffix == SAFETENSORS else target.name,
    )


def _beside(source: Path, folder: Path) -> None:
    """What says more of a model; a file of its owner's is left as it is."""
    part_of(folder / source.name).unlink(missing_ok=True)
    with contextlib.suppress(FileExistsError):
        move(source, folder, [source.name])


def _facts(package: Package) -> dict[str, Any]:
    """What is kept in darkroom.json; CivitAI's permissions stand in its own record."""
    facts = {
        "licence": ""
        if package.record or package.licence.id == "unknown"
        else package.licence.name,
        "licence_url": package.licence.url,
        "source": package.page_url,
        "commit": package.commit,
        "downloaded": datetime.now(UTC).isoformat(timespec="seconds"),
        "sha256": "" if package.is_folder else package.files[0].sha256,
    }
    return {name: value for name, value in facts.items() if value}


def _noted(target: Path) -> str:
    """The checksum that stands beside a file that was downloaded and not touched since; "" if there is none."""
    facts = target.with_name(f"{target.stem}.{FACTS}")
    try:
        is_untouched = target.stat().st_mtime <= facts.stat().st_mtime
        noted = read_object(facts, facts.name).get("sha256")
    except (OSError, Damaged):
        return ""
    return noted if is_untouched and isinstance(noted, str) else ""


def _sha256(path: Path) -> str:
    sha256 = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(HASH_BYTES):
            sha256.update(chunk)
    return sha256.hexdigest()
