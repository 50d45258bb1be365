"""Join the trained parts to an ordinary StableDiffusionPipeline folder in fp16; readers never see half a file."""

import json
import shutil
from pathlib import Path

import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from training.starter.autoencoder import load_autoencoder
from training.starter.denoiser import build_denoiser, load_denoiser
from training.starter.latents import LatentCode, rgb_factors
from training.starter.noise import SCHEDULE
from training.starter.plan import Plan
from training.starter.tokenizer import save_tokenizer

STEPS, GUIDANCE = 20, 3.0


def build_scheduler() -> DPMSolverMultistepScheduler:
    """DPM++ 2M with Karras' sigmas over the training's noise schedule."""
    return DPMSolverMultistepScheduler(
        **SCHEDULE, use_karras_sigmas=True, timestep_spacing="trailing", final_sigmas_type="zero"
    )


def join_parts(plan: Plan, denoiser: UNet2DConditionModel | None = None) -> StableDiffusionPipeline:
    """The pipeline from what the plan's folder holds; a denoiser not trained yet has random weights."""
    if denoiser is None:
        trained = (plan.folder / "denoiser.pt").exists()
        denoiser = (
            load_denoiser(plan) if trained else build_denoiser(plan.denoiser_widths, plan.latent_px)
        )
    return StableDiffusionPipeline(
        vae=load_autoencoder(plan),
        text_encoder=CLIPTextModel.from_pretrained(plan.folder / "text_encoder").eval(),
        tokenizer=CLIPTokenizer.from_pretrained(plan.folder / "tokenizer"),
        unet=denoiser.eval(),
        scheduler=build_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def facts_for_darkroom(plan: Plan) -> dict:
    """What the studio wants to know about the model beside its weights."""
    factors, bias = rgb_factors(LatentCode.load(plan.folder / "latents.json"))
    default = {
        "width": plan.size_px,
        "height": plan.size_px,
        "steps": STEPS,
        "guidance_scale": GUIDANCE,
        "sampler": "DPM++ 2M",
        "schedule": "Karras",
    }
    return {
        "name": "Darkroom starter",
        "family": "sd15",
        "defaults": default,
        "licence": "Apache-2.0",
        "latent_rgb_factors": factors,
        "latent_rgb_bias": bias,
    }


def export(plan: Plan, target: Path) -> None:
    """Write the pipeline to `target`: beside it first, then moved in file by file."""
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    pipeline = join_parts(plan).to(torch.float16)
    pipeline.save_pretrained(part, safe_serialization=True)
    save_tokenizer(pipeline.tokenizer, part / "tokenizer")
    (part / "darkroom.json").write_text(json.dumps(facts_for_darkroom(plan), indent=1) + "\n")
    for path in sorted(p for p in part.rglob("*") if p.is_file()):
        place = target / path.relative_to(part)
        place.parent.mkdir(parents=True, exist_ok=True)
        path.chmod(0o644)
        path.replace(place)
    shutil.rmtree(part)
