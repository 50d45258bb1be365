"""The register of hazards: state that lives on shared modules, and why it does no harm here.

Many pictures share one set of networks, on one thread, each stopped in the middle of its own story. Whatever a
library keeps on a module, a thread or a class is then shared by all of them. Each hazard that is known has its test
below, named after it; what we do not use at all is guarded by a test that it stays unused.
"""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch

import pipelines.worker
from pipelines.asking.hires import Hires
from pipelines.samplers import SAMPLERS
from pipelines.worker.engine.batching import NO_PATCH, Patch, likeness
from pipelines.worker.messages import CheckpointRef, Launch, LoraRef, PictureDone, PictureHeld
from pipelines.worker.sampling import State
from pipelines.worker.weights.families import FAMILIES, UNET_RULES
from tests.pipelines.worker.workbench import Workbench, alone

SOURCES = sorted(Path(pipelines.worker.__file__).parent.rglob("*.py"))

# Six pictures that differ in all that a picture may differ in; they can still share forwards.
MIXTURE: dict[str, dict[str, Any]] = {
    "euler": {"prompt": "a boat", "seed": 1, "steps": 5},
    "2m": {"prompt": "a house at night", "seed": 2, "steps": 7, "sampler": "DPM++ 2M"},
    "ancestral": {"prompt": "a cat", "seed": 3, "steps": 4, "sampler": "Euler a"},
    "heun": {"prompt": "", "seed": 4, "steps": 3, "sampler": "Heun", "schedule": "Karras"},
    "no guidance": {"prompt": "a star", "seed": 5, "steps": 6, "guidance_scale": 1.0},
    "unipc": {"prompt": "x", "negative_prompt": "fog", "seed": 6, "steps": 6, "sampler": "UniPC"},
}


RED, BLUE = LoraRef("red", "/red"), LoraRef("blue", "/blue")


def together(checkpoint: CheckpointRef, **all_of_them: Any) -> Workbench:
    bench = Workbench(checkpoint)
    for name, asked in MIXTURE.items():
        bench.submit(name, **asked, **all_of_them)
    bench.run()
    return bench


def source(pattern: str) -> list[str]:
    """Where our code of the worker has these words, comments and docstrings left out as far as they are lines."""
    return [
        f"{path.name}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(pattern, line) and not line.lstrip().startswith(("#", '"""'))
    ]


# ---- what all of it is for -------------------------------------------------------------------------------


def test_exact_pictures_together_are_bit_for_bit_those_made_alone(any_toy: CheckpointRef) -> None:
    bench = together(any_toy, exact=True)

    for name, asked in MIXTURE.items():
        assert torch.equal(bench.pixels(name), alone(any_toy, **asked)), name


def test_the_whole_process_can_be_exact(toy: CheckpointRef) -> None:
    bench = Workbench(toy, Launch(exact=True))
    bench.submit(batch_size=3, steps=2)
    bench.run()

    for index in range(3):
        assert torch.equal(bench.pixels(index=index), alone(toy, steps=2, seed=7 + index))


def test_pictures_that_shared_forwards_equal_those_made_alone_to_a_ten_thousandth(
    toy: CheckpointRef,
) -> None:
    steps, bench = 3, Workbench(toy)
    rows: list[int] = []
    with bench.network("denoiser").register_forward_pre_hook(
        lambda module, args, kwargs: rows.append(len(kwargs["sample"])), with_kwargs=True
    ):
        for name, asked in MIXTURE.items():
            bench.submit(name, **(asked | {"steps": 8}), hold_after_steps=steps)
        bench.run()

    assert max(rows) == 11, "five pictures with guidance and one without shared a forward"
    assert len(rows) == 2 * steps, "as many forwards as Heun alone needs"
    for name, asked in MIXTURE.items():
        solo = Workbench(toy)
        solo.submit(name, **(asked | {"steps": 8}), hold_after_steps=steps)
        solo.run()
        (shared,), (own,) = bench.all(PictureHeld, name), solo.all(PictureHeld, name)
        got, wanted = State.from_bytes(shared.state).x, State.from_bytes(own.state).x
        torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4)


def test_finished_pictures_that_shared_forwards_differ_by_one_level_at_most(
    any_toy: CheckpointRef,
) -> None:
    bench = together(any_toy)

    assert bench.pulse.forwards < bench.pulse.calls
    for name, asked in MIXTURE.items():
        assert (bench.pixels(name) - alone(any_toy, **asked)).abs().max() <= 1, name


# ---- the register ----------------------------------------------------------------------------------------


def test_schedulers_that_count_steps_inside_themselves_are_not_used() -> None:
    assert not source(r"^\s*(from|import) diffusers\.schedulers")
    assert not source(r"^\s*(from|import) diffusers import")


@pytest.mark.parametrize("sampler", [row.name for row in SAMPLERS])
def test_a_sampler_keeps_nothing_between_pictures(toy: CheckpointRef, sampler: str) -> None:
    bench = Workbench(toy)
    for number in range(2):
        bench.submit(f"job {number}", seed=number, steps=4, sampler=sampler, exact=True)
    bench.run()

    assert torch.equal(bench.pixels("job 1"), alone(toy, seed=1, steps=4, sampler=sampler))


def test_pipelines_that_keep_guidance_and_interrupt_flags_inside_are_not_used() -> None:
    assert not source(r"diffusers\.pipelines|\._interrupt\b|\._guidance_scale\b")


def test_configs_of_shared_networks_are_not_rewritten(toy: CheckpointRef) -> None:
    bench = Workbench(toy)
    networks = [bench.network(name) for name in ("denoiser", "vae", "text_encoder")]
    before = [str(copy.deepcopy(network.config)) for network in networks]
    scheduler = Path(toy.path) / "scheduler/scheduler_config.json"
    written = json.loads(scheduler.read_text())

    for name, asked in MIXTURE.items():
        bench.submit(name, **asked)
    bench.run()

    assert [str(network.config) for network in networks] == before
    assert json.loads(scheduler.read_text()) == written


def test_from_pipe_that_casts_shared_networks_is_not_used() -> None:
    assert not source(r"\.from_pipe\(")


def test_the_format_of_shared_networks_stays_whatever_runs(toy: CheckpointRef) -> None:
    bench = Workbench(toy)
    networks = [bench.network(name) for name in ("denoiser", "vae", "text_encoder")]
    for network in networks:
        network.to(torch.bfloat16)
    before = [{p.dtype for p in network.parameters()} for network in networks]
    object.__setattr__(bench.model(), "dtype", torch.bfloat16)

    for name, asked in MIXTURE.items():
        bench.submit(name, **asked)
    bench.run()

    assert len(bench.all(PictureDone)) == len(MIXTURE)
    assert [{p.dtype for p in network.parameters()} for network in networks] == before


def test_gradients_are_off_for_the_thread_and_no_picture_turns_them_on(toy: CheckpointRef) -> None:
    bench, requires_grad = Workbench(toy), []
    with bench.network("denoiser").register_forward_hook(
        lambda module, inputs, output: requires_grad.append(output[0].requires_grad)
    ):
        for name, asked in MIXTURE.items():
            bench.submit(name, **asked)
        bench.run()

    assert requires_grad
    assert not any(requires_grad)
    assert not torch.is_grad_enabled()


def test_no_setting_of_torch_that_belongs_to_the_thread_spans_a_call() -> None:
    contexts = (
        r"with torch\.(no_grad|inference_mode|autocast|enable_grad|set_grad_enabled)|sdpa_kernel\("
    )
    assert not source(contexts)


def test_patches_of_weights_are_part_of_what_may_share_a_forward() -> None:
    assert Patch((RED,)) != Patch((BLUE,))
    assert hash(Patch((RED,))) == hash(Patch((RED,)))
    assert Patch() == NO_PATCH  # that loop.py compares them is tested in engine/test_loop.py


def test_attention_processors_are_the_same_objects_after_all_pictures(toy: CheckpointRef) -> None:
    """IP-Adapter, PAG and SAG exchange them for the length of a picture; nothing here does."""
    bench = Workbench(toy)
    denoiser: Any = bench.network("denoiser")
    before = dict(denoiser.attn_processors)

    for name, asked in MIXTURE.items():
        bench.submit(name, **asked)
    bench.run()

    assert denoiser.attn_processors.keys() == before.keys()
    assert all(denoiser.attn_processors[name] is before[name] for name in before)
    assert denoiser.encoder_hid_proj is None


def test_caches_of_steps_are_off_and_no_hook_of_a_library_sits_on_the_networks(
    toy: CheckpointRef,
) -> None:
    bench = together(toy)

    for name in ("denoiser", "vae", "text_encoder"):
        for module in bench.network(name).modules():
            assert not hasattr(module, "_diffusers_hook")
            assert not module._forward_hooks
            assert not module._forward_pre_hooks
    assert not source(r"cache_context|enable_cache\(")


def test_pictures_whose_edges_meet_change_no_layer_and_leave_no_mode_of_torch_behind(
    toy: CheckpointRef,
) -> None:
    """Others set `padding_mode` of every convolution; here only the calls are answered in another way."""
    bench = Workbench(toy)
    before = {name: repr(bench.network(name)) for name in ("denoiser", "vae")}
    bench.submit("round", seamless="both", hires=Hires(upscaler="Lanczos", steps=2))
    bench.submit("plain")
    bench.run()

    assert len(bench.all(PictureDone)) == 2
    for name, shown in before.items():
        assert repr(bench.network(name)) == shown
        for module in bench.network(name).modules():
            assert not module._forward_hooks
            assert not module._forward_pre_hooks
            assert getattr(module, "padding_mode", "zeros") == "zeros"
    assert torch._C._len_torch_function_stack() == 0
    assert (bench.pixels("plain") - alone(toy)).abs().max() <= 1
    assert not source(r"padding_mode|_conv_forward\s*=")


def test_switches_on_shared_networks_are_never_touched(toy: CheckpointRef) -> None:
    """FreeU, fused attention, attention slicing, VAE slicing and tiling are attributes of the module."""
    bench = together(toy)
    vae: Any = bench.network("vae")

    assert (vae.use_slicing, vae.use_tiling) == (False, False)
    assert not source(r"enable_freeu|fuse_qkv|enable_attention_slicing|enable_vae_|enable_tiling")


@pytest.mark.parametrize("is_short_of_memory", [False, True])
def test_a_vae_that_ran_in_float32_is_in_its_own_format_again(
    toy: CheckpointRef, is_short_of_memory: bool
) -> None:
    bench = Workbench(toy, None)
    vae: Any = bench.network("vae")
    tries: list[torch.dtype] = []

    def spoil(module: Any, inputs: tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
        tries.append(inputs[0].dtype)
        if len(tries) == 2 and is_short_of_memory:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return output * torch.nan if len(tries) == 1 else output

    with vae.decoder.register_forward_hook(spoil):
        bench.submit()
        bench.run()

    assert len(bench.all(PictureDone)) == 1
    assert len(tries) == 2 + is_short_of_memory
    assert {parameter.dtype for parameter in vae.parameters()} == {torch.float32}
    assert not source(r"upcast_vae")


def test_offload_that_hooks_all_components_anew_after_each_picture_is_not_used() -> None:
    assert not source(r"enable_model_cpu_offload|enable_sequential_cpu_offload|free_model_hooks")


def test_a_new_family_has_been_held_against_the_register() -> None:
    """Video VAEs keep feature maps while they decode, AnimateDiff copies the denoiser, FLUX has ids without rows.

    Whoever adds a family looks at these, gives it a treatment and a test, and then its name here.
    """
    assert {family.name for family in FAMILIES} == {"sd15", "sd2", "sdxl", "sdxl_refiner"}


def test_equal_shapes_are_not_enough_to_share_a_forward() -> None:
    sample, text = torch.rand(2, 4, 8, 8), torch.rand(2, 77, 16)
    declared = {"sample": sample, "timestep": 5.0, "encoder_hidden_states": text}

    assert likeness(declared, UNET_RULES) is not None
    for undeclared in (
        {"class_labels": torch.ones(2)},
        {"added_cond_kwargs": {}},
        {"ids": [sample]},
    ):
        assert likeness(declared | undeclared, UNET_RULES) is None
    assert all(family.denoiser_rules.rows for family in FAMILIES)


def test_texts_of_other_lengths_go_in_forwards_of_their_own(toy: CheckpointRef) -> None:
    bench, shapes = Workbench(toy), []
    long = {"prompt": "a very long prompt " * 6, "negative_prompt": "fog and rain " * 9, "seed": 9}
    with bench.network("denoiser").register_forward_pre_hook(
        lambda module, args, kwargs: shapes.append(tuple(kwargs["encoder_hidden_states"].shape)),
        with_kwargs=True,
    ):
        bench.submit("long", **long)
        bench.submit("short", prompt="a boat")
        bench.run()

    assert set(shapes) == {(2, 154, 16), (2, 77, 16)}
    assert torch.equal(bench.pixels("long"), alone(toy, **long))
    assert torch.equal(bench.pixels("short"), alone(toy, prompt="a boat"))


def test_what_sleeping_pictures_hold_is_bounded_by_their_number(toy: CheckpointRef) -> None:
    bench = Workbench(toy, Launch(max_active_pictures=2))
    rows: list[int] = []
    with bench.network("denoiser").register_forward_pre_hook(
        lambda module, args, kwargs: rows.append(len(kwargs["sample"])), with_kwargs=True
    ):
        bench.submit(batch_size=5, steps=2)
        bench.run()

    assert max(rows) == 2 * 2
    assert len(bench.all(PictureDone)) == 5


def test_nothing_is_compiled_for_one_size_of_batch() -> None:
    assert not source(r"torch\.compile|(?<!\bre)\.compile\(|CUDAGraph|cuda\.graph")


def test_the_global_random_numbers_are_neither_used_nor_used_up(toy: CheckpointRef) -> None:
    asked = {"sampler": "DPM++ SDE", "steps": 3}
    torch.manual_seed(1)
    first, state = alone(toy, **asked), torch.get_rng_state()
    torch.manual_seed(2)
    untouched = torch.get_rng_state()
    second = alone(toy, **asked)

    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), untouched)
    assert not torch.equal(state, untouched)


def test_decoding_holds_the_others_up_for_one_turn_only(toy: CheckpointRef) -> None:
    bench, order = Workbench(toy), []
    vae: Any = bench.network("vae")
    with (
        vae.decoder.register_forward_hook(lambda *_: order.append("decode")),
        bench.network("denoiser").register_forward_hook(lambda *_: order.append("step")),
    ):
        bench.submit("short", batch_size=2, steps=2)
        bench.submit("long", steps=6)
        bench.run()

    decodes = [place for place, what in enumerate(order) if what == "decode"]
    assert decodes[0] < decodes[1] < len(order) - 2
    assert "step" in order[decodes[1] :]
