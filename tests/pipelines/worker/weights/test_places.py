"""Networks come to the device and leave it: in every tier the same picture, and never more there than the budget.

The device is a processor that is told to have memory of its own. A network that is away has parameters without
numbers, so a forward on it, or a result that it left its mark on, would fail here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from pipelines.tiers import FLOAT8, OFFLOAD, RESIDENT, STREAM, TIERS, Tier, home_bytes, peak_bytes
from pipelines.worker.device.choice import Device
from pipelines.worker.engine.gate import Component
from pipelines.worker.messages import (
    CheckpointRef,
    Launch,
    PictureFailed,
    PictureTask,
    Submit,
    Unload,
)
from pipelines.worker.weights.budget import RESERVE_BYTES
from pipelines.worker.weights.families import FAMILIES, find_family
from pipelines.worker.weights.network import DENOISER, TEXT_ENCODER, VAE, Network
from pipelines.worker.weights.reading import read
from tests import tiny, toy_guides
from tests.pipelines.worker.weights.accessories import save_vae, vae
from tests.pipelines.worker.weights.test_lora import ASKED, kohya, loaded, lora, submit
from tests.pipelines.worker.workbench import CPU, Workbench, alone, request

NAMES = [family.name for family in FAMILIES]
GPU = Device(torch.device("cpu"), "a GPU", has_own_memory=True)
MESSAGE = "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 8.00 GiB"


@pytest.fixture(autouse=True)
def weights_count_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in models of full size: beside the toys' few weights, what a picture takes would be all that counts."""
    frugal = {name: replace(find_family(name), size_px=64, numbers_per_channel=1) for name in NAMES}
    for module in ("reading", "loading"):
        monkeypatch.setattr(f"pipelines.worker.weights.{module}.find_family", frugal.__getitem__)
    monkeypatch.setattr("pipelines.worker.weights.families.VAE_NUMBERS_PER_CHANNEL", 0.1)


def bench(ref: CheckpointRef, device_bytes: int = 2**30, **launch: Any) -> Workbench:
    given = {"vram_bytes": RESERVE_BYTES + device_bytes, "ram_bytes": 2**30, **launch}
    return Workbench(ref, Launch(**given), device=GPU)


def picture(made: Workbench, **asked: Any) -> torch.Tensor:
    made.submit(**asked)
    made.run()
    return made.pixels()


def enough_for(ref: CheckpointRef, tier: Tier) -> int:
    return peak_bytes(tier, read(ref, CPU).sizes)


@contextmanager
def watched(made: Workbench) -> Iterator[list[int]]:
    """How much lay on the device whenever something was about to compute, with what it would take to work."""
    seen: list[int] = []
    fit = made.models.fit

    def told(component: Component, work_bytes: int) -> Component:
        answer = fit(component, work_bytes)
        networks = made.models._networks_in_order()
        own = component.network
        beside = sum(network.here_bytes for network in networks if network is not own)
        seen.append(beside + (own.needed_bytes if own else 0) + work_bytes)
        return answer

    made.engine._forwards._room.fit = told  # type: ignore[method-assign]
    yield seen


@pytest.mark.parametrize("tier", [RESIDENT, OFFLOAD, STREAM], ids=lambda tier: tier.name)
def test_where_networks_lie_changes_no_bit(any_toy: CheckpointRef, tier: Tier) -> None:
    made = bench(any_toy, tier=tier.name)

    assert torch.equal(picture(made), alone(any_toy))
    assert made.models.holders[0].tier == tier.name


def test_eight_bits_change_a_picture_a_little(any_toy: CheckpointRef) -> None:
    made = bench(any_toy, tier="float8")

    pixels = picture(made)

    difference = (pixels - alone(any_toy)).abs().float()
    assert 0 < difference.mean() < 20
    kept = {p.dtype for p in made.network("denoiser").parameters()}
    assert torch.float8_e4m3fn in kept


@pytest.mark.parametrize("tier", TIERS, ids=lambda tier: tier.name)
def test_the_tier_is_the_fastest_that_fits_and_keeps_to_the_budget(
    toy: CheckpointRef, tier: Tier
) -> None:
    if tier is FLOAT8:
        ram_bytes = home_bytes(FLOAT8, read(toy, CPU).sizes)
        made = bench(toy, ram_bytes=ram_bytes)
        budget_bytes = 2**30
    else:
        budget_bytes = enough_for(toy, tier)
        made = bench(toy, budget_bytes)

    with watched(made) as seen:
        pixels = picture(made)

    assert made.models.holders[0].tier == tier.name
    assert max(seen) <= budget_bytes
    assert tier is FLOAT8 or torch.equal(pixels, alone(toy))


def test_a_network_that_is_away_cannot_compute(toy: CheckpointRef) -> None:
    made = bench(toy, tier="offload")
    picture(made)
    encoder: Any = made.network("text_encoder")

    assert {parameter.device.type for parameter in encoder.parameters()} == {"meta"}
    assert encoder(torch.zeros(1, 77, dtype=torch.long))[0].is_meta


def test_parked_networks_have_left_when_they_are_done(toy: CheckpointRef) -> None:
    made = bench(toy, tier="offload")

    picture(made)

    here = {network.role for network in made.model().networks if network.is_here}
    assert here == {DENOISER}
    assert made.models.holders[0].device_bytes == made.model().sizes.denoiser


def test_eight_jobs_of_two_models_share_a_device_that_holds_one(
    toy: CheckpointRef, other_toy: CheckpointRef
) -> None:
    made = bench(toy, enough_for(toy, RESIDENT))
    with watched(made) as seen:
        for number in range(8):
            made.submit(f"job {number}", checkpoint=(toy, other_toy)[number % 2], seed=number)
        made.run()

    for number in range(8):
        wanted = alone((toy, other_toy)[number % 2], seed=number)
        assert (made.pixels(f"job {number}") - wanted).abs().max() <= 2
    assert max(seen) <= enough_for(toy, RESIDENT)


def test_a_model_that_comes_back_from_ram_is_not_read_again(
    own_toy: CheckpointRef, other_toy: CheckpointRef, tmp_path: Path
) -> None:
    made = bench(own_toy, enough_for(own_toy, RESIDENT))
    first = picture(made)
    picture(made, checkpoint=other_toy)
    held = {holder.name: holder.device_bytes for holder in made.models.holders}
    assert held[own_toy.name] < held[other_toy.name], "it made way"
    for file in (tmp_path / "own").rglob("*.safetensors"):
        file.unlink()

    made.said.clear()

    assert torch.equal(picture(made), first)


def test_a_picture_too_large_for_the_vae_is_decoded_in_tiles(toy: CheckpointRef) -> None:
    made = bench(toy, enough_for(toy, STREAM))
    decoder = made.model().vae.decode
    made.models.release(made.model())
    made.models.release(made.model())
    assert made.models.fit(decoder, 2**29) is decoder.frugal
    assert made.models.fit(decoder, 0) is decoder


def test_a_denoiser_that_has_no_room_beside_its_work_is_streamed(toy: CheckpointRef) -> None:
    made = bench(toy, enough_for(toy, OFFLOAD), tier="offload")
    model = made.model()
    network = model.denoiser.network
    assert network is not None

    made.models.fit(model.denoiser, model.sizes.denoiser_work + network.device_bytes // 2)

    assert network.is_streamed
    assert torch.equal(picture(made), alone(toy))


@pytest.mark.parametrize("role", [DENOISER, VAE, TEXT_ENCODER])
def test_when_memory_runs_out_all_else_leaves_and_the_picture_is_the_same(
    toy: CheckpointRef, role: str
) -> None:
    made = bench(toy, tier="resident")
    networks = made.model().networks
    network = next(one for one in networks if one.role == role)
    beside: list[int] = []

    def short(module: torch.nn.Module, args: Any, kwargs: Any) -> None:
        beside.append(sum(one.is_here for one in networks if one is not network))
        if len(beside) == 1:
            raise torch.OutOfMemoryError(MESSAGE)

    module: Any = network.module
    with (module.decoder if role == VAE else module).register_forward_pre_hook(
        short, with_kwargs=True
    ):
        pixels = picture(made)

    assert torch.equal(pixels, alone(toy))
    if len(beside) > 1 and beside[0]:
        assert beside[1] == 0


def test_a_shortage_that_stays_under_the_vae_ends_with_tiles(toy: CheckpointRef) -> None:
    made = bench(toy)
    vae: Any = next(one.module for one in made.model().networks if one.role == VAE)
    vae.tile_latent_min_size, vae.tile_sample_min_size = 4, 32

    def short(module: torch.nn.Module, args: Any) -> None:
        if args[0].shape[-1] > 4:
            raise torch.OutOfMemoryError(MESSAGE)

    with vae.decoder.register_forward_pre_hook(short):
        pixels = picture(made)

    assert not made.all(PictureFailed)
    assert (pixels - alone(toy)).abs().float().mean() < 25, "tiles differ a little"
    assert not vae.use_tiling


def test_loras_are_worn_in_every_tier(toy: CheckpointRef, tmp_path: Path) -> None:
    ref = lora(tmp_path, kohya(loaded(toy), "sd15"))
    pictures = []
    for tier in (RESIDENT, OFFLOAD, STREAM):
        made = bench(toy, tier=tier.name)
        submit(made, "job", ref)
        made.run()
        pictures.append(made.pixels())

    assert torch.equal(pictures[0], pictures[1])
    assert torch.equal(pictures[0], pictures[2])
    assert not torch.equal(pictures[0], alone(toy))


@pytest.mark.parametrize("tier", [RESIDENT, OFFLOAD, STREAM], ids=lambda tier: tier.name)
def test_a_controlnet_and_a_vae_of_the_job_come_and_leave_as_well(
    toy: CheckpointRef, tmp_path: Path, tier: Tier
) -> None:
    guide = toy_guides.save_folder(tmp_path / "guide", toy_guides.controlnet(tiny.components()))
    task = toy_guides.control(guide, toy_guides.picture(tmp_path / "map.png"))
    asked = request(**ASKED)
    job = Submit(
        *("job", asked.as_dict(), toy, (PictureTask(0, asked.seed),)),
        controls=(task,),
        vae=save_vae(tmp_path, vae(), "diffusers"),
    )
    pictures = []
    for made in (Workbench(toy), bench(toy, enough_for(toy, tier), tier=tier.name)):
        made.engine.receive(job)
        made.run()
        pictures.append(made.pixels())

    assert torch.equal(*pictures)


def test_coming_and_going_leaves_the_weights_at_home_as_they_are(toy: CheckpointRef) -> None:
    made = bench(toy, tier="offload")
    homes = [(slot[2], slot[2].clone()) for one in made.model().networks for slot in one._slots]

    for seed in range(3):
        picture(made, seed=seed)

    assert all(torch.equal(home, before) for home, before in homes)


def test_a_model_is_unloaded_by_hand_once_no_picture_uses_it(toy: CheckpointRef) -> None:
    made = bench(toy)
    made.submit()
    made.run(turns=2)

    made.engine.receive(Unload(toy.name))
    assert made.models.names == (toy.name,)
    made.run()

    assert made.models.names == ()
    assert torch.equal(made.pixels(), alone(toy))


def test_an_idle_model_is_unloaded_at_once(toy: CheckpointRef) -> None:
    made = bench(toy)
    picture(made)

    made.engine.receive(Unload(toy.name))

    assert made.models.names == ()


def test_a_network_that_is_at_home_on_the_device_never_leaves(toy: CheckpointRef) -> None:
    network = Network(DENOISER, torch.nn.Linear(2, 2), (torch.device("cpu"), torch.float32))

    assert network.is_here
    assert not network.leave()
    assert not network.stream()


@pytest.mark.parametrize("tier", [RESIDENT, OFFLOAD, STREAM], ids=lambda tier: tier.name)
def test_a_vae_of_a_job_comes_and_goes_as_the_checkpoints_own_does(
    any_toy: CheckpointRef, tmp_path: Path, tier: Tier
) -> None:
    ref = save_vae(tmp_path, vae(any_toy.family))
    made = bench(any_toy, tier=tier.name)

    assert torch.equal(picture(made, vae=ref), alone(any_toy, vae=ref))
    (network,) = made.models._outfits.networks
    assert network.is_here == (tier is RESIDENT)
    assert network in made.models._networks_in_order()
