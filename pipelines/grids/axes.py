"""What may vary in a grid: a table of fields, under the labels of AUTOMATIC1111's X/Y/Z plot where it has them."""

from __future__ import annotations

from typing import NamedTuple

from pipelines.asking.noise import SOURCES
from pipelines.asking.wording import EMPHASES
from pipelines.request import SEAMLESS
from pipelines.samplers import SAMPLERS, SCHEDULES
from pipelines.upscalers import UPSCALERS

SAMPLER_NAMES = tuple(row.name for row in SAMPLERS)
SCHEDULE_NAMES = tuple(row.name for row in SCHEDULES)
UPSCALER_NAMES = tuple(row.name for row in UPSCALERS)
SWITCH = ("true", "false")


class AxisRow(NamedTuple):
    """`field`: of a Request, or a name of its own. `kind`: a row of KINDS in readings.py.

    `choices`: fixed ones, or the name of a list of `Stock`, which is known only when it is asked for.
    """

    field: str
    label: str
    kind: str
    hint: str = ""
    choices: tuple[str, ...] | str = ()


class Stock(NamedTuple):
    """Names of what there is now."""

    checkpoints: tuple[str, ...] = ()
    vaes: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    upscalers: tuple[str, ...] = UPSCALER_NAMES


SEARCH = "The first value is searched in the prompts, the others take its place."
ORDER = "Words of the prompt; every order of them is a picture."
SIGMAS = "Noise levels."
AXES = (
    AxisRow("seed", "Seed", "whole"),
    AxisRow("noise.variation_seed", "Var. seed", "whole"),
    AxisRow("noise.variation_strength", "Var. strength", "number", "0 to 1"),
    AxisRow("sampling.steps", "Steps", "whole"),
    AxisRow("hires.steps", "Hires steps", "whole"),
    AxisRow("sampling.guidance_scale", "CFG Scale", "number"),
    AxisRow("hires.guidance_scale", "Hires CFG Scale", "number"),
    AxisRow("sampling.guidance_rescale", "CFG Rescale", "number", "0 to 1"),
    AxisRow("prompt", "Prompt S/R", "prompt", SEARCH),
    AxisRow("prompt.order", "Prompt order", "order", ORDER),
    AxisRow("sampling.sampler", "Sampler", "choice", "", SAMPLER_NAMES),
    AxisRow("hires.sampler", "Hires sampler", "choice", "", SAMPLER_NAMES),
    AxisRow("sampling.schedule", "Schedule type", "choice", "", SCHEDULE_NAMES),
    AxisRow("hires.schedule", "Hires schedule type", "choice", "", SCHEDULE_NAMES),
    AxisRow("checkpoint", "Checkpoint name", "choice", "", "checkpoints"),
    AxisRow("hires.checkpoint", "Hires checkpoint", "choice", "", "checkpoints"),
    AxisRow("sampling.churn", "Sigma Churn", "number"),
    AxisRow("sampling.churn_from", "Sigma min", "number", SIGMAS),
    AxisRow("sampling.churn_to", "Sigma max", "number", SIGMAS),
    AxisRow("sampling.noise_scale", "Sigma noise", "number"),
    AxisRow("sampling.sigma_min", "Schedule min sigma", "number", SIGMAS),
    AxisRow("sampling.sigma_max", "Schedule max sigma", "number", SIGMAS),
    AxisRow("sampling.rho", "Schedule rho", "number"),
    AxisRow("sampling.beta_alpha", "Beta schedule alpha", "number"),
    AxisRow("sampling.beta_beta", "Beta schedule beta", "number"),
    AxisRow("sampling.eta", "Eta", "number", "0 to 1"),
    AxisRow(
        "sampling.skips_penultimate", "Always discard next-to-last sigma", "switch", "", SWITCH
    ),
    AxisRow("sampling.sgm_noise", "SGM noise multiplier", "switch", "", SWITCH),
    AxisRow("clip_skip", "Clip skip", "whole"),
    AxisRow("denoising", "Denoising", "number", "Of image to image, or of hires fix. 0 to 1"),
    AxisRow("source.noise_multiplier", "Initial noise multiplier", "number"),
    AxisRow("hires.upscaler", "Hires upscaler", "choice", "", "upscalers"),
    AxisRow("hires.scale", "Hires upscale", "number"),
    AxisRow("inpainting.conditioning_weight", "Cond. Image Mask Weight", "number", "0 to 1"),
    AxisRow("vae", "VAE", "choice", "", "vaes"),
    AxisRow("styles", "Styles", "styles", "Beside those that are chosen.", "styles"),
    AxisRow("size", "Size", "size", "Width and height: 512x768"),
    AxisRow("width", "Width", "whole"),
    AxisRow("height", "Height", "whole"),
    AxisRow("refiner", "Refiner checkpoint", "choice", "", "checkpoints"),
    AxisRow("refiner_switch_at", "Refiner switch at", "number", "0 to 1"),
    AxisRow("noise.source", "RNG source", "choice", "", tuple(SOURCES)),
    AxisRow("noise.seed_delta", "ENSD", "whole"),
    AxisRow("wording.emphasis", "Emphasis", "choice", "", tuple(EMPHASES)),
    AxisRow("wording.comma_backtrack", "Comma backtrack", "whole"),
    AxisRow("seamless", "Tiling", "choice", "", (*SEAMLESS, "none")),
    AxisRow("tile", "Tile", "whole", "px; larger pictures are made in such tiles"),
)


def find_axis(name: str) -> AxisRow | None:
    """By field, or by label in any case."""
    wanted = name.strip().casefold()
    return next((row for row in AXES if wanted in (row.field, row.label.casefold())), None)


def choices_of(row: AxisRow, stock: Stock) -> tuple[str, ...]:
    """What can be picked; none: values are written."""
    return getattr(stock, row.choices) if isinstance(row.choices, str) else row.choices
