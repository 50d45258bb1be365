"""Videos: how steady a restyled movie is, how sharp frames stay under a camera, what schedules and memory take."""

from __future__ import annotations

import cv2
import numpy as np

from benchmarks import movie_memory
from benchmarks.measure import cost_of, median
from benchmarks.subject import Subject
from benchmarks.table import Goal, Row, Table
from pipelines.video.animation import Animation
from pipelines.video.frame_values import frame_values
from pipelines.video.motion.camera import Move, sampling_matrix
from pipelines.video.motion.warp import warp
from pipelines.video.steady.blending import Blend, Blended, blended
from pipelines.video.steady.keyframes import Stretch
from pipelines.video.steady.propagating import propagated
from tests.pipelines.video.steady.restyled import figures, restyled
from tests.pipelines.video.steady.scenes import Array

SPACING = 12
STEPS, ZOOM, TURN_DEGREES = 60, 1.004, 0.3
SCHEDULES, FRAMES, ROUNDS = 40, 10_000, 5


def run(measured: Subject) -> list[Table]:
    return [_steadiness(), _sharpness(), _schedules(), *movie_memory.tables()]


def _steadiness() -> Table:
    made = restyled()
    by_itself = figures(made.styled, made.ideal)
    rows = [_row("each frame by itself", by_itself.warp_error, by_itself.detail)]
    for what, frames in (
        ("each blended with the one before", _blended()),
        (f"one of {SPACING} drawn, the others follow", _followed()),
    ):
        found = figures(frames, made.ideal)
        share = found.warp_error / by_itself.warp_error
        rows.append(_row(what, found.warp_error, found.detail, share))
        rows.append(Row("  detail", ("", ""), found.detail, Goal(0.8, unit="")))
    return Table(
        "A movie whose frames are restyled one by one, made steady",
        "A disc before a panning ground; the style is a map of colours, with fresh soft noise. Warp error: "
        "mean difference of each frame to the one before, moved along the true motion.",
        ("warp error", "detail"),
        tuple(rows),
    )


def _row(what: str, error: float, detail: float, share: float | None = None) -> Row:
    goal = Goal(0.2, is_at_least=False, unit="") if share is not None else None
    return Row(what, (f"{error:.4f}", f"{detail:.0%}"), share, goal)


def _blended() -> list[Array]:
    made, state = restyled(), None
    shown: list[Array] = []
    for source, styled in zip(made.sources, made.styled, strict=True):
        state = blended(state, source, styled, Blend())
        assert isinstance(state, Blended)
        shown.append(state.frame)
    return shown


def _followed() -> list[Array]:
    made = restyled()
    last = len(made.sources) - 1
    shown = []
    for part in (Stretch(n, min(n + SPACING, last), True) for n in range(0, last, SPACING)):
        sources = made.sources[part.first : part.last + 1]
        shown += [
            made.styled[part.first],
            *propagated(sources, made.styled[part.first], made.styled[part.last]),
        ]
    return [*shown, made.styled[last]]


def _sharpness() -> Table:
    """A picture that can be drawn at any place is drawn where the camera looks, and compared."""
    size = (512, 512)
    picture = _drawn(np.eye(3), size)
    matrix = sampling_matrix(Move(zoom=ZOOM, angle_degrees=TURN_DEGREES), size)
    way = np.linalg.matrix_power(matrix, STEPS)
    frame = picture
    for _ in range(STEPS):
        frame = _bilinear(frame, matrix)
    truth = _drawn(way, size)
    once, each = (_decibels(one, truth) for one in (warp(picture, way, "reflect"), frame))
    return Table(
        f"A camera that zooms by {ZOOM} and turns by {TURN_DEGREES}° a frame, after {STEPS} frames",
        "Peak signal-to-noise ratio to the picture drawn at the exact places, in the middle half.",
        ("PSNR",),
        (
            Row("composed, sampled once", (f"{once:.1f} dB",), once, Goal(48, unit=" dB")),
            Row("frame by frame, bilinear, as Deforum does", (f"{each:.1f} dB",)),
        ),
    )


def _drawn(matrix: Array, size: tuple[int, int]) -> Array:
    across, down = np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5)
    x, y, w = np.einsum("ij,jkl->ikl", matrix, np.stack([across, down, np.ones_like(across)]))
    x, y = x / w, y / w
    waves = [np.sin(x / a + y / b) for a, b in ((3.1, 7.3), (5.7, -4.1), (11.0, 3.7))]
    return np.clip(np.round(127.5 + 40 * np.stack(waves, axis=-1)), 0, 255).astype(np.uint8)


def _bilinear(frame: Array, matrix: Array) -> Array:
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # pixels are counted from their centres
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    pixels = np.linalg.inv(shift) @ matrix @ shift
    return np.asarray(cv2.warpPerspective(frame, pixels, frame.shape[1::-1], flags=flags))


def _decibels(one: Array, other: Array) -> float:
    height, width = one.shape[:2]
    middle = np.s_[height // 4 : -height // 4, width // 4 : -width // 4]
    error = np.mean((one[middle].astype(float) - other[middle]) ** 2)
    return float(10 * np.log10(255**2 / error))


def _schedules() -> Table:
    names = ("zoom", "angle", "translation_x", "strength")
    text = ", ".join(f"{k * 250}: (1+0.1*sin(2*3.14*t/{30 + k}))" for k in range(SCHEDULES))
    told = {name: text.replace("1+", "0.5+") if name == "strength" else text for name in names}
    animation = Animation(max_frames=FRAMES, **told)  # type: ignore[arg-type]
    cost = median([cost_of(lambda: frame_values(animation, 0)).cpu_seconds for _ in range(ROUNDS)])
    return Table(
        "All values of an animation, worked out at once",
        f"{FRAMES:,} frames; four schedules of {SCHEDULES} expressions each, the others as they are by default.",
        ("CPU time",),
        (Row("all frames", (f"{cost * 1000:.0f} ms",), cost * 1000, Goal(200, False, " ms")),),
    )
