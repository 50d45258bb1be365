"""The trash of models: there and back by renames alone, whole after a kill at any point, and no door for strangers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.catalog.trash import ENTRY, HIDDEN, RESTORING, Trash, Trashed, entry_id
from pipelines.errors import ModelKept, NotFound

FILES = ("ink.safetensors", "ink.json", "ink.preview.png")


class Killed(BaseException):
    """As if the process had ended here."""


class Fault:
    """Ends the process the n-th time that a move has come to a point."""

    def __init__(self, number: int) -> None:
        self._left = number

    def __call__(self, point: str) -> None:
        self._left -= 1
        if self._left == 0:
            raise Killed(point)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "loras"
    folder.mkdir(parents=True)
    for name in FILES:
        (folder / name).write_text(name)
    return folder


def trash(shelf: Path, at: Callable[[str], None] = lambda point: None) -> Trash:
    return Trash(shelf.parent.parent / "data" / "trash", [shelf.parent], at=at)


def entry(shelf: Path, *names: str, **changes: Any) -> Trashed:
    places = tuple(str(shelf / name) for name in names or FILES)
    values: dict[str, Any] = {"id": entry_id(), "name": "ink", "kind": "lora", "family": "sd15",
                              "bytes": 15, "trashed": 1.0, "places": places}  # fmt: skip
    return Trashed(**{**values, **changes})


def lying(shelf: Path) -> list[str]:
    return sorted(path.name for path in shelf.iterdir())


def test_a_model_goes_with_what_belongs_to_it_and_comes_back_as_it_was(shelf: Path) -> None:
    bin_ = trash(shelf)
    put = bin_.put(entry(shelf))
    assert lying(shelf) == []
    assert [one.name for one in bin_.entries()] == ["ink"]

    bin_.restore(put.id)

    assert lying(shelf) == sorted(FILES)
    assert all((shelf / name).read_text() == name for name in FILES)
    assert bin_.entries() == []


def test_a_folder_is_one_move(shelf: Path) -> None:
    (shelf / "paper" / "unet").mkdir(parents=True)
    (shelf / "paper" / "unet" / "config.json").write_text("{}")
    bin_ = trash(shelf)

    put = bin_.put(entry(shelf, "paper"))
    assert not (shelf / "paper").exists()
    bin_.restore(put.id)

    assert (shelf / "paper" / "unet" / "config.json").read_text() == "{}"


def test_what_is_deleted_is_gone_and_said_in_bytes(shelf: Path) -> None:
    bin_ = trash(shelf)
    first = bin_.put(entry(shelf, FILES[0]))
    bin_.put(entry(shelf, FILES[1]))

    assert bin_.delete(first.id) == 15
    assert bin_.delete() == 15
    assert bin_.entries() == []
    with pytest.raises(NotFound):
        bin_.restore(first.id)


@pytest.mark.parametrize("number", range(1, 5))
def test_a_kill_on_the_way_in_leaves_the_model_here_or_there(shelf: Path, number: int) -> None:
    with pytest.raises(Killed):
        trash(shelf, Fault(number)).put(entry(shelf))
    assert trash(shelf).entries() == []  # nothing half-moved is listed

    fresh = trash(shelf)
    fresh.recover()

    is_there = (shelf / FILES[0]).exists()
    assert is_there == (fresh.entries() == [])
    assert lying(shelf) == (sorted(FILES) if is_there else [])
    for one in fresh.entries():
        fresh.restore(one.id)
    assert lying(shelf) == sorted(FILES)


@pytest.mark.parametrize("number", range(1, 5))
def test_a_kill_on_the_way_out_is_brought_to_its_end(shelf: Path, number: int) -> None:
    put = trash(shelf).put(entry(shelf))
    with pytest.raises(Killed):
        trash(shelf, Fault(number)).restore(put.id)
    if (shelf / FILES[0]).exists():
        assert lying(shelf) == sorted(FILES)  # the weights come last

    fresh = trash(shelf)
    fresh.recover()

    assert lying(shelf) == sorted(FILES)
    assert fresh.entries() == []


def test_a_kill_while_deleting_leaves_nothing_to_restore(shelf: Path) -> None:
    put = trash(shelf).put(entry(shelf))
    with pytest.raises(Killed):
        trash(shelf, Fault(1)).delete(put.id)

    fresh = trash(shelf)
    assert fresh.entries() == []
    fresh.recover()

    assert lying(shelf.parent.parent / "data" / "trash") == []


def test_a_refusal_at_the_last_moment_leaves_all_as_it_was(shelf: Path) -> None:
    def refuse(move: Callable[[], None]) -> None:
        raise ModelKept("ink is in use")

    bin_ = trash(shelf)
    with pytest.raises(ModelKept):
        bin_.put(entry(shelf), refuse)

    assert lying(shelf) == sorted(FILES)
    assert bin_.entries() == []


def test_nothing_that_lies_there_again_is_written_over(shelf: Path) -> None:
    bin_ = trash(shelf)
    put = bin_.put(entry(shelf))
    (shelf / FILES[0]).write_text("another")

    with pytest.raises(ModelKept, match="is there again"):
        bin_.restore(put.id)

    assert (shelf / FILES[0]).read_text() == "another"
    assert [one.id for one in bin_.entries()] == [put.id]


def test_a_model_on_another_disk_is_hidden_beside_the_others_there(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin_ = elsewhere(shelf, monkeypatch)

    put = bin_.put(entry(shelf))

    assert (shelf.parent / HIDDEN / put.id / "0").exists()
    bin_.restore(put.id)
    assert lying(shelf) == sorted(FILES)


def elsewhere(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Trash:
    """A trash whose own folder lies on another disk."""
    own, real = shelf.parent.parent / "data" / "trash", os.stat

    def stat(path: Any, **options: Any) -> os.stat_result:
        found = real(path, **options)
        if Path(path) != own:
            return found
        return os.stat_result((*found[:2], found.st_dev + 1, *found[3:10]))

    monkeypatch.setattr("os.stat", stat)
    return trash(shelf)


def test_where_no_trash_can_be_nothing_is_copied(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere(shelf, monkeypatch)
    bin_ = Trash(shelf.parent.parent / "data" / "trash", [])

    with pytest.raises(ModelKept, match="would have to be copied"):
        bin_.put(entry(shelf))

    assert lying(shelf) == sorted(FILES)


@pytest.mark.parametrize("place", ["/victim/key", "models/../victim/key", "models/link/key"])
def test_an_entry_of_strangers_reaches_nothing_outside(
    shelf: Path, tmp_path: Path, place: str
) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (shelf.parent / "link").symlink_to(victim)
    planted = shelf.parent / HIDDEN / "evil"
    planted.mkdir(parents=True)
    (planted / "0").write_text("theirs")
    where = str(tmp_path / place.lstrip("/"))
    note = vars(entry(shelf, id="evil", places=(where,), state=RESTORING))
    (planted / ENTRY).write_text(json.dumps(note))

    bin_ = trash(shelf)
    bin_.recover()

    assert lying(victim) == []
    assert bin_.entries() == []


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"places": 7}', '{"id": "x", "places": []}'])
def test_notes_that_are_none_are_left_alone(shelf: Path, note: str) -> None:
    folder = shelf.parent / HIDDEN / "x"
    folder.mkdir(parents=True)
    (folder / ENTRY).write_text(note)
    (folder / "0").write_text("somebody's weights")

    bin_ = trash(shelf)
    bin_.recover()
    bin_.delete()

    assert (folder / "0").exists()
