"""Image prompts: as diffusers' IP-Adapter pipelines draw, alone and together, beside LoRAs; damage is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from PIL import Image
from torch import Tensor
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from pipelines.tiers import OFFLOAD, RESIDENT, STREAM, Tier
from pipelines.worker.messages import (
    CheckpointRef,
    GuideRef,
    ImagePromptTask,
    Launch,
    PictureFailed,
    PictureTask,
    Submit,
)
from pipelines.worker.sampling.philox import Philox
from pipelines.worker.weights.budget import RESERVE_BYTES
from tests import tiny, toy_guides
from tests.pipelines.worker.weights.test_controlnet import changed, cut_off
from tests.pipelines.worker.weights.test_lora import kohya, loaded, lora
from tests.pipelines.worker.weights.test_places import GPU
from tests.pipelines.worker.workbench import Workbench, alone, request

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
SEED, STEPS, SIZE_PX = 3, 4, 64
ASKED: dict[str, Any] = {"prompt": "a boat", "negative_prompt": "fog", "steps": STEPS}
PIPELINES: dict[str, Any] = {
    "sd15": StableDiffusionPipeline,
    "sdxl": StableDiffusionXLPipeline,
}


def parts(family: str) -> tiny.Components:
    return tiny.components(tiny.PLAIN[family], family=family)


@pytest.fixture(scope="module")
def sd15(tmp_path_factory: pytest.TempPathFactory) -> CheckpointRef:
    """A toy that these tests share; none of them changes it."""
    return tiny.save(tmp_path_factory.mktemp("models") / "toy", parts("sd15"))


def prompt(
    path: Path, kind: str = "plain", family: str = "sd15", seed: int = 0, **facts: Any
) -> ImagePromptTask:
    """An adapter of its own with the shared encoder and a picture, all on disk."""
    tensors = toy_guides.ip_adapter(parts(family), kind, seed)
    encoder = path / "encoder.safetensors"
    if not encoder.exists():
        toy_guides.save_encoder(encoder, toy_guides.image_encoder())
    return ImagePromptTask(
        toy_guides.save_adapter(path / f"{kind} {seed}.safetensors", tensors),
        GuideRef("image_encoder", "encoder", str(encoder)),
        toy_guides.sample(path / f"{seed}.png", seed),
        **facts,
    )


def submit(bench: Workbench, job_id: str, *prompts: ImagePromptTask, **asked: Any) -> None:
    loras = asked.pop("loras", ())
    wanted = request(**{**ASKED, "seed": SEED, **asked})
    tasks = (PictureTask(0, wanted.seed),)
    given: dict[str, Any] = {"loras": loras, "image_prompts": prompts}
    bench.engine.receive(Submit(job_id, wanted.as_dict(), bench.checkpoint, tasks, **given))


def ours(checkpoint: CheckpointRef, *prompts: ImagePromptTask, **asked: Any) -> Tensor:
    bench = Workbench(checkpoint)
    submit(bench, "job", *prompts, **asked)
    bench.run()
    assert not bench.all(PictureFailed), bench.all(PictureFailed)
    return bench.pixels()


def theirs(family: str, prompts: list[ImagePromptTask], guidance_scale: float = 5.0) -> Tensor:
    beside = {} if family == "sdxl" else {"safety_checker": None}
    size = toy_guides.ENCODER_PX
    pipeline = PIPELINES[family](
        **parts(family).as_dict(),
        image_encoder=toy_guides.image_encoder(),
        feature_extractor=CLIPImageProcessorPil(size=size, crop_size=size),
        **beside,
    )
    pipeline.set_progress_bar_config(disable=True)
    files = [Path(one.adapter.path) for one in prompts]
    pipeline.load_ip_adapter(
        [str(file.parent) for file in files],
        subfolder=[""] * len(files),
        weight_name=[file.name for file in files],
        image_encoder_folder=None,
        local_files_only=True,
    )
    pipeline.set_ip_adapter_scale([one.weight for one in prompts])
    pipeline.scheduler = EulerDiscreteScheduler.from_config(
        pipeline.scheduler.config, use_karras_sigmas=True, timestep_spacing="linspace"
    )
    drawn = pipeline(
        ASKED["prompt"],
        negative_prompt=ASKED["negative_prompt"],
        ip_adapter_image=[Image.open(one.picture.path) for one in prompts],
        width=SIZE_PX,
        height=SIZE_PX,
        num_inference_steps=STEPS,
        guidance_scale=guidance_scale,
        latents=Philox(SEED).draw(0, (4, SIZE_PX // 8, SIZE_PX // 8))[None],
        output_type="np",
    ).images[0]
    return torch.from_numpy(np.asarray(drawn) * 255).flatten()


@pytest.mark.parametrize("kind", toy_guides.KINDS_OF_PROJECTION)
@pytest.mark.parametrize("family", PIPELINES)
def test_the_picture_is_that_of_diffusers(tmp_path: Path, family: str, kind: str) -> None:
    toy = tiny.save(tmp_path / "toy", parts(family))
    task = prompt(tmp_path, kind, family, weight=0.8)

    mine = ours(toy, task, schedule="Karras")

    assert (mine - theirs(family, [task])).abs().max() <= 2
    assert (mine - ours(toy, schedule="Karras")).abs().max() > 6


def test_two_adapters_and_no_guidance_are_those_of_diffusers(
    sd15: CheckpointRef, tmp_path: Path
) -> None:
    tasks = [prompt(tmp_path, "plain", weight=0.7), prompt(tmp_path, "plus", seed=1, weight=0.4)]

    mine = ours(sd15, *tasks, schedule="Karras", guidance_scale=1.0)

    assert (mine - theirs("sd15", tasks, guidance_scale=1.0)).abs().max() <= 2


@pytest.mark.parametrize("exact", [True, False])
def test_eight_jobs_with_and_without_are_those_made_alone(
    sd15: CheckpointRef, tmp_path: Path, exact: bool
) -> None:
    model = loaded(sd15)
    file = lora(tmp_path, kohya(model, "sd15"))
    plain, other = prompt(tmp_path), prompt(tmp_path, seed=1, weight=0.5, end=0.5)
    sets: list[tuple[tuple[ImagePromptTask, ...], dict[str, Any]]] = [
        ((), {}),
        ((plain,), {}),
        ((other,), {}),
        ((plain, other), {"loras": (file,)}),
    ]
    bench = Workbench(sd15)
    before = {k: v.clone() for k, v in bench.model().unet.state_dict().items()}
    for number in range(8):
        prompts, more = sets[number % 4]
        submit(bench, f"job {number}", *prompts, **more, seed=number, exact=exact)
    bench.run()

    for number in range(8):
        prompts, more = sets[number % 4]
        wanted = ours(sd15, *prompts, **more, seed=number, exact=exact)
        difference = (bench.pixels(f"job {number}") - wanted).abs().max()
        assert difference <= (0 if exact else 1), number
    assert exact or bench.pulse.forwards < bench.pulse.calls * 0.75
    unet = bench.model().unet
    assert all(torch.equal(before[k], v) for k, v in unet.state_dict().items())
    hooks = [one for one in unet.modules() if one._forward_pre_hooks]
    assert not hooks  # nothing stays on the layers


@pytest.mark.parametrize("tier", [RESIDENT, OFFLOAD, STREAM], ids=lambda tier: tier.name)
def test_where_networks_lie_changes_no_bit(sd15: CheckpointRef, tmp_path: Path, tier: Tier) -> None:
    task = prompt(tmp_path)
    launch = Launch(vram_bytes=RESERVE_BYTES + 2**30, ram_bytes=2**30, tier=tier.name)
    bench = Workbench(sd15, launch, device=GPU)
    submit(bench, "job", task)
    bench.run()

    assert torch.equal(bench.pixels(), ours(sd15, task))


def test_a_picture_is_looked_at_once(
    sd15: CheckpointRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = prompt(tmp_path)
    bench = Workbench(sd15)
    submit(bench, "first", task)
    bench.run()
    guides = bench.models.accompany(bench.model(), task.files)
    assert guides is not None
    looked: list[Any] = []
    guides[task.encoder].networks[0].module.register_forward_hook(lambda *_: looked.append(1))

    submit(bench, "again", task, seed=8)
    submit(bench, "stronger", task, seed=8)
    bench.run()

    assert not looked
    assert torch.equal(bench.pixels("again"), ours(sd15, task, seed=8))


# ---- what cannot be used -------------------------------------------------------------------------------


def failure(checkpoint: CheckpointRef, task: ImagePromptTask) -> str:
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


KEY, NORM = "ip_adapter.1.to_k_ip.weight", "image_proj.norm.weight"
ADAPTER_DAMAGES: dict[str, tuple[Any, str]] = {
    "cut off": (cut_off, "is damaged"),
    "gone": (lambda file: file.unlink(), "No such file"),
    "nan": (lambda file: changed(file, **{NORM: torch.full((32,), torch.nan)}), "NaN"),
    "a key less": (lambda file: changed(file, **{KEY: None}), "layer 1 has no key and value"),
    "no such layer": (lambda file: changed(file, more=torch.ones(2)), "1 tensors are unknown"),
    "odd layer": (lambda file: changed(file, **{"ip_adapter.1.alpha": torch.ones(2)}), "unknown"),
    "half a projection": (lambda file: changed(file, **{NORM: None}), "built unlike others"),
    "another shape": (lambda file: changed(file, **{NORM: torch.ones(3)}), "built unlike others"),
}  # fmt: skip
WEIGHT = "vision_model.pre_layrnorm.weight"
ENCODER_DAMAGES: dict[str, tuple[Any, str]] = {
    "cut off": (cut_off, "is damaged"),
    "a tensor less": (lambda file: changed(file, **{WEIGHT: None}), "1 tensors are missing"),
    "a tensor more": (lambda file: changed(file, more=torch.ones(2)), "1 are unknown"),
    "no projection": (lambda file: changed(file, **{"visual_projection.weight": None}), "unlike"),
}  # fmt: skip


@pytest.mark.parametrize("damage", ADAPTER_DAMAGES)
def test_a_damaged_adapter_is_refused(sd15: CheckpointRef, tmp_path: Path, damage: str) -> None:
    task = prompt(tmp_path)
    do, words = ADAPTER_DAMAGES[damage]
    do(Path(task.adapter.path))

    message = failure(sd15, task)

    assert task.adapter.path in message
    assert words in message


@pytest.mark.parametrize("damage", ENCODER_DAMAGES)
def test_a_damaged_image_encoder_is_refused(
    sd15: CheckpointRef, tmp_path: Path, damage: str
) -> None:
    task = prompt(tmp_path)
    do, words = ENCODER_DAMAGES[damage]
    do(Path(task.encoder.path))

    message = failure(sd15, task)

    assert task.encoder.path in message
    assert words in message


def test_one_of_another_family_is_refused(sd15: CheckpointRef, tmp_path: Path) -> None:

    assert "does not fit toy" in failure(sd15, prompt(tmp_path, family="sdxl"))
