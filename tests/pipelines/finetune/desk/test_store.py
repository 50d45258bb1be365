"""Trainings on disk: whole or not there, damaged ones left alone, and nothing outside their folders touched."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.finetune.desk.store import RECORD, store_in
from pipelines.finetune.plan import Plan
from pipelines.finetune.training import Example, Made, Mark, Training
from pipelines.works.work import DONE, PAUSED

ID = "0123456789abcdef" * 2


def training(**changes: Any) -> Training:
    whole = Training(
        id=ID,
        owner="ada",
        state=PAUSED,
        plan=Plan(name="Rex", steps=40, sample_prompts=("a red circle", "zwk")),
        family="sd15",
        examples=(
            Example(index=0, caption="a zwk dog", crop=(1, 2, 30, 40), size=(64, 64)),
            Example(index=1, caption="ä", crop=(0, 0, 9, 9), size=(64, 128), is_held_out=True),
        ),
        created=12.5,
        client_request_id="click",
        started=13.0,
        step=7,
        step_seconds=0.25,
        losses=((1, 0.5), (7, 0.25)),
        marks=(Mark(step=5, file="Rex-000005.safetensors", held_out_loss=0.1),),
        sampled_steps=(0, 5),
        best_step=5,
        made=Made(name="Rex", trigger="zwk", step=5, file="loras/Rex.safetensors"),
        error={"code": "disk_full", "message": "The disk is full.", "free_bytes": 3},
        warnings=("From one picture …",),
    )
    return replace(whole, **changes)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    for one in (training(), training(id="f" * 32, state=DONE, made=None, error=None)):
        store.save(one)

        assert one in list(store.load())


def test_what_passes_is_not_kept(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.save(training(stage="training", eta_seconds=9.0, position=2))

    assert list(store.load()) == [training()]


@pytest.mark.parametrize(
    "damage",
    [
        {"state": 7},
        {"plan": {"name": "a/b"}},
        {"plan": None},
        {"losses": [[1]]},
        {"losses": [[1, float("nan")]]},
        {"marks": [{"step": 1}]},
        {"examples": [{"index": 0}]},
        {"error": "none"},
        {"id": "f" * 32},
        {"unknown": 1},
    ],
)
def test_a_damaged_file_is_said_passed_over_and_left_alone(
    tmp_path: Path, damage: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    store = store_in(tmp_path)
    store.save(training())
    path = store.folder(ID) / RECORD
    path.write_text(json.dumps(json.loads(path.read_bytes()) | damage))
    before = path.read_bytes()

    store.sweep()

    assert list(store.load()) == []
    assert str(path) in caplog.text
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000])
def test_what_is_no_json_is_passed_over(tmp_path: Path, text: str) -> None:
    store = store_in(tmp_path)
    store.save(training())
    (store.folder(ID) / RECORD).write_text(text)

    assert list(store.load()) == []


def test_half_of_a_folder_goes_and_what_is_no_folder_of_ours_stays(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.save(training())
    half, foreign = store.root / ("a" * 32), store.root / "notes"
    for folder in (half, foreign):
        (folder / "crops").mkdir(parents=True)
    part = store.folder(ID) / "state.training.part"
    part.touch()

    store.sweep()

    assert not half.exists()
    assert foreign.exists()
    assert not part.exists()
    assert list(store.load()) == [training()]


def test_removing_takes_the_whole_folder_and_nothing_outside(tmp_path: Path) -> None:
    store, outside = store_in(tmp_path), tmp_path / "pictures"
    outside.mkdir()
    (outside / "dog.png").touch()
    store.save(training())
    (store.folder(ID) / "originals").symlink_to(outside, target_is_directory=True)

    store.remove(ID)

    assert not store.folder(ID).exists()
    assert (outside / "dog.png").exists()
    store.remove(ID)  # once more is nothing


def test_a_link_in_the_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    store, outside = store_in(tmp_path), tmp_path / "pictures"
    outside.mkdir()
    (outside / RECORD).touch()
    store.root.mkdir(parents=True)
    store.folder(ID).symlink_to(outside, target_is_directory=True)

    store.sweep()
    store.remove(ID)

    assert (outside / RECORD).exists()


@pytest.mark.parametrize("name", ["", ".", "..", "../" + ID, ID.upper(), ID + "0", ID[:31] + "/"])
def test_what_is_no_id_has_no_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is no id"):
        store_in(tmp_path).folder(name)


def test_one_that_is_forgotten_is_gone_after_the_next_start(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.save(training())
    store.forget(ID)

    assert list(store.load()) == []
    store.sweep()
    assert not store.folder(ID).exists()
