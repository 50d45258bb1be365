"""Where the noise of a picture comes from: seeds, variations of them, and whose random numbers they are."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.errors import RequestError
from pipelines.fields import within

SEED_MAX = 2**53 - 1  # the largest whole number that JSON clients keep exactly
RANDOM_SEED_MAX = 2**32 - 3  # what AUTOMATIC1111 rolls, so that seeds can be carried over
ANY_SEED = (-1, SEED_MAX)
VARIATION = (0.0, 1.0)
FROM_PX = (64, 2048)
# What draws the numbers → as AUTOMATIC1111 writes it.
SOURCES = {
    "nv": "NV",  # Philox, the same numbers on every device as on a CUDA one
    "cpu": "CPU",  # torch's generator of the CPU
    "gpu": "GPU",  # torch's generator of the device
}


@dataclass(frozen=True, kw_only=True)
class Noise:
    """All beside the seed itself. With defaults, the seed alone decides."""

    source: str = "nv"
    # So much of the way, on a sphere, from the seed's noise to that of `variation_seed`.
    variation_seed: int = -1
    variation_strength: float = 0.0
    # The size at which the noise is drawn; it is put into the middle of the picture's own.
    from_width: int | None = None
    from_height: int | None = None
    # What is added to the seed for the noise that is added on the way (ENSD, eta noise seed delta).
    seed_delta: int = 0
    # Whose noise is added on the way from the last of the request's `beginnings` on; None: the picture's own.
    later_seed: int | None = None


def check_noise(noise: Noise) -> None:
    """Raises RequestError for the first field that cannot be used, named e.g. "noise.source"."""
    if noise.source not in SOURCES:
        remedy = f"Use one of: {', '.join(SOURCES)}."
        raise RequestError("noise.source", noise.source, "is no source of noise", remedy)
    within("noise.variation_seed", noise.variation_seed, ANY_SEED)
    within("noise.variation_strength", noise.variation_strength, VARIATION)
    within("noise.seed_delta", noise.seed_delta, (-SEED_MAX, SEED_MAX))
    if noise.later_seed is not None:
        within("noise.later_seed", noise.later_seed, ANY_SEED)
    for name in ("from_width", "from_height"):
        px = getattr(noise, name)
        if px is not None:
            within(f"noise.{name}", px, FROM_PX, "px")
    if (noise.from_width is None) != (noise.from_height is None):
        field = "noise.from_height" if noise.from_height is None else "noise.from_width"
        raise RequestError(field, None, "only one side is given", "Give both, or none.")
