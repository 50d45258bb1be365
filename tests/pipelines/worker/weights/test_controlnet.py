"""ControlNets of every family and layout: as diffusers' pipelines draw, alone and together; damage is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.models.controlnets.controlnet import ControlNetModel
from diffusers.pipelines.controlnet.pipeline_controlnet import StableDiffusionControlNetPipeline
from diffusers.pipelines.controlnet.pipeline_controlnet_sd_xl import (
    StableDiffusionXLControlNetPipeline,
)
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from pipelines.worker.messages import (
    CheckpointRef,
    ControlTask,
    PictureDone,
    PictureFailed,
    PictureTask,
    Submit,
    Unload,
)
from pipelines.worker.sampling.philox import Philox
from tests import tiny, toy_guides
from tests.pipelines.worker.workbench import Workbench, alone, request
from tests.toy_guides import control

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
SEED, STEPS, SIZE_PX = 3, 4, 64
ASKED: dict[str, Any] = {"prompt": "a boat", "negative_prompt": "fog", "steps": STEPS}
PIPELINES: dict[str, Any] = {
    "sd15": StableDiffusionControlNetPipeline,
    "sd2": StableDiffusionControlNetPipeline,
    "sdxl": StableDiffusionXLControlNetPipeline,
}
LAYOUTS = ("folder", "file", "original")


def parts(family: str) -> tiny.Components:
    return tiny.components(tiny.PLAIN[family], family=family)


def submit(bench: Workbench, job_id: str, *controls: ControlTask, **asked: Any) -> None:
    wanted = request(**{**ASKED, "seed": SEED, **asked})
    tasks = tuple(PictureTask(n, wanted.seed + n) for n in range(wanted.pictures))
    bench.engine.receive(
        Submit(job_id, wanted.as_dict(), bench.checkpoint, tasks, controls=controls)
    )


def ours(checkpoint: CheckpointRef, *controls: ControlTask, **asked: Any) -> Tensor:
    bench = Workbench(checkpoint)
    submit(bench, "job", *controls, **asked)
    bench.run()
    assert not bench.all(PictureFailed), bench.all(PictureFailed)
    return bench.pixels()


def theirs(family: str, networks: list[ControlNetModel], tasks: list[ControlTask]) -> Tensor:
    pipeline = PIPELINES[family](
        **parts(family).as_dict(),
        controlnet=networks if len(networks) > 1 else networks[0],
        **({} if family == "sdxl" else {"safety_checker": None, "feature_extractor": None}),
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = EulerDiscreteScheduler.from_config(
        pipeline.scheduler.config, use_karras_sigmas=True, timestep_spacing="linspace"
    )
    pictures = [Image.open(task.picture.path) for task in tasks]
    several = len(tasks) > 1
    drawn = pipeline(
        ASKED["prompt"],
        negative_prompt=ASKED["negative_prompt"],
        image=pictures if several else pictures[0],
        controlnet_conditioning_scale=[t.weight for t in tasks] if several else tasks[0].weight,
        control_guidance_start=[t.start for t in tasks] if several else tasks[0].start,
        control_guidance_end=[t.end for t in tasks] if several else tasks[0].end,
        width=SIZE_PX,
        height=SIZE_PX,
        num_inference_steps=STEPS,
        guidance_scale=5.0,
        latents=Philox(SEED).draw(0, (4, SIZE_PX // 8, SIZE_PX // 8))[None],
        output_type="np",
    ).images[0]
    return torch.from_numpy(np.asarray(drawn) * 255).flatten()


def saved(layout: str, path: Path, network: ControlNetModel, family: str) -> Any:
    if layout == "folder":
        return toy_guides.save_folder(path / "control", network)
    if layout == "file":
        return toy_guides.save_file_of(path / "control.safetensors", network.state_dict())
    return toy_guides.save_original(path / "control.safetensors", network, parts(family))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("family", PIPELINES)
def test_the_picture_is_that_of_diffusers(tmp_path: Path, family: str, layout: str) -> None:
    toy = tiny.save(tmp_path / "toy", parts(family))
    network = toy_guides.controlnet(parts(family))
    ref = saved(layout, tmp_path, network, family)
    task = control(ref, toy_guides.picture(tmp_path / "map.png"), 0.8)

    mine = ours(toy, task, schedule="Karras")

    assert (mine - theirs(family, [network], [task])).abs().max() <= 1
    assert (mine - ours(toy, schedule="Karras")).abs().max() > 10


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_two_at_different_shares_of_the_steps_are_those_of_diffusers(
    tmp_path: Path, family: str
) -> None:
    toy = tiny.save(tmp_path / "toy", parts(family))
    networks = [toy_guides.controlnet(parts(family), seed) for seed in (1, 2)]
    refs = [
        toy_guides.save_folder(tmp_path / f"control {n}", one) for n, one in enumerate(networks)
    ]
    maps = [toy_guides.picture(tmp_path / f"{seed}.png", seed) for seed in (1, 2)]
    tasks = [control(refs[0], maps[0], 0.7, end=0.5), control(refs[1], maps[1], 0.5, start=0.25)]

    mine = ours(toy, *tasks, schedule="Karras")

    assert (mine - theirs(family, networks, tasks)).abs().max() <= 1


def test_one_of_its_family_guides_an_inpainting_checkpoint_too(tmp_path: Path) -> None:
    nine = tiny.components(tiny.PLAIN["sd15 inpainting"])
    toy = tiny.save(tmp_path / "toy", nine)
    ref = toy_guides.save_folder(tmp_path / "control", toy_guides.controlnet(parts("sd15")))
    seen = toy_guides.picture(tmp_path / "map.png")

    assert (ours(toy, control(ref, seen)) - ours(toy)).abs().max() > 10


@pytest.mark.parametrize("exact", [True, False])
def test_eight_jobs_with_and_without_are_those_made_alone(
    toy: CheckpointRef, tmp_path: Path, exact: bool
) -> None:
    sd15 = tiny.components()
    refs = [
        toy_guides.save_folder(tmp_path / str(n), toy_guides.controlnet(sd15, n)) for n in (0, 1)
    ]
    maps = [toy_guides.picture(tmp_path / f"{seed}.png", seed) for seed in (0, 1)]
    sets = [
        (),
        (control(refs[0], maps[0]),),
        (control(refs[0], maps[1], 0.5),),
        (control(refs[0], maps[0], 0.4), control(refs[1], maps[1], 0.6, start=0.5)),
    ]
    bench = Workbench(toy)
    for number in range(8):
        submit(bench, f"job {number}", *sets[number % 4], seed=number, exact=exact)
    bench.run()

    for number in range(8):
        wanted = ours(toy, *sets[number % 4], seed=number, exact=exact)
        difference = (bench.pixels(f"job {number}") - wanted).abs().max()
        assert difference <= (0 if exact else 1), number
    assert exact or bench.pulse.forwards < bench.pulse.calls / 2
    assert bench.models.used_bytes > bench.model().home_bytes  # they stay for the next


def test_the_checkpoint_and_the_controlnet_stay_as_they_are(
    toy: CheckpointRef, tmp_path: Path
) -> None:
    network = toy_guides.controlnet(tiny.components())
    task = control(
        toy_guides.save_folder(tmp_path / "control", network),
        toy_guides.picture(tmp_path / "map.png"),
    )
    bench = Workbench(toy)
    submit(bench, "job", task)
    bench.run()
    guides = bench.models.accompany(bench.model(), task.files)
    assert guides is not None

    kept = guides[task.network].networks[0].module.state_dict()

    assert all(torch.equal(tensor, kept[name]) for name, tensor in network.state_dict().items())
    for name, tensor in tiny.components().unet.state_dict().items():
        assert torch.equal(tensor, bench.network("denoiser").state_dict()[name])


def test_idle_ones_make_room_for_others(toy: CheckpointRef, tmp_path: Path) -> None:
    network = toy_guides.controlnet(tiny.components())
    seen = toy_guides.picture(tmp_path / "map.png")
    size_bytes = sum(p.numel() for p in network.parameters()) * 4
    bench = Workbench(toy)
    submit(bench, "first")
    bench.run()
    one_more = bench.models.used_bytes + size_bytes + size_bytes // 2
    bench = Workbench(toy, budget_bytes=one_more)
    for number in range(3):
        ref = toy_guides.save_folder(tmp_path / f"control {number}", network)
        submit(bench, f"job {number}", control(ref, seen))
        bench.run()
        assert bench.models.used_bytes <= one_more

    assert len(bench.all(PictureDone)) == 3


def test_it_can_be_seen_and_unloaded_by_hand(toy: CheckpointRef, tmp_path: Path) -> None:
    ref = toy_guides.save_folder(tmp_path / "canny", toy_guides.controlnet(tiny.components()))
    task = control(ref, toy_guides.picture(tmp_path / "map.png"))
    bench = Workbench(toy)
    submit(bench, "job", task)
    bench.run(3)
    assert [(one.tier, one.is_in_use) for one in bench.models.holders][1:] == [("ControlNet", True)]

    bench.engine.receive(Unload(ref.name))
    assert len(bench.models.holders) == 2  # a picture still uses it
    bench.run()

    assert len(bench.models.holders) == 1
    assert len(bench.all(PictureDone)) == 1


def test_one_that_is_larger_than_the_budget_still_guides_a_picture(
    toy: CheckpointRef, tmp_path: Path
) -> None:
    bench = Workbench(toy)
    submit(bench, "first")
    bench.run()
    ref = toy_guides.save_folder(tmp_path / "c", toy_guides.controlnet(tiny.components()))
    task = control(ref, toy_guides.picture(tmp_path / "map.png"))
    short = Workbench(toy, budget_bytes=bench.models.used_bytes + 1)
    submit(short, "one", task)
    submit(short, "two", task, seed=4)
    short.run()

    assert len(short.all(PictureDone)) == 2


# ---- what cannot be used -------------------------------------------------------------------------------


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-10])


def changed(file: Path, **tensors: Tensor | None) -> None:
    kept = {name: t for name, t in (load_file(file) | tensors).items() if t is not None}
    save_file(kept, file)


MIDDLE = "controlnet_mid_block.weight"
DAMAGES: dict[str, tuple[Any, str]] = {
    "cut off": (cut_off, "is damaged"),
    "a web page": (lambda file: file.write_text("<html>"), "is damaged"),
    "gone": (lambda file: file.unlink(), "No such file"),
    "nan": (lambda file: changed(file, **{MIDDLE: torch.full((16, 16, 1, 1), torch.nan)}), "NaN"),
    "a tensor less": (lambda file: changed(file, **{MIDDLE: None}), "1 tensors are missing"),
    "a tensor more": (lambda file: changed(file, more=torch.ones(2)), "1 are unknown"),
    "another shape": (lambda file: changed(file, **{MIDDLE: torch.ones(3, 3, 1, 1)}), "size mismatch"),
    "no config": (lambda file: file.with_name("config.json").write_text("{"), "cannot be read"),
    "an odd config": (
        lambda file: file.with_name("config.json").write_text(
            '{"_class_name": "ControlNetModel", "block_out_channels": "many"}'
        ),
        "describes no network",
    ),
}  # fmt: skip


def failure(checkpoint: CheckpointRef, task: ControlTask) -> str:
    bench = Workbench(checkpoint)
    submit(bench, "job", task)
    bench.run()
    (failed,) = bench.all(PictureFailed)
    assert failed.error["code"] == "model_unreadable"
    assert failed.error["remedy"]
    submit(bench, "next")
    bench.run()
    assert torch.equal(bench.pixels("next"), alone(checkpoint, **ASKED, seed=SEED))
    return str(failed.error["message"])


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_one_is_refused(toy: CheckpointRef, tmp_path: Path, damage: str) -> None:
    ref = toy_guides.save_folder(tmp_path / "control", toy_guides.controlnet(tiny.components()))
    do, words = DAMAGES[damage]
    do(Path(ref.path))

    message = failure(toy, control(ref, toy_guides.picture(tmp_path / "map.png")))

    assert str(tmp_path / "control") in message
    assert words in message


@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_of_another_family_is_refused(toy: CheckpointRef, tmp_path: Path, layout: str) -> None:
    network = toy_guides.controlnet(parts("sdxl"))
    ref = saved(layout, tmp_path, network, "sdxl")

    message = failure(toy, control(ref, toy_guides.picture(tmp_path / "map.png")))

    assert f"{ref.path} does not fit toy" in message


def test_an_original_file_with_tensors_of_something_else_is_refused(
    toy: CheckpointRef, tmp_path: Path
) -> None:
    network, sd15 = toy_guides.controlnet(parts("sd15")), parts("sd15")
    ref = toy_guides.save_original(tmp_path / "control.safetensors", network, sd15)
    changed(Path(ref.path), **{"control_model.extra.weight": torch.ones(2)})

    assert "1 tensors that no ControlNet" in failure(
        toy, control(ref, toy_guides.picture(tmp_path / "map.png"))
    )


def test_a_guide_picture_that_is_gone_is_said(toy: CheckpointRef, tmp_path: Path) -> None:
    ref = toy_guides.save_folder(tmp_path / "control", toy_guides.controlnet(tiny.components()))
    seen = toy_guides.picture(tmp_path / "map.png")
    Path(seen.path).unlink()

    assert "The guide picture map.png cannot be read" in failure(toy, control(ref, seen))
