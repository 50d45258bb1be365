"""Takeover: an installation of another program, recognised by its own marks, and where its things lie."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pipelines.errors import SettingsError
from pipelines.takeover import automatic1111, comfyui, invokeai
from pipelines.takeover.place import EMBEDDINGS, MODELS, OUTPUTS, STYLES, UNREAD, WILDCARDS, Place

FLAG = "--from"
INNER = ("webui", "ComfyUI", "invokeai")  # packages for Windows keep the program one folder deeper
MISSING_MAX = 100


class Program(NamedTuple):
    """How an installation is known: any of these sets of files and folders lies in it, whole."""

    name: str
    marks: tuple[tuple[str, ...], ...]
    places: Callable[[Path], Iterator[Place]]
    left_out: Callable[[Path], frozenset[str]] = lambda folder: frozenset()


PROGRAMS = (  # forks before what they were forked from
    Program("SD.Next", (("webui.py", "installer.py", "models"),), automatic1111.places),
    Program("Fooocus", (("webui.py", "fooocus_version.py", "models"),), automatic1111.places),
    Program("Forge", (("webui.py", "modules_forge", "models"),), automatic1111.places),
    Program(
        "AUTOMATIC1111",
        (("webui.py", "models/Stable-diffusion"), ("webui.py", "modules", "models")),
        automatic1111.places,
    ),
    Program(
        "InvokeAI",
        (("invokeai.yaml",), ("databases/invokeai.db",)),
        invokeai.places,
        invokeai.left_out,
    ),
    Program(
        "ComfyUI",
        (("comfy", "models"), ("custom_nodes", "models")),
        comfyui.places,
    ),
)
LOOKED_FOR = (
    "webui.py beside models/ (AUTOMATIC1111, Forge, SD.Next, Fooocus), "
    "comfy/ or custom_nodes/ beside models/ (ComfyUI), or invokeai.yaml (InvokeAI)"
)


@dataclass(frozen=True, kw_only=True)
class Takeover:
    """What of another program is used where it lies. `missing`: what its settings name and is not there, in words."""

    program: str
    folder: Path
    models: tuple[Path, ...]  # folders, and single files of weights
    embeddings: tuple[Path, ...]
    styles: tuple[Path, ...]  # files
    wildcards: tuple[Path, ...]
    outputs: tuple[Path, ...]
    left_out: frozenset[str] = frozenset()  # names of pictures that it does not show itself
    missing: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """What is said of it at the start."""
        parts = [
            _count(self.models + self.embeddings, "folder", "of models"),
            _count(self.styles, "file", "of styles"),
            _count(self.wildcards, "folder", "of wildcards"),
            _count(self.outputs, "folder", "of pictures"),
        ]
        there = ", ".join(filter(None, parts)) or "nothing that can be used"
        said = f"Took over {self.program} at {self.folder}: {there}."
        return [said, *(f"  not found: {what}" for what in self.missing)]


def recognise(path: Path) -> Takeover:
    """The installation at `path`. Raises SettingsError when there is none that we know."""
    for folder in (path, *(path / name for name in INNER)):
        for program in PROGRAMS:
            if any(all((folder / mark).exists() for mark in marks) for marks in program.marks):
                return _taken_over(program, folder)
    why = "is no folder" if not path.is_dir() else "is no installation that we know"
    remedy = f"Give the folder that holds {LOOKED_FOR}."
    raise SettingsError(FLAG, str(path), why, remedy)


def _taken_over(program: Program, folder: Path) -> Takeover:
    uses: dict[str, list[Path]] = {
        use: [] for use in (MODELS, EMBEDDINGS, STYLES, WILDCARDS, OUTPUTS)
    }
    missing: list[str] = []
    for place in program.places(folder):
        if place.use == UNREAD:
            missing.append(f"{place.path} cannot be read")
        elif _is_there(place):
            uses[place.use].append(place.path)
        elif place.said_by:
            missing.append(f"{place.said_by}: {place.path}")
    return Takeover(
        program=program.name,
        folder=folder,
        **{use: outermost(paths) for use, paths in uses.items()},
        left_out=program.left_out(folder),
        missing=tuple(dict.fromkeys(missing))[:MISSING_MAX],
    )


def _is_there(place: Place) -> bool:
    """A folder, or the file that it may be; never the whole of a disk or of a person's files."""
    try:
        if place.use in (STYLES, MODELS) and place.path.is_file():
            return True
        is_folder = place.use != STYLES and place.path.is_dir()
        return is_folder and not Path.home().is_relative_to(place.path.resolve())
    except (OSError, ValueError, RuntimeError):  # not ours to see, no name, nobody's home
        return False


def outermost(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Each once, by its real path, and none that lies inside another."""
    real = {Path(os.path.realpath(path)): path for path in reversed(list(paths))}
    kept = [path for path in real if not any(other in real for other in path.parents)]
    return tuple(real[path] for path in reversed(kept))


def _count(paths: tuple[Path, ...], one: str, what: str) -> str:
    return f"{len(paths)} {one}{'s' * (len(paths) != 1)} {what}" if paths else ""
