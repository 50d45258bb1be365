"""A step of training: ours against a loop that does what diffusers' example does, same pictures, same settings; and
what both have in memory at most, counted, on this processor and on a card."""

from __future__ import annotations

import dataclasses
import gc
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import psutil
import torch
from PIL import Image
from torch import Tensor

from benchmarks import training_cards
from benchmarks.counting import Ledger, storage_bytes
from benchmarks.loading import filled
from benchmarks.measure import Cost, median, seconds, take_turns, unit
from benchmarks.our_training import OurTraining
from benchmarks.plain_training import Layers, PlainTraining, Taught, read
from benchmarks.subject import STARTER, Subject
from benchmarks.table import Goal, Row, Table
from pipelines.asking.sampling import Sampling
from pipelines.finetune.plan import Plan
from pipelines.request import Request
from pipelines.worker.finetune.lora_layers import TEXT, unet_ends
from pipelines.worker.finetune.messages import Lesson, Train
from pipelines.worker.finetune.priors import FOLDER
from pipelines.worker.messages import CheckpointRef
from tests import tiny
from tests.pipelines.worker.weights.test_full_size import published

SPEED_GOAL, MEMORY_GOAL = Goal(1.0), Goal(1.0, is_at_least=False)
PICTURES, PRIORS = 5, 8
SAMPLING = Sampling(sampler="Euler", schedule="Uniform", steps=1, guidance_scale=1.0)
OURS, ALIKE, ITS_OWN = (
    "Darkroom",
    "diffusers' example, the same layers",
    "diffusers' example, its own layers",
)
METHOD = (
    "Median of {rounds} interleaved rounds of {steps} steps; {plan}, {pictures} pictures, {threads} thread, {dtype}. "
    "The example encodes picture and prompt in each step. Memory: all tensors that are alive at once, at most, with "
    "the networks, from the first picture that is encoded on; counted apart. Its own layers are those of attention "
    "alone: half of ours, so it is no goal to be faster than that."
)


class Side(Protocol):
    def step(self) -> object:
        """One step of the optimizer."""

    def network_tensors(self) -> Iterator[Tensor]:
        """Of the checkpoint."""


@dataclass(frozen=True)
class Case:
    """`memory_gb`: what both sides take together."""

    title: str
    plan: Plan
    rounds: int
    steps: int
    memory_gb: float = 1.0
    has_priors: bool = True
    has_third: bool = True  # the example with its own layers, too


def _plan(**given: object) -> Plan:
    same = {
        "name": "sks",
        "trigger": "sks",
        "steps": 20_000,
        "rank": 16,
        "min_snr_gamma": 0.0,
        "prior_weight": 1.0,
    }
    return Plan.from_dict({**same, "learning_rate": 1e-4, "text_learning_rate": 1e-4, **given})


CASES = (
    Case("a toy of SD 1.5", _plan(resolution=64, batch_size=1, trains_text=True), 9, 10),
    Case("the starter", _plan(resolution=128, batch_size=4, trains_text=True), 7, 3),
    Case(
        "the starter, text encoder as it is",
        _plan(resolution=128, batch_size=4, trains_text=False),
        7,
        3,
    ),
    Case(
        "SD 1.5 in full size, saving memory",
        _plan(resolution=256, batch_size=1, trains_text=False, saves_memory=True),
        *(2, 1, 12.0, False, False),
    ),
    Case(
        "SD 1.5 in full size",
        _plan(resolution=256, batch_size=1, trains_text=False, saves_memory=False),
        *(2, 1, 13.0, False, False),
    ),
)


def run(subject: Subject) -> list[Table]:
    """The steps are those of a processor, whatever the subject's device: a card's memory is counted, not tried."""
    tables = []
    for number, case in enumerate(CASES):
        gc.collect()  # the one before is large
        if psutil.virtual_memory().available < case.memory_gb * 2**30:
            print(f"{case.title}: left out, it needs {case.memory_gb:g} GB of free memory.")
            continue
        with tempfile.TemporaryDirectory() as folder:
            tables.append(_compare(case, Path(folder), _checkpoint(number, Path(folder))))
    return [*tables, training_cards.table()]


def _checkpoint(number: int, folder: Path) -> CheckpointRef:
    if number == 0:
        return tiny.save(folder / "toy", tiny.components())
    if "starter" in CASES[number].title:
        return CheckpointRef("starter", str(STARTER), "sd15")
    parts = published("sd15")
    names = ("unet", "vae", "text_encoder")
    whole = {name: filled(getattr(parts, name)) for name in names}
    return tiny.save(folder / "full", dataclasses.replace(parts, **whole))


def _compare(case: Case, folder: Path, ref: CheckpointRef) -> Table:
    train = _train(case, folder, ref)
    if case.has_priors:
        OurTraining(train).begin()  # draws them; the example would do so, too, before it begins
    ours = OurTraining(train)
    sides: dict[str, Side] = {OURS: ours}
    peaks = {OURS: _peak(ours, ours.begin)}
    wanted = {ALIKE: _our_layers(case.plan), ITS_OWN: Layers()}
    for name, layers in list(wanted.items())[: 1 + case.has_third]:
        plain = PlainTraining(read(ref.path), case.plan)
        peaks[name] = _peak(plain, partial(plain.begin, layers, *_taught(train)))
        sides[name] = plain
    again = {name: _times(case.steps, side.step) for name, side in sides.items()}
    return _table(case, take_turns(again, case.rounds), peaks)


def _table(case: Case, costs: dict[str, list[Cost]], peaks: dict[str, int]) -> Table:
    figures = {
        name: median([one.cpu_seconds for one in taken]) / case.steps
        for name, taken in costs.items()
    }
    walls = {
        name: median([one.wall_seconds for one in taken]) / case.steps
        for name, taken in costs.items()
    }
    rows = []
    for name in figures:
        shown = (seconds(figures[name]), seconds(walls[name]), f"{peaks[name] / 2**20:.4g} MiB")
        goal = SPEED_GOAL if name == ALIKE else None
        ratio = figures[name] / figures[OURS] if name != OURS else None
        rows.append(Row(name, shown, ratio, goal))
    ratio = peaks[OURS] / peaks[ALIKE]
    rows.append(Row("memory, Darkroom over the same layers", ("", "", ""), ratio, MEMORY_GOAL))
    plan = case.plan
    said = (
        f"rank {plan.rank}, {plan.resolution} px, batch of {plan.batch_size}"
        f"{' and as many of the class' if case.has_priors else ''}"
        f"{', text encoder too' if plan.trains_text else ''}"
    )
    method = METHOD.format(
        rounds=case.rounds,
        steps=case.steps,
        plan=said,
        pictures=PICTURES,
        threads=torch.get_num_threads(),
        dtype="float32",
    )
    samples = {
        name: [(one.cpu_seconds, one.wall_seconds) for one in taken]
        for name, taken in costs.items()
    }
    return Table(
        f"A step of training, {case.title}",
        method,
        (unit("cpu"), "wall", "memory"),
        tuple(rows),
        samples,
    )


def _train(case: Case, folder: Path, ref: CheckpointRef) -> Train:
    """Five pictures of squares, and requests for those of the class."""
    side = case.plan.resolution or 512
    lessons = []
    for number in range(PICTURES):
        squares = np.random.default_rng(number).integers(0, 256, (4, 4, 3), np.uint8)
        path = folder / f"crops/{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(squares).resize((side, side), Image.Resampling.BICUBIC).save(path)
        lessons.append(Lesson(str(path), "a photo of sks thing"))
    asked = Request(prompt="a photo of a thing", width=side, height=side, sampling=SAMPLING)
    priors = tuple(
        dataclasses.replace(asked, seed=number).as_dict()
        for number in range(PRIORS * case.has_priors)
    )
    return Train("one", case.plan.as_dict(), ref, str(folder), tuple(lessons), (), priors)


def _taught(train: Train) -> tuple[list[Taught], list[Taught]]:
    """The pictures and those of the class, as files with prompts."""
    taught = [Taught(Path(one.path), one.caption) for one in train.lessons]
    drawn = sorted((Path(train.folder) / FOLDER).glob("*.png"))
    return taught, [Taught(path, "a photo of a thing") for path in drawn]


def _our_layers(plan: Plan) -> Layers:
    return Layers(tuple(unet_ends(plan)), TEXT)


def _times(count: int, step: Callable[[], object]) -> Callable[[], None]:
    def work() -> None:
        for _ in range(count):
            step()

    return work


def _peak(side: Side, begin: Callable[[], object]) -> int:
    """Bytes that are alive at once at most: the networks, and all that is made in the beginning and two more steps."""
    with Ledger(is_of_numbers=True) as ledger:
        begin()
        side.step()
        side.step()
    return storage_bytes(side.network_tensors()) + ledger.peak_bytes
