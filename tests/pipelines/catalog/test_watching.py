"""Folders of models as other programs keep them: found where they lie, followed while they change, cheaply."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pipelines.catalog import catalog
from pipelines.catalog.catalog import Catalog
from pipelines.catalog.scan import scan
from pipelines.errors import NotFound
from tests import paper_checkpoint, paper_file
from tests.paper_file import SDXL

FILES, LOOK_SECONDS = 2000, 0.25  # ten milliseconds on a quiet machine
LORA = {"lora_unet_mid_block_attn1_to_q.lora_down.weight": (4, 4)}


def names(catalog: Catalog) -> list[str]:
    return [one.name for one in catalog.checkpoints()]


def test_the_folders_of_automatic1111_and_comfyui_work_where_they_lie(tmp_path: Path) -> None:
    for file, shapes in {
        "a1111/Stable-diffusion/alpha.safetensors": paper_file.SD15,
        "a1111/Stable-diffusion/XL/beta.safetensors": SDXL,
        "a1111/Lora/red.safetensors": LORA,
        "comfy/checkpoints/gamma.safetensors": paper_file.SD2,
        "comfy/vae/clear.safetensors": paper_file.VAE,
    }.items():
        paper_file.write(tmp_path / file, shapes)
    (tmp_path / "comfy" / "checkpoints" / "put_checkpoints_here").touch()
    (tmp_path / "a1111" / "Stable-diffusion" / "alpha.preview.png").touch()

    catalog = Catalog([tmp_path / "a1111", tmp_path / "comfy"])

    found = [(one.name, one.family, one.problem) for one in catalog.checkpoints()]
    assert found == [("alpha", "sd15", ""), ("beta", "sdxl", ""), ("gamma", "sd2", "")]
    assert [(one.name, one.kind) for one in catalog.others()] == [("clear", "vae"), ("red", "lora")]


def test_files_deeper_than_six_folders_and_hidden_ones_are_not_looked_at(tmp_path: Path) -> None:
    for file in ("1/2/3/4/5/6/seen", "1/2/3/4/5/6/7/deep", ".cache/hidden"):
        paper_file.write(tmp_path / f"{file}.safetensors")

    assert names(Catalog([tmp_path])) == ["seen"]


def test_a_file_that_is_being_copied_recovers_by_itself(tmp_path: Path) -> None:
    whole = paper_checkpoint.safetensors(paper_file.SD15)
    path, catalog = tmp_path / "new.safetensors", Catalog([tmp_path])
    assert names(catalog) == []
    problems = []

    for end in (0, 500, len(whole) - 1, len(whole)):
        path.write_bytes(whole[:end])
        problems.append(catalog.checkpoints()[0].problem)

    assert all("still being copied" in problem for problem in problems[:-1])
    assert problems[-1] == ""
    path.unlink()
    assert names(catalog) == []


def test_the_version_changes_only_when_something_has(tmp_path: Path) -> None:
    catalog = Catalog([tmp_path])
    path = paper_file.write(tmp_path / "a.safetensors")
    before = catalog.look().version

    assert catalog.look().version == catalog.version == before
    (tmp_path / "notes.txt").touch()
    assert catalog.look().version == before
    (tmp_path / "a.darkroom.json").write_text('{"licence": "MIT"}')
    assert catalog.look().version != before
    assert catalog.checkpoints()[0].licence == "MIT"
    path.unlink()
    assert catalog.look().checkpoints == ()


def test_another_file_of_the_same_time_and_size_is_noticed(tmp_path: Path) -> None:
    path, catalog = paper_file.write(tmp_path / "a.safetensors"), Catalog([tmp_path])
    assert not catalog.checkpoints()[0].problem
    then, size = path.stat().st_mtime_ns, path.stat().st_size
    (tmp_path / "b").write_bytes(bytes(size))
    os.utime(tmp_path / "b", ns=(then, then))

    (tmp_path / "b").replace(path)

    assert catalog.checkpoints()[0].problem


def test_every_name_is_its_own_and_can_be_shown(tmp_path: Path) -> None:
    for file in ("a/x", "b/x", "c/b/x", "y", "two\nlines"):
        paper_file.write(tmp_path / f"{file}.safetensors")
    (tmp_path / "y.ckpt").touch()
    paper_checkpoint.write(tmp_path / "d" / "y")
    paper_file.write(Path(os.fsdecode(bytes(tmp_path) + b"/b\xff.safetensors")))

    found = names(Catalog([tmp_path]))

    assert found == [
        "b/x", "b/x.safetensors", "b?", "d/y", "two?lines", "x", "y", "y.ckpt"
    ]  # fmt: skip


def test_who_must_not_wait_is_told_by_the_last_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    monkeypatch.setattr(catalog, "scan", lambda folders: looks.append(1) or scan(folders))
    paper_file.write(tmp_path / "a.safetensors")
    models = Catalog([tmp_path])

    found = [models.recall(lambda view: view.find("a")).name for _ in range(3)]

    assert (found, len(looks)) == (["a"] * 3, 1)  # the first look is waited for
    paper_file.write(tmp_path / "b.safetensors")
    assert models.recall(lambda view: view.find("b")).name == "b"  # looked for before it is refused
    assert len(looks) == 2
    with pytest.raises(NotFound):
        models.recall(lambda view: view.find("c"))


def test_what_is_reached_twice_is_listed_once(tmp_path: Path) -> None:
    paper_file.write(tmp_path / "models" / "a.safetensors")
    (tmp_path / "models" / "loop").symlink_to(tmp_path / "models", target_is_directory=True)
    paper_file.write(tmp_path / "elsewhere" / "b.safetensors")
    (tmp_path / "models" / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "models" / "gone.safetensors").symlink_to(tmp_path / "nowhere")

    found = names(Catalog([tmp_path / "models", tmp_path / "models"]))

    assert found == ["a", "b"]


def test_a_folder_named_like_a_file_is_looked_into(tmp_path: Path) -> None:
    paper_file.write(tmp_path / "odd.safetensors" / "a.safetensors")

    assert names(Catalog([tmp_path])) == ["a"]


def test_a_look_at_two_thousand_unchanged_files_takes_less_than_fifty_milliseconds(
    tmp_path: Path,
) -> None:
    for number in range(FILES):
        paper_file.write(tmp_path / f"{number % 20}" / f"{number}.safetensors", LORA)
    catalog = Catalog([tmp_path])
    assert len(catalog.others()) == FILES
    looks = []

    for _ in range(9):
        began = time.perf_counter()
        catalog.checkpoints()
        looks.append(time.perf_counter() - began)

    assert len(scan([tmp_path])) == FILES
    assert min(looks) < LOOK_SECONDS, looks


def test_a_checkpoint_has_another_version_when_its_files_change_and_not_when_its_notes_do(
    tmp_path: Path,
) -> None:
    file = paper_file.write(tmp_path / "one.safetensors")
    folder = paper_checkpoint.write(tmp_path / "two")
    catalog = Catalog([tmp_path])

    def versions() -> list[str]:
        refs = [one.ref() for one in catalog.checkpoints()]
        return [ref.version for ref in refs]

    first = versions()
    assert len({*first, ""}) == 3
    (tmp_path / "one.darkroom.json").write_text('{"notes": "mine"}')
    (tmp_path / "one.json").write_text('{"notes": "theirs"}')
    (folder / "darkroom.json").write_text('{"notes": "mine"}')
    assert versions() == first
    os.replace(paper_file.write(tmp_path / "new" / "x.part"), file)
    assert [new == old for new, old in zip(versions(), first, strict=True)] == [False, True]
    (folder / "unet" / "config.json").write_text('{"in_channels": 4, "changed": true}')
    assert [new == old for new, old in zip(versions(), first, strict=True)] == [False, False]
