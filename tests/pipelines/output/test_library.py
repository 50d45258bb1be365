"""The Library as its users see it: saved, found, thrown away, brought back, by the owner alone."""

from __future__ import annotations

import io
import os
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipelines.errors import DiskFull, NotFound
from pipelines.output.library import Library
from pipelines.output.reconcile import Reconciled
from tests.pipelines.output.pictures import kept_step, new_picture, request

NOTHING_AMISS = Reconciled(parts_removed=0, indexed=0, dropped=0)
DAY = 86_400.0


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 12).timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def library(tmp_path: Path, clock: Clock) -> Iterator[Library]:
    library = Library(tmp_path / "outputs", tmp_path / "data", version="1.0", clock=clock)
    yield library
    library.close()


def files(tmp_path: Path) -> list[str]:
    outputs = tmp_path / "outputs"
    return sorted(p.relative_to(outputs).as_posix() for p in outputs.rglob("*") if p.is_file())


def test_a_saved_picture_is_on_disk_and_found(library: Library, tmp_path: Path) -> None:
    record = library.save(new_picture(job_id="j", index=3, request=request(seed=11)))

    assert files(tmp_path) == ["2026-11-24/00001-11.png"]
    assert library.get(record.id, "alice") == record
    assert library.search("alice", "red").items == (record,)
    assert library.find("j", 3) == record
    assert record.request == request(seed=11)
    assert record.parameters.endswith("RNG: NV, Version: Darkroom 1.0")
    assert record.bytes == library.file(record.id, "alice").stat().st_size
    with Image.open(library.file(record.id, "alice")) as image:
        assert image.tobytes() == new_picture().pixels


@pytest.mark.parametrize(
    ("file_format", "suffix"), [("png", "png"), ("webp", "webp"), ("jpeg", "jpg")]
)
def test_each_format_is_written_and_read(library: Library, file_format: str, suffix: str) -> None:
    record = library.save(new_picture(request=request(format=file_format)))

    assert record.file == f"2026-11-24/00001-7.{suffix}"
    assert library.read_request(library.file(record.id, "alice").read_bytes()) == (
        record.request,
        record.parameters,
    )


def test_the_json_of_a_record_tells_neither_owner_nor_place(library: Library) -> None:
    values = library.save(new_picture()).as_dict()

    assert "alice" not in str(values)
    assert "2026-11-24" not in str(values)
    assert values["file_name"] == "00001-7.png"
    assert values["request"]["sampling"]["steps"] == 8


def test_a_picture_that_its_job_has_already_made_is_not_made_twice(
    library: Library, tmp_path: Path
) -> None:
    first = library.save(new_picture(job_id="j", index=1))

    assert library.save(new_picture(job_id="j", index=1)) == first
    assert len(files(tmp_path)) == 1


def test_names_never_hold_the_prompt_and_never_overwrite(library: Library, tmp_path: Path) -> None:
    taken = tmp_path / "outputs/2026-11-24/00001-7.png"
    taken.parent.mkdir()
    taken.write_bytes(b"mine")

    library.save(new_picture(request=request(prompt="../../etc/passwd \0 CON: |?*")))

    assert taken.read_bytes() == b"mine"
    assert files(tmp_path) == ["2026-11-24/00001-7.png", "2026-11-24/00002-7.png"]


def test_a_clock_that_is_set_back_overwrites_nothing(
    library: Library, clock: Clock, tmp_path: Path
) -> None:
    for _ in range(3):
        library.save(new_picture())
        clock.now -= 3600

    assert len(files(tmp_path)) == 3
    assert library.reconcile() == NOTHING_AMISS


def test_only_the_owner_reaches_a_picture_in_any_way(library: Library) -> None:
    key = library.save(new_picture(kept=(kept_step(0),))).id
    ways: list[Any] = [
        library.get,
        library.file,
        library.thumbnail,
        library.strip,
        lambda key, owner: library.strip_frame(key, 0, owner),
        library.trash,
        library.restore,
    ]

    for way in ways:
        for owner in ("bob", "", "local", "ALICE"):
            with pytest.raises(NotFound, match="no such picture"):
                way(key, owner)
        way(key, "alice")
    assert library.search("bob").items == ()
    assert library.search("bob", trash=True).items == ()


@pytest.mark.parametrize(
    "key", ["", "..", "../../etc/passwd", "%", "' OR 1=1 --", "\ud800", "x" * 10_000]
)
def test_an_id_that_is_none_is_not_found(library: Library, key: str) -> None:
    library.save(new_picture())

    for way in (library.get, library.thumbnail, library.strip, library.trash):
        with pytest.raises(NotFound):
            way(key, "alice")


def test_a_picture_thrown_away_can_be_brought_back(library: Library, tmp_path: Path) -> None:
    record = library.save(new_picture())

    trashed = library.trash(record.id, "alice")

    assert files(tmp_path) == [".trash/2026-11-24/00001-7.png"]
    assert library.search("alice").total == 0
    assert library.search("alice", trash=True).items == (trashed,)
    assert library.file(record.id, "alice").is_file()
    assert library.trash(record.id, "alice") == trashed
    assert library.restore(record.id, "alice") == record
    assert library.restore(record.id, "alice") == record
    assert files(tmp_path) == ["2026-11-24/00001-7.png"]
    assert library.reconcile() == NOTHING_AMISS


def test_bringing_back_does_not_overwrite_what_took_the_place(
    library: Library, tmp_path: Path
) -> None:
    record = library.save(new_picture())
    library.trash(record.id, "alice")
    (tmp_path / "outputs" / record.file).write_bytes(b"mine")

    restored = library.restore(record.id, "alice")

    assert (tmp_path / "outputs" / record.file).read_bytes() == b"mine"
    assert restored.file == "2026-11-24/00001-7-1.png"


def test_a_row_that_cannot_be_changed_leaves_the_file_where_it_was(
    library: Library, tmp_path: Path
) -> None:
    record = library.save(new_picture())
    with sqlite3.connect(tmp_path / "data/library.sqlite") as db:
        db.execute(
            "CREATE TRIGGER no BEFORE UPDATE ON pictures BEGIN SELECT RAISE(FAIL, 'no'); END"
        )
    db.close()

    with pytest.raises(sqlite3.IntegrityError):
        library.trash(record.id, "alice")

    assert files(tmp_path) == [record.file]


def test_the_trash_is_emptied_after_thirty_days(
    library: Library, clock: Clock, tmp_path: Path
) -> None:
    old = library.save(new_picture(kept=(kept_step(0),)))
    library.thumbnail(old.id, "alice")
    library.trash(old.id, "alice")
    clock.now += 29 * DAY
    recent = library.trash(library.save(new_picture()).id, "alice")
    library.reconcile()
    assert library.search("alice", trash=True).total == 2

    clock.now += 1.1 * DAY
    library.reconcile()

    assert library.search("alice", trash=True).items == (recent,)
    assert files(tmp_path) == [recent.file]
    assert not list((tmp_path / "data").rglob(f"{old.id}*"))


def test_a_file_deleted_by_another_program_is_not_found_and_then_forgotten(
    library: Library,
) -> None:
    record = library.save(new_picture())
    library.file(record.id, "alice").unlink()

    for way in (library.file, library.thumbnail, library.trash):
        with pytest.raises(NotFound, match="gone from the disk"):
            way(record.id, "alice")
    assert library.reconcile() == Reconciled(parts_removed=0, indexed=0, dropped=1)
    assert library.search("alice").total == 0


def test_a_link_that_leads_out_of_the_folder_is_not_followed(
    library: Library, tmp_path: Path
) -> None:
    record = library.save(new_picture())
    path = library.file(record.id, "alice")
    secret = tmp_path / "secret.png"
    path.rename(secret)
    path.symlink_to(secret)

    with pytest.raises(NotFound):
        library.file(record.id, "alice")
    assert library.reconcile() == Reconciled(parts_removed=0, indexed=0, dropped=1)


def test_thumbnails_are_small_upright_and_cached(library: Library, tmp_path: Path) -> None:
    wide = new_picture(pixels=bytes(512 * 256 * 3), width=512, height=256)
    record = library.save(wide)

    data = library.thumbnail(record.id, "alice")

    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == ("WEBP", (256, 128))
    os.truncate(tmp_path / "outputs" / record.file, 10)
    assert library.thumbnail(record.id, "alice") == data


def test_a_thumbnail_of_a_damaged_picture_is_not_found(library: Library, tmp_path: Path) -> None:
    record = library.save(new_picture())
    os.truncate(tmp_path / "outputs" / record.file, 200)

    with pytest.raises(NotFound, match="cannot be read"):
        library.thumbnail(record.id, "alice")


def test_the_strip_shows_the_kept_steps(library: Library) -> None:
    record = library.save(new_picture(kept=(kept_step(0), kept_step(5))))

    assert [frame.step for frame in library.strip(record.id, "alice")] == [0, 5]
    assert library.strip_frame(record.id, 5, "alice").startswith(b"\xff\xd8")
    with pytest.raises(NotFound, match="not kept"):
        library.strip_frame(record.id, 4, "alice")


def test_a_picture_without_kept_steps_has_an_empty_strip(library: Library) -> None:
    assert library.strip(library.save(new_picture()).id, "alice") == []


def test_pixels_that_do_not_fit_the_size_leave_nothing(library: Library, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="image data"):
        library.save(new_picture(pixels=b"too few"))

    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_named(library: Library, tmp_path: Path) -> None:
    (tmp_path / "outputs/2026-11-24").write_text("a file where the folder should be")

    with pytest.raises(DiskFull, match="outputs") as error:
        library.save(new_picture())

    assert error.value.details["free_bytes"] > 0
    assert error.value.remedy


def test_records_are_equal_after_the_library_is_opened_again(
    library: Library, tmp_path: Path
) -> None:
    record = library.save(new_picture())

    again = Library(tmp_path / "outputs", tmp_path / "data")

    assert again.search("alice").items == (record,)
    assert again.save(new_picture()).file == "2026-11-24/00002-7.png".replace(
        "2026-11-24", again.search("alice").items[0].file[:10]
    )
    again.close()
