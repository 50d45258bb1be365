"""Editing on the starter model: does it mean what it says, can its borders be seen, what does hiding them cost.

The pictures are drawn by `training/starter`, so that it is known what is where; `training/starter/checker` judges. The
prompt names the thing as its captions do. What a study is exactly: `tests/editing_studies.py`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import pairwise

import cv2
import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_inpaint import (
    StableDiffusionInpaintPipeline,
)
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from PIL import Image

from benchmarks.measure import cost_of
from benchmarks.subject import Subject
from benchmarks.table import Goal, Row, Table
from pipelines.editing.canvas import Canvas, lay
from pipelines.editing.resizing import resized
from pipelines.editing.seams import blended
from tests.editing_lab import STARTER, Edit, Pixels, asking, edited_together, workbench
from tests.editing_scenes import box_mask, drawing, words_of
from tests.editing_seams import Steps, steps
from tests.editing_studies import (
    ADD,
    ADD_STRENGTH,
    BYSTANDERS,
    CHANGED,
    CORNERS,
    EXTEND,
    EXTEND_STRENGTH,
    HOUSES,
    added,
    changed,
    from_words,
    removed,
    share,
    similarities,
)
from tests.pipelines.worker.workbench import Workbench
from training.starter.checker import Checker, load_checker
from training.starter.scenes import Subject as Thing

SEEDS, SOURCES = 50, 20
STRENGTHS = tuple(round(0.1 * tenth, 1) for tenth in range(11))
SIMILARITY_STEPS = 10
STYLES = ("pencil", "pixel art", "flat")  # a watercolour ends before the edge of its sheet
BACKDROPS = ("meadow", "snow", "desert", "sea", "white", "blue", "meadow", "snow")
EXTENSION_PX = 64
LARGE_PX = 4096
PERCENT = "%"
SOLVER = {"use_karras_sigmas": True, "algorithm_type": "dpmsolver++", "solver_order": 2}


def run(subject: Subject) -> list[Table]:
    """Of the starter model, whatever the subject is: no other can be judged."""
    with torch.no_grad():
        bench, judge = workbench(), load_checker()
        return [
            _meaning(bench, judge),
            _similarity(bench),
            _seams(
                bench,
                "Borders of inpainting, in the middle of the mask's soft edge",
                _into_corners(),
            ),
            _seams(bench, "Borders of outpainting", _beyond_the_edge()),
            _speed(),
        ]


def _meaning(bench: Workbench, judge: Checker) -> Table:
    own = share(from_words(bench, judge, SEEDS))
    rows = [Row("from words: thing and colour right", (f"{own:.0%}",))]
    for area in CORNERS:
        outcomes = added(bench, judge, SEEDS, area)
        rate, goal = share(outcomes), Goal(0.9 if area == "masked" else 0.6)
        rows.append(Row(f"added to a corner, area {area}", (f"{rate:.0%}",), rate / own, goal))
        rows.append(_percent(f"  outside identical, area {area}", share(outcomes, "is_kept"), 100))
    gone = removed(bench, judge, SEEDS)
    rows.append(_percent("removed: backdrop right", share(gone), 80))
    rows.append(_percent("removed: less than half of it left", share(gone, "is_kept"), 80))
    for name, cases in (("red house to blue", HOUSES), ("other things", CHANGED)):
        outcomes = changed(bench, judge, SEEDS, cases)
        rows.append(_percent(f"changed, {name}: colour right", share(outcomes), 80))
        rows.append(
            _percent(f"changed, {name}: outline overlaps ≥ 0.7", share(outcomes, "is_kept"), 80)
        )
    method = f"{SEEDS} seeds a row, 20 steps DPM++ 2M Karras; judged by the checker, outlines against the empty scene."
    return Table("Edits that show what was asked", method, ("share",), tuple(rows))


def _percent(what: str, rate: float, bound: float) -> Row:
    return Row(what, (f"{rate:.0%}",), 100 * rate, Goal(bound, unit=PERCENT))


def _similarity(bench: Workbench) -> Table:
    own, others = similarities(bench, SOURCES, STRENGTHS, SIMILARITY_STEPS)
    rows = [
        Row(f"strength {one}", (f"{value:.3f}",)) for one, value in zip(STRENGTHS, own, strict=True)
    ]
    rises = max(later - earlier for earlier, later in pairwise(own))
    rows += [
        Row("strength 0: equal to the source", (f"{own[0]:.3f}",), own[0], Goal(1, unit="")),
        Row("largest rise from one to the next", (f"{rises:.4f}",), rises, Goal(0.01, False, "")),
        Row("strength 1 ÷ unrelated", (f"{others:.3f}",), own[-1] / others, Goal(1.1, False)),
    ]
    method = (
        f"1 − mean absolute difference / 255 between source and result, mean of {SOURCES} drawings, each with the "
        f"caption of another scene, {SIMILARITY_STEPS} steps; unrelated: the results of the other drawings."
    )
    return Table("How like its source a picture is", method, ("similarity",), tuple(rows))


# ---- borders ---------------------------------------------------------------------------------------------


def _into_corners() -> list[Edit]:
    asked, mask = replace(ADD, area="picture"), box_mask(CORNERS["picture"][1])
    return [
        Edit(asking(prompt, asked, strength=ADD_STRENGTH), picture, mask, seed)
        for seed, (prompt, picture) in enumerate(_scenes())
    ]


def _beyond_the_edge() -> list[Edit]:
    strength = EXTEND_STRENGTH
    return [
        Edit(
            asking(prompt, EXTEND, strength=strength, extend_right=EXTENSION_PX),
            picture,
            None,
            seed,
        )
        for seed, (prompt, picture) in enumerate(_scenes())
    ]


def _scenes() -> list[tuple[str, Image.Image]]:
    """Their backdrop alone is what is asked for."""
    scenes = []
    for number, backdrop in enumerate(BACKDROPS):
        style = STYLES[number % len(STYLES)]
        thing = Thing(*BYSTANDERS[number % 5], size="small", place="left")
        picture = drawing(thing, backdrop, 700 + number, style=style).picture
        scenes.append((f"{words_of(backdrop)}, {style}", picture))
    return scenes


def _seams(bench: Workbench, title: str, edits: list[Edit]) -> Table:
    canvases = [lay(edit.request, edit.picture, edit.mask) for edit in edits if edit.picture]
    theirs = _diffusers(edits, canvases)
    candidates = {
        "diffusers, as it comes": [_laid_in(*pair, is_pasted=False) for pair in theirs],
        "diffusers, the old pasted over it": [_laid_in(*pair, is_pasted=True) for pair in theirs],
        "Darkroom, seams not hidden": edited_together(
            bench, [_without_hiding(one) for one in edits]
        ),
        "Darkroom": edited_together(bench, edits),
    }
    totals = {name: _total(made, canvases) for name, made in candidates.items()}
    rows = [
        Row(name, (f"{one.step:.2f}", f"{one.texture:.2f}", f"{one.ratio:.2f}"))
        for name, one in totals.items()
    ]
    ours, other = totals["Darkroom"].ratio, totals["diffusers, the old pasted over it"].ratio
    nothing = ("", "", "")
    rows.append(Row("Darkroom: no more than the texture", nothing, ours, Goal(1.15, False)))
    rows.append(Row("Darkroom ÷ diffusers, pasted", nothing, ours / other, Goal(1.0, False)))
    method = (
        "Mean step between neighbouring pixels across the mask's border, and 2 to 10 px from it, in levels of 255; "
        f"{len(edits)} drawings by pencil, in pixels and flat. Both begin with the same canvas and noise level."
    )
    columns = ("across the border", "around it", "ratio")
    return Table(title, method, columns, tuple(rows))


def _without_hiding(edit: Edit) -> Edit:
    assert edit.request.inpainting is not None
    inpainting = replace(edit.request.inpainting, hides_seams=False)
    return replace(edit, request=replace(edit.request, inpainting=inpainting))


def _diffusers(edits: list[Edit], canvases: list[Canvas]) -> list[tuple[Pixels, Canvas]]:
    pipeline = StableDiffusionInpaintPipeline.from_pretrained(STARTER, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    config = pipeline.scheduler.config
    pipeline.scheduler = DPMSolverMultistepScheduler.from_config(config, **SOLVER)
    made = []
    for edit, canvas in zip(edits, canvases, strict=True):
        sampling = edit.request.sampling
        picture = pipeline(
            edit.request.prompt,
            image=canvas.init,
            mask_image=canvas.mask,
            width=canvas.init.width,
            height=canvas.init.height,
            strength=min(1.0, edit.request.steps_taken / sampling.steps + 0.001),
            num_inference_steps=sampling.steps,
            guidance_scale=sampling.guidance_scale,
            generator=torch.Generator().manual_seed(edit.seed),
            output_type="np",
        ).images[0]
        made.append(((picture * 255).round().astype(np.uint8), canvas))
    return made


def _laid_in(made: Pixels, canvas: Canvas, *, is_pasted: bool) -> Pixels:
    """What of the picture was seen, as it is now; if pasted, only where the mask says so."""
    box, finished = canvas.region, canvas.picture.copy()
    finished[box.top : box.bottom, box.left : box.right] = resized(
        Image.fromarray(made), box.size, "crop"
    )
    return np.where(_border(canvas)[..., None], finished, canvas.picture) if is_pasted else finished


def _border(canvas: Canvas) -> np.ndarray:
    """Where more is new than old."""
    assert canvas.alpha is not None
    return canvas.alpha >= 128


def _total(pictures: list[Pixels], canvases: list[Canvas]) -> Steps:
    pairs = zip(pictures, canvases, strict=True)
    return sum((steps(made, _border(canvas)) for made, canvas in pairs), Steps())


# ---- speed -----------------------------------------------------------------------------------------------


def _speed() -> Table:
    old = cv2.resize(
        np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8), (LARGE_PX, LARGE_PX)
    )
    new, alpha = 255 - old, np.zeros((LARGE_PX, LARGE_PX), np.uint8)
    cv2.circle(alpha, (LARGE_PX // 2, LARGE_PX // 2), int(0.42 * LARGE_PX), 255, -1)
    alpha = cv2.GaussianBlur(alpha, (21, 21), 4)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    plain, hidden = (
        min(
            cost_of(partial(blended, old, new, alpha, hides_seams=hides)).cpu_seconds
            for _ in range(3)
        )
        for hides in (False, True)
    )
    cv2.setNumThreads(threads)
    rows = (
        Row("laid in", (f"{plain:.2f}",)),
        Row("its border hidden", (f"{hidden:.2f}",), hidden, Goal(2, False, " s")),
    )
    method = f"A disc of 55 % of {LARGE_PX} × {LARGE_PX} pixels, one core, best of three."
    return Table("Putting a piece into a large picture", method, ("CPU-s",), rows)
