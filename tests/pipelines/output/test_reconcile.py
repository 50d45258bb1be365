"""The index can be lost: files and ledger bring back every row, and strangers' files are taken in."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pipelines.output.ledger import Entry, Ledger
from pipelines.output.library import Library
from pipelines.output.reconcile import Reconciled
from pipelines.output.record import PictureRecord
from tests.pipelines.output.pictures import new_picture, request


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = Library(tmp_path / "outputs", tmp_path / "data")
    yield library
    library.close()


@pytest.fixture
def outputs(tmp_path: Path, library: Library) -> Path:
    return tmp_path / "outputs"


def save_some(library: Library) -> list[PictureRecord]:
    """Newest first."""
    records = [
        library.save(new_picture(owner="alice", job_id="j", index=0)),
        library.save(new_picture(owner="alice", request=request(format="webp", prompt="猫"))),
        library.save(new_picture(owner="bob", request=request(format="jpeg"))),
    ]
    return records[::-1]


def rows(library: Library) -> list[PictureRecord]:
    return [r for owner in ("bob", "alice", "local") for r in library.search(owner).items]


def test_a_rebuilt_index_equals_the_lost_one_down_to_owner_and_job(library: Library) -> None:
    records = save_some(library)

    assert library.rebuild() == Reconciled(parts_removed=0, indexed=3, dropped=0)

    assert rows(library) == records
    assert library.find("j", 0) == records[2]
    assert library.search("alice", "猫").total == 1


@pytest.mark.parametrize("damage", ["lost", "damaged"])
def test_a_lost_or_damaged_index_is_built_anew_at_start(
    tmp_path: Path, library: Library, damage: str
) -> None:
    records = save_some(library)
    library.close()
    for path in (tmp_path / "data").glob("library.sqlite*"):
        path.unlink()
    if damage == "damaged":
        (tmp_path / "data/library.sqlite").write_bytes(b"not a database" * 500)

    again = Library(tmp_path / "outputs", tmp_path / "data")
    again.reconcile()

    assert rows(again) == records
    again.close()


def test_the_trash_stays_trash(library: Library) -> None:
    trashed = library.trash(save_some(library)[0].id, "bob")

    library.rebuild()

    found = library.search("bob", trash=True).items
    assert [replace(r, trashed=None) for r in found] == [replace(trashed, trashed=None)]
    assert library.restore(trashed.id, "bob").file == trashed.file.removeprefix(".trash/")


def test_unfinished_files_are_removed(library: Library, outputs: Path) -> None:
    (outputs / "2026-11-24").mkdir()
    (outputs / "2026-11-24/00001-7.png.part").write_bytes(b"half")

    assert library.reconcile() == Reconciled(parts_removed=1, indexed=0, dropped=0)
    assert not list(outputs.rglob("*.part"))


def test_a_file_that_was_moved_keeps_owner_and_id(library: Library, outputs: Path) -> None:
    record = save_some(library)[0]
    (outputs / "best of").mkdir()
    (outputs / record.file).rename(outputs / "best of/My Circle.JPG")

    assert library.reconcile() == Reconciled(parts_removed=0, indexed=1, dropped=1)

    assert library.get(record.id, "bob") == replace(record, file="best of/My Circle.JPG")


def test_a_copy_is_a_picture_of_its_own(library: Library, outputs: Path) -> None:
    record = library.save(new_picture(job_id="j"))
    shutil.copy(outputs / record.file, outputs / "copy.png")

    library.reconcile()

    copy = library.search("local").items[0]
    assert (copy.file, copy.job_id) == ("copy.png", "")
    assert copy.request == record.request
    assert library.get(record.id, "alice") == record


def test_pictures_of_other_programs_are_taken_in(library: Library, outputs: Path) -> None:
    chunks = PngInfo()
    chunks.add_text(
        "parameters",
        "cat\nNegative prompt: dog\nSteps: 9, Sampler: Foo, Model: m, Seed: 5, Size: 8x8",
    )
    Image.new("RGB", (8, 8)).save(outputs / "foreign.png", pnginfo=chunks)
    Image.new("RGB", (8, 4)).save(outputs / "plain.jpg")
    os.utime(outputs / "plain.jpg", (1e9, 1e9))

    library.reconcile()

    foreign, plain = library.search("local").items
    assert (foreign.prompt, foreign.negative_prompt, foreign.seed) == ("cat", "dog", 5)
    assert (foreign.sampler, foreign.checkpoint, foreign.width) == ("Foo", "m", 8)
    assert (plain.prompt, plain.request, plain.seed, plain.created) == ("", None, None, 1e9)
    assert library.thumbnail(plain.id, "local")
    assert library.rebuild() == Reconciled(parts_removed=0, indexed=2, dropped=0)
    assert library.search("local").items == (foreign, plain)


def test_what_is_no_picture_is_left_alone(library: Library, outputs: Path) -> None:
    (outputs / "notes.txt").write_text("mine")
    (outputs / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    (outputs / "page.jpg").write_bytes(b"<html>")
    (outputs / ".hidden").mkdir()
    Image.new("RGB", (8, 8)).save(outputs / ".hidden/a.png")
    (outputs / "link.png").symlink_to(outputs / ".hidden/a.png")
    with open(os.fsencode(outputs) + b"/\xff.png", "wb") as odd:
        Image.new("RGB", (8, 8)).save(odd, "PNG")

    assert library.reconcile() == Reconciled(parts_removed=0, indexed=0, dropped=0)
    assert len(list(outputs.iterdir())) == 6


def test_a_bomb_in_the_folder_is_not_taken_in(library: Library, outputs: Path) -> None:
    Image.new("1", (7000, 7000)).save(outputs / "bomb.png")

    assert library.reconcile().indexed == 0


def test_metadata_cannot_give_a_picture_to_somebody(library: Library, outputs: Path) -> None:
    alices = library.save(new_picture(owner="alice"))
    chunks = PngInfo()
    chunks.add_text(
        "darkroom", json.dumps({"id": alices.id, "owner": "alice", "file": "/etc/passwd"})
    )
    Image.new("RGB", (8, 8)).save(outputs / "evil.png", pnginfo=chunks)

    library.rebuild()

    assert library.search("alice").total + library.search("local").total == 2
    assert library.get(alices.id, "alice").owner == "alice"


def test_the_ledger_survives_torn_and_foreign_lines(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "owners.jsonl")
    assert ledger.read() == {}
    first, second = Entry("1" * 32, "alice", "j", 2), Entry("2" * 32, "böb")
    ledger.append(first)
    with (tmp_path / "owners.jsonl").open("ab") as file:
        file.write(b'{"id": "3", "own')
    ledger.append(second)
    with (tmp_path / "owners.jsonl").open("ab") as file:
        file.write(b'\xff\xfe\n[]\n{"id": 1, "unknown": 2}\n')

    assert ledger.read() == {first.id: first, second.id: second}
