"""Pictures that start from a picture: as diffusers makes them, held where they may not change, alone or together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from diffusers.pipelines.stable_diffusion import (
    pipeline_stable_diffusion_img2img as img2img,
)
from diffusers.pipelines.stable_diffusion import (
    pipeline_stable_diffusion_inpaint as inpaint,
)
from diffusers.pipelines.stable_diffusion_xl import (
    pipeline_stable_diffusion_xl_img2img as xl_img2img,
)
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from PIL import Image
from torch import Tensor

from pipelines.editing.source import CONTENTS, Inpainting, Source
from pipelines.request import Request
from pipelines.worker.messages import (
    CheckpointRef,
    GuideRef,
    Launch,
    PictureTask,
    SourceTask,
    Submit,
)
from pipelines.worker.recipes.encoding import encode
from pipelines.worker.recipes.starting import Holding, Origin, Start, around, begun, start_of
from pipelines.worker.recipes.still import Brief, Developed, still
from pipelines.worker.sampling import Denoised, Philox, plan
from pipelines.worker.weights.loading import Model
from tests import tiny
from tests.pipelines.worker.workbench import Workbench, request

# Of diffusers' own schedulers and pipelines.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
SIDE_PX, SEED, STEPS = 64, 7, 8
HOLE = (slice(16, 48), slice(24, 64))  # of the mask, in pixels: whole cells of the latents
PROMPTS = {"prompt": "a boat", "negative_prompt": "fog"}


def levels(seed: int = 1, side: int = SIDE_PX) -> Any:
    """A picture of soft blotches."""
    small = np.random.default_rng(seed).integers(0, 255, (4, 4, 3), np.uint8)
    return np.asarray(Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC))


def mask(white: int = 255) -> Any:
    marked = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    marked[HOLE] = white
    return marked


def origin(marked: Any = None, seed: int = 1) -> Origin:
    refs = [GuideRef("sample", name, f"{name} {seed}") for name in ("picture", "mask")]
    task = SourceTask(refs[0], None if marked is None else refs[1])
    return Origin(task, levels(seed), marked)


def asking(strength: float = 0.75, inpainting: Inpainting | None = None, **fields: Any) -> Request:
    noise_multiplier = fields.pop("noise_multiplier", 1.0)
    source = Source(image="x", strength=strength, noise_multiplier=noise_multiplier)
    given = {"steps": STEPS, **PROMPTS, "source": source, "inpainting": inpainting, **fields}
    return request(**given)


def made(model: Model, asked: Request, start: Origin | None, seed: int = SEED) -> Any:
    """(height, width, 3) as whole numbers."""
    done = still(Brief(asked, seed, origin=start), model, lambda look: None)
    assert isinstance(done, Developed)
    return done.pixels.numpy().astype(int)


# ---- as diffusers does it --------------------------------------------------------------------------------


@pytest.fixture
def known_noise(monkeypatch: pytest.MonkeyPatch) -> Tensor:
    """What the pipelines of diffusers draw is our noise, and what their VAE gives is its mean."""
    noise = Philox(SEED).draw(0, (4, SIDE_PX // 8, SIDE_PX // 8))[None]
    monkeypatch.setattr(
        DiagonalGaussianDistribution, "sample", lambda self, generator=None: self.mean
    )
    for module in (img2img, inpaint, xl_img2img):
        monkeypatch.setattr(module, "randn_tensor", lambda *args, **kwargs: noise.clone())
    return noise


def toy(kind: str, folder: Path) -> tuple[tiny.Components, Workbench]:
    parts = tiny.components(tiny.PLAIN[kind], family=kind.split()[0])
    return parts, Workbench(tiny.save(folder / kind, parts))


def pipeline(kind: type, parts: tiny.Components, **more: Any) -> Any:
    """One of diffusers, with Euler's steps as evenly spread as ours."""
    given = dict(parts.as_dict())
    scheduler = EulerDiscreteScheduler.from_config(
        parts.scheduler.config, timestep_spacing="linspace"
    )
    built = kind(**given | {"scheduler": scheduler}, **more)
    built.set_progress_bar_config(disable=True)
    return built


PLAIN = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
ASKED = {**PROMPTS, "num_inference_steps": STEPS, "guidance_scale": 5.0, "output_type": "np"}
TAKEN = 0.75, 7 / 8 + 0.01  # strengths with which we, and diffusers, take seven of eight steps


@pytest.mark.parametrize("kind", ["sd15", "sdxl"])
def test_img2img_is_that_of_diffusers(kind: str, tmp_path: Path, known_noise: Tensor) -> None:
    parts, bench = toy(kind, tmp_path)
    if kind == "sdxl":
        theirs = pipeline(xl_img2img.StableDiffusionXLImg2ImgPipeline, parts, add_watermarker=False)
    else:
        theirs = pipeline(img2img.StableDiffusionImg2ImgPipeline, parts, **PLAIN)

    wanted = theirs(image=Image.fromarray(levels()), strength=TAKEN[1], **ASKED).images[0]
    ours = made(bench.model(), asking(TAKEN[0]), origin())

    assert np.abs(ours - wanted * 255).max() <= 2


@pytest.mark.parametrize("kind", ["sd15", "sd15 inpainting"])
def test_inpainting_is_that_of_diffusers(kind: str, tmp_path: Path, known_noise: Tensor) -> None:
    """With nine channels theirs does not hold what is not masked; there it is told to do so after each step."""
    parts, bench = toy(kind, tmp_path)
    theirs = pipeline(inpaint.StableDiffusionInpaintPipeline, parts, **PLAIN)
    more: dict[str, Any] = {}
    if kind.endswith("inpainting"):
        more = {"callback_on_step_end": holding(bench.model(), known_noise)}

    wanted = theirs(
        image=Image.fromarray(levels()),
        mask_image=Image.fromarray(mask()),
        height=SIDE_PX,
        width=SIDE_PX,
        strength=TAKEN[1],
        **ASKED,
        **more,
    ).images[0]
    ours = made(bench.model(), asking(TAKEN[0], Inpainting(mask="x")), origin(mask()))

    assert np.abs(ours - wanted * 255).max() <= 2


def holding(model: Model, noise: Tensor) -> Callable[..., dict[str, Tensor]]:
    """What StableDiffusionInpaintPipeline does itself when the network has four channels."""
    picture = torch.from_numpy(levels() / np.float32(127.5) - 1).permute(2, 0, 1)[None]
    held = encode(picture, model)
    may_change = torch.from_numpy(mask()[::8, ::8] / np.float32(255))[None, None]

    def hold(pipe: Any, step: int, timestep: Any, kwargs: dict[str, Tensor]) -> dict[str, Tensor]:
        sigma = pipe.scheduler.sigmas[step + 1 + STEPS - 7]
        proper = held + sigma * noise
        return {"latents": kwargs["latents"] * may_change + proper * (1 - may_change)}

    return hold


# ---- inpainting models -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nine(tmp_path_factory: pytest.TempPathFactory) -> CheckpointRef:
    parts = tiny.components(replace(tiny.TOY, channels=9))
    return tiny.save(tmp_path_factory.mktemp("nine") / "nine", parts)


@pytest.fixture
def nine_bench(nine: CheckpointRef) -> Workbench:
    return Workbench(nine)


def test_an_inpainting_model_is_told_mask_and_surroundings(nine_bench: Workbench) -> None:
    model = nine_bench.model()

    told = around(origin(mask()), asking(inpainting=Inpainting(mask="x")), model)

    grey = np.where(mask()[..., None] > 0, np.float32(0), levels() / np.float32(127.5) - 1)
    seen = torch.from_numpy(grey.astype(np.float32)).permute(2, 0, 1)[None]
    assert torch.equal(told.mask[0, 0], torch.from_numpy(mask()[::8, ::8] / np.float32(255)))
    torch.testing.assert_close(told.picture, encode(seen, model))


def test_the_conditioning_weight_says_how_much_of_the_picture_is_hidden(
    nine_bench: Workbench,
) -> None:
    model = nine_bench.model()

    def told(weight: float) -> Tensor:
        asked = asking(inpainting=Inpainting(mask="x", conditioning_weight=weight))
        return around(origin(mask()), asked, model).picture

    whole = torch.from_numpy(levels() / np.float32(127.5) - 1).permute(2, 0, 1)[None]
    torch.testing.assert_close(told(0.0), encode(whole, model))
    apart = [float((told(weight) - told(0.0)).abs().mean()) for weight in (0.25, 0.5, 1.0)]
    assert 0 < apart[0] < apart[1] < apart[2]


def test_without_a_mask_nothing_stands_around(nine_bench: Workbench) -> None:
    told = around(origin(), asking(), nine_bench.model())

    assert bool((told.mask == 1).all())


# ---- where it may change ---------------------------------------------------------------------------------


def start(bench: Workbench, inpainting: Inpainting | None, marked: Any) -> Start:
    asked = asking(inpainting=inpainting)
    return start_of(origin(marked), asked, bench.model(), Philox(SEED), (4, 8, 8))


def test_the_mask_of_the_latents_is_black_or_white_unless_it_is_soft(bench: Workbench) -> None:
    sharp = start(bench, Inpainting(mask="x"), mask(180)).mask
    soft = start(bench, Inpainting(mask="x", is_soft=True), mask(180)).mask

    assert sharp is not None
    assert soft is not None
    assert set(sharp.unique().tolist()) == {0.0, 1.0}
    assert float(soft[0, 0, 4, 5]) == pytest.approx(180 / 255, abs=0.02)


def test_a_soft_mask_opens_the_later_the_darker_it_is() -> None:
    shades = torch.tensor([0.0, 0.25, 0.5, 1.0])[None, None, None]
    soft = Start(torch.zeros(1, 4, 1, 4), shades, is_soft=True)

    opened = [soft.mask_at(share) for share in (0.1, 0.6, 0.9, 1.0)]

    assert [one.flatten().tolist() for one in opened if one is not None] == [
        [0, 0, 0, 1],
        [0, 0, 1, 1],
        [0, 1, 1, 1],
        [0, 1, 1, 1],
    ]


def test_what_may_not_change_is_seen_as_it_is() -> None:
    held = Start(torch.full((1, 1, 1, 2), 5.0), torch.tensor([[[[0.0, 1.0]]]]))
    denoise = Holding(lambda x, sigma, step: Denoised(x * 0, x * 0), held, 0, 4)

    assert denoise(torch.ones(1, 1, 1, 2), 1.0, 0).x0.flatten().tolist() == [5.0, 0.0]


@pytest.mark.parametrize("content", CONTENTS)
def test_outside_of_the_mask_the_latents_are_those_of_the_picture(
    bench: Workbench, content: str
) -> None:
    began = start(bench, Inpainting(mask="x", content=content), mask())
    plain = start(bench, None, None).latents

    assert began.mask is not None
    outside = began.mask.expand_as(plain) == 0
    assert torch.equal(began.latents[outside], plain[outside])
    inside = began.latents[~outside]
    if content == "nothing":
        assert bool((inside == 0).all())
    elif content == "noise":
        assert float(inside.std()) == pytest.approx(1, abs=0.25)
    else:  # those are made of pixels
        assert torch.equal(inside, plain[~outside])


def test_half_white_places_change_less_than_white_ones(bench: Workbench) -> None:
    """The same request under a lighter and a darker mask."""
    model, plain = bench.model(), levels().astype(int)
    inpainting = Inpainting(mask="x", is_soft=True)

    changes = []
    for white in (60, 128, 255):
        after = made(model, asking(1.0, inpainting), origin(mask(white)))
        untouched = made(model, asking(1.0, inpainting), origin(mask(0)))
        changes.append(np.abs(after - untouched)[HOLE].mean())

    assert plain.shape == untouched.shape
    assert changes[0] < changes[1] < changes[2]


def test_a_sharp_mask_of_any_white_changes_alike(bench: Workbench) -> None:
    model, asked = bench.model(), asking(1.0, Inpainting(mask="x"))

    assert np.array_equal(
        made(model, asked, origin(mask(255))), made(model, asked, origin(mask(200)))
    )


# ---- how far it changes ----------------------------------------------------------------------------------


def test_strength_zero_gives_the_picture_back_and_asks_no_network(bench: Workbench) -> None:
    model, asked = bench.model(), []

    with bench.network("denoiser").register_forward_pre_hook(
        lambda module, inputs: asked.append(1)
    ):
        done = made(model, asking(0.0), origin())

    assert np.array_equal(done, levels())
    assert not asked


@pytest.mark.parametrize(("strength", "steps"), [(0.05, 1), (0.5, 5), (0.75, 7), (1.0, 8)])
def test_so_many_steps_are_taken(bench: Workbench, strength: float, steps: int) -> None:
    seen: list[tuple[int, int]] = []

    still(
        Brief(asking(strength), SEED, origin=origin()),
        bench.model(),
        lambda look: seen.append((look.step, look.steps)),
    )

    assert seen == [(step, steps) for step in range(1, steps + 1)]


def test_the_noise_has_the_level_at_which_it_begins_times_its_multiplier(bench: Workbench) -> None:
    model = bench.model()
    began = start(bench, None, None)
    course = plan(asking().sampling, model.training)

    def noise_of(multiplier: float) -> Tensor:
        source = Source(image="x", noise_multiplier=multiplier)
        return begun(began, source, course, Philox(SEED), 5).x - began.latents

    fresh = Philox(SEED).draw(0, (4, 8, 8))[None]
    torch.testing.assert_close(noise_of(1.0), course.sigmas[3] * fresh, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(noise_of(0.5), course.sigmas[3] * fresh / 2, atol=1e-5, rtol=1e-4)


def test_a_picture_of_another_size_is_stretched_as_latents(bench: Workbench) -> None:
    larger = replace(origin(), levels=levels(side=128))

    began = start_of(larger, asking(), bench.model(), Philox(SEED), (4, 8, 8))

    assert began.latents.shape == (1, 4, 8, 8)


# ---- together --------------------------------------------------------------------------------------------


def task_of(folder: Path, seed: int, marked: Any = None) -> SourceTask:
    """As files, which the engine reads."""
    refs = []
    for name, pixels in (("picture", levels(seed)), ("mask", marked)):
        if pixels is not None:
            file = folder / f"{name} {seed}.png"
            Image.fromarray(pixels).save(file)
            refs.append(GuideRef("sample", f"{name} {seed}", str(file)))
    return SourceTask(*refs)


def submit(bench: Workbench, job_id: str, asked: Request, task: SourceTask | None) -> None:
    pictures = (PictureTask(0, asked.seed),)
    bench.engine.receive(Submit(job_id, asked.as_dict(), bench.checkpoint, pictures, source=task))


def mixed(folder: Path) -> dict[str, tuple[Request, SourceTask | None]]:
    """From words, from pictures at several strengths, under masks sharp and soft."""
    soft = Inpainting(mask="x", is_soft=True, content="noise")
    return {
        "words": (request(steps=STEPS, seed=1), None),
        "picture": (asking(0.5, seed=2), task_of(folder, 2)),
        "lightly": (asking(0.3, seed=3, prompt="a house"), task_of(folder, 3)),
        "masked": (asking(1.0, Inpainting(mask="x"), seed=4), task_of(folder, 4, mask())),
        "soft": (asking(0.8, soft, seed=5, sampler="Euler a"), task_of(folder, 5, mask(150))),
    }


@pytest.mark.parametrize("is_exact", [True, False], ids=["exact", "merged"])
@pytest.mark.parametrize("channels", [4, 9])
def test_mixed_requests_together_are_what_they_are_alone(
    channels: int, is_exact: bool, toy: CheckpointRef, nine: CheckpointRef, tmp_path: Path
) -> None:
    checkpoint = toy if channels == 4 else nine
    together, jobs = Workbench(checkpoint, Launch(exact=is_exact)), mixed(tmp_path)
    for name, (asked, task) in jobs.items():
        submit(together, name, asked, task)
    together.run()

    for name, (asked, task) in jobs.items():
        alone = Workbench(checkpoint, Launch(exact=is_exact))
        submit(alone, name, asked, task)
        alone.run()
        apart = (together.pixels(name) - alone.pixels(name)).abs().max()
        assert apart <= (0 if is_exact else 2), name
    assert is_exact or together.pulse.forwards < together.pulse.calls


def test_an_edit_is_made_again_to_the_same_bits(bench: Workbench, tmp_path: Path) -> None:
    for name, (asked, task) in mixed(tmp_path).items():
        for number in range(2):
            submit(bench, f"{name} {number}", replace(asked, exact=True), task)
            bench.run()
        assert torch.equal(bench.pixels(f"{name} 0"), bench.pixels(f"{name} 1"))
