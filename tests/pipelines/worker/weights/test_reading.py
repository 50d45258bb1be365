"""Damaged checkpoints are refused with the file and the cause; sound ones are read in the right format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from pipelines.errors import ModelUnreadable
from pipelines.worker.device.choice import Device
from pipelines.worker.messages import CheckpointRef
from pipelines.worker.weights.loading import build
from pipelines.worker.weights.reading import read
from tests.pipelines.worker.workbench import CPU

UNET = Path("unet/diffusion_pytorch_model.safetensors")
VAE = Path("vae/diffusion_pytorch_model.safetensors")
TEXT = Path("text_encoder/model.safetensors")


def change(file: Path, edit: Callable[[dict[str, torch.Tensor]], None]) -> None:
    tensors = {name: tensor.clone() for name, tensor in load_file(file).items()}
    edit(tensors)
    save_file(tensors, file)


def refusal(ref: CheckpointRef) -> str:
    with pytest.raises(ModelUnreadable) as raised:
        build(read(ref, CPU), CPU)
    assert raised.value.remedy
    return raised.value.message


@pytest.mark.parametrize("file", [UNET, VAE, TEXT], ids=["unet", "vae", "text encoder"])
class TestDamage:
    def test_no_file(self, own_toy: CheckpointRef, file: Path) -> None:
        (Path(own_toy.path) / file).unlink()

        assert str(Path(own_toy.path) / file.parent) in refusal(own_toy)

    def test_cut_off(self, own_toy: CheckpointRef, file: Path) -> None:
        whole = (Path(own_toy.path) / file).read_bytes()
        (Path(own_toy.path) / file).write_bytes(whole[: len(whole) // 2])

        assert f"{file} is damaged" in refusal(own_toy)

    def test_a_page_of_the_web_instead_of_weights(self, own_toy: CheckpointRef, file: Path) -> None:
        (Path(own_toy.path) / file).write_text("<!doctype html><title>Log in</title>")

        assert f"{file} is damaged" in refusal(own_toy)

    def test_empty(self, own_toy: CheckpointRef, file: Path) -> None:
        (Path(own_toy.path) / file).write_bytes(b"")

        assert f"{file} is damaged" in refusal(own_toy)

    def test_a_tensor_is_missing(self, own_toy: CheckpointRef, file: Path) -> None:
        first = sorted(load_file(Path(own_toy.path) / file))[0]
        change(Path(own_toy.path) / file, lambda tensors: tensors.pop(first))

        assert f"1 tensors are missing, the first is {first}" in refusal(own_toy)

    def test_a_tensor_too_many(self, own_toy: CheckpointRef, file: Path) -> None:
        change(Path(own_toy.path) / file, lambda tensors: tensors.update(stray=torch.ones(1)))

        assert "1 are unknown, the first is stray" in refusal(own_toy)

    def test_a_tensor_of_another_shape(self, own_toy: CheckpointRef, file: Path) -> None:
        def grow(tensors: dict[str, torch.Tensor]) -> None:
            name = max(tensors)
            tensors[name] = torch.zeros(*tensors[name].shape, 2)

        change(Path(own_toy.path) / file, grow)

        assert "does not fit its config" in refusal(own_toy)

    def test_nan_inside(self, own_toy: CheckpointRef, file: Path) -> None:
        def spoil(tensors: dict[str, torch.Tensor]) -> None:
            tensors[max(tensors)].view(-1)[0] = torch.nan

        change(Path(own_toy.path) / file, spoil)

        assert "holds NaN or infinity" in refusal(own_toy)

    def test_a_config_that_is_no_json(self, own_toy: CheckpointRef, file: Path) -> None:
        (Path(own_toy.path) / file.parent / "config.json").write_text("{")

        assert "config.json cannot be read" in refusal(own_toy)

    def test_a_config_of_nonsense(self, own_toy: CheckpointRef, file: Path) -> None:
        path = Path(own_toy.path) / file.parent / "config.json"
        nonsense = {key: "nonsense" for key in json.loads(path.read_text())}
        path.write_text(json.dumps(nonsense))

        assert f"{file.parent}/config.json describes no network" in refusal(own_toy)


def test_no_tokenizer_is_refused(own_toy: CheckpointRef) -> None:
    for file in (Path(own_toy.path) / "tokenizer").iterdir():
        file.unlink()

    assert "no CLIP tokenizer" in refusal(own_toy)


def test_no_scheduler_config_is_refused(own_toy: CheckpointRef) -> None:
    (Path(own_toy.path) / "scheduler/scheduler_config.json").unlink()

    assert "scheduler_config.json cannot be read" in refusal(own_toy)


def test_an_unknown_family_is_refused() -> None:
    assert "sdxxl" in refusal(CheckpointRef("x", "/nowhere", "sdxxl"))


def test_half_precision_files_are_found_and_compute_in_float32_on_a_processor(
    own_toy: CheckpointRef,
) -> None:
    for file in (UNET, VAE, TEXT):
        path = Path(own_toy.path) / file
        halves = {name: tensor.half() for name, tensor in load_file(path).items()}
        path.unlink()
        save_file(halves, path.with_suffix(".fp16.safetensors"))

    weights = read(own_toy, CPU)

    assert weights.dtype is torch.float32
    assert {t.dtype for t in weights.unet.tensors.values()} == {torch.float32}
    assert build(weights, CPU).dtype is torch.float32


def test_a_format_that_was_asked_for_is_what_the_networks_compute_in(toy: CheckpointRef) -> None:
    device = Device(torch.device("cpu"), "", dtype=torch.bfloat16)

    model = build(read(toy, device), device)

    assert {p.dtype for p in model.unet.parameters()} == {torch.bfloat16}
    assert model.home_bytes == read(toy, CPU).home_bytes // 2
