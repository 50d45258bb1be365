"""Pictures of other programs: found by their words, read once, and never touched, whatever is done with them here."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import NotFound
from pipelines.output import foreign, reconcile
from pipelines.output.library import Library
from pipelines.output.record import PictureRecord
from pipelines.takeover.takeovers import Takeovers
from tests import installations
from tests.installations import PARAMETERS, picture
from tests.pipelines.output.pictures import new_picture
from tests.pipelines.takeover.test_takeover import tree

OWNER = "local"
MONTH_SECONDS = 32 * 86_400.0


class House:
    """A library beside installations, that can be closed and opened again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.roots, self.now, self.told = folder, [], 1e9, []  # type: ignore[var-annotated]
        self.library: Library | None = None

    def open(self) -> Library:
        self.close()
        self.library = Library(
            self.folder / "outputs",
            self.folder / "data",
            clock=lambda: self.now,
            sources=Takeovers.at(self.roots).sources,
        )
        self.library.reconcile()
        self.told = []
        self.library.take_in(lambda *told: self.told.append(told), lambda: False)
        return self.library

    def close(self) -> None:
        if self.library:
            self.library.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "house")
    yield house
    house.close()


@pytest.fixture
def forge(tmp_path: Path, house: House) -> Path:
    house.roots.append(installations.forge(tmp_path / "old/webui"))
    return tmp_path / "old/webui"


def found(library: Library, words: str = "", **filters: bool) -> list[str]:
    return sorted(one.file_name for one in library.search(OWNER, words, **filters).items)  # type: ignore[arg-type]


def test_old_pictures_are_found_by_a_word_of_their_prompts(
    house: House, forge: Path, tmp_path: Path
) -> None:
    house.roots += [
        installations.comfyui(tmp_path / "c/ComfyUI"),
        installations.invokeai(tmp_path / "i"),
    ]

    library = house.open()

    assert house.told[-1] == (5, 5)
    assert found(library, "lighthouse") == ["00007-4711.png"]
    assert found(library, "harbour") == ["kept.png"]
    assert found(library, "bottle") == ["ComfyUI_00001_.png"]
    assert found(library, "porcelain") == ["9d3e.png"]
    record = library.search(OWNER, "lighthouse").items[0]
    assert record.as_dict()["program"] == "Forge"
    assert record.parameters == PARAMETERS
    assert record.request
    assert record.request.sampling.schedule == "Karras"
    assert (record.seed, record.checkpoint, record.width) == (4711, "seascapes", 64)
    path = forge / "outputs/txt2img-images/2023-04-01/00007-4711.png"
    assert library.file(record.id, OWNER) == path
    assert record.created == path.stat().st_mtime
    assert library.thumbnail(record.id, OWNER)[8:12] == b"WEBP"
    with pytest.raises(NotFound):
        library.get(record.id, "somebody else")


def test_the_settings_of_a_dropped_picture_are_read_too(house: House, tmp_path: Path) -> None:
    root = installations.comfyui(tmp_path / "c")
    data = (root / "output/ComfyUI_00001_.png").read_bytes()

    request, parameters = house.open().read_request(data)

    assert request
    assert (request.prompt, request.checkpoint) == (
        "galaxy in a bottle <lora:ink:0.8>",
        "galaxy.v2",
    )
    assert "Sampler: Euler a" in parameters


def test_what_was_read_is_not_read_again(
    house: House, forge: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.open()
    read: list[str] = []
    look = reconcile.look
    monkeypatch.setattr(foreign, "look", lambda path: read.append(path.name) or look(path))

    house.open()
    assert (read, house.told[-1]) == ([], (3, 3))

    picture(forge / "outputs/new.png", parameters=PARAMETERS)
    changed = forge / "outputs/txt2img-images/2023-04-01/00008-1.png"
    before = house.library.search(OWNER, "").items  # type: ignore[union-attr]
    picture(changed, parameters=PARAMETERS.replace("lighthouse", "windmill"))
    (forge.parent / "saved pictures/kept.png").unlink()
    library = house.open()

    assert sorted(read) == ["00008-1.png", "new.png"]
    assert found(library) == ["00007-4711.png", "00008-1.png", "new.png"]
    assert found(library, "windmill") == ["00008-1.png"]
    same = {one.file_name: one.id for one in before}
    assert library.search(OWNER, "windmill").items[0].id != same["00008-1.png"]


def test_deleting_hides_and_never_deletes(house: House, forge: Path) -> None:
    before = tree(forge.parent)
    library = house.open()
    record = library.search(OWNER, "lighthouse").items[0]

    assert library.trash(record.id, OWNER).trashed == house.now
    house.now += MONTH_SECONDS
    library = house.open()

    assert found(library, "lighthouse") == []
    assert found(library, "lighthouse", trash=True) == ["00007-4711.png"]
    assert library.thumbnail(record.id, OWNER)
    (house.folder / "data/library.sqlite").unlink()
    library = house.open()
    assert found(library, "lighthouse", trash=True) == ["00007-4711.png"]
    assert library.restore(record.id, OWNER).trashed is None
    assert found(library, "lighthouse") == ["00007-4711.png"]
    assert tree(forge.parent) == before


def test_an_installation_that_may_not_be_written_is_taken_over(house: House, forge: Path) -> None:
    everything = [forge.parent, *forge.parent.rglob("*")]
    for path in everything:
        path.chmod(stat.S_IRUSR | (stat.S_IXUSR if path.is_dir() else 0))
    try:
        library = house.open()
        record = library.search(OWNER, "lighthouse").items[0]
        library.trash(record.id, OWNER)
        assert found(library, "harbour") == ["kept.png"]
    finally:
        for path in everything:
            path.chmod(stat.S_IRWXU)


def test_without_the_flag_nothing_of_it_is_shown_or_served(house: House, forge: Path) -> None:
    record = house.open().search(OWNER, "lighthouse").items[0]
    own = house.library.save(new_picture(owner=OWNER))  # type: ignore[union-attr]
    house.roots.clear()

    library = house.open()

    assert library.search(OWNER).items == (own,)
    with pytest.raises(NotFound):
        library.file(record.id, OWNER)


def test_links_that_lead_out_are_neither_followed_nor_served(
    house: House, forge: Path, tmp_path: Path
) -> None:
    outside = picture(tmp_path / "private/me.png", parameters=PARAMETERS)
    (forge / "outputs/link").symlink_to(outside.parent, target_is_directory=True)
    (forge / "outputs/me.png").symlink_to(outside)
    (forge / "outputs/loop").symlink_to(forge / "outputs", target_is_directory=True)
    library = house.open()
    assert found(library) == ["00007-4711.png", "00008-1.png", "kept.png"]

    record = library.search(OWNER, "lighthouse").items[0]
    path = library.file(record.id, OWNER)
    path.unlink()
    path.symlink_to(outside)

    with pytest.raises(NotFound):
        library.file(record.id, OWNER)


def test_our_own_pictures_keep_their_numbers_and_their_place(house: House, forge: Path) -> None:
    picture(forge / "outputs/99998-1.png", parameters=PARAMETERS)
    library = house.open()

    own = library.save(new_picture(owner=OWNER))

    assert own.file_name == "00001-7.png"
    assert own.program == ""
    assert found(house.open()) == [
        "00001-7.png", "00007-4711.png", "00008-1.png", "99998-1.png", "kept.png"
    ]  # fmt: skip


def test_a_folder_of_pictures_that_is_our_own_is_not_shown_twice(
    house: House, tmp_path: Path
) -> None:
    root = installations.forge(house.folder)
    (root / "config.json").write_text(
        '{"outdir_save": "' + str(tmp_path / "house/outputs/x") + '"}'
    )
    house.roots.append(root)

    library = house.open()
    library.save(new_picture(owner=OWNER))

    assert library.sources == ()
    assert len(house.open().search(OWNER).items) == 3


HOSTILE = {
    "half": lambda path: path.write_bytes(path.read_bytes()[:70]),
    "empty": lambda path: path.write_bytes(b""),
    "page": lambda path: path.write_bytes(b"<html>"),
    "gigantic": lambda path: picture(
        path, prompt='{"1": {"inputs": {"text": "' + "x" * 5_000_000 + '"}}}'
    ),
    "chunks": lambda path: picture(path, **{f"parameters{n}": "x" * 20_000 for n in range(50)}),
    "seed": lambda path: picture(path, parameters=PARAMETERS.replace("4711", "9" * 30)),
    "numbers": lambda path: picture(path, parameters=PARAMETERS.replace("24", "1e300")),
    "nested": lambda path: picture(
        path, prompt="[" * 100_000, invokeai_metadata='{"image":' * 50_000
    ),
    "surrogates": lambda path: picture(
        path, invokeai_metadata='{"positive_prompt": "\\ud800 cat"}'
    ),
    "ours": lambda path: picture(
        path, darkroom='{"id": "' + "0" * 32 + '", "device": "\\ud800", "created": 1e300}'
    ),
    "null": lambda path: picture(path, parameters="a\0b\nSteps: 1, Seed: 2, Size: 8x8"),
}


def test_hostile_pictures_harm_nothing(house: House, forge: Path) -> None:
    for name, write in HOSTILE.items():
        write(picture(forge / f"outputs/{name}.png"))
    picture(Path(os.fsdecode(bytes(forge) + b"/outputs/b\xff.png")), parameters=PARAMETERS)
    picture(forge / "outputs/Ünïcode 猫 ' \" %.png", parameters=PARAMETERS)

    library = house.open()

    assert len(found(library, "lighthouse")) == 4
    assert {
        "gigantic.png",
        "chunks.png",
        "nested.png",
        "surrogates.png",
        "seed.png",
        "ours.png",
    } <= set(found(library))
    rows: list[PictureRecord] = list(library.search(OWNER).items)
    assert all(library.thumbnail(one.id, OWNER) for one in rows if one.file_name != "half.png")
    assert [one.seed for one in rows if one.file_name == "seed.png"] == [None]


def test_a_stop_in_the_middle_loses_nothing(house: House, forge: Path) -> None:
    for number in range(250):
        picture(forge / f"outputs/{number}.png")
    house.library = library = Library(
        house.folder / "outputs",
        house.folder / "data",
        sources=Takeovers.at([forge]).sources,
    )
    told: list[tuple[int, int]] = []
    library.take_in(lambda *at: told.append(at), lambda: len(told) > 1)

    assert told == [(0, 253), (100, 253)]
    house.open()
    assert house.told == [(100, 253), (200, 253), (253, 253)]
