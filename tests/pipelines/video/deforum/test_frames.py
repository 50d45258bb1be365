"""The values of each frame of a settings file, against a second, slow and plain way to work them out."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pytest

from pipelines.video.deforum import read
from pipelines.video.frame_values import FrameValues, frame_values

# As the rules of Deforum's schedules say, frame by frame, in the numbers of Python itself.
NUMBER = re.compile(r"[+-]?\d*(\.\d+)?")
FUNCTIONS = {
    **{name: getattr(math, name) for name in ("sin", "cos", "tan", "exp", "sqrt", "floor")},
    "where": lambda claim, yes, no: yes if claim else no,
    "abs": abs,
}


def worked_out(text: str, frame: int, frame_count: int, seed: int) -> float:
    names = {"t": frame, "max_f": frame_count - 1, "s": seed}
    return float(eval(text, {"__builtins__": {}}, {**FUNCTIONS, **names}))


def series(keys: list[tuple[str, str]], frame_count: int, seed: int) -> list[float]:
    placed = {int(worked_out(at, 0, frame_count, seed)): value for at, value in keys}
    found: list[float | None] = [None] * frame_count
    running = ""
    for frame in range(frame_count):
        if frame in placed:
            is_number = NUMBER.fullmatch(placed[frame]) is not None
            running = "" if is_number else placed[frame]
            found[frame] = float(placed[frame]) if is_number else None
        if running:
            found[frame] = worked_out(running, frame, frame_count, seed)
    return [between(found, frame) for frame in range(frame_count)]


def between(found: list[float | None], frame: int) -> float:
    before = [k for k in range(frame + 1) if found[k] is not None]
    after = [k for k in range(frame, len(found)) if found[k] is not None]
    if not before or not after:
        return float(found[(before or after[::-1])[-1]])  # type: ignore[arg-type]
    low, high = before[-1], after[0]
    share = (frame - low) / (high - low) if high > low else 0.0
    return float(found[low]) * (1 - share) + float(found[high]) * share  # type: ignore[arg-type]


FRAMES, SEED = 47, 1234
# Key of the file → (the value of a frame, its keys).
SCHEDULES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "zoom": ("zoom", [("0", "1.0025+0.002*sin(1.25*3.14*t/30)")]),
    "angle": ("angle", [("0", "0"), ("10", "12.5"), ("20", "-3*cos(t/5)"), ("31", "7")]),
    "translation_x": ("translation_x", [("0", "-5"), ("max_f/2", "10*sin(t/4)"), ("40", "3")]),
    "translation_y": ("translation_y", [("0", "where(t%10<5, t, -t)"), ("25", "1"), ("80", "9")]),
    "transform_center_x": ("transform_center_x", [("0", "0.5"), ("46", "0.25")]),
    "transform_center_y": ("transform_center_y", [("0", ".5"), ("5", "+.75"), ("5", "0.1")]),
    "perspective_flip_theta": ("perspective_flip_theta", [("0", "t*2"), ("9", "s/100")]),
    "perspective_flip_phi": ("perspective_flip_phi", [("0", "t%15")]),
    "perspective_flip_gamma": ("perspective_flip_gamma", [("0", "sqrt(t)"), ("30", "-1")]),
    "perspective_flip_fv": ("perspective_flip_fv", [("0", "53"), ("max_f-3", "60")]),
    "strength_schedule": ("strength", [("0", "0.65"), ("12", "(t%4==0)*0.5"), ("30", "0.2")]),
    "noise_schedule": ("noise", [("0", "0.065"), ("20", "0.5*abs(sin(t))")]),
    "noise_multiplier_schedule": ("noise_multiplier", [("0", "1.05"), ("46", "0.9")]),
    "contrast_schedule": ("contrast", [("0", "1.0"), ("3", "exp(-t/50)")]),
    "cfg_scale_schedule": ("guidance_scale", [("0", "7"), ("11", "floor(t/3)"), ("33", "12")]),
    "sigma_schedule": ("unsharp_sigma", [("0", "1"), ("7", "2.5")]),
    "amount_schedule": ("unsharp_amount", [("0", "0.1"), ("7", "t/max_f")]),
    "threshold_schedule": ("unsharp_threshold", [("0", "0"), ("46", "10")]),
}
WHOLE = {
    "kernel_schedule": ("unsharp_kernel", [("0", "5"), ("46", "17")]),
    "steps_schedule": ("steps", [("0", "25"), ("20", "20+t/2")]),
    "clipskip_schedule": ("clip_skip", [("0", "1"), ("20", "2")]),
    "subseed_schedule": ("variation_seed", [("0", "s+t*3")]),
}
SWITCHES = (
    *("enable_steps_scheduling", "enable_clipskip_scheduling", "enable_subseed_scheduling"),
    *("enable_noise_multiplier_scheduling", "enable_perspective_flip"),
)


@pytest.fixture(scope="module")
def frames() -> list[FrameValues]:
    schedules: dict[str, Any] = {
        key: ", ".join(f'"{at}":({value})' for at, value in keys)
        for key, (_, keys) in (SCHEDULES | WHOLE).items()
        # A comma in a value is more than Deforum itself can read.
    }
    settings = {"max_frames": FRAMES, "seed": SEED, "animation_mode": "2D", **schedules}
    found = read(json.dumps(settings | dict.fromkeys(SWITCHES, True)))
    values = frame_values(found.animation, found.request_fields["seed"])
    return [values.at(frame) for frame in range(FRAMES)]


@pytest.mark.parametrize("key", SCHEDULES)
def test_numbers_are_those_of_deforum(key: str, frames: list[FrameValues]) -> None:
    name, keys = SCHEDULES[key]

    found = [getattr(frame, name) for frame in frames]

    assert found == pytest.approx(series(keys, FRAMES, SEED), abs=1e-6)
    assert len(set(found)) > 2


@pytest.mark.parametrize("key", WHOLE)
def test_whole_numbers_are_cut_as_in_deforum(key: str, frames: list[FrameValues]) -> None:
    name, keys = WHOLE[key]

    assert [getattr(frame, name) for frame in frames] == [
        int(value + 1e-9) for value in series(keys, FRAMES, SEED)
    ]
