"""The story of a picture: words, noise, steps, perhaps larger and steps again, pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import takewhile

import torch
from torch import Tensor

from pipelines.request import Request
from pipelines.worker.engine.batching import NO_PATCH, Patch
from pipelines.worker.recipes import hires
from pipelines.worker.recipes.decoding import decode
from pipelines.worker.recipes.denoising import beside, denoiser
from pipelines.worker.recipes.guiding import NOTHING, Guiding
from pipelines.worker.recipes.passes import FIRST, SECOND, Pass, pass_of, stage_of
from pipelines.worker.recipes.starting import Holding, Origin, Start, around, begun, start_of
from pipelines.worker.recipes.surroundings import Surroundings
from pipelines.worker.recipes.tiling import Tile, Tiled, tiles_of
from pipelines.worker.recipes.wording import conditioning
from pipelines.worker.sampling import (
    Denoise,
    Denoised,
    NoiseSchedule,
    PictureNoise,
    Plan,
    State,
    init,
    noise_of,
    plan,
    step,
)
from pipelines.worker.weights.loading import Model
from pipelines.worker.weights.upscalers import Upscaler


@dataclass(frozen=True)
class Brief:
    """One picture of a job: what to draw, from which seed, from where, and where to stop."""

    request: Request  # resolved
    seed: int
    state: bytes | None = None  # of a held picture, to go on from
    hold_after_steps: int | None = None
    patch: Patch = NO_PATCH  # which the networks wear while they answer this picture
    guiding: Guiding = NOTHING
    origin: Origin | None = None  # the picture that it starts from; None: from noise alone
    # A network that enlarges it; None: what has a row in UPSCALERS.
    upscaler: Upscaler | None = None


@dataclass(frozen=True, eq=False)
class Look:
    """What can be seen of a picture after a step, counted from its own first one, over all passes.

    x0: (1, channels, h, w), the denoised estimate.
    """

    step: int
    steps: int
    sigma: float  # the noise level that the step began at
    x0: Tensor
    state: State  # from which it goes on


@dataclass(frozen=True, eq=False)
class Developed:
    pixels: Tensor  # (height, width, 3), uint8


@dataclass(frozen=True)
class Held:
    step: int
    state: bytes


@dataclass(frozen=True, eq=False)
class Baton:
    """A picture on its way from one checkpoint to another, which goes on by the same plan."""

    course: Plan
    state: State
    start: Start | None = None

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left but to decode it, which the first checkpoint does."""
        return self.course.is_done(self.state)


@dataclass(frozen=True, eq=False)
class Enlarged:
    """A picture on its way to another checkpoint for its second pass, in which it begins anew."""

    latents: Tensor  # (1, channels, h, w) of the size to come


Watch = Callable[[Look], None]
Outcome = Developed | Held | Baton | Enlarged


def leg(brief: Brief, model: Model, baton: Baton | Enlarged | None, watch: Watch) -> Outcome:
    """What `model` does next for a picture that has come this far: begins it, refines it, or goes on to its pixels."""
    if baton is None:
        return still(brief, model, watch)
    if isinstance(baton, Enlarged):
        return second(brief, model, watch, baton.latents)
    return (
        _onwards(brief, model, baton, watch)
        if baton.is_done
        else refine(brief, model, baton, watch)
    )


def still(brief: Brief, model: Model, watch: Watch) -> Outcome:
    """Develops one picture, up to where another checkpoint takes over. `watch` sees it after every step, and may raise.

    One that was held or paused goes on in the pass in which it was.
    """
    request = brief.request
    if stage_of(brief.state) == SECOND:
        return second(brief, model, watch)
    if brief.origin is not None and not request.steps_taken:
        return Developed(torch.tensor(brief.origin.levels))
    baton = _baton(brief, model, plan(request.sampling, model.training, request.steps_taken))
    until = own_steps(request, baton.course, model.training)
    outcome = _go_on(brief, model, baton, watch, until)
    if isinstance(outcome, Baton) and outcome.is_done:
        return _onwards(brief, model, outcome, watch)
    return outcome


def refine(brief: Brief, refiner: Model, baton: Baton, watch: Watch) -> Held | Baton:
    """Takes the steps that are left, as the refiner sees them and under its own reading of the prompt."""
    return _go_on(brief, refiner, baton, watch, baton.course.steps)


def second(brief: Brief, model: Model, watch: Watch, latents: Tensor | None = None) -> Outcome:
    """The second pass: of enlarged latents, or from where it was left off. Its noise is drawn anew by the same seed."""
    one = pass_of(brief.request, SECOND)
    course = plan(one.request.sampling, model.training, one.steps)
    if latents is None:
        assert brief.state is not None
        state = State.from_bytes(brief.state, model.device)
    else:
        state = hires.begun(latents, course, _noise(brief, model), one.steps)
    outcome = _go_on(brief, model, Baton(course, state), watch, course.steps)
    return finish(brief, model, outcome) if isinstance(outcome, Baton) else outcome


def finish(brief: Brief, model: Model, baton: Baton) -> Developed:
    """The pixels of a picture whose steps are all taken."""
    x, start = baton.state.x, baton.start
    mask = start.mask_at(1.0) if start else None
    done = x if start is None or mask is None else start.held(x, mask)
    return Developed(decode(done, model, brief.request.seamless))


def _onwards(brief: Brief, model: Model, baton: Baton, watch: Watch) -> Outcome:
    """What follows on the first pass."""
    request, x = brief.request, baton.state.x
    if request.hires is None:
        return finish(brief, model, baton)
    if not request.hires.strength:
        return Developed(hires.only_enlarged(x, request, model, brief.upscaler))
    latents = hires.enlarged(x, request, model, brief.upscaler)
    if request.hires.checkpoint:
        return Enlarged(latents)
    return second(brief, model, watch, latents)


def _baton(brief: Brief, model: Model, course: Plan) -> Baton:
    """The picture before its next step: its first, or the one after which it was held."""
    request, noise = brief.request, _noise(brief, model)
    shape = latent_shape(request, model)
    start = None
    if brief.origin is not None:
        start = start_of(brief.origin, request, model, noise, shape)
    if brief.state is not None:
        state = State.from_bytes(brief.state, model.device)
    elif start is not None and request.source is not None:
        state = begun(start, request.source, course, noise, request.steps_taken)
    else:
        state = init(course, noise, shape, model.device)
    return Baton(course, state, start)


def _noise(brief: Brief, model: Model) -> PictureNoise:
    return noise_of(brief.request, brief.seed, model.device, model.family.px_per_cell)


def own_steps(request: Request, course: Plan, training: NoiseSchedule) -> int:
    """How many steps the first checkpoint takes: those that begin in its share of the timesteps.

    As AUTOMATIC1111 and diffusers (`denoising_end`) count it.
    """
    if request.refiner is None or request.refiner_switch_at is None:
        return course.steps
    timesteps = training.last_timestep + 1
    end = round(timesteps - request.refiner_switch_at * timesteps)
    begin_in_it = (training.timestep(sigma) >= end for sigma in course.sigmas[:-1])
    return sum(1 for _ in takewhile(bool, begin_in_it))


def _go_on(brief: Brief, model: Model, baton: Baton, watch: Watch, until: int) -> Held | Baton:
    """Steps from where the picture is, up to step `until`."""
    course, state = baton.course, baton.state
    if state.step >= until:
        return baton
    one, steps = pass_of(brief.request, state.stage), brief.request.steps_in_all
    first = course.steps - one.steps
    denoise = Watched(_denoiser(brief, model, baton, one))
    noise = _noise(brief, model)
    while state.step < until:
        sigma = course.sigmas[state.step]
        state = step(course, denoise, noise.at(one.before + state.step - first), state)
        watch(Look(one.before + state.step - first, steps, sigma, denoise.x0, state))
        is_draft = one.stage == FIRST and state.step == brief.hold_after_steps
        if is_draft and not course.is_done(state):
            return Held(state.step - first, state.to_bytes())
    return replace(baton, state=state)


def _denoiser(brief: Brief, model: Model, baton: Baton, one: Pass) -> Denoise:
    request, course, start = one.request, baton.course, baton.start
    first, is_second = course.steps - one.steps, one.stage == SECOND
    told = conditioning(brief.request, model, brief.patch, first=first, is_second_pass=is_second)
    guiding = hires.guided(brief.guiding, brief.request) if is_second else brief.guiding
    seen = around(brief.origin, request, model) if model.is_inpainting else None

    def over(tile: Tile) -> Denoise:
        around_it = None if seen is None else Surroundings(*map(tile.of, seen))
        guides = guiding.within(tile, model.family.px_per_cell)
        return denoiser(model, told, course, beside(request, model, around_it), guides)

    height, width = latent_shape(request, model)[1:]
    side = request.tile // model.family.px_per_cell if request.tile else max(height, width)
    tiles = tiles_of(height, width, side, request.seamless)
    denoise = over(tiles[0]) if len(tiles) == 1 else Tiled(tiles, over, model.device)
    if start is None or start.mask is None:
        return denoise
    return Holding(denoise, start, first, course.steps)


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
