"""Projects on disk: whole or as before, whose they are, and what is damaged is passed over."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import DiskFull, NotFound
from pipelines.projects.project import Attempt, Project, Result, Step
from pipelines.projects.store import TRASH_KEPT_SECONDS, Store

ONE, TWO = "1" * 32, "2" * 32


def project(project_id: str = ONE, **fields: Any) -> Project:
    result = Result(key="k", image="i", picture_id="p", pictures=("p", "q"), job_id="j")
    attempt = Attempt(key="k2", state="failed", error={"message": "no memory"})
    steps = (
        Step(id="a", name="sky", request={"seed": 3}, results=(result,), attempts=1),
        Step(id="b", tool={"tool": "tones", "strength": 1.0}, is_enabled=False, attempt=attempt),
    )
    whole: dict[str, Any] = {"owner": "ada", "base": "base", "created": 1.0, "changed": 2.0}
    return Project(id=project_id, **{**whole, "steps": steps, "position": 1, **fields})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def file_of(tmp_path: Path, project_id: str = ONE) -> Path:
    return next((tmp_path / "projects").rglob(f"{project_id}.json"))


def test_what_is_saved_is_read_back(store: Store) -> None:
    store.save(project())

    assert store.get(ONE, "ada") == project()
    assert list(store.all()) == [project()]


def test_the_latest_change_comes_first(store: Store) -> None:
    store.save(project(ONE, changed=5.0))
    store.save(project(TWO, changed=9.0))

    assert [one.id for one in store.of_owner("ada")[0]] == [TWO, ONE]


@pytest.mark.parametrize("owner", ["eve", "a/da", "..", "", "ada/"])
def test_another_owner_finds_nothing(store: Store, owner: str) -> None:
    store.save(project())

    with pytest.raises(NotFound):
        store.get(ONE, owner)
    assert store.of_owner(owner) == ([], [])


def test_owners_whose_names_fall_together_on_disk_stay_apart(store: Store) -> None:
    store.save(project(ONE, owner="a.b"))
    store.save(project(TWO, owner="a/b"))

    assert [one.id for one in store.of_owner("a.b")[0]] == [ONE]
    with pytest.raises(NotFound):
        store.get(TWO, "a.b")


@pytest.mark.parametrize("project_id", ["", "..", "../" + ONE, ONE + "0", "A" * 32])
def test_ids_that_are_none_lead_nowhere(store: Store, project_id: str) -> None:
    with pytest.raises(NotFound):
        store.get(project_id, "ada")


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "5", "null", '"text"', "\x00\xff", "[" * 100_000, "{}", '{"steps": 3}',
        '{"steps": [], "id": "1"}', '{"steps": [5]}',
    ],
)  # fmt: skip
def test_a_damaged_file_is_named_and_the_others_are_there(
    store: Store, tmp_path: Path, text: str
) -> None:
    store.save(project(ONE))
    store.save(project(TWO))
    file_of(tmp_path).write_text(text, encoding="utf-8")

    assert store.of_owner("ada") == ([project(TWO)], [f"{ONE}.json"])
    assert list(store.all()) == [project(TWO)]
    with pytest.raises(NotFound):
        store.get(ONE, "ada")


@pytest.mark.parametrize(
    ("name", "value"),
    [("position", 3), ("position", -1), ("position", "1"), ("base", 5), ("steps", {}), ("more", 1),
     ("changed", None)],
)  # fmt: skip
def test_a_field_that_cannot_be_is_damage(
    store: Store, tmp_path: Path, name: str, value: Any
) -> None:
    store.save(project())
    values = json.loads(file_of(tmp_path).read_text())
    file_of(tmp_path).write_text(json.dumps({**values, name: value}))

    assert store.of_owner("ada")[1] == [f"{ONE}.json"]


def test_a_kill_while_writing_leaves_what_was_there(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(project())

    def killed(descriptor: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            store.save(project(name="other"))

    assert store.get(ONE, "ada") == project()
    store.sweep(10.0)
    assert [path.name for path in file_of(tmp_path).parent.iterdir()] == [f"{ONE}.json"]


def test_a_disk_that_takes_nothing_is_said(store: Store, tmp_path: Path) -> None:
    (tmp_path / "projects").write_text("no folder")

    with pytest.raises(DiskFull):
        store.save(project())


def test_the_trash_is_emptied_after_a_month(store: Store) -> None:
    now = 10 * TRASH_KEPT_SECONDS
    store.save(project(ONE, trashed=now - TRASH_KEPT_SECONDS - 1))
    store.save(project(TWO, trashed=now - 5))
    store.save(project("3" * 32))

    store.sweep(now)

    assert {one.id for one in store.all()} == {TWO, "3" * 32}
