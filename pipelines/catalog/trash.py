"""The trash of models: a folder for each, on the disk where the model lies, so that nothing is ever copied.

An entry is `<trash>/<id>/`: the files under numbers, and `entry.json` with their old places and a state. The state is
on the disk before anything moves, so that after a kill `recover` brings each move to its end. The weights are one
file or one folder and move by one rename: first into the trash, last out of it. So no list ever shows half a model.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import ModelKept, NotFound
from pipelines.output.disk import failures_named, part_of, sync_folder, write_part

LOG = logging.getLogger(__name__)
ENTRY = "entry.json"
MOVING, TRASHED, RESTORING, DELETING = "moving", "trashed", "restoring", "deleting"
HIDDEN = ".trash"  # in a folder of models; names with a dot are not looked at
ID_DIGITS = 16

Act = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class Trashed:
    """A model in the trash. `places`: where its files lay, the weights first; in the trash they are 0, 1, 2 …"""

    id: str
    name: str
    kind: str
    family: str
    bytes: int
    trashed: float  # epoch seconds
    places: tuple[str, ...]
    state: str = TRASHED

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the API."""
        names = ("id", "name", "kind", "family", "bytes", "trashed")
        return {**{name: getattr(self, name) for name in names}, "file": self.places[0]}


def at_once(act: Act) -> None:
    """Does it here and now."""
    act()


def nothing(point: str) -> None:
    """Stands where tests put a fault."""


class Trash:
    """`own`: our folder, for models on its disk. For others there is a hidden one in each of `models_dirs`.

    Whoever unpacks a stranger's archive there could bring an `entry.json`, too: so an entry in such a folder counts
    only as far as its places lie below the same folder of models.
    """

    def __init__(
        self, own: Path, models_dirs: Iterable[Path], *, at: Callable[[str], None] = nothing
    ) -> None:
        self._own = own
        self._beside = {folder / HIDDEN: folder for folder in models_dirs}
        self._at = at
        self._lock = threading.Lock()

    def put(self, entry: Trashed, decide: Callable[[Act], None] = at_once) -> Trashed:
        """Moves the files at `entry.places` here. `decide` makes the one rename that counts, or raises instead.

        Raises ModelKept when no trash can be on their disk, DiskFull, and what `decide` raises; then all is as before.
        """
        weights = Path(entry.places[0])
        with self._lock, failures_named(weights.parent):
            folder = self._home(weights) / entry.id
            folder.mkdir(parents=True)
            _write(folder, dataclasses.replace(entry, state=MOVING))
            self._at("noted")
            try:
                decide(lambda: os.rename(weights, folder / "0"))
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            self._at("moved")
            return self._finish_moving(folder, entry)

    def entries(self) -> list[Trashed]:
        """What lies here, the latest first."""
        found = [entry for _, entry in self._found() if entry.state == TRASHED]
        return sorted(found, key=lambda one: -one.trashed)

    def restore(self, entry_id: str) -> Trashed:
        """Moves a model back to where it lay. Raises NotFound, ModelKept when something lies there now, or DiskFull."""
        with self._lock:
            folder, entry = self._get(entry_id)
            taken = next((place for place in entry.places if os.path.lexists(place)), None)
            if taken:
                what = f"{taken} is there again, so {entry.name} cannot go back."
                raise ModelKept(what, "Rename or move that file, then try again.")
            with failures_named(Path(entry.places[0]).parent):
                Path(entry.places[0]).parent.mkdir(parents=True, exist_ok=True)
                _write(folder, dataclasses.replace(entry, state=RESTORING))
                self._at("noted")
                self._finish_restoring(folder, entry)
            return entry

    def delete(self, *entry_ids: str) -> int:
        """Deletes these for good, all when none is named; how many bytes that were. Raises NotFound or DiskFull."""
        with self._lock:
            wanted = [self._get(one) for one in entry_ids] if entry_ids else list(self._found())
            chosen = [(folder, one) for folder, one in wanted if one.state == TRASHED]
            for folder, entry in chosen:
                with failures_named(folder):
                    _write(folder, dataclasses.replace(entry, state=DELETING))
                    self._at("noted")
                    shutil.rmtree(folder)
            return sum(entry.bytes for _, entry in chosen)

    def recover(self) -> None:
        """At start: brings what was under way when the last server ended to its end."""
        with self._lock:
            for folder, entry in list(self._found()):
                try:
                    self._recover(folder, entry)
                except OSError as error:  # it is tried again at the next start
                    LOG.warning("the trash of models at %s: %s", folder, error)

    def _recover(self, folder: Path, entry: Trashed) -> None:
        if entry.state == MOVING and not os.path.lexists(folder / "0"):
            shutil.rmtree(folder)  # the weights never moved
        elif entry.state == MOVING:
            self._finish_moving(folder, entry)
        elif entry.state == RESTORING:
            self._finish_restoring(folder, entry)
        elif entry.state == DELETING:
            shutil.rmtree(folder)

    def _finish_moving(self, folder: Path, entry: Trashed) -> Trashed:
        """What goes along with weights that are here already."""
        for number, place in enumerate(entry.places[1:], 1):
            if not os.path.lexists(folder / str(number)):
                with contextlib.suppress(FileNotFoundError):
                    Path(place).rename(folder / str(number))
                self._at("moved")
        sync_folder(Path(entry.places[0]).parent)
        _write(folder, dataclasses.replace(entry, state=TRASHED))
        return entry

    def _finish_restoring(self, folder: Path, entry: Trashed) -> None:
        """The weights last. What has found its place taken meanwhile stays here, and with it the entry."""
        for number, place in reversed(list(enumerate(entry.places))):
            stored = folder / str(number)
            if os.path.lexists(stored) and not os.path.lexists(place):
                stored.rename(place)
                self._at("moved")
        sync_folder(Path(entry.places[0]).parent)
        if os.path.lexists(folder / "0"):
            _write(folder, dataclasses.replace(entry, state=TRASHED))
        else:
            shutil.rmtree(folder)

    def _home(self, weights: Path) -> Path:
        device = os.stat(weights.parent).st_dev
        for home in (self._own, *self._beside):
            with contextlib.suppress(OSError):
                if self._may_hold(home, [str(weights)]):
                    home.mkdir(parents=True, exist_ok=True)
                    if os.stat(home).st_dev == device:
                        return home
        what = f"{weights} lies on a disk where there is no place for a trash, and it would have to be copied."
        raise ModelKept(what, "Delete it with your file manager.")

    def _get(self, entry_id: str) -> tuple[Path, Trashed]:
        for folder, entry in self._found():
            if entry.id == entry_id and entry.state == TRASHED:
                return folder, entry
        raise NotFound("There is no such model in the trash.", "Look at the trash again.")

    def _found(self) -> Iterator[tuple[Path, Trashed]]:
        for home in (self._own, *self._beside):
            for note in sorted(home.glob(f"*/{ENTRY}")):
                entry = _read(note)
                if entry and self._may_hold(home, entry.places):
                    yield note.parent, entry

    def _may_hold(self, home: Path, places: Iterable[str]) -> bool:
        root = self._beside.get(home)
        if root is None:
            return True
        real = os.path.realpath(root)
        parents = (os.path.realpath(os.path.dirname(place)) for place in places)
        return all(Path(parent).is_relative_to(real) for parent in parents)


def entry_id() -> str:
    """Of a new entry: those of a folder sort by time."""
    return f"{int(time.time()):x}-{secrets.token_hex(ID_DIGITS // 4)}"


def _write(folder: Path, entry: Trashed) -> None:
    note = folder / ENTRY
    part_of(note).open("wb").close()
    write_part(note, json.dumps(dataclasses.asdict(entry), indent=1).encode())
    part_of(note).replace(note)
    sync_folder(folder)


def _read(note: Path) -> Trashed | None:
    """None for what we have not written."""
    try:
        values = json.loads(note.read_text(encoding="utf-8"))
        entry = Trashed(**{**values, "places": tuple(str(place) for place in values["places"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return entry if entry.places and entry.id == note.parent.name else None
