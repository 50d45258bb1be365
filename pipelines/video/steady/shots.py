"""Shots: where a movie cuts, told while its frames go by.

Two frames of one shot are alike once the one is moved onto the other; two of different shots are not. Frames are
compared as small grey copies with equalised histograms, so that light which goes up or down does not count. A cut is
a step that is far larger than those around it (a local median, as in Yusoff et al., "Video Shot Cut Detection Using
Adaptive Thresholding", BMVC 2000) and that stays: after a flash the picture is what it was before. Frames without
content, black or white, are passed over: what comes after them is compared with what was before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.video.steady.flow import Floats, Pixels, carried

Copies = NDArray[np.uint8]

COPY_PX = (160, 90)  # (width, height), whatever the shape of the frames
AHEAD = 4  # frames with content that are seen before a step is judged
SOONER = 3  # frames before it that those after it are held against
BEHIND = 6  # steps before it that it is compared with
GRAIN_SIGMA_PX = 1.5  # of the blur against grain, which equalising would bring out
GRID = (9, 16)  # blocks (rows, columns) whose differences are looked at one by one
CHANCE_LEVELS = 50.0  # about what the blocks of unrelated pictures differ by
CHANGED_SHARE = 0.5  # quantile of the blocks: what moves through the picture changes fewer
STEP_MIN = 0.4  # difference below which nothing is a cut
STAYS_MIN = 0.33  # and that any two frames on both sides of a cut have
STEP_RATIO = 2.2  # of the median of the steps around
BLANK_LEVELS = 1.7  # deviation of the luma below which a frame shows nothing


@dataclass(frozen=True)
class Watch:
    """What is remembered of the frames so far: a few of those that had content, the last one last.

    `copies`: (n, 90, 160), `numbers`: (n,) their frame numbers, `steps`: (n,) how much each differs from the one
    before, 0 alike … 1 nothing to do with each other. `seen`: how many frames have gone by.
    """

    copies: Copies
    numbers: NDArray[np.int64]
    steps: Floats
    seen: int


def watch() -> Watch:
    """Nothing seen so far."""
    none = np.zeros((0, *COPY_PX[::-1]), np.uint8)
    return Watch(none, np.zeros(0, np.int64), np.zeros(0, np.float32), 0)


def fed(before: Watch, frame: Pixels) -> tuple[Watch, int | None]:
    """One more frame, (h, w, 3); and the number of the first frame of a new shot, if it is now known that one began.

    It is known `AHEAD` frames later. Frames count from 0, and frame 0 is no cut.
    """
    luma = _luma(frame)
    number, before = before.seen, replace(before, seen=before.seen + 1)
    if luma.std() < BLANK_LEVELS:
        return before, None
    copy = np.asarray(cv2.equalizeHist(luma), np.uint8)
    step = difference(copy, before.copies[-1]) if len(before.copies) else 0.0
    most = 1 + BEHIND + 1 + AHEAD  # the first one's step is not looked at
    after = Watch(
        np.concatenate([before.copies, copy[None]])[-most:],
        np.append(before.numbers, number)[-most:],
        np.append(before.steps, np.float32(step))[-most:],
        before.seen,
    )
    judged = len(after.steps) - 1 - AHEAD
    return after, _number(after, judged) if judged > 0 else None


def finished(last: Watch) -> list[int]:
    """The cuts among the last frames, which nothing has followed."""
    first = max(1, len(last.steps) - AHEAD)
    found = [_number(last, place) for place in range(first, len(last.steps))]
    return [number for number in found if number is not None]


def cuts(frames: Iterable[Pixels]) -> Iterator[int]:
    """The numbers of the frames with which new shots begin, ascending."""
    now = watch()
    for frame in frames:
        now, cut = fed(now, frame)
        if cut is not None:
            yield cut
    yield from finished(now)


def difference(copy: Copies, other: Copies) -> float:
    """0 for pictures of one place, 1 for pictures that have nothing to do with each other; both equalised."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    pair: list[Any] = [copy, other, None]
    flow = np.asarray(search.calc(*pair), np.float32)
    moved = carried(other.astype(np.float32), flow)
    apart = np.abs(moved - copy.astype(np.float32))
    blocks = cv2.resize(apart, GRID[::-1], interpolation=cv2.INTER_AREA)
    return float(np.quantile(blocks, CHANGED_SHARE)) / CHANCE_LEVELS


def _number(seen: Watch, place: int) -> int | None:
    # A frame between two cuts is a flash at a cut, or of no use as a shot.
    is_cut = _is_cut(seen, place) and not _is_cut(seen, place + 1)
    return int(seen.numbers[place]) if is_cut else None


def _is_cut(seen: Watch, place: int) -> bool:
    if place >= len(seen.steps):
        return False
    sooner, later = seen.steps[max(1, place - BEHIND) : place], seen.steps[place + 1 :]
    around = np.concatenate([sooner, later[:AHEAD]])
    usual = float(np.median(around)) if len(around) else 0.0
    if seen.steps[place] < max(STEP_MIN, STEP_RATIO * usual):
        return False
    return all(
        difference(after, before) >= STAYS_MIN
        for after in seen.copies[place : place + AHEAD + 1]
        for before in seen.copies[max(0, place - SOONER) : place]
    )


def _luma(frame: Pixels) -> Copies:
    small = cv2.resize(frame, COPY_PX, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), GRAIN_SIGMA_PX), np.uint8)
