"""What a training will take of the disk and of time. Estimates, for whoever plans one; see memory.py for the device."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.catalog.checkpoint import Checkpoint
from pipelines.finetune.plan import Plan
from pipelines.finetune.planning import defaults
from pipelines.finetune.planning.memory import Place, size_of, trained_numbers
from pipelines.finetune.training import Training
from pipelines.manager.status import Status

HALF, WHOLE = 2, 4  # bytes of a number
STATE_BYTES = 3 * WHOLE  # a number of `state.training`: itself and both moments
SAMPLE_BYTES = 0.5  # a pixel, as WebP
PICTURE_BYTES = 2.0  # a pixel, as PNG
STATES = 2  # the new state is written beside the old one
SQUARE_PX = 512


def disk_bytes(plan: Plan, family: str, pictures: int) -> int:
    """That it will write into its folder."""
    trained = trained_numbers(plan, size_of(family))
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


def place_of(plan: Plan, status: Status) -> Place:
    """Where and how it would be trained."""
    is_half = plan.precision != "float32"
    if plan.precision == "auto":
        is_half = status.dtype in ("float16", "bfloat16")
    return Place(is_half, is_card=status.device.startswith("cuda"))


def size_name(base: Checkpoint | None) -> str:
    """What is called `family` here; "" without a checkpoint."""
    return defaults.size_name(base) if base else ""
