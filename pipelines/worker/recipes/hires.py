"""Hires fix: what lies between the passes, and how the second one begins and is guided."""

from __future__ import annotations

from torch import Tensor

from pipelines.asking.hires import Fit, fit
from pipelines.errors import RequestError
from pipelines.request import Request
from pipelines.upscalers import UpscalerName, find_upscaler
from pipelines.worker.recipes.decoding import decode
from pipelines.worker.recipes.encoding import encode
from pipelines.worker.recipes.guiding import Guiding
from pipelines.worker.recipes.passes import SECOND
from pipelines.worker.recipes.upscaling import enlarged_latents, enlarged_picture, stretched
from pipelines.worker.sampling import Noise, Plan, State, noise_like
from pipelines.worker.weights.loading import Model
from pipelines.worker.weights.upscalers import Upscaler


def enlarged(latents: Tensor, request: Request, model: Model, network: Upscaler | None) -> Tensor:
    """The first pass (1, channels, h, w) as latents in the size of the second.

    Between two checkpoints it is the first one's VAE that makes pixels and takes them: both know its latents.
    """
    by = _by(request, network)
    if isinstance(by, UpscalerName) and by.is_latent:
        cell = model.family.px_per_cell
        return enlarged_latents(latents, _fit(request), by, cell, request.seamless)
    levels = only_enlarged(latents, request, model, network).to(model.device)
    pixels = levels.permute(2, 0, 1)[None] / 127.5 - 1
    return encode(pixels, model, seamless=request.seamless)


def only_enlarged(
    latents: Tensor, request: Request, model: Model, network: Upscaler | None
) -> Tensor:
    """The first pass as a picture (height, width, 3), uint8, in the size of the second."""
    by, seamless = _by(request, network), request.seamless
    if isinstance(by, UpscalerName) and by.is_latent:
        return decode(enlarged(latents, request, model, network), model, seamless)
    return enlarged_picture(decode(latents, model, seamless), _fit(request), by, seamless)


def begun(latents: Tensor, course: Plan, noise: Noise, steps: int) -> State:
    """Enlarged latents under the noise of the level at which the last `steps` of the plan begin."""
    first = course.steps - steps
    x = latents + course.sigmas[first] * noise_like(latents, noise, 0)
    return State(x=x, step=first, draws=1, stage=SECOND)


def guided(guiding: Guiding, request: Request) -> Guiding:
    """In the second pass: what ControlNets look at was made for the first."""

    def larger(picture: Tensor) -> Tensor:
        return stretched(picture.float(), _fit(request), 1, request.seamless).to(picture.dtype)

    return guiding.seeing(larger)


def _fit(request: Request) -> Fit:
    assert request.hires is not None
    return fit(request.hires, request.width or 0, request.height or 0)


def _by(request: Request, network: Upscaler | None) -> UpscalerName | Upscaler:
    assert request.hires is not None
    by = find_upscaler(request.hires.upscaler) or network
    if by is None:
        why, remedy = "is not there any more", "Choose another upscaler."
        raise RequestError("hires.upscaler", request.hires.upscaler, why, remedy)
    return by
