"""Pictures are given to another owner: found by them, by nobody else, and also when the index is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.manager.adopt import main
from pipelines.manager.lock import FolderLock
from pipelines.output.library import Library
from pipelines.takeover.takeovers import Takeovers
from tests import installations
from tests.pipelines.output.pictures import new_picture

BROWSER = "3f" * 16


@pytest.fixture
def flags(tmp_path: Path) -> list[str]:
    return ["--data-dir", str(tmp_path / "data"), "--output-dir", str(tmp_path / "outputs")]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Three pictures made without a password, one of them in the trash; a stranger's, Forge's; one of a browser's."""
    forge = Takeovers.at([installations.forge(tmp_path / "old/webui")])
    library = Library(tmp_path / "outputs", tmp_path / "data", sources=forge.sources)
    for number in range(3):
        record = library.save(new_picture(owner="local", job_id="j", index=number))
    library.trash(record.id, "local")
    installations.picture(tmp_path / "outputs/mine.png")
    library.reconcile()
    library.take_in(lambda *told: None, lambda: False)
    library.trash(library.search("local", "lighthouse").items[0].id, "local")
    library.save(new_picture(owner=BROWSER))
    yield library
    library.close()


def counted(library: Library, owner: str) -> tuple[int, int]:
    return library.search(owner).total, library.search(owner, trash=True).total


def test_pictures_made_without_a_password_are_given_to_a_browser(
    library: Library, flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert counted(library, "local") == (5, 2)

    assert main(["--to", BROWSER, *flags], {}) == 0

    assert capsys.readouterr().out == f"Pictures of local that are now those of {BROWSER}: 7.\n"
    for _ in ("now", "and after the index was lost"):
        assert counted(library, BROWSER) == (6, 2)
        assert counted(library, "local") == (0, 0)
        assert library.find("j", 1)
        library.rebuild()
        library.take_in(lambda *told: None, lambda: False)


def test_the_list_says_who_made_what_last(
    library: Library, flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(flags, {}) == 0

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"{BROWSER}  1 picture, the last on 20")
    assert lines[0].endswith(": a red circle")
    assert lines[1].startswith("local  7 pictures")


def test_an_owner_who_is_not_there_gets_nothing(
    library: Library, flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--to", "4e" * 16, *flags], {}) == 2

    assert "has no pictures. Make one in that browser first" in capsys.readouterr().err
    assert counted(library, "local") == (5, 2)


def test_nothing_is_given_while_a_server_runs(
    tmp_path: Path, flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    lock = FolderLock(tmp_path / "data")

    assert main(flags, {}) == 2
    assert capsys.readouterr().err
    lock.release()
