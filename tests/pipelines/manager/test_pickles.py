"""Pickles: turned into safetensors when that is allowed, by a child that builds numbers only, and else left alone."""

from __future__ import annotations

import os
import pickle
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from pipelines.catalog.catalog import Catalog
from pipelines.errors import ModelUnreadable
from pipelines.manager.pickles import Pickles

PATIENCE_SECONDS = 60
LIGHTNING = "pytorch_lightning.callbacks.model_checkpoint"
TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3), "b": torch.ones(4, dtype=torch.float16)}


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.canary}",)


@pytest.fixture
def pickles(tmp_path: Path) -> Iterator[Pickles]:
    folder = tmp_path / "converted"
    made = Pickles(folder, Catalog([folder]), is_allowed=True)
    yield made
    made.close()


def ended(pickles: Pickles, source: Path) -> dict[str, Any]:
    pickles.convert(source)
    give_up = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up:
        (row,) = (row for row in pickles.rows() if row["source"] == str(source))
        if row["state"] in ("done", "failed"):
            return row
        time.sleep(0.02)
    raise AssertionError("it does not end")


@pytest.mark.parametrize("is_zip", [True, False])
def test_weights_in_a_pickle_come_out_as_safetensors(
    pickles: Pickles, tmp_path: Path, is_zip: bool
) -> None:
    source = tmp_path / "old.ckpt"
    shared = TENSORS["b"]
    content = {"state_dict": {**TENSORS, "c": shared[:2]}, "epoch": 3}
    torch.save(content, source, _use_new_zipfile_serialization=is_zip)

    row = ended(pickles, source)

    assert (row["state"], row["name"]) == ("done", "old")
    written = load_file(pickles.folder / "old.safetensors")
    assert {name: tensor.tolist() for name, tensor in written.items()} == {
        **{name: tensor.tolist() for name, tensor in TENSORS.items()},
        "c": [1.0, 1.0],
    }
    assert source.exists()


def test_a_textual_inversion_comes_out_as_an_embedding(pickles: Pickles, tmp_path: Path) -> None:
    source = tmp_path / "style.pt"
    vectors = torch.rand(2, 768)
    torch.save({"string_to_token": {"*": 265}, "string_to_param": {"*": vectors}}, source)

    assert ended(pickles, source)["state"] == "done"

    assert torch.equal(load_file(pickles.folder / "style.safetensors")["emb_params"], vectors)


def test_what_trainers_leave_beside_the_numbers_is_passed_over(
    pickles: Pickles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = type("ModelCheckpoint", (), {"__module__": LIGHTNING})
    for place in range(1, 4):
        name = ".".join(LIGHTNING.split(".")[:place])
        module = ModuleType(name)
        monkeypatch.setattr(module, "ModelCheckpoint", kind, raising=False)
        monkeypatch.setitem(sys.modules, name, module)
    source = tmp_path / "trained.ckpt"
    torch.save({"state_dict": TENSORS, "callbacks": {kind: {"best": 0.5}}}, source)

    assert ended(pickles, source)["state"] == "done"
    assert set(load_file(pickles.folder / "trained.safetensors")) == set(TENSORS)


@pytest.mark.parametrize("kind", ["torch", "plain", "html", "nothing", "cut"])
def test_a_hostile_or_damaged_file_runs_nothing_and_leaves_nothing(
    pickles: Pickles, tmp_path: Path, kind: str
) -> None:
    source, canary = tmp_path / "evil.pt", tmp_path / "canary"
    if kind == "torch":
        torch.save({"state_dict": TENSORS, "x": Evil(canary)}, source)
    elif kind == "plain":
        source.write_bytes(pickle.dumps(Evil(canary)))
    elif kind == "html":
        source.write_text("<html>not found</html>")
    elif kind == "nothing":
        torch.save({"epoch": 1}, source)
    else:
        torch.save(TENSORS, source)
        source.write_bytes(source.read_bytes()[:-300])

    row = ended(pickles, source)

    assert row["state"] == "failed"
    assert row["why"].startswith("evil.pt ")
    assert kind != "torch" or "could run code" in row["why"]
    assert not canary.exists()
    assert not list(pickles.folder.iterdir())


def test_two_pickles_of_one_name_both_come_out(pickles: Pickles, tmp_path: Path) -> None:
    names = []
    for number, folder in enumerate(("a", "b")):
        source = tmp_path / folder / "old.pt"
        source.parent.mkdir()
        torch.save({"w": torch.full((2,), float(number))}, source)
        names.append(ended(pickles, source)["name"])

    assert names == ["old", "old (2)"]
    first, second = (load_file(pickles.folder / f"{name}.safetensors")["w"] for name in names)
    assert (first.tolist(), second.tolist()) == ([0.0, 0.0], [1.0, 1.0])


def test_without_permission_nothing_is_read(tmp_path: Path) -> None:
    source = tmp_path / "old.ckpt"
    torch.save(TENSORS, source)
    pickles = Pickles(tmp_path / "converted", Catalog([]), is_allowed=False)

    with pytest.raises(ModelUnreadable, match=r"old\.ckpt is a pickle") as refused:
        pickles.convert(source)

    assert "--allow-pickle" in refused.value.remedy
    assert not (tmp_path / "converted").exists()


def test_only_pickles_are_converted(pickles: Pickles, tmp_path: Path) -> None:
    with pytest.raises(ModelUnreadable):
        pickles.convert(tmp_path / "model.safetensors")
