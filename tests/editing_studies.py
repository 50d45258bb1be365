"""What editing means, counted on the starter model: each study makes some edits and says what became of them.

`benchmarks/editing.py` makes many, for the figures; `tests/test_editing_meaning.py` makes few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipelines.editing.source import Inpainting
from tests.editing_lab import SAMPLING, SIZE_PX, Edit, Pixels, asking, edited_together
from tests.editing_scenes import (
    Drawing,
    box_mask,
    cropped,
    drawing,
    overlap,
    painted,
    seen,
    silhouette,
    similarity,
    words_of,
)
from tests.pipelines.worker.workbench import Workbench
from training.starter.checker import Checker
from training.starter.scenes import Subject

Box = tuple[int, int, int, int]
# thing, colour, backdrop
ADDED = (
    ("heart", "red", "white"),
    ("star", "yellow", "blue"),
    ("mushroom", "red", "meadow"),
    ("house", "orange", "snow"),
    ("cat", "black", "desert"),
)
BYSTANDERS = (
    ("circle", "green"),
    ("square", "purple"),
    ("tree", "green"),
    ("flower", "pink"),
    ("boat", "blue"),
)
REMOVED = (
    ("house", "red", "white"),
    ("tree", "green", "snow"),
    ("heart", "purple", "blue"),
    ("cat", "black", "desert"),
    ("boat", "red", "sea"),
    ("flower", "pink", "meadow"),
    ("star", "yellow", "purple"),
    ("mushroom", "red", "snow"),
    ("circle", "green", "white"),
    ("fish", "orange", "sea"),
)
# thing, colour before, colour after, backdrop
HOUSES = (
    ("house", "red", "blue", "white"),
    ("house", "red", "blue", "snow"),
    ("house", "red", "blue", "meadow"),
)
CHANGED = (
    ("heart", "green", "purple", "white"),
    ("tree", "green", "orange", "snow"),
    ("cat", "black", "red", "desert"),
    ("star", "yellow", "pink", "blue"),
    ("mushroom", "purple", "red", "meadow"),
)
# Of the corner that something is put into; what is seen at once is shown to the judge with half as much around it.
CORNERS: dict[str, tuple[int, Box]] = {
    "masked": (2 * SIZE_PX, (120, 120, 248, 248)),
    "picture": (SIZE_PX, (52, 48, 124, 124)),
    "whole": (SIZE_PX, (52, 48, 124, 124)),
}
ADD = Inpainting(mask="painted", content="fill", padding=32, blur=4.0)
REMOVE = Inpainting(mask="painted", content="surroundings", padding=32, blur=4.0)
CHANGE = Inpainting(mask="painted", content="original", padding=16, blur=1.0)
EXTEND = Inpainting(content="original", padding=64)
ADD_STRENGTH, REMOVE_STRENGTH, CHANGE_STRENGTH, EXTEND_STRENGTH = 1.0, 0.3, 0.4, 0.4
CHANGE_GUIDANCE = 5.0


@dataclass(frozen=True)
class Outcome:
    """Of one edit: whether it shows what was asked, and whether it left alone what it should."""

    is_right: bool
    is_kept: bool
    figure: float = 0.0  # what `is_kept` was decided by, where that is a number
    picture: Pixels | None = None


def share(outcomes: Sequence[Outcome], name: str = "is_right") -> float:
    return float(np.mean([getattr(one, name) for one in outcomes]))


def from_words(bench: Workbench, judge: Checker, count: int) -> list[Outcome]:
    """The starter's own text to image, for the captions of `added`."""
    cases = [ADDED[number % len(ADDED)] for number in range(count)]
    edits = [
        Edit(replace(asking(f"a {colour} {thing} {words_of(backdrop)}"), source=None), seed=seed)
        for seed, (thing, colour, backdrop) in enumerate(cases)
    ]
    pictures = edited_together(bench, edits)
    said = zip(seen(judge, pictures), cases, pictures, strict=True)
    return [
        Outcome((one["thing"], one["colour"]) == case[:2], True, picture=made)
        for one, case, made in said
    ]


def added(bench: Workbench, judge: Checker, count: int, area: str) -> list[Outcome]:
    """Things put into the empty corner of a scene in which another thing stands."""
    size_px, box = CORNERS[area]
    mask, cases, edits = box_mask(box, size_px), [], []
    for number in range(count):
        thing, colour, backdrop = case = ADDED[number % len(ADDED)]
        other = BYSTANDERS[(number + number // len(ADDED)) % len(BYSTANDERS)]
        before = drawing(
            Subject(*other, size="small", place="left"), backdrop, 500 + number, size_px
        )
        asked = asking(
            f"a {colour} {thing} {words_of(backdrop)}",
            replace(ADD, area=area),
            strength=ADD_STRENGTH,
        )
        cases.append((case, before))
        edits.append(Edit(asked, before.picture, mask, number))
    pictures = edited_together(bench, edits)
    said = seen(judge, [cropped(one, _with_half_as_much(box, size_px)) for one in pictures])
    reach = _with_blur(box, ADD.blur)
    return [
        Outcome(
            (one["thing"], one["colour"]) == case[:2],
            _is_untouched(np.asarray(before.picture), made, reach),
            picture=made,
        )
        for one, (case, before), made in zip(said, cases, pictures, strict=True)
    ]


def removed(bench: Workbench, judge: Checker, count: int) -> list[Outcome]:
    """Things taken away without a prompt. figure: what is left of the difference to the empty scene where it stood."""
    cases = [REMOVED[number % len(REMOVED)] for number in range(count)]
    scenes = [drawing(Subject(*case[:2]), case[2], 900 + seed) for seed, case in enumerate(cases)]
    asked = asking("", REMOVE, strength=REMOVE_STRENGTH)
    edits = [Edit(asked, one.picture, one.mask, seed) for seed, one in enumerate(scenes)]
    pictures = edited_together(bench, edits)
    outcomes = []
    for said, case, scene, made in zip(seen(judge, pictures), cases, scenes, pictures, strict=True):
        left = _apart(made, scene) / _apart(np.asarray(scene.picture), scene)
        outcomes.append(Outcome(said["backdrop"] == case[2], left < 0.5, left, made))
    return outcomes


def changed(
    bench: Workbench, judge: Checker, count: int, rows: Sequence[tuple[str, str, str, str]] = HOUSES
) -> list[Outcome]:
    """Things in another colour. figure: the overlap of the silhouettes before and after; kept from 0.7 on."""
    cases = [rows[number % len(rows)] for number in range(count)]
    scenes = [
        drawing(Subject(*case[:2]), case[3], 100 + 7 * seed) for seed, case in enumerate(cases)
    ]
    sampling = replace(SAMPLING, guidance_scale=CHANGE_GUIDANCE)
    edits = [
        Edit(
            asking(
                f"a {after} {thing} {words_of(backdrop)}",
                CHANGE,
                strength=CHANGE_STRENGTH,
                sampling=sampling,
            ),
            scene.picture,
            painted(scene.silhouette, 2),
            seed,
        )
        for seed, ((thing, _, after, backdrop), scene) in enumerate(zip(cases, scenes, strict=True))
    ]
    pictures = edited_together(bench, edits)
    outcomes = []
    for said, case, scene, made in zip(seen(judge, pictures), cases, scenes, pictures, strict=True):
        alike = overlap(scene.silhouette, silhouette(made, scene.empty))
        outcomes.append(Outcome(said["colour"] == case[2], alike >= 0.7, alike, made))
    return outcomes


def similarities(
    bench: Workbench, count: int, strengths: Sequence[float], steps: int
) -> tuple[list[float], float]:
    """How like its source a picture is, on average for each strength; and how like are those of others (strength 1).

    The prompt describes another scene than the source shows.
    """
    shown = [REMOVED[number % len(REMOVED)] for number in range(count)]
    told = [ADDED[(number + number // 5) % len(ADDED)] for number in range(count)]
    sources = [
        drawing(Subject(*case[:2]), case[2], 300 + seed).picture for seed, case in enumerate(shown)
    ]
    sampling = replace(SAMPLING, steps=steps)
    edits = [
        Edit(
            asking(f"a {colour} {thing} {words_of(backdrop)}", strength=one, sampling=sampling),
            source,
            None,
            seed,
        )
        for one in strengths
        for seed, (source, (thing, colour, backdrop)) in enumerate(zip(sources, told, strict=True))
    ]
    pictures = edited_together(bench, edits)
    before = [np.asarray(one) for one in sources]
    rows = [pictures[start : start + count] for start in range(0, len(pictures), count)]
    own = [
        float(np.mean([similarity(*pair) for pair in zip(before, row, strict=True)]))
        for row in rows
    ]
    others = [
        similarity(before[i], rows[-1][j]) for i in range(count) for j in range(count) if i != j
    ]
    return own, float(np.mean(others))


def _with_half_as_much(box: Box, size_px: int) -> Box:
    around = (box[2] - box[0]) * 3 // 8
    left, top = max(0, box[0] - around), max(0, box[1] - around)
    return left, top, min(size_px, box[2] + around), min(size_px, box[3] + around)


def _with_blur(box: Box, blur: float) -> Box:
    reach = int(2.5 * blur + 0.5)
    return box[0] - reach, box[1] - reach, box[2] + reach, box[3] + reach


def _is_untouched(before: Pixels, after: Pixels, box: Box) -> bool:
    """Whether all pixels outside of the box are those of before, to the bit."""
    inside = np.asarray(box_mask((max(0, box[0]), max(0, box[1]), *box[2:]), len(before))) > 0
    return bool((before == after)[~inside].all())


def _apart(picture: Pixels, scene: Drawing) -> float:
    """Mean difference to the empty scene where the thing stands, in levels."""
    return float(np.abs(picture.astype(float) - scene.empty)[scene.silhouette].mean())
