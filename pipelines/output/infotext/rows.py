"""The table of `parameters`: each key, the field of a Request that it carries, and how both become the other.

The order is AUTOMATIC1111's. Writing and reading go through the same rows; what has no row travels as JSON under a
key of our own, and what another program says in a key without a row is told as unmapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.asking.noise import SOURCES
from pipelines.asking.wording import EMPHASES
from pipelines.output.infotext import special
from pipelines.output.infotext.row import NO_SECOND_PASS, Row, hires, mark, of_source, plain, when
from pipelines.output.infotext.units import guides_told
from pipelines.output.infotext.values import (
    CLAIM,
    NUMBER,
    OTHER_TEXT,
    OTHER_TITLE,
    TEXT,
    TITLE,
    WHOLE,
    Kind,
    number,
    one_of,
)
from pipelines.request import Request

# Our names of what the masked part holds, and of how much is seen → AUTOMATIC1111's.
MASKED_CONTENTS = {
    "fill": "fill",
    "original": "original",
    "surroundings": "surroundings",
    "noise": "latent noise",
    "nothing": "latent nothing",
}
INPAINT_AREAS = {"masked": "Only masked", "picture": "Whole picture", "whole": "Whole picture"}
MASK_MODES = {"False": "Inpaint masked", "True": "Inpaint not masked"}

ROWS: tuple[Row, ...] = (
    plain("Steps", "sampling.steps", WHOLE),
    Row("Sampler", lambda request: request.sampling.sampler, special.take_sampler),
    plain(
        "Schedule type",
        "sampling.schedule",
        Kind(special.schedule),
        None,
        ("Sampler sigma", "Scheduler"),
    ),
    plain("CFG scale", "sampling.guidance_scale", NUMBER),
    plain("Seed", "seed", WHOLE),
    Row("Size", special.tell_size, special.take_size),
    mark("Model hash"),
    plain("Model", "checkpoint", TEXT),
    mark("VAE hash"),
    plain("VAE", "vae", TEXT),
    plain("Variation seed", "noise.variation_seed", WHOLE, -1),
    plain(
        "Variation seed strength", "noise.variation_strength", NUMBER, 0.0, ("Variation strength",)
    ),
    Row("Seed resize from", special.tell_from, special.take_from),
    Row(
        "Denoising strength",
        special.tell_strength,
        special.take_strength,
        ("Hires strength", "Hires denoising strength"),
    ),
    of_source("Conditional mask weight", "inpainting.conditioning_weight", NUMBER, 1.0),
    plain("Clip skip", "clip_skip", WHOLE, 1),
    plain("ENSD", "noise.seed_delta", WHOLE, 0),
    of_source("Init image hash", "source.image", TEXT),
    Row("RNG", lambda request: SOURCES.get(request.noise.source), special.take_source_of_noise),
    Row(
        "Tiling",
        lambda request: True if request.seamless else None,
        lambda text, _: {"seamless": "both"} if CLAIM.read(text) else {},
    ),
    of_source("Noise multiplier", "source.noise_multiplier", NUMBER, 1.0),
    of_source("Mask blur", "inpainting.blur", NUMBER),
    of_source(
        "Mask mode",
        "inpainting.is_inverted",
        Kind(
            lambda text: one_of(MASK_MODES).read(text) == "True",
            lambda is_so: MASK_MODES[str(is_so)],
        ),
        False,
    ),
    of_source("Masked content", "inpainting.content", one_of(MASKED_CONTENTS)),
    of_source("Inpaint area", "inpainting.area", one_of(INPAINT_AREAS)),
    of_source("Masked area padding", "inpainting.padding", WHOLE)._replace(
        tell=special.tell_padding
    ),
    of_source("Soft inpainting enabled", "inpainting.is_soft", CLAIM, False),
    of_source("Mask hash", "inpainting.mask", TEXT, ""),
    when(
        lambda context: context.is_enlarged,
        NO_SECOND_PASS,
        Row(
            "Hires upscale",
            special.tell_scale,
            lambda text, _: {"hires.scale": number(text)},
            ("Hires scale",),
        ),
    ),
    Row("Hires resize", special.tell_resize, special.take_resize, ("Hires size",)),
    hires("Hires steps", "steps", Kind(special.steps)),
    hires("Hires upscaler", "upscaler", Kind(special.upscaler)),
    hires("Hires sampler", "sampler", Kind(special.sampler)),
    hires(
        "Hires schedule type",
        "schedule",
        Kind(lambda text: special.schedule(text) if OTHER_TEXT.read(text) else None),
    ),
    hires("Hires checkpoint", "checkpoint", OTHER_TITLE),
    hires("Hires prompt", "prompt", TEXT, ""),
    hires("Hires negative prompt", "negative_prompt", TEXT, ""),
    hires("Hires CFG Scale", "guidance_scale", NUMBER),
    special.eta("Eta", is_its_own=False),
    special.eta("Eta DDIM", is_its_own=True),
    plain("Sigma churn", "sampling.churn", NUMBER, 0.0),
    plain("Sigma tmin", "sampling.churn_from", NUMBER, 0.0),
    plain("Sigma tmax", "sampling.churn_to", special.POSITIVE),
    plain("Sigma noise", "sampling.noise_scale", NUMBER, 1.0),
    plain("Schedule max sigma", "sampling.sigma_max", special.POSITIVE),
    plain("Schedule min sigma", "sampling.sigma_min", special.POSITIVE),
    plain("Schedule rho", "sampling.rho", special.POSITIVE),
    plain("Beta schedule alpha", "sampling.beta_alpha", NUMBER),
    plain("Beta schedule beta", "sampling.beta_beta", NUMBER),
    plain("Discard penultimate sigma", "sampling.skips_penultimate", CLAIM),
    plain("SGM noise multiplier", "sampling.sgm_noise", CLAIM, False),
    plain(
        "CFG Rescale", "sampling.guidance_rescale", NUMBER, 0.0, ("CFG Rescale φ", "Rescale CFG")
    ),
    plain("Emphasis", "wording.emphasis", one_of(EMPHASES), "original"),
    plain("Refiner", "refiner", TITLE),
    plain("Refiner switch at", "refiner_switch_at", NUMBER),
    plain("Tile", "tile", WHOLE),
    plain("Wildcard prompt", "template", TEXT, ""),
    plain("Wildcard negative prompt", "negative_template", TEXT, ""),
    mark("Lora hashes"),
    mark("TI hashes"),
)


def told(request: Request) -> Mapping[str, Any]:
    """The values of all rows, and its guides as AUTOMATIC1111's ControlNet extension writes them."""
    return {row.key: row.tell(request) for row in ROWS} | guides_told(request)
