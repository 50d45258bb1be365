"""What a training will take: memory of the device, room on the disk, seconds. Estimates, for whoever plans one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.catalog.checkpoint import Checkpoint
from pipelines.finetune.defaults import STARTER
from pipelines.finetune.plan import EMBEDDING, Plan
from pipelines.finetune.training import Training

HALF, WHOLE = 2, 4  # bytes of a number
# What is trained lies there in float32, with its gradient and the two moments of AdamW; 8-bit ones take a byte each.
TRAINED_BYTES = {"AdamW": 4 * WHOLE, "AdamW 8-bit": 2 * WHOLE + 2}
STATE_BYTES = 3 * WHOLE  # a number of `state.training`: itself and both moments
SAMPLE_BYTES = 0.5  # a pixel, as WebP
PICTURE_BYTES = 2.0  # a pixel, as PNG
STATES = 2  # the new state is written beside the old one
RESERVE_BYTES = 300 * 2**20  # of the libraries of the device
SQUARE_PX = 512


@dataclass(frozen=True)
class Size:
    """Of a family's networks, in millions of parameters, and of their activations for one picture of 512² px.

    `lora`: of one rank over all layers that are trained. `activations`: MB in half precision, with all of them kept
    and with those that gradient checkpointing keeps.
    """

    denoiser: float
    text: float
    lora: float
    width: int  # of a text embedding
    activations: tuple[float, float]


SIZES = {
    "sd15": Size(860, 123, 0.6, 768, (3500, 900)),
    "sd2": Size(866, 340, 0.65, 1024, (3500, 900)),
    "sdxl": Size(2567, 817, 3.6, 2048, (2900, 500)),
    STARTER: Size(8.6, 0.6, 0.04, 128, (500, 150)),
}


def memory_bytes(plan: Plan, family: str, *, is_half: bool) -> int:
    """Of the device, while it trains, for a settled plan. `is_half`: its networks lie there in half precision.

    The VAE, and text encoders that are not trained, need not be there: what they give is kept.
    """
    size = _size(family)
    number = HALF if is_half else WHOLE
    has_text = plan.trains_text or plan.method == EMBEDDING
    networks = (size.denoiser + (size.text if has_text else 0)) * 1e6 * number
    trained = _trained(plan, size) * TRAINED_BYTES[plan.optimizer]
    pixels = ((plan.resolution or SQUARE_PX) / SQUARE_PX) ** 2
    pictures = (plan.batch_size or 1) * (2 if plan.prior_pictures else 1)
    kept = size.activations[bool(plan.saves_memory)] * 2**20 * number / HALF
    return round(networks + trained + kept * pixels * pictures + RESERVE_BYTES)


def disk_bytes(plan: Plan, family: str, pictures: int) -> int:
    """That it will write into its folder."""
    trained = _trained(plan, _size(family))
    marks = (plan.steps or 1) // (plan.sample_every or 1) + 1
    pixels = (plan.resolution or SQUARE_PX) ** 2
    drawn = (marks + 1) * len(plan.sample_prompts) * pixels * SAMPLE_BYTES
    shown = (pictures + (plan.prior_pictures or 0)) * pixels * PICTURE_BYTES
    return round(trained * (STATES * STATE_BYTES + marks * HALF) + drawn + shown)


def seconds(plan: Plan, known: Iterable[Training]) -> float | None:
    """By how long a step took in earlier trainings on the same checkpoint; None when there was none."""
    alike = [one for one in known if one.step_seconds and _kin(one.plan) == _kin(plan)]
    if not alike:
        return None
    latest = max(alike, key=lambda one: one.started or one.created)
    one_seconds = (latest.step_seconds or 0.0) / _work(latest.plan)
    return round(one_seconds * _work(plan) * (plan.steps or 1), 1)


def _kin(plan: Plan) -> tuple[str | None, str, bool | None]:
    return plan.checkpoint, plan.method, plan.saves_memory


def _work(plan: Plan) -> float:
    """Of one step, in pixels."""
    return (plan.batch_size or 1) * (plan.resolution or SQUARE_PX) ** 2


def _trained(plan: Plan, size: Size) -> float:
    """How many numbers are trained."""
    if plan.method == EMBEDDING:
        return (plan.vectors or 1) * size.width
    return (plan.rank or 1) * size.lora * 1e6


def size_name(base: Checkpoint | None) -> str:
    """What is called `family` here: the starter is far smaller than its family."""
    if base is None:
        return ""
    return STARTER if base.is_starter else base.family


def _size(family: str) -> Size:
    return SIZES.get(family, SIZES["sd15"])
