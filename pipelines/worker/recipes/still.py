"""The story of a picture: words, noise, steps, pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from pipelines.request import Request
from pipelines.worker.engine.batching import NO_PATCH, Patch
from pipelines.worker.recipes.controlling import Controlled
from pipelines.worker.recipes.decoding import decode
from pipelines.worker.recipes.denoising import beside, denoiser
from pipelines.worker.recipes.surroundings import nothing_around
from pipelines.worker.recipes.wording import conditioning
from pipelines.worker.sampling import Denoise, Denoised, Philox, State, init, plan, step
from pipelines.worker.weights.loading import Model


@dataclass(frozen=True)
class Brief:
    """One picture of a job: what to draw, from which seed, from where, and where to stop."""

    request: Request  # resolved
    seed: int
    state: bytes | None = None  # of a held picture, to go on from
    hold_after_steps: int | None = None
    patch: Patch = NO_PATCH  # which the networks wear while they answer this picture
    controls: tuple[Controlled, ...] = ()


@dataclass(frozen=True, eq=False)
class Look:
    """What can be seen of a picture after a step. x0: (1, channels, h, w), the denoised estimate."""

    step: int
    steps: int
    sigma: float  # the noise level that the step began at
    x0: Tensor


@dataclass(frozen=True, eq=False)
class Developed:
    pixels: Tensor  # (height, width, 3), uint8


@dataclass(frozen=True)
class Held:
    step: int
    state: bytes


def still(brief: Brief, model: Model, watch: Callable[[Look], None]) -> Developed | Held:
    """Develops one picture. `watch` sees it after every step, and may raise to give it up."""
    request = brief.request
    told = conditioning(request, model, brief.patch)
    course = plan(request.sampling, model.training)
    noise = Philox(brief.seed)
    if brief.state is None:
        state = init(course, noise, latent_shape(request, model), model.device)
    else:
        state = State.from_bytes(brief.state, model.device)

    around = nothing_around(request, model) if model.is_inpainting else None
    denoise = Watched(denoiser(model, told, course, beside(request, model, around), brief.controls))
    while not course.is_done(state):
        sigma = course.sigmas[state.step]
        state = step(course, denoise, noise, state)
        watch(Look(state.step, course.steps, sigma, denoise.x0))
        if state.step == brief.hold_after_steps and not course.is_done(state):
            return Held(state.step, state.to_bytes())
    return Developed(decode(state.x, model))


def latent_shape(request: Request, model: Model) -> tuple[int, int, int]:
    """(channels, height, width) of the request's latents."""
    assert request.height is not None
    assert request.width is not None
    cell = model.family.px_per_cell
    return model.family.latent_channels, request.height // cell, request.width // cell


class Watched:
    """A denoiser that remembers what it saw last."""

    x0: Tensor

    def __init__(self, denoise: Denoise) -> None:
        self._denoise = denoise

    def __call__(self, x: Tensor, sigma: float, step: int) -> Denoised:
        denoised = self._denoise(x, sigma, step)
        self.x0 = denoised.x0
        return denoised
