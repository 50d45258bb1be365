"""Sources stay with the pictures that were made from them, over restarts and losses, for who owns such a picture."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.editing.source import Inpainting, Source, sources_of
from pipelines.errors import DiskFull, NotFound
from pipelines.output.assets import Asset, Assets
from pipelines.output.library import Library
from pipelines.output.record import PictureRecord
from pipelines.output.sources import KEPT_SECONDS, Sources
from tests.pipelines.output.files import encoded, halves
from tests.pipelines.output.pictures import new_picture, request

DAY = 86_400.0


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class House:
    """A library and its uploads as the manager joins them."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder, self.clock = folder, clock
        self.open()

    def open(self) -> None:
        self.library = Library(self.folder / "outputs", self.folder / "data", clock=self.clock)
        self.assets = Assets(self.folder / "data", self.library.source)
        self.library.reconcile()

    def restart(self, *, lost: str = "") -> None:
        self.library.close()
        if lost:
            shutil.rmtree(self.folder / lost)
        self.open()

    def made(self, source: Asset, mask: Asset, **values: Any) -> PictureRecord:
        asked = request(
            source=Source(image=source.id), inpainting=Inpainting(mask=mask.id), **values
        )
        uploads = {source.id: source.path, mask.id: mask.path}
        named = tuple((one, uploads[one]) for one in sources_of(asked))
        return self.library.save(new_picture(request=asked, sources=named))

    def kept(self) -> set[str]:
        return {path.name for path in (self.folder / "outputs/.sources").glob("*/*")}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(tmp_path: Path, clock: Clock) -> Iterator[House]:
    house = House(tmp_path, clock)
    yield house
    house.library.close()


@pytest.fixture
def picture(house: House) -> Asset:
    return house.assets.add(encoded(halves()), "alice")


@pytest.fixture
def mask(house: House) -> Asset:
    return house.assets.add(encoded(halves("L")), "alice")


def names(*assets: Asset) -> set[str]:
    return {f"{asset.id}.png" for asset in assets}


def test_source_and_mask_are_stored_beside_the_picture(
    house: House, picture: Asset, mask: Asset
) -> None:
    house.made(picture, mask)

    assert house.kept() == names(picture, mask)
    place = house.folder / "outputs/.sources" / picture.id[:2] / f"{picture.id}.png"
    assert place.read_bytes() == picture.path.read_bytes()


@pytest.mark.parametrize("lost", ["data", "data/assets"])
def test_they_come_back_for_the_owner_of_the_picture_when_the_data_are_lost(
    house: House, picture: Asset, mask: Asset, lost: str
) -> None:
    record = house.made(picture, mask)
    data = picture.path.read_bytes()

    house.restart(lost=lost)

    owner = "local" if lost == "data" else "alice"  # without the ledger nobody knows whose it is
    assert house.library.get(record.id, owner).request == record.request
    for asset in (picture, mask):
        assert house.assets.get(asset.id, owner).id == asset.id
        with pytest.raises(NotFound, match="no such upload"):
            house.assets.get(asset.id, "bob")
    assert house.assets.get(picture.id, owner).path.read_bytes() == data


def test_they_come_back_after_the_uploads_were_swept(
    house: House, picture: Asset, mask: Asset
) -> None:
    house.made(picture, mask)
    for asset in (picture, mask):
        os.utime(asset.path, (1, 1))
    house.restart()
    assert not picture.path.exists()

    assert house.assets.get(picture.id, "alice") == picture


def test_the_picture_alone_gives_no_right_to_its_source(
    house: House, picture: Asset, mask: Asset
) -> None:
    """Its id stands in the metadata of a picture that may be shared with anybody."""
    house.made(picture, mask)
    house.library.save(new_picture(owner="bob", request=request(prompt=picture.id)))

    assert house.library.source(picture.id, "bob") is None
    with pytest.raises(NotFound, match="no such upload"):
        house.assets.get(picture.id, "bob")


def test_who_is_given_the_pictures_has_their_sources(
    house: House, picture: Asset, mask: Asset
) -> None:
    house.made(picture, mask)

    house.library.give("alice", "bob")

    assert house.assets.get(picture.id, "bob").id == picture.id
    house.restart(lost="data/assets")
    assert house.assets.get(mask.id, "bob").id == mask.id
    with pytest.raises(NotFound):
        house.assets.get(mask.id, "alice")


def test_they_are_no_pictures_of_the_library(house: House, picture: Asset, mask: Asset) -> None:
    house.made(picture, mask)

    done = house.library.rebuild()

    assert (done.indexed, done.dropped) == (1, 0)
    assert house.library.search("alice").total == 1
    assert house.library.search("local").total == 0
    assert house.kept() == names(picture, mask)


def test_they_stay_while_any_picture_uses_them_also_in_the_trash(
    house: House, picture: Asset, mask: Asset
) -> None:
    first, second = house.made(picture, mask), house.made(picture, mask, seed=8)
    house.library.trash(first.id, "alice")
    house.clock.now += KEPT_SECONDS + DAY
    house.restart()  # the trash is emptied
    assert house.kept() == names(picture, mask)

    house.library.trash(second.id, "alice")
    house.clock.now += KEPT_SECONDS - DAY
    house.restart()
    assert house.kept() == names(picture, mask)

    house.clock.now += 2 * DAY
    house.restart()  # the last picture is gone, its sources have a month left
    house.clock.now += KEPT_SECONDS
    house.restart()
    assert house.kept() == set()


def test_pictures_that_are_away_for_a_while_find_their_sources_again(
    house: House, picture: Asset, mask: Asset
) -> None:
    record = house.made(picture, mask)
    house.clock.now += 400 * DAY
    house.restart()
    file = house.folder / "outputs" / record.file
    data = file.read_bytes()
    file.unlink()
    house.clock.now += KEPT_SECONDS - DAY
    house.restart()

    file.write_bytes(data)
    house.restart()

    assert house.library.source(picture.id, "alice")


def test_a_source_that_is_gone_does_not_cost_the_picture(
    house: House, picture: Asset, mask: Asset
) -> None:
    mask.path.unlink()

    record = house.made(picture, mask)

    assert house.library.file(record.id, "alice").exists()
    assert house.kept() == names(picture)


def test_a_source_that_cannot_be_kept_is_said_to_be_the_disk_s_fault(
    house: House, picture: Asset, mask: Asset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Sources, "keep", full)

    with pytest.raises(DiskFull, match="The disk is full"):
        house.made(picture, mask)
    assert house.library.search("alice").total == 0


# ---- files -------------------------------------------------------------------------------------------


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    path = tmp_path / "upload"
    path.write_bytes(b"pixels")
    return path


def refuse(*_: Any) -> None:
    raise OSError(errno.EXDEV, "Invalid cross-device link")


@pytest.mark.parametrize("link", [os.link, refuse], ids=["one disk", "two disks"])
def test_keeping_again_changes_nothing(
    tmp_path: Path, upload: Path, monkeypatch: pytest.MonkeyPatch, link: Callable[..., None]
) -> None:
    monkeypatch.setattr(os, "link", link)
    sources = Sources(tmp_path / "outputs")
    for _ in range(2):
        sources.keep(upload, "a" * 32)

    assert sources.path("a" * 32).read_bytes() == b"pixels"
    assert [path.name for path in (tmp_path / "outputs").rglob("*.*") if path.is_file()] == [
        "a" * 32 + ".png"
    ]
    upload.unlink()
    assert sources.path("a" * 32).read_bytes() == b"pixels"


def test_a_kill_while_it_is_kept_leaves_nothing_for_long(
    tmp_path: Path, upload: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = Sources(tmp_path / "outputs")
    sources.keep(upload, "a" * 32)
    left = sources.path("a" * 32).with_name("b" * 32 + ".part")
    left.write_bytes(b"half")
    now = time.time()

    sources.sweep({"a" * 32, "b" * 32}, now)
    assert left.exists()  # another server may be writing it
    sources.sweep({"a" * 32, "b" * 32}, now + 2 * DAY)

    assert not left.exists()
    assert sources.path("a" * 32).exists()


def test_a_file_that_cannot_be_kept_leaves_nothing(tmp_path: Path) -> None:
    sources = Sources(tmp_path / "outputs")

    with pytest.raises(FileNotFoundError):
        sources.keep(tmp_path / "gone", "a" * 32)

    assert not [path for path in (tmp_path / "outputs").rglob("*") if path.is_file()]
