"""The finer fields of the form: noise, sampling, hires fix, wording. A new visitor finds them folded away."""

from __future__ import annotations

from pipelines import (
    ANY_SEED,
    COMMA_BACKTRACK,
    EMPHASES,
    FROM_PX,
    GUIDANCE,
    HIRES_SCALE,
    HIRES_SIDE_PX,
    HIRES_STRENGTH,
    NOISE_SOURCES,
    SAMPLERS,
    SAMPLING_BOUNDS,
    SCHEDULES,
    SEAMLESS,
    SEED_MAX,
    STEPS,
    VARIATION,
    Hires,
    Noise,
    Sampling,
    Wording,
)
from ui.field import Choice, Field

NOISE, SAMPLING, WORDING, HIRES = Noise(), Sampling(), Wording(), Hires()
SOURCES = {
    "NV": "the same on every device, as on an NVIDIA card",
    "CPU": "the processor's",
    "GPU": "this device's: on another one other pictures",
}
EMPHASIS = {
    "Original": "weighted, then brought back to the mean",
    "No norm": "weighted only; better for SDXL",
    "Ignore": "brackets are read and count nothing",
    "None": "brackets are text",
}
ANY_DELTA = (-SEED_MAX, SEED_MAX)
AS_ABOVE: Choice = ("As above", "")
BY_SAMPLER = "by the sampler"
BY_SCHEDULE = "by the schedule"
IN_TEXT = ("text",)


def _sampling(name: str, label: str, value: float | None, step: float, hint: str = "") -> Field:
    bounds = SAMPLING_BOUNDS[name]
    return Field(f"sampling.{name}", label, "number", value, bounds, step, hint=hint)


NOISE_FIELDS = (
    Field(
        "noise.variation_seed",
        "Variation seed",
        "number",
        NOISE.variation_seed,
        ANY_SEED,
    ),
    Field(
        "noise.variation_strength",
        "Strength",
        "slider",
        NOISE.variation_strength,
        VARIATION,
        0.01,
    ),
    Field("noise.from_width", "Seed from width, px", "number", None, FROM_PX, 8, hint="off"),
    Field("noise.from_height", "Seed from height, px", "number", None, FROM_PX, 8, hint="off"),
    Field(
        "noise.source",
        "Random numbers",
        "choice",
        NOISE.source,
        choices=tuple((shown, value) for value, shown in NOISE_SOURCES.items()),
        hints=SOURCES,
    ),
    Field("noise.seed_delta", "Eta noise seed delta", "number", NOISE.seed_delta, ANY_DELTA),
)

SAMPLING_FIELDS = (
    _sampling("eta", "Eta", SAMPLING.eta, 0.05, BY_SAMPLER),
    _sampling("guidance_rescale", "CFG rescale", SAMPLING.guidance_rescale, 0.05),
    _sampling("churn", "Churn", SAMPLING.churn, 0.5),
    _sampling("noise_scale", "Noise scale", SAMPLING.noise_scale, 0.001),
    _sampling("churn_from", "Churn from sigma", SAMPLING.churn_from, 0.1),
    _sampling("churn_to", "Churn to sigma", SAMPLING.churn_to, 0.1, "no limit"),
    _sampling("sigma_min", "Sigma min", SAMPLING.sigma_min, 0.001, "the model's"),
    _sampling("sigma_max", "Sigma max", SAMPLING.sigma_max, 0.1, "the model's"),
    _sampling("rho", "Rho", SAMPLING.rho, 0.1, BY_SCHEDULE),
    Field(
        "sampling.skips_penultimate",
        "Skip last level but one",
        "choice",
        "",
        choices=(("By the sampler", ""), ("Yes", True), ("No", False)),
    ),
    _sampling("beta_alpha", "Beta alpha", SAMPLING.beta_alpha, 0.05, BY_SCHEDULE),
    _sampling("beta_beta", "Beta beta", SAMPLING.beta_beta, 0.05, BY_SCHEDULE),
    Field(
        "sampling.sgm_noise",
        "Begin as Stability's own code does (SGM noise)",
        "switch",
        SAMPLING.sgm_noise,
    ),
)

WORDING_FIELDS = (
    Field(
        "wording.emphasis",
        "Emphasis",
        "choice",
        WORDING.emphasis,
        choices=tuple((shown, value) for value, shown in EMPHASES.items()),
        hints=EMPHASIS,
    ),
    Field(
        "wording.comma_backtrack",
        "Comma backtrack, tokens",
        "number",
        WORDING.comma_backtrack,
        COMMA_BACKTRACK,
    ),
)

SEAMLESS_FIELD = Field(
    "seamless",
    "Seamless",
    "choice",
    "",
    choices=(
        ("No", ""),
        *((f"{edges[0].upper()}{edges[1:]} edges", name) for name, edges in SEAMLESS.items()),
    ),
)


def _hires(name: str, label: str, kind: str, value: str | float | None, **more: object) -> Field:
    return Field(f"hires.{name}", label, kind, value, modes=IN_TEXT, **more)  # type: ignore[arg-type]


HIRES_FIELDS = (
    Field(
        "hires",
        "Hires fix: enlarge, then add details",
        "switch",
        False,
        is_part=True,
        modes=IN_TEXT,
    ),
    _hires("scale", "Enlarge by", "slider", HIRES.scale, bounds=HIRES_SCALE, step=0.05),
    _hires("strength", "Strength", "slider", HIRES.strength, bounds=HIRES_STRENGTH, step=0.01),
    _hires("upscaler", "Upscaler", "text", HIRES.upscaler),  # a choice by `islands/hires.js`
    _hires("steps", "Steps", "number", None, bounds=STEPS, hint="as above"),
    _hires("width", "To width, px", "number", None, bounds=HIRES_SIDE_PX, step=8, hint="by scale"),
    _hires(
        "height", "To height, px", "number", None, bounds=HIRES_SIDE_PX, step=8, hint="by scale"
    ),
    _hires(
        "guidance_scale", "CFG scale", "number", None, bounds=GUIDANCE, step=0.5, hint="as above"
    ),
    _hires("checkpoint", "Checkpoint", "text", ""),  # likewise
    _hires("sampler", "Sampler", "choice", "", choices=(AS_ABOVE, *(row.name for row in SAMPLERS))),
    _hires(
        "schedule", "Schedule", "choice", "", choices=(AS_ABOVE, *(row.name for row in SCHEDULES))
    ),
    _hires("prompt", "Prompt", "text", "", hint="as above", lines=2),
    _hires("negative_prompt", "Negative prompt", "text", "", hint="as above"),
)
