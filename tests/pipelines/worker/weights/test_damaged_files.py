"""Damaged and mismatched single files: each is refused with the file and the cause; none loads silently."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from pipelines.errors import ModelUnreadable
from pipelines.worker.messages import CheckpointRef
from pipelines.worker.weights.loading import build
from pipelines.worker.weights.reading import read
from tests import original_layout, tiny
from tests.pipelines.worker.workbench import CPU

NETWORKS = {
    "sd15": ("model.diffusion_model.", "first_stage_model.", "cond_stage_model.transformer."),
    "sd2": ("model.diffusion_model.", "first_stage_model.", "cond_stage_model.model."),
    "sdxl": (
        *("model.diffusion_model.", "first_stage_model."),
        *("conditioner.embedders.0.transformer.", "conditioner.embedders.1.model."),
    ),
    "sdxl_refiner": (
        *("model.diffusion_model.", "first_stage_model."),
        "conditioner.embedders.0.model.",
    ),
}
EVERY_NETWORK = [(family, network) for family, networks in NETWORKS.items() for network in networks]
Edit = Callable[[dict[str, Tensor], list[str]], None]


def drop_one(tensors: dict[str, Tensor], names: list[str]) -> None:
    del tensors[names[len(names) // 2]]


def drop_all(tensors: dict[str, Tensor], names: list[str]) -> None:
    for name in names:
        del tensors[name]


def add_one(tensors: dict[str, Tensor], names: list[str]) -> None:
    stray = names[len(names) // 2].rpartition(".")[0] + ".stray"
    tensors[stray] = torch.ones(3)


def grow_one(tensors: dict[str, Tensor], names: list[str]) -> None:
    name = names[len(names) // 2]
    tensors[name] = torch.zeros(*tensors[name].shape, 2)


def spoil_one(tensors: dict[str, Tensor], names: list[str]) -> None:
    tensors[names[0]] = torch.full_like(tensors[names[0]], torch.nan)


def cut_layer(tensors: dict[str, Tensor], names: list[str]) -> None:
    """As a download that was put together wrongly: all tensors of one layer are gone."""
    layer = names[len(names) // 2].rpartition(".")[0]
    for name in [name for name in names if name.startswith(layer)]:
        del tensors[name]


DAMAGES: dict[str, tuple[Edit, str]] = {
    "one missing": (drop_one, "missing|built unlike"),
    "all missing": (drop_all, "holds no"),
    "one too many": (add_one, "that no|unknown|built unlike"),
    "another shape": (grow_one, "does not fit|built unlike"),
    "not finite": (spoil_one, "NaN or infinity"),
    "a layer missing": (cut_layer, "missing|built unlike"),
}


def refused(file: Path, family: str) -> str:
    tokenizer = file.parent / "tokenizer"
    tiny.byte_tokenizer().save_pretrained(tokenizer)
    facts = {"is_single_file": True, "tokenizer": str(tokenizer), "prediction": "epsilon"}
    ref = CheckpointRef("x", str(file), family, **facts)
    with pytest.raises(ModelUnreadable) as raised:
        build(read(ref, CPU), CPU)
    assert raised.value.remedy
    return raised.value.message


@pytest.fixture(scope="module")
def whole() -> Callable[[str], dict[str, Tensor]]:
    """The tensors of each family's toy, made once."""
    made: dict[str, dict[str, Tensor]] = {}

    def of(family: str) -> dict[str, Tensor]:
        if family not in made:
            made[family] = original_layout.tensors_of(
                tiny.components(tiny.PLAIN[family], family=family)
            )
        return dict(made[family])

    return of


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(("family", "network"), EVERY_NETWORK, ids=str)
def test_a_damaged_network_is_refused_with_file_and_cause(
    whole: Callable[[str], dict[str, Tensor]],
    tmp_path: Path,
    family: str,
    network: str,
    damage: str,
) -> None:
    tensors, (edit, cause) = whole(family), DAMAGES[damage]
    edit(tensors, sorted(name for name in tensors if name.startswith(network)))
    file = tmp_path / "damaged.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file)

    message = refused(file, family)

    assert str(file) in message
    assert any(word in message for word in cause.split("|")), message


@pytest.mark.parametrize(("family", "other"), list(itertools.permutations(NETWORKS, 2)))
def test_a_file_of_another_family_is_refused(
    whole: Callable[[str], dict[str, Tensor]], tmp_path: Path, family: str, other: str
) -> None:
    file = tmp_path / "other.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in whole(other).items()}, file)

    assert str(file) in refused(file, family)


def test_a_bit_that_flipped_is_found_where_a_hash_was_noted(tmp_path: Path) -> None:
    file = original_layout.save(tmp_path / "model.safetensors", tiny.components(tiny.PLAIN["sd15"]))
    tiny.byte_tokenizer().save_pretrained(tmp_path)
    noted = hashlib.sha256(file.read_bytes()).hexdigest()
    facts = {"is_single_file": True, "tokenizer": str(tmp_path), "sha256": noted}
    ref = CheckpointRef("model", str(file), "sd15", **facts)
    assert build(read(ref, CPU), CPU).ref == ref
    data = bytearray(file.read_bytes())
    data[-5] ^= 1  # another number, as finite as the one before
    file.write_bytes(data)

    with pytest.raises(ModelUnreadable, match=r"model\.safetensors is damaged: its SHA-256"):
        read(ref, CPU)

    assert read(ref, CPU, is_known=True), "compared once is enough"


@pytest.mark.parametrize("family", NETWORKS)
def test_a_file_whose_second_half_is_zeros_is_refused(tmp_path: Path, family: str) -> None:
    parts = tiny.components(tiny.PLAIN[family], family=family)
    file = original_layout.save(tmp_path / "model.safetensors", parts)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))

    assert "model.safetensors is damaged" in (message := refused(file, family))
    assert "nothing but zeros" in message
