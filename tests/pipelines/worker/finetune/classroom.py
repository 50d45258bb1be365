"""A training with toy pictures, and the engine that it is given to: turned by hand, everything it said kept."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from pipelines.finetune.plan import Plan
from pipelines.worker.finetune.examples import Reader, examples
from pipelines.worker.finetune.measures import held_out_loss
from pipelines.worker.finetune.messages import Lesson, Train, TrainingFailed
from pipelines.worker.finetune.methods import METHODS
from pipelines.worker.finetune.skeleton import Skeleton
from pipelines.worker.finetune.trainer import Subject, Trainer
from pipelines.worker.finetune.workshop import Workshop
from pipelines.worker.messages import CheckpointRef
from tests import tiny
from tests.pipelines.worker.workbench import Workbench, request

Result = TypeVar("Result")
BenchOf = Callable[[CheckpointRef], Workbench]
SMALL_XL = tiny.Size((8, 16), (False, True), (4, 8, 8, 8), 16, 2, 2, 4, 2, 16)
SIZES = {"sd15": tiny.TOY, "sd2": tiny.TOY, "sdxl": SMALL_XL}
SIDE_PX = 64


def family_toy(folder: Path, family: str) -> CheckpointRef:
    """A toy of the family; that of SD 2.x predicts v."""
    kind = "v_prediction" if family == "sd2" else "epsilon"
    parts = tiny.components(SIZES[family], family=family, prediction_type=kind)
    return tiny.save(folder / family, parts)


def plan(**fields: Any) -> Plan:
    """Of few steps and few numbers."""
    given = {"name": "sks", "trigger": "sks", "steps": 6, "rank": 2, "learning_rate": 1e-3}
    return Plan(**{**given, "batch_size": 1, "min_snr_gamma": 5.0, **fields})


def picture(path: Path, seed: int = 0, size: tuple[int, int] = (SIDE_PX, SIDE_PX)) -> str:
    """A PNG of coloured squares; another one for each seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    squares = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    Image.fromarray(squares).resize(size, Image.Resampling.NEAREST).save(path)
    return str(path)


def train(
    folder: Path, checkpoint: CheckpointRef, *, pictures: int = 2, priors: int = 0, **fields: Any
) -> Train:
    """The message, its crops in the folder. `held_out` pictures come last."""
    held_out, samples = fields.pop("held_out", 0), fields.pop("samples", 0)
    lessons = tuple(
        Lesson(
            picture(folder / f"crops/{number:03}.png", number),
            f"a photo of sks {number}",
            number >= pictures - held_out,
        )
        for number in range(pictures)
    )
    drawn = tuple(
        request(prompt="a boat", steps=1, seed=100 + number).as_dict() for number in range(priors)
    )
    shown = tuple(request(prompt="a sks", steps=2, seed=5).as_dict() for _ in range(samples))
    own = plan(**fields).as_dict()
    return Train(
        "one", own, checkpoint, str(folder), lessons, shown, drawn, (("modelspec.title", "sks"),)
    )


def shop_of(bench: Workbench) -> Workshop:
    """The parts of the bench's engine."""
    engine: Any = bench.engine
    shop: Workshop = engine._trainings._shop
    return shop


def run(bench: Workbench, course: Generator[bool, None, Result]) -> Result:
    """What a course finds out, the loop turned as the engine does it."""
    loop = shop_of(bench).loop
    while True:
        try:
            next(course)
        except StopIteration as stop:
            result: Result = stop.value
            return result
        while loop.turn():
            pass


def trainer_of(bench: Workbench, asked: Train) -> Trainer:
    """A trainer on the bench's checkpoint, ready for its first step."""
    own, shop = Plan.from_dict(asked.plan), shop_of(bench)
    skeleton = Skeleton(bench.model(), bench.models, own.precision)
    method = METHODS[own.method](skeleton, own)
    reader = Reader(shop, bench.model(), method, own)
    read = run(bench, examples(reader, asked, ()))
    return Trainer(shop, Subject(own, skeleton, method, read))


def loss_of(bench: Workbench, trainer: Trainer) -> float:
    """Of the pictures that are taught, at fixed timesteps and noise."""
    subject = trainer._subject
    seen = replace(subject.examples, held_out=subject.examples.taught)
    schedule = bench.model().training
    loss = run(bench, held_out_loss(subject.method, subject.skeleton, seen, schedule))
    assert loss is not None
    return loss


def taught(bench: Workbench, asked: Train, until: Callable[[], bool] = lambda: False) -> Workbench:
    """Has the engine do the training, to its end or until something is so."""
    bench.engine.receive(asked)
    while not until() and bench.engine.turn():
        pass
    return bench


def weights(asked: Train, step: int | None = None) -> dict[str, torch.Tensor]:
    """The file of a step; None: of the last one of the plan."""
    last = asked.plan["steps"] if step is None else step
    return load_file(Path(asked.folder) / "steps" / f"sks-{last:06}.safetensors")


def are_equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """To the bit."""
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def failure(bench: Workbench) -> dict[str, Any]:
    """The error that the only training ended with."""
    (failed,) = [one for one in bench.said if isinstance(one, TrainingFailed)]
    return failed.error


def elsewhere(asked: Train, folder: Path) -> Train:
    """The same training in another folder."""
    return replace(asked, folder=str(folder))
