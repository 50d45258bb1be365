"""Every family in every layout draws what the loader and the pipeline of diffusers draw from the same files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_inpaint import (
    StableDiffusionInpaintPipeline,
)
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl_img2img import (
    StableDiffusionXLImg2ImgPipeline,
)
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl_inpaint import (
    StableDiffusionXLInpaintPipeline,
)
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from safetensors.torch import load_file, save_file
from transformers.models.clip.tokenization_clip import CLIPTokenizer

from pipelines.catalog.checkpoint import CLIP_VOCABULARY
from pipelines.worker.messages import CheckpointRef
from pipelines.worker.recipes.still import Brief, Developed, still
from pipelines.worker.sampling.philox import Philox
from pipelines.worker.weights.loading import build
from pipelines.worker.weights.reading import read
from tests import original_layout, tiny
from tests.pipelines.worker.workbench import CPU, request

# Of diffusers' own loaders and schedulers.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
SEED, STEPS, SIZE_PX = 3, 3, 64
KINDS = ("epsilon", "v_prediction")
PROMPT, NEGATIVE = "a boat, at dawn", "fog"
PIPELINES: dict[str, Any] = {
    "sd15": StableDiffusionPipeline,
    "sd2": StableDiffusionPipeline,
    "sdxl": StableDiffusionXLPipeline,
    "sd15 inpainting": StableDiffusionInpaintPipeline,
    "sd2 inpainting": StableDiffusionInpaintPipeline,
    "sdxl inpainting": StableDiffusionXLInpaintPipeline,
    "sdxl_refiner": StableDiffusionXLImg2ImgPipeline,
}
# To an inpainting pipeline, a picture from words alone is one that is painted all over. Tensors, since arrays are
# encoded in another memory layout, where the norms of a toy, each of one channel, magnify what is lost in rounding.
ANY = torch.full((1, 3, SIZE_PX, SIZE_PX), 0.7)
EVERYWHERE = {"image": ANY, "mask_image": torch.ones_like(ANY[:, :1]), "strength": 1.0}


@pytest.fixture(autouse=True)
def steady_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """The VAEs of diffusers draw from what they encode to; ours takes the mean, so that nothing is left to chance."""
    monkeypatch.setattr(
        DiagonalGaussianDistribution, "sample", lambda self, generator=None: self.mode()
    )


def parts(kind: str, prediction: str = "epsilon") -> tiny.Components:
    vocabulary = CLIPTokenizer.from_pretrained(CLIP_VOCABULARY, model_max_length=77)
    return tiny.components(tiny.PLAIN[kind], 0, prediction, kind.split()[0], vocabulary)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], CheckpointRef]:
    """The toy of a family as a diffusers folder."""
    made: dict[str, CheckpointRef] = {}

    def of(family: str) -> CheckpointRef:
        if family not in made:
            made[family] = tiny.save(tmp_path_factory.mktemp(family) / "toy", parts(family))
        return made[family]

    return of


def single_file(
    path: Path, family: str, dtype: torch.dtype = torch.float32, **facts: Any
) -> CheckpointRef:
    file = original_layout.save(path / f"{family}.safetensors", parts(family), dtype)
    return CheckpointRef(
        name=file.stem,
        path=str(file),
        family=family.split()[0],
        is_single_file=True,
        tokenizer=str(CLIP_VOCABULARY),
        **facts,
    )


def ours(ref: CheckpointRef, **fields: Any) -> np.ndarray:
    asked = request(
        prompt=PROMPT, steps=STEPS, schedule="Karras", **{"negative_prompt": NEGATIVE, **fields}
    )
    outcome = still(Brief(asked, SEED), build(read(ref, CPU), CPU), lambda look: None)
    assert isinstance(outcome, Developed)
    return outcome.pixels.numpy().astype(float)


def theirs(pipeline: Any, **told: Any) -> np.ndarray:
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = EulerDiscreteScheduler.from_config(
        pipeline.scheduler.config, use_karras_sigmas=True, timestep_spacing="linspace"
    )
    noise = Philox(SEED).draw(0, (4, SIZE_PX // 8, SIZE_PX // 8))[None]
    if isinstance(pipeline, StableDiffusionXLImg2ImgPipeline):  # a refiner, at work from the start
        pipeline.scheduler.set_timesteps(STEPS)
        begun = noise * pipeline.scheduler.init_noise_sigma
        told = {"image": begun, "denoising_start": 0.0, "strength": 1.0, **told}
    else:
        told = {"latents": noise, "width": SIZE_PX, "height": SIZE_PX, **told}
    if pipeline.unet.config.in_channels == 9:
        told = EVERYWHERE | told
    picture = pipeline(
        PROMPT,
        num_inference_steps=STEPS,
        guidance_scale=5.0,
        output_type="np",
        **{"negative_prompt": NEGATIVE, **told},
    ).images[0]
    assert picture.std() > 0.05  # there is something to compare
    return np.asarray(picture) * 255


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.abs(one - other).max() <= 1.0)


@pytest.mark.parametrize("family", PIPELINES)
def test_a_folder(folder: Callable[[str], CheckpointRef], family: str) -> None:
    ref = folder(family)

    expected = theirs(PIPELINES[family].from_pretrained(ref.path, dtype=torch.float32))

    assert same(ours(ref), expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("family", PIPELINES)
def test_a_single_file(
    folder: Callable[[str], CheckpointRef], tmp_path: Path, family: str, dtype: torch.dtype
) -> None:
    ref = single_file(tmp_path, family, dtype, prediction="epsilon")
    pipeline = PIPELINES[family].from_single_file(
        ref.path, config=folder(family).path, dtype=torch.float32, local_files_only=True
    )

    assert same(ours(ref), theirs(pipeline))


def test_without_a_negative_prompt_sdxl_is_told_zeros(
    folder: Callable[[str], CheckpointRef],
) -> None:
    ref = folder("sdxl")
    pipeline = StableDiffusionXLPipeline.from_pretrained(ref.path, dtype=torch.float32)

    assert same(ours(ref, negative_prompt=""), theirs(pipeline, negative_prompt=None))


@pytest.mark.parametrize("family", PIPELINES)
def test_weights_in_pieces(
    folder: Callable[[str], CheckpointRef], tmp_path: Path, family: str
) -> None:
    whole = folder(family)
    ref = tiny.save(tmp_path / "pieces", parts(family))
    unet = Path(ref.path) / "unet"
    file = unet / "diffusion_pytorch_model.safetensors"
    tensors = load_file(file)
    names = sorted(tensors)
    pieces = {
        "diffusion_pytorch_model-00001-of-00002.safetensors": names[::2],
        "diffusion_pytorch_model-00002-of-00002.safetensors": names[1::2],
    }
    for piece, own in pieces.items():
        save_file({name: tensors[name] for name in own}, unet / piece)
    weight_map = {name: piece for piece, own in pieces.items() for name in own}
    (unet / f"{file.name}.index.json").write_text(tiny.json.dumps({"weight_map": weight_map}))
    file.unlink()

    assert np.array_equal(ours(ref), ours(whole))


def test_the_prediction_of_a_file_that_does_not_say_it_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {kind: ours(single_file(tmp_path, "sd2", prediction=kind)) for kind in KINDS}

    for kind in KINDS:
        monkeypatch.setattr(
            "pipelines.worker.weights.loading.prediction_by_trial", lambda *_, kind=kind: kind
        )
        assert np.array_equal(ours(single_file(tmp_path, "sd2")), told[kind])
    assert not same(told["epsilon"], told["v_prediction"])


def test_a_file_marked_as_zero_snr_begins_with_pure_noise(tmp_path: Path) -> None:
    plain, marked = (
        build(read(single_file(tmp_path, "sdxl", is_zero_snr=is_so), CPU), CPU).training
        for is_so in (False, True)
    )

    assert plain.sigma_max < 20
    assert marked.sigma_max > 4000
