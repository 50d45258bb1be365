"""Refiners: the end of a picture by another checkpoint, as by the pair of diffusers, with one model at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl_img2img import (
    StableDiffusionXLImg2ImgPipeline,
)
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler

from pipelines.samplers import SAMPLERS
from pipelines.worker.messages import (
    CheckpointRef,
    Launch,
    PictureDone,
    PictureFailed,
    PictureHeld,
    PictureTask,
    Progress,
    Stage,
)
from pipelines.worker.recipes.still import own_steps
from pipelines.worker.sampling import NoiseSchedule, Philox, plan
from tests import tiny
from tests.pipelines.worker.weights.accessories import save_vae, vae
from tests.pipelines.worker.weights.test_lora import kohya, loaded, lora
from tests.pipelines.worker.workbench import CPU, Workbench, alone, request

REFINED = {"steps": 6, "refiner_switch_at": 0.5}


@pytest.fixture(scope="module")
def xl() -> tiny.Components:
    return tiny.components(tiny.PLAIN["sdxl"], family="sdxl")


@pytest.fixture(scope="module")
def base(xl: tiny.Components, tmp_path_factory: pytest.TempPathFactory) -> CheckpointRef:
    return tiny.save(tmp_path_factory.mktemp("models") / "base", xl)


@pytest.fixture(scope="module")
def refiner(tmp_path_factory: pytest.TempPathFactory) -> CheckpointRef:
    parts = tiny.components(tiny.PLAIN["sdxl_refiner"], 1, family="sdxl_refiner")
    return tiny.save(tmp_path_factory.mktemp("models") / "refiner", parts)


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> CheckpointRef:
    """The same weights as `toy`, in another place."""
    return tiny.save(tmp_path_factory.mktemp("models") / "twin", tiny.components())


def drawn(bench: Workbench, **asked: Any) -> torch.Tensor:
    bench.submit("drawn", **asked)
    bench.run()
    failed = bench.all(PictureFailed)
    assert not failed, failed[0].error
    return bench.pixels("drawn")


def pair_of_diffusers(base: CheckpointRef, refiner: CheckpointRef, share: float) -> torch.Tensor:
    first = StableDiffusionXLPipeline.from_pretrained(base.path, dtype=torch.float32)
    second = StableDiffusionXLImg2ImgPipeline.from_pretrained(
        refiner.path, dtype=torch.float32, vae=first.vae
    )
    told = {"num_inference_steps": 6, "guidance_scale": 5.0, "negative_prompt": "fog"}
    for pipeline in (first, second):
        pipeline.set_progress_bar_config(disable=True)
        pipeline.scheduler = EulerDiscreteScheduler.from_config(
            pipeline.scheduler.config, use_karras_sigmas=True, timestep_spacing="linspace"
        )
    noise = Philox(7).draw(0, (4, 8, 8))[None]
    size = {"width": 64, "height": 64}
    half = first(
        "a boat", latents=noise, denoising_end=share, output_type="latent", **size, **told
    ).images
    image = second("a boat", image=half, denoising_start=share, output_type="np", **told).images[0]
    return torch.from_numpy(image).mul(255).flatten()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("share", [0.25, 0.5, 0.65])
def test_base_and_refiner_draw_what_the_pair_of_diffusers_draws(
    base: CheckpointRef, refiner: CheckpointRef, share: float
) -> None:
    asked = {"steps": 6, "schedule": "Karras", "negative_prompt": "fog"}

    ours = drawn(Workbench(base), refiner=refiner, refiner_switch_at=share, **asked)

    assert (ours - pair_of_diffusers(base, refiner, share)).abs().max() <= 1
    assert (ours - alone(base, **asked)).abs().max() > 2


@pytest.mark.parametrize("sampler", [row.name for row in SAMPLERS])
def test_a_refiner_of_the_same_weights_changes_no_bit(
    toy: CheckpointRef, twin: CheckpointRef, sampler: str
) -> None:
    refined = drawn(Workbench(toy), refiner=twin, sampler=sampler, **REFINED)

    assert torch.equal(refined, alone(toy, sampler=sampler, steps=6))


def test_what_a_job_brings_counts_for_a_refiner_of_the_family(
    toy: CheckpointRef, twin: CheckpointRef, tmp_path: Path
) -> None:
    brings = {
        "loras": (lora(tmp_path, kohya(loaded(toy), "sd15")),),
        "vae": save_vae(tmp_path, vae()),
    }

    refined = drawn(Workbench(toy), refiner=twin, **REFINED, **brings)

    assert torch.equal(refined, drawn(Workbench(toy), steps=6, **brings))
    assert not torch.equal(refined, alone(toy, steps=6))


def test_what_a_job_brings_leaves_a_refiner_of_another_family_alone(
    base: CheckpointRef, refiner: CheckpointRef, tmp_path: Path
) -> None:
    loras = (lora(tmp_path, kohya(loaded(base), "sdxl")),)
    bench = Workbench(base)

    drawn(bench, loras=loras, refiner=refiner, **REFINED)

    (done,) = bench.all(PictureDone)
    (applied,) = done.applied
    assert applied.layers == applied.total > 0
    assert not bench.model(refiner).patches


@pytest.mark.parametrize(("share", "steps"), [(0.0, 0), (0.5, 5), (0.77, 7), (0.79, 8), (1.0, 10)])
def test_the_share_is_one_of_the_training_timesteps(share: float, steps: int) -> None:
    training = NoiseSchedule.from_config(tiny.components().scheduler.config)
    asked = request(steps=10, refiner="x", refiner_switch_at=share)
    course = plan(asked.sampling, training)

    assert own_steps(asked, course, training) == steps
    assert own_steps(request(steps=10), course, training) == 10


@pytest.mark.parametrize("hold", [1, 3, 5], ids=["before", "at", "after"])
def test_held_drafts_go_on_across_the_switch_to_the_same_bits(
    base: CheckpointRef, refiner: CheckpointRef, hold: int
) -> None:
    asked = {"refiner": refiner, "sampler": "DPM++ 2M SDE", **REFINED}
    wanted = drawn(Workbench(base), **asked)
    bench = Workbench(base)
    bench.submit("draft", hold_after_steps=hold, **asked)
    bench.run()
    (held,) = bench.all(PictureHeld)

    again = Workbench(base)  # as after a restart
    resumed = drawn(again, pictures=(PictureTask(0, 7, held.state),), **asked)

    assert held.step == hold
    assert torch.equal(resumed, wanted)


def test_no_more_than_one_model_is_needed_at_a_time(
    base: CheckpointRef, refiner: CheckpointRef
) -> None:
    asked = {"refiner": refiner, "batch_size": 3, **REFINED}
    wanted, roomy = drawn(Workbench(base), **asked), Workbench(base)
    sizes = [roomy.model(ref).home_bytes for ref in (base, refiner)]
    tight = Workbench(base, budget_bytes=max(sizes))
    seen: set[tuple[str, ...]] = set()
    tight.submit("tight", **asked)
    while tight.engine.turn():
        seen.add(tight.models.names)

    assert torch.equal(tight.pixels("tight"), wanted)
    assert seen == {("base",), ("refiner",)}
    told = [stage.text for stage in tight.all(Stage)]
    assert "waiting for memory" not in told


@pytest.mark.parametrize("tier", ["offload", "stream"])
def test_networks_that_come_and_leave_draw_the_same(
    base: CheckpointRef, refiner: CheckpointRef, tier: str
) -> None:
    asked = {"refiner": refiner, "batch_size": 2, **REFINED}
    away = Workbench(base, Launch(tier=tier), device=replace(CPU, has_own_memory=True))

    assert torch.equal(drawn(away, **asked), drawn(Workbench(base), **asked))


def test_refined_and_other_pictures_together_are_those_made_alone(
    base: CheckpointRef, refiner: CheckpointRef
) -> None:
    jobs: dict[str, dict[str, Any]] = {
        "refined": {"refiner": refiner, **REFINED},
        "early": {"refiner": refiner, "seed": 3, "steps": 5, "refiner_switch_at": 0.2},
        "plain": {"seed": 4, "steps": 6},
        "itself": {"checkpoint": refiner, "seed": 5, "steps": 6},
    }
    for is_exact in (True, False):
        bench = Workbench(base)
        for name, asked in jobs.items():
            bench.submit(name, exact=is_exact, **asked)
        bench.run()
        for name, asked in jobs.items():
            own = drawn(Workbench(base), **asked)
            far = (bench.pixels(name) - own).abs().max()
            assert far <= (0 if is_exact else 1), name
    assert bench.pulse.forwards < bench.pulse.calls


def test_its_progress_is_that_of_one_picture(base: CheckpointRef, refiner: CheckpointRef) -> None:
    bench = Workbench(base)
    drawn(bench, refiner=refiner, **REFINED)

    steps = [(message.step, message.steps) for message in bench.all(Progress)]
    (done,) = bench.all(PictureDone)

    assert steps[-1] == (6, 6)
    assert steps == sorted(steps)
    assert [kept.step for kept in done.kept] == [1, 2, 3, 4, 5, 6]


def test_a_job_cancelled_while_its_refiner_is_read_ends(
    base: CheckpointRef, refiner: CheckpointRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Workbench(base)
    lease = bench.models.lease
    monkeypatch.setattr(bench.models, "lease", lambda ref: None if ref == refiner else lease(ref))
    bench.submit("drawn", refiner=refiner, batch_size=2, **REFINED)
    bench.run()
    assert not bench.ended()

    bench.cancel("drawn")

    assert bench.ended() == ["drawn"]
    assert bench.models.evict_one(), "nothing is leased any more"


def test_a_refiner_that_cannot_be_read_fails_its_pictures_and_no_others(
    base: CheckpointRef, refiner: CheckpointRef, tmp_path: Path
) -> None:
    broken = replace(refiner, name="broken", path=str(tmp_path / "gone"))
    bench = Workbench(base)
    bench.submit("broken", refiner=broken, batch_size=2, **REFINED)
    bench.submit("sound", steps=6)
    bench.run()

    failed = bench.all(PictureFailed)

    assert [(one.job_id, one.index) for one in failed] == [("broken", 0), ("broken", 1)]
    assert "gone" in failed[0].error["message"]
    assert (bench.pixels("sound") - alone(base, steps=6)).abs().max() <= 1
