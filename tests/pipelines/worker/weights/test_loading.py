"""A model built from disk computes what the networks computed that were saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from pipelines.worker.device.choice import Device
from pipelines.worker.messages import CheckpointRef
from pipelines.worker.weights.loading import OLD_NAMES, Model, build
from pipelines.worker.weights.reading import read
from tests import tiny
from tests.pipelines.worker.workbench import CPU


def load(ref: CheckpointRef) -> Model:
    return build(read(ref, CPU), CPU)


def test_all_networks_answer_as_before_they_were_saved(toy: CheckpointRef) -> None:
    parts, model = tiny.components(), load(toy)
    sample, text = torch.rand(2, 4, 8, 8), torch.rand(2, 77, 16)
    ids = torch.tensor([[512, 40, 41, 513] + [513] * 73])

    unet = model.unet(sample, 10.0, text).sample
    vae = model.vae.decode.forward(sample[:1]).sample
    hidden = model.text_encoders[0].component.forward(ids).last_hidden_state

    assert torch.equal(unet, parts.unet(sample, 10.0, text).sample)
    assert torch.equal(vae, parts.vae.decode(sample[:1]).sample)
    assert torch.equal(hidden, parts.text_encoder(ids).last_hidden_state)


def test_building_draws_no_random_numbers(toy: CheckpointRef) -> None:
    weights, before = read(toy, CPU), torch.get_rng_state()

    build(weights, CPU)

    assert torch.equal(torch.get_rng_state(), before)


def test_names_of_older_files_are_understood(own_toy: CheckpointRef) -> None:
    text, vae = Path(own_toy.path) / "text_encoder/model.safetensors", Path(own_toy.path) / "vae"
    vae /= "diffusion_pytorch_model.safetensors"
    tensors = {f"text_model.{name}": tensor for name, tensor in load_file(text).items()}
    tensors["text_model.embeddings.position_ids"] = torch.arange(77).unsqueeze(0)
    save_file(tensors, text)
    renamed = {}
    for name, tensor in load_file(vae).items():
        for old, current in OLD_NAMES:
            name = name.replace(current, old) if "attentions" in name else name
        renamed[name] = tensor
    save_file(renamed, vae)

    model = load(own_toy)

    latents = torch.rand(1, 4, 8, 8)
    assert any(".query." in name for name in renamed)
    assert torch.equal(
        model.vae.decode.forward(latents).sample, tiny.components().vae.decode(latents).sample
    )


def test_the_vae_in_float32_leaves_the_shared_one_as_it_was(toy: CheckpointRef) -> None:
    device = Device(torch.device("cpu"), "", dtype=torch.bfloat16)
    model = build(read(toy, device), device)
    vae: Any = model.vae.network.module
    before = {name: value.clone() for name, value in vae.state_dict().items()}

    image = model.vae.decode_float32.forward(z=torch.rand(1, 4, 8, 8), return_dict=False)[0]

    assert image.dtype is torch.float32
    assert vae.dtype is torch.bfloat16
    assert all(torch.equal(value, before[name]) for name, value in vae.state_dict().items())
