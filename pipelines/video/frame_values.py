"""Frame values: what every schedule of an animation says at every frame, worked out at once.

Pure: a function of the animation and the seed. So a clip can be taken up again at any frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.samplers import sampler_named
from pipelines.video.animation import CAMERA, LANES, Animation, lane, prompt_keys, samplers
from pipelines.video.schedules import curves, prompts, seeds
from pipelines.video.schedules.closing import closing
from pipelines.video.schedules.curves import Clip
from pipelines.video.schedules.functions import Floats
from pipelines.video.schedules.prompts import Blend


class Sampler(NamedTuple):
    """Names of their tables. `schedule` None: as the still Request has it."""

    name: str
    schedule: str | None


class Between(NamedTuple):
    """A frame that is not diffused lies between two that are: `share` 0…1 of the later one.

    In a loop under a camera the later one may be the first of all, once more, behind the last frame.
    """

    before: int
    after: int
    share: float


@dataclass(frozen=True, kw_only=True)
class FrameValues:
    """All of one frame, in the units of LANES. None: as the still Request has it."""

    frame: int
    is_diffused: bool
    between: Between  # where it lies; a diffused frame lies at itself
    closing: float  # the share of the first frame that it is made of, 0…1, in a loop under a camera
    seed: int
    prompt: Blend | None
    sampler: Sampler | None
    zoom: float
    angle: float
    translation_x: float
    translation_y: float
    transform_center_x: float
    transform_center_y: float
    perspective_flip_theta: float
    perspective_flip_phi: float
    perspective_flip_gamma: float
    perspective_flip_fv: float
    strength: float
    noise: float
    contrast: float
    unsharp_kernel: int
    unsharp_sigma: float
    unsharp_amount: float
    unsharp_threshold: float
    noise_multiplier: float | None
    guidance_scale: float | None
    steps: int | None
    clip_skip: int | None
    variation_seed: int | None
    variation_strength: float | None

    @property
    def denoising_strength(self) -> float:
        """How far the model may change the frame: a Request's `source.strength`."""
        return 1.0 - self.strength


@dataclass(frozen=True)
class Values:
    """Those of a whole clip. `curves`: float64 (frames,) by row of LANES; rows that the Request says are missing.

    `seeds` count for frames that are diffused; between them it is that of the last one.
    """

    curves: Mapping[str, Floats]
    seeds: tuple[int, ...]
    is_diffused: NDArray[np.bool_]
    closing: Floats
    prompts: tuple[Blend, ...] | None
    samplers: tuple[Sampler, ...] | None

    @property
    def frame_count(self) -> int:
        return len(self.seeds)

    @property
    def diffused(self) -> tuple[int, ...]:
        """The frames that the model makes, in their order; the others are blends of moved ones."""
        return tuple(np.flatnonzero(self.is_diffused).tolist())

    def at(self, frame: int) -> FrameValues:
        """The values of a frame, 0…frame_count - 1."""
        said = {name: float(curve[frame]) for name, curve in self.curves.items()}
        numbers = {
            name: None if name not in said else int(said[name]) if name in WHOLE else said[name]
            for name in LANES
            if name != "seed_schedule"
        }
        return FrameValues(
            frame=frame,
            is_diffused=bool(self.is_diffused[frame]),
            between=self._between(frame),
            closing=float(self.closing[frame]),
            seed=self.seeds[frame],
            prompt=self.prompts[frame] if self.prompts else None,
            sampler=self.samplers[frame] if self.samplers else None,
            **numbers,  # type: ignore[arg-type]
        )

    def _between(self, frame: int) -> Between:
        before = frame - int(np.argmax(self.is_diffused[frame::-1]))
        after = frame + int(np.argmax(np.append(self.is_diffused[frame:], True)))
        share = (frame - before) / (after - before) if after > before else 0.0
        return Between(before, after, share)


# Cut to whole numbers, as Deforum does.
WHOLE = ("steps", "clip_skip", "variation_seed", "unsharp_kernel")


def frame_values(animation: Animation, seed: int) -> Values:
    """All values of a clip that begins with this seed, 0 or more. Raises RequestError, e.g. about "animation.zoom"."""
    clip = Clip(animation.max_frames, seed, animation.fps)
    lanes = {name: lane(animation, name) for name in LANES}
    found = {
        name: curves.values(schedule, clip, LANES[name].bounds)
        for name, schedule in lanes.items()
        if schedule is not None
    }
    if "variation_seed" in found:
        rolled = seeds.scheduled(found["variation_seed"], seed)
        found["variation_seed"] = np.asarray(rolled, np.float64)
    is_diffused = diffused(animation)
    shares = closing(clip.frame_count) if leads_back(animation) else np.zeros(clip.frame_count)
    return Values(
        found,
        _seeds(animation, seed, found["seed_schedule"], is_diffused),
        is_diffused,
        shares,
        _prompts(animation, clip, shares),
        _samplers(animation, clip),
    )


def leads_back(animation: Animation) -> bool:
    """Whether the camera comes back to the first frame behind the last one."""
    return animation.is_looped and animation.mode == CAMERA


def diffused(animation: Animation) -> NDArray[np.bool_]:
    """Which frames the model makes, (frames,): every so many, and the last one, so that all others lie between two.

    Deforum leaves out what comes after the last of them. All frames of a morph are diffused, as there. In a loop under
    a camera they are evenly apart all the way round, about as far as that.
    """
    every = 1 if animation.mode == "morph" else animation.diffusion_cadence
    count = animation.max_frames
    found: NDArray[np.bool_] = np.zeros(count, bool)
    if leads_back(animation):
        parts = max(1, round(count / every))
        found[np.arange(parts) * count // parts] = True
        return found
    found[::every] = True
    found[-1] = True
    return found


def _seeds(
    animation: Animation, seed: int, curve: Floats, is_diffused: NDArray[np.bool_]
) -> tuple[int, ...]:
    behaviour = animation.seed_behaviour
    if behaviour == seeds.SCHEDULED:
        return seeds.scheduled(curve, seed)
    made = np.flatnonzero(is_diffused).tolist()
    counts = (np.cumsum(is_diffused) - 1).tolist()
    if behaviour == seeds.BY_CHANCE:
        rolled = [seeds.by_chance(seed, frame) for frame in made]
        return tuple(rolled[count] for count in counts)
    return tuple(seeds.stepped(behaviour, seed, count, animation.seed_every) for count in counts)


def _prompts(animation: Animation, clip: Clip, shares: Floats) -> tuple[Blend, ...] | None:
    keys = prompt_keys(animation)
    if not keys:
        return None
    if animation.mode != "morph":
        return prompts.led_back(prompts.held(keys, clip), shares)
    return prompts.morphed(prompts.closed(keys, clip) if animation.is_looped else keys, clip)


def _samplers(animation: Animation, clip: Clip) -> tuple[Sampler, ...] | None:
    schedule = samplers(animation)
    if schedule is None:
        return None
    said = curves.texts(schedule, clip)
    known = {name: Sampler(*sampler_named("animation.sampler", name)) for name in set(said)}
    return tuple(known[name] for name in said)
