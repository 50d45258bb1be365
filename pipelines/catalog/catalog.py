"""Catalog: the checkpoints under the folders of models, kept up to date by the times of their files."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pipelines.catalog import diffusers_folder, facts, facts_elsewhere, single_file
from pipelines.catalog.beside import about_beside
from pipelines.catalog.checkpoint import Checkpoint, Model, Other
from pipelines.catalog.families import REFINER
from pipelines.catalog.scan import Found, scan
from pipelines.catalog.single_file import UNREAD
from pipelines.catalog.vaes import VaeFile, with_own_vae
from pipelines.errors import NotFound, StudioError

Answer = TypeVar("Answer")
STARTER = "starter"
SAID_MAX = 3  # problems in one sentence


@dataclass(frozen=True)
class View:
    """What one look has shown. `version` is another one whenever something else is there."""

    version: int = 0
    checkpoints: tuple[Checkpoint, ...] = ()
    others: tuple[Other, ...] = ()
    folders: tuple[Path, ...] = ()

    @property
    def default(self) -> Checkpoint | None:
        """What is taken when nobody chooses: the first usable one, the starter only if there is no other."""
        usable = [one for one in self.checkpoints if not one.problem]
        return min(usable, key=_rank, default=None)

    def find(self, name: str | None) -> Checkpoint:
        """The checkpoint of this name; None: the default.

        Raises NotFound, or ModelUnreadable when it is there but has a problem.
        """
        if name is None:
            if self.default is None:
                raise NotFound(*_nothing(self.folders, self.checkpoints))
            return self.default
        for checkpoint in self.checkpoints:
            if checkpoint.name == name:
                checkpoint.ref()
                return checkpoint
        known = ", ".join(one.name for one in self.checkpoints) or "none"
        raise NotFound(f"There is no checkpoint {name[:100]}.", f"Those that are there: {known}.")


class Catalog:
    """May be asked from any thread. A file or folder is read again only when it has changed."""

    def __init__(
        self,
        models_dirs: Iterable[Path],
        taken_over: Iterable[Path] = (),
        facts_dir: Path | None = None,
        is_for: Callable[[Path, str], bool] = lambda path, owner: True,
    ) -> None:
        """`taken_over`: folders, and single files, of other programs; facts about those lie in `facts_dir`.

        `is_for(path, owner)`: whether a file is there for this owner; it may be another's alone.
        """
        self._taken_over = tuple(taken_over)
        self._facts_dir, self._is_for = facts_dir, is_for
        self.folders = (*models_dirs, *self._taken_over)
        self._lock = threading.Lock()
        self._seen: tuple[Found, ...] = ()
        self._read: dict[Found, Model] = {}
        # Another start has another version.
        self._view = View(int(time.time()), folders=self.folders)
        self.usable_names: tuple[str, ...] = ()  # as of the last look, for those who must not wait

    def is_taken_over(self, path: Path) -> bool:
        """Whether it belongs to another program, so that nothing may be written beside it."""
        real = Path(os.path.realpath(path))
        return any(real.is_relative_to(os.path.realpath(one)) for one in self._taken_over)

    def facts_path(self, model: Path) -> Path:
        """The file for what its owner says of a model: beside it, unless it is another program's."""
        if self._facts_dir and self.is_taken_over(model):
            return facts_elsewhere.path_in(self._facts_dir, model)
        return facts.path_of(model)

    def forget(self, model: Path) -> None:
        """Lets the next look read it again: its facts have changed, which its own folder may not show."""
        with self._lock:
            self._read = {found: one for found, one in self._read.items() if one.path != model}
            self._seen = ()

    @property
    def view(self) -> View:
        """What the last look has shown, for those who must not wait."""
        return self._view

    @property
    def version(self) -> int:
        """Of the last look, for those who must not wait."""
        return self._view.version

    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """All that are there, by name; those with a problem too, so that the page can say it."""
        return self.look().checkpoints

    def others(self) -> tuple[Other, ...]:
        """LoRAs, VAEs and what else lies there and is no checkpoint, by name."""
        return self.look().others

    def seen_by(self, owner: str) -> View:
        """What is there now for this owner: without what is there for others alone."""
        return self.shown(self.look(), owner)

    def shown(self, view: View, owner: str) -> View:
        """That of a view which is there for this owner."""
        own = tuple(one for one in view.others if self.is_shown(one, owner))
        return view if len(own) == len(view.others) else dataclasses.replace(view, others=own)

    def is_shown(self, model: Model, owner: str) -> bool:
        """Whether it is there for this owner."""
        return self._is_for(model.path, owner)

    def look(self) -> View:
        """What is there now. Costs a stat of each file when nothing has changed."""
        with self._lock:
            seen = scan(self.folders)
            if seen != self._seen:
                self._read = {
                    found: self._read.get(found) or self._look_into(found) for found in seen
                }
                self._seen = seen
                models = tuple(_named(self._read.values()))
                others = tuple(one for one in models if isinstance(one, Other))
                vaes = [one for one in others if isinstance(one, VaeFile)]
                self._view = View(
                    self._view.version + 1,
                    tuple(with_own_vae(one, vaes) for one in models if isinstance(one, Checkpoint)),
                    others,
                    self.folders,
                )
                self.usable_names = tuple(
                    one.name for one in self._view.checkpoints if not one.problem
                )
            return self._view

    def _look_into(self, found: Found) -> Model:
        model = _read(found)
        if self._facts_dir and self.is_taken_over(model.path):
            return facts_elsewhere.with_facts_of(model, self.facts_path(model.path))
        return model

    def find(self, name: str | None) -> Checkpoint:
        """The checkpoint of this name as it is now; None: the default. Raises as `View.find` does."""
        return self.look().find(name)

    def recall(self, ask: Callable[[View], Answer]) -> Answer:
        """What `ask` makes of the last look, without waiting for the disk; of a new one before anything is refused."""
        if self._seen:
            with contextlib.suppress(StudioError):
                return ask(self._view)
        return ask(self.look())


def _rank(checkpoint: Checkpoint) -> int:
    """The lower, the sooner it is taken when nobody chooses. A refiner is made for the end of a picture only."""
    if checkpoint.family == REFINER:
        return 3
    return 2 if checkpoint.is_starter else 1 if checkpoint.variant else 0


def _read(found: Found) -> Model:
    path, models_dir = Path(found.path), Path(found.models_dir)
    model: Model
    if found.is_folder:
        is_starter = path.name == STARTER and path.parent == models_dir
        model = diffusers_folder.read(path, path.name, is_starter=is_starter)
    else:
        model = single_file.read(path, models_dir)
    if isinstance(model, Checkpoint):
        model = dataclasses.replace(model, version=found.version)
    names = None if found.is_folder else {os.path.basename(name) for name, _ in found.stamps}
    about = about_beside(path, model.about, names)
    return dataclasses.replace(model, about=about)


def _named(models: Iterable[Model]) -> list[Model]:
    """The models by name, each under a name of its own that can be shown and sent."""
    taken: set[tuple[str, str]] = set()
    named = []
    for model in sorted(models, key=lambda one: bool(one.problem)):  # what is usable comes first
        name = next(name for name in _names(model) if (model.kind, name) not in taken)
        taken.add((model.kind, name))
        named.append(model if name == model.name else dataclasses.replace(model, name=name))
    return sorted(named, key=lambda one: one.name.casefold())


def _names(model: Model) -> Iterator[str]:
    """The names that it may have: its own, then longer and longer ones."""
    plain = "".join(c if c.isprintable() else "?" for c in model.name) or "?"
    parent, suffix = model.path.parent.name, model.path.suffix
    yield plain
    if isinstance(model, Checkpoint) and suffix.lower() in UNREAD:
        yield f"{plain}{suffix}"
    yield from (f"{parent}/{plain}", f"{parent}/{plain}{suffix}")
    for number in range(2, 2**31):
        yield f"{parent}/{plain}{suffix} ({number})"


def _nothing(models_dirs: Iterable[Path], found: tuple[Checkpoint, ...]) -> tuple[str, str]:
    where = ", ".join(str(folder) for folder in models_dirs)
    broken = "; ".join(f"{one.name}: {one.problem}" for one in found[:SAID_MAX])
    return (
        f"There is no usable checkpoint in {where}." + (f" ({broken})" if broken else ""),
        "Put a safetensors file or a diffusers folder of Stable Diffusion 1.x, 2.x or XL there.",
    )
