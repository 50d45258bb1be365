"""The seam between samplers and models: D(x; σ), the guided guess of x0."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from pipelines.worker.sampling.conditioning import (
    PLAIN,
    Conditioning,
    Embedding,
    Guidance,
    guide,
    needs_uncond,
    rescaled,
)
from pipelines.worker.sampling.noise_schedule import NoiseSchedule


class Denoised(NamedTuple):
    """What the denoiser makes of a noisy latent; both float32 in the shape of x."""

    x0: Tensor  # guided
    # What the negative prompt alone gives; None when nobody asked for it.
    x0_uncond: Tensor | None = None


# (x, sigma, step) → Denoised. All that a sampler knows of a model; it may be called twice in one step.
Denoise = Callable[[Tensor, float, int], Denoised]

# (x·c_in, timestep, embeddings) → the network's raw output for each embedding, in any dtype. x is one picture's.
Predict = Callable[[Tensor, float, tuple[Embedding, ...]], tuple[Tensor, ...]]


def guided_denoiser(
    predict: Predict,
    conditioning: Conditioning,
    training: NoiseSchedule,
    guidance: Guidance = PLAIN,
) -> Denoise:
    """The denoiser that a network is under a prompt; the negative prompt is evaluated only where it counts."""

    def denoise(x: Tensor, sigma: float, step: int) -> Denoised:
        moment = conditioning.at(step)
        weights = [weight for weight, _ in moment.parts]
        embeddings = tuple(embedding for _, embedding in moment.parts)
        scale = guidance.share * moment.guidance_scale
        is_guided = guidance.keeps_uncond or needs_uncond(weights, scale)
        if is_guided:
            embeddings = (moment.negative, *embeddings)
        outputs = predict(x * training.c_in(sigma), training.timestep(sigma), embeddings)
        x0s = [training.x0(output.float(), x, sigma) for output in outputs]
        x0_uncond = x0s.pop(0) if is_guided else None
        x0 = guide(x0s, weights, scale, x0_uncond)
        if guidance.rescale and x0_uncond is not None:
            plain = guide(x0s, weights, 1.0, x0_uncond)
            x0 = rescaled(x0, plain, x / (sigma**2 + 1), guidance.rescale)
        return Denoised(x0, x0_uncond)

    return denoise
