"""Animation: everything that is asked of an animated clip beside the still Request that each of its frames is made of.

What changes over the frames is a schedule (pipelines/video/schedules): `0: (1), 30: (1.05)`. Names, meanings and
defaults are Deforum's. Size, checkpoint, seed and all else that is the same in every frame stand in the Request.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from pipelines.asking.noise import ANY_SEED, VARIATION
from pipelines.asking.sampling import GUIDANCE, STEPS
from pipelines.editing.source import NOISE_MULTIPLIER
from pipelines.errors import RequestError
from pipelines.fields import rows, typed, within
from pipelines.request import CLIP_SKIP
from pipelines.video.schedules import keyframes, prompts
from pipelines.video.schedules.prompts import PromptKey, Words
from pipelines.video.schedules.seeds import BEHAVIOURS, EVERY

FRAMES = (1, 200_000)
FPS = (1.0, 240.0)
CADENCE = (1, 50)
STRENGTH = (0.0, 1.0)
MOVIE_FRAME = (0, 10_000_000)
MOVIE_END = (-1, 10_000_000)
OCTAVES = (1, 7)
PERSISTENCE = (0.0, 1.0)
CELLS = (0.1, 16.0)
DEGREES = (-3600.0, 3600.0)
TILT = (-89.0, 89.0)  # at 90° a frame is seen from its edge
SHIFT_PX = (-100_000.0, 100_000.0)

CAMERA, MOVIE = "2d", "movie"
# What the clip is made by → what is said of it.
MODES = {
    CAMERA: "each frame is the one before, moved, and then changed by the model",
    "morph": "each frame is made anew, of two prompts that fade into each other",
    MOVIE: "each frame is one of a movie, changed by the model",
}
# What a move uncovers is filled with → what is said of it.
BORDERS = {
    "replicate": "the colours at the edge, drawn out",
    "wrap": "what leaves the frame on the other side",
    "reflect": "the frame mirrored at its edge",
}
# The colour space in which frames are held to the colours of a reference → what is said of it.
COHERENCES = {
    "none": "colours may drift",
    "hsv": "hue, saturation and value",
    "lab": "lightness and two colour axes, as the eye weighs them",
    "rgb": "red, green and blue",
}
# The noise that is laid over a frame before the model sees it → what is said of it.
NOISES = {
    "uniform": "the same everywhere",
    "perlin": "in soft patches",
}
CHOICES = {
    "mode": MODES,
    "border": BORDERS,
    "colour_coherence": COHERENCES,
    "noise_type": NOISES,
    "seed_behaviour": dict.fromkeys(BEHAVIOURS, ""),
}


class Lane(NamedTuple):
    """A schedule of numbers. `unit` is said beside its values; an optional one that is "" is as the Request has it."""

    bounds: tuple[float, float]
    unit: str = ""
    is_optional: bool = False


LANES: Mapping[str, Lane] = MappingProxyType(
    {
        "zoom": Lane((0.01, 100.0), "× a frame"),
        "angle": Lane(DEGREES, "° a frame"),
        "translation_x": Lane(SHIFT_PX, "px a frame"),
        "translation_y": Lane(SHIFT_PX, "px a frame"),
        "transform_center_x": Lane((-10.0, 10.0), "of the width"),
        "transform_center_y": Lane((-10.0, 10.0), "of the height"),
        "perspective_flip_theta": Lane(DEGREES, "° a frame"),
        "perspective_flip_phi": Lane(TILT, "° a frame"),
        "perspective_flip_gamma": Lane(TILT, "° a frame"),
        "perspective_flip_fv": Lane((1.0, 179.0), "°"),
        "strength": Lane(STRENGTH, "stays"),
        "noise": Lane((0.0, 1.0)),
        "noise_multiplier": Lane(NOISE_MULTIPLIER, "", True),
        "contrast": Lane((0.0, 10.0), "×"),
        "guidance_scale": Lane(GUIDANCE, "", True),
        "steps": Lane(STEPS, "steps", True),
        "clip_skip": Lane(CLIP_SKIP, "layers from the end", True),
        "seed_schedule": Lane(ANY_SEED),
        "variation_seed": Lane(ANY_SEED, "", True),
        "variation_strength": Lane(VARIATION, "", True),
        "unsharp_kernel": Lane((0.0, 255.0), "px"),
        "unsharp_sigma": Lane((0.0, 100.0), "px"),
        "unsharp_amount": Lane((0.0, 10.0)),
        "unsharp_threshold": Lane((0.0, 255.0), "levels"),
    }
)
BOUNDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "max_frames": FRAMES,
        "fps": FPS,
        "diffusion_cadence": CADENCE,
        "seed_every": EVERY,
        "init_strength": STRENGTH,
        "extract_nth_frame": EVERY,
        "extract_from_frame": MOVIE_FRAME,
        "extract_to_frame": MOVIE_END,
        "perlin_octaves": OCTAVES,
        "perlin_persistence": PERSISTENCE,
        "perlin_width": CELLS,
        "perlin_height": CELLS,
    }
)


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """`frame`: from which on it holds, a number or an expression of max_f and s; `text`: "positive --neg negative"."""

    frame: str = "0"
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Animation:
    """One clip. The fields that are rows of LANES, and `sampler`, are schedules."""

    mode: str = "2d"
    max_frames: int = 120
    fps: float = 15.0
    prompts: tuple[Prompt, ...] = ()  # none: the Request's own in every frame
    # Said in every one of them: before the positive part, and behind the negative one.
    common_prompt: str = ""
    common_negative_prompt: str = ""
    # How each frame is moved before the next one is made of it.
    zoom: str = "0: (1.0025+0.002*sin(1.25*3.14*t/30))"
    angle: str = "0: (0)"
    translation_x: str = "0: (0)"
    translation_y: str = "0: (0)"
    transform_center_x: str = "0: (0.5)"
    transform_center_y: str = "0: (0.5)"
    flips_perspective: bool = False
    perspective_flip_theta: str = "0: (0)"
    perspective_flip_phi: str = "0: (0)"
    perspective_flip_gamma: str = "0: (0)"
    perspective_flip_fv: str = "0: (53)"
    border: str = "replicate"
    # What is done to it then. Of the steps a share of 1 - strength is taken.
    strength: str = "0: (0.65)"
    noise: str = "0: (0.065)"
    noise_type: str = "perlin"
    perlin_octaves: int = 4
    perlin_persistence: float = 0.5
    perlin_width: float = 8.0
    perlin_height: float = 8.0
    noise_multiplier: str = "0: (1.05)"
    contrast: str = "0: (1.0)"
    unsharp_kernel: str = "0: (5)"
    unsharp_sigma: str = "0: (1)"
    unsharp_amount: str = "0: (0.1)"
    unsharp_threshold: str = "0: (0)"
    colour_coherence: str = "lab"
    colour_image: str = ""  # id of an upload whose colours are kept; "": those of the first frame
    diffusion_cadence: int = 2  # every so many frames one is diffused; the others lie between two
    # How the model is asked.
    guidance_scale: str = "0: (7)"
    steps: str = ""
    sampler: str = ""
    clip_skip: str = ""
    seed_behaviour: str = "iter"
    seed_every: int = 1  # N of iter
    seed_schedule: str = '0: (s), 1: (-1), "max_f-2": (-1), "max_f-1": (s)'
    variation_seed: str = ""
    variation_strength: str = ""
    # What the first frame, or every one of a morph, begins with: an upload, of which so much stays.
    init_image: str = ""
    init_strength: float = 0.8
    # What the frames of mode movie begin with: every so many frames of a movie that was sent, both ends included.
    init_video: str = ""
    extract_nth_frame: int = 1
    extract_from_frame: int = 0
    extract_to_frame: int = -1  # -1: to its end
    keeps_times: bool = (
        False  # they have the times of the movie and its sound; else fps counts, and silence
    )
    is_looped: bool = False  # after the last frame the first one follows; not of a movie

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` is the inverse."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Any) -> Animation:
        """An Animation from JSON values; unknown names are refused, types are checked. Raises RequestError."""
        if not isinstance(values, dict):
            raise RequestError("animation", values, "is no object of fields", "Send a JSON object.")
        given = dict(values)
        texts = rows(Prompt, given.pop("prompts", ()), "animation.prompts")
        return cls(**typed(cls, given, "animation."), prompts=texts)


def check(animation: Animation) -> None:
    """Raises RequestError for the first field that cannot be used, named e.g. "animation.zoom".

    Schedules are read here; what values they have is checked where these are worked out.
    """
    for name, table in CHOICES.items():
        value = getattr(animation, name)
        if value not in table:
            remedy = f"Use one of: {', '.join(table)}."
            raise RequestError(f"animation.{name}", value, "is not known", remedy)
    for name, bounds in BOUNDS.items():
        within(f"animation.{name}", getattr(animation, name), bounds)
    for name in LANES:
        lane(animation, name)
    samplers(animation)
    prompt_keys(animation)


def lane(animation: Animation, name: str) -> keyframes.Schedule | None:
    """The schedule that is a row of LANES; None where the Request is to say it. Raises RequestError."""
    text = getattr(animation, name)
    if not text.strip() and LANES[name].is_optional:
        return None
    return keyframes.parse(text, f"animation.{name}")


def samplers(animation: Animation) -> keyframes.Schedule | None:
    """The schedule of samplers; None where the Request is to say it. Raises RequestError."""
    if not animation.sampler.strip():
        return None
    return keyframes.parse_texts(animation.sampler, "animation.sampler")


def prompt_keys(animation: Animation) -> tuple[PromptKey, ...]:
    """The prompts; none where the Request is to say it. Raises RequestError."""
    if not animation.prompts:
        return ()
    texts = [(prompt.frame, prompt.text) for prompt in animation.prompts]
    common = Words(animation.common_prompt, animation.common_negative_prompt)
    return prompts.parse(texts, common, "animation.prompts")
