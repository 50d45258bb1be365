"""LoRAs of different jobs: each picture is that of its own set, the networks stay as they are, and n of m is said."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from pipelines.worker.engine.batching import Patch
from pipelines.worker.messages import (
    CheckpointRef,
    JobEnded,
    LoraRef,
    PictureDone,
    PictureFailed,
    PictureTask,
    Submit,
)
from pipelines.worker.weights.adapters import flat_names
from pipelines.worker.weights.loading import Model, build
from pipelines.worker.weights.lora import parts_of
from pipelines.worker.weights.reading import read
from tests import original_layout, tiny
from tests.pipelines.worker.workbench import CPU, Workbench, alone, request

RANK = 2
ASKED = {"prompt": "a boat", "steps": 3}
NETWORKS = {
    "sd15": {"denoiser": "lora_unet_", "text_encoder": "lora_te_text_model_"},
    "sd2": {"denoiser": "lora_unet_", "text_encoder": "lora_te_text_model_"},
    "sdxl": {
        "denoiser": "lora_unet_",
        "text_encoder": "lora_te1_text_model_",
        "text_encoder_2": "lora_te2_text_model_",
    },
    "sdxl_refiner": {"denoiser": "lora_unet_", "text_encoder_2": "lora_te2_text_model_"},
}


def networks(model: Model) -> dict[str, nn.Module]:
    unet = model.unet
    encoders = {one.row.folder: one.component.forward for one in model.text_encoders}
    return {"denoiser": unet, **encoders}


def layers(network: nn.Module) -> dict[str, nn.Module]:
    """Those that LoRAs are made for, by their names in diffusers."""
    wanted = ("to_q", "to_v", "to_out.0", "proj_in", "conv1", "q_proj", "fc1")
    return {name: one for name, one in network.named_modules() if name.endswith(wanted)}


def pair(layer: nn.Module, seed: int) -> tuple[Tensor, Tensor]:
    dice = torch.Generator().manual_seed(seed)
    weight: Any = layer.weight
    down = torch.randn(RANK, *weight.shape[1:], generator=dice)
    up = torch.randn(len(weight), RANK, *([1] * (weight.ndim - 2)), generator=dice)
    return down, up * 0.3


def kohya(model: Model, family: str, seed: int = 0, names: dict[str, str] | None = None) -> dict:
    """A file's tensors in the names of kohya's scripts; alpha is half the rank."""
    tensors: dict[str, Tensor] = {}
    for network, prefix in NETWORKS[family].items():
        for number, (name, layer) in enumerate(layers(networks(model)[network]).items()):
            flat = name.removeprefix("text_model.").replace(".", "_")
            down, up = pair(layer, 100 * seed + number)
            base = prefix + ((names or {}).get(name) or flat)
            tensors |= {
                f"{base}.lora_down.weight": down,
                f"{base}.lora_up.weight": up,
                f"{base}.alpha": torch.tensor(RANK / 2),
            }
    return tensors


def lora(path: Path, tensors: dict[str, Tensor], name: str = "lora", scale: float = 1.0) -> LoraRef:
    file = path / f"{name}.safetensors"
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, file)
    return LoraRef(name, str(file), scale, scale)


def loaded(ref: CheckpointRef) -> Model:
    return build(read(ref, CPU), CPU)


def submit(bench: Workbench, job_id: str, *loras: LoraRef, **asked: Any) -> None:
    wanted = request(**{**ASKED, **asked})
    tasks = (PictureTask(0, wanted.seed),)
    bench.engine.receive(
        Submit(job_id, wanted.as_dict(), bench.checkpoint, tasks, None, tuple(loras))
    )


def picture(checkpoint: CheckpointRef, *loras: LoraRef, **asked: Any) -> Tensor:
    bench = Workbench(checkpoint)
    submit(bench, "job", *loras, **asked)
    bench.run()
    return bench.pixels()


@pytest.mark.parametrize("scale", [1.0, -0.5])
def test_a_lora_adds_what_would_be_added_to_the_weights(
    any_toy: CheckpointRef, tmp_path: Path, scale: float
) -> None:
    model = loaded(any_toy)
    ref = lora(tmp_path, kohya(model, any_toy.family), scale=scale)
    merged = tiny.components(tiny.PLAIN[any_toy.name], family=any_toy.family)
    for name, network in networks(model).items():
        own: Any = getattr(merged, {"denoiser": "unet"}.get(name, name))
        for number, layer in enumerate(layers(network)):
            target: Any = own.get_submodule(layer)
            down, up = pair(target, number)
            delta = (up.flatten(1) @ down.flatten(1)).view(target.weight.shape)
            target.weight.data += scale * 0.5 * delta
    folder = tiny.save(tmp_path / "merged", merged)

    ours = picture(any_toy, ref)

    assert (ours - picture(folder)).abs().max() <= 1
    assert (ours - alone(any_toy, **ASKED)).abs().max() > 2


def test_all_its_layers_are_counted(any_toy: CheckpointRef, tmp_path: Path) -> None:
    tensors = kohya(loaded(any_toy), any_toy.family)
    ref = lora(tmp_path, {**tensors, "lora_unet_no_such_layer.hada_w1_a": torch.ones(2, 2)})
    bench = Workbench(any_toy)
    submit(bench, "job", ref)
    bench.run()

    (done,) = bench.all(PictureDone)
    (applied,) = done.applied

    assert applied.layers == len(tensors) // 3
    assert applied.total == applied.layers + 1


def test_names_of_the_original_layout_are_understood(tmp_path: Path) -> None:
    parts = tiny.components(tiny.PLAIN["sdxl"], family="sdxl")
    ref = tiny.save(tmp_path / "toy", parts)
    model = loaded(ref)
    names = {
        name: original_layout.unet_name(f"{name}.weight", 1, parts)
        .removesuffix(".weight")
        .replace(".", "_")
        for name in layers(networks(model)["denoiser"])
    }
    assert any(name.startswith("input_blocks") for name in names.values())
    assert any("out_layers" not in name and "in_layers" in name for name in names.values())
    original = lora(tmp_path, kohya(model, "sdxl", names=names), "original")
    plain = lora(tmp_path, kohya(model, "sdxl"), "plain")

    assert torch.equal(picture(ref, original), picture(ref, plain))


@pytest.mark.parametrize("ends", [("lora_A", "lora_B"), ("lora.down", "lora.up")])
def test_names_of_diffusers_are_understood(
    toy: CheckpointRef, tmp_path: Path, ends: tuple[str, str]
) -> None:
    model = loaded(toy)
    tensors: dict[str, Tensor] = {}
    for network, prefix in (("denoiser", "unet."), ("text_encoder", "text_encoder.text_model.")):
        for number, (name, layer) in enumerate(layers(networks(model)[network]).items()):
            down, up = pair(layer, number)
            base = prefix + name.removeprefix("text_model.")
            tensors |= {f"{base}.{ends[0]}.weight": down, f"{base}.{ends[1]}.weight": up * 0.5}
    theirs, plain = lora(tmp_path, tensors, "theirs"), lora(tmp_path, kohya(model, "sd15"), "plain")

    # Without alpha the scale is 1; half of it is in `up`.
    assert (picture(toy, theirs) - picture(toy, plain)).abs().max() <= 1


def test_the_first_names_of_diffusers_are_understood(toy: CheckpointRef) -> None:
    names = flat_names(networks(loaded(toy))["denoiser"])

    from_file = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_out_lora"
    (network, flat), part = parts_of(f"{from_file}.down.weight")

    assert (network, part) == ("denoiser", "down")
    assert flat in names


@pytest.mark.parametrize("exact", [True, False])
def test_eight_jobs_with_four_sets_are_those_made_alone(
    toy: CheckpointRef, tmp_path: Path, exact: bool
) -> None:
    model = loaded(toy)
    files = [lora(tmp_path, kohya(model, "sd15", seed), f"lora {seed}") for seed in range(3)]
    sets = [(), (files[0],), (files[1], files[2]), (files[2],)]
    bench = Workbench(toy)
    before = {
        name: tensor.clone() for name, tensor in bench.network("denoiser").state_dict().items()
    }
    for number in range(8):
        submit(bench, f"job {number}", *sets[number % 4], seed=number, exact=exact)
    bench.run()

    for number in range(8):
        wanted = picture(toy, *sets[number % 4], seed=number, exact=exact)
        difference = (bench.pixels(f"job {number}") - wanted).abs().max()
        assert difference <= (0 if exact else 1), number
    if not exact:
        assert bench.pulse.forwards < bench.pulse.calls
    after = bench.network("denoiser").state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_different_sets_give_different_pictures(toy: CheckpointRef, tmp_path: Path) -> None:
    model = loaded(toy)
    files = [lora(tmp_path, kohya(model, "sd15", seed), f"lora {seed}") for seed in range(2)]
    pictures = [picture(toy, *files[:count]) for count in range(3)]

    for one, other in itertools.combinations(pictures, 2):
        assert not torch.equal(one, other)


def test_patches_that_nobody_wears_are_let_go(toy: CheckpointRef, tmp_path: Path) -> None:
    bench, tensors = Workbench(toy), kohya(loaded(toy), "sd15")
    for number in range(12):
        submit(bench, f"job {number}", lora(tmp_path, tensors, f"lora {number}"), steps=1)
        bench.run()
    model = bench.model()

    assert len(model.patches) <= 4
    hooks = [len(layer._forward_hooks) for layer in model.adapters["denoiser"].layers.values()]
    assert max(hooks) <= 1
    for patch in list(model.patches):
        model.adapters["denoiser"].forget(patch)
    assert not any(layer._forward_hooks for layer in model.adapters["denoiser"].layers.values())


def failure(checkpoint: CheckpointRef, ref: LoraRef) -> str:
    bench = Workbench(checkpoint)
    submit(bench, "job", ref)
    bench.run()
    (failed,) = bench.all(PictureFailed)
    assert failed.error["code"] == "model_unreadable"
    assert bench.ended() == ["job"]
    assert not bench.all(PictureDone)
    submit(bench, "next")
    bench.run()
    assert torch.equal(bench.pixels("next"), alone(checkpoint, **ASKED))
    return str(failed.error["message"])


def test_a_lora_of_another_family_is_refused(toy: CheckpointRef, tmp_path: Path) -> None:
    other = tiny.save(tmp_path / "xl", tiny.components(tiny.PLAIN["sdxl"], family="sdxl"))
    ref = lora(tmp_path, kohya(loaded(other), "sdxl"))

    message = failure(toy, ref)

    assert ref.path in message
    assert "fits nothing of toy" in message


@pytest.mark.parametrize("oddity", ["two alphas", "rank 0", "flat", "another rank"])
def test_layers_of_no_use_are_not_applied(toy: CheckpointRef, tmp_path: Path, oddity: str) -> None:
    tensors = kohya(loaded(toy), "sd15")
    name = next(iter(tensors)).removesuffix(".lora_down.weight")
    down, up = tensors[f"{name}.lora_down.weight"], tensors[f"{name}.lora_up.weight"]
    odd = {
        "two alphas": {"alpha": torch.ones(2)},
        "rank 0": {"lora_down.weight": down[:0], "lora_up.weight": up[:, :0]},
        "flat": {"lora_up.weight": up.flatten()},
        "another rank": {"lora_down.weight": down[:1]},
    }
    bench = Workbench(toy)
    submit(
        bench, "job", lora(tmp_path, tensors | {f"{name}.{k}": v for k, v in odd[oddity].items()})
    )
    bench.run()

    (applied,) = bench.all(PictureDone)[0].applied

    assert applied.layers == applied.total - 1


@pytest.mark.parametrize("damage", ["cut off", "nan", "a web page", "not there"])
def test_a_damaged_lora_is_refused(toy: CheckpointRef, tmp_path: Path, damage: str) -> None:
    ref = lora(tmp_path, kohya(loaded(toy), "sd15"))
    file = Path(ref.path)
    if damage == "cut off":
        file.write_bytes(file.read_bytes()[:-10])
    elif damage == "nan":
        tensors = load_file(file)
        save_file({name: tensor * torch.nan for name, tensor in tensors.items()}, file)
    elif damage == "a web page":
        file.write_text("<html>")
    else:
        file.unlink()

    assert f"{file} is damaged" in failure(toy, ref)


def test_a_cancelled_job_takes_its_patch_off(toy: CheckpointRef, tmp_path: Path) -> None:
    bench, ref = Workbench(toy), lora(tmp_path, kohya(loaded(toy), "sd15"))
    submit(bench, "job", ref, steps=20)
    bench.run(4)
    bench.cancel("job")
    bench.run()

    assert bench.model().patches[Patch((ref,))].pictures == 0
    assert [ended.cancelled for ended in bench.all(JobEnded)] == [True]
