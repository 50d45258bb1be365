"""A school: the worker's engine in this process, which trains on the starter and draws with what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.catalog import diffusers_folder
from pipelines.finetune.plan import EMBEDDING, LORA, Plan
from pipelines.finetune.planning.defaults import settled
from pipelines.request import Request
from pipelines.worker.finetune.messages import Lesson, Train, TrainingDone, TrainingMark
from pipelines.worker.messages import EmbeddingRef, LoraRef
from tests.editing_lab import SAMPLING, STARTER
from tests.pipelines.worker.workbench import Workbench
from tests.teaching_lab import SIZE_PX, five

PRIOR_SEED = 10_000
AT_ONCE = 16


@dataclass(frozen=True)
class Taught:
    """A file of weights, and how it is put on in `Workbench.submit`."""

    file: Path
    worn: Mapping[str, Any]


class School:
    """One model for all that is trained and drawn."""

    def __init__(self) -> None:
        self._base = diffusers_folder.read(STARTER, STARTER.name, is_starter=True)
        self._bench = Workbench(self._base.ref())
        self._numbers = count()

    def plan(self, trigger: str, method: str, **choices: Any) -> Plan:
        """What the defaults make of five pictures of something called so. Nothing is drawn meanwhile."""
        named = {"name": trigger, "trigger": trigger, "method": method, **choices}
        plan = settled(Plan(**named), 5, self._base)
        return replace(plan, sample_every=plan.steps)

    def taught(self, thing: str, trigger: str, method: str, folder: Path, **choices: Any) -> Taught:
        """The weights of the last step, which lie in the folder."""
        plan = self.plan(trigger, method, **choices)
        lessons = _lessons(thing, trigger, folder)
        train = Train(
            trigger, plan.as_dict(), self._base.ref(), str(folder), lessons, (), _priors(plan)
        )
        bench = self._bench
        bench.engine.receive(train)
        while not any(isinstance(one, TrainingDone) for one in bench.said):
            assert bench.engine.turn(), bench.said[-1]
        marks = [one for one in bench.said if isinstance(one, TrainingMark)]
        bench.said.clear()
        file = folder / "steps" / marks[-1].file
        return Taught(file, WORN[method](trigger, file))

    def drawn(
        self, prompts: Sequence[str], taught: Taught | None = None, first_seed: int = 0
    ) -> np.ndarray:
        """(n, 128, 128, 3) uint8, at the starter's own settings; picture n has the seed `first_seed` + n."""
        worn = taught.worn if taught else {}
        asked = [(prompt, first_seed + n) for n, prompt in enumerate(prompts)]
        made = [
            picture
            for start in range(0, len(asked), AT_ONCE)
            for picture in self._together(asked[start : start + AT_ONCE], worn)
        ]
        return np.stack(made)

    def _together(
        self, asked: Sequence[tuple[str, int]], worn: Mapping[str, Any]
    ) -> list[np.ndarray]:
        bench, jobs = self._bench, [f"job {next(self._numbers)}" for _ in asked]
        for job, (prompt, seed) in zip(jobs, asked, strict=True):
            bench.submit(job, **_settings(prompt, seed), **worn)
        bench.run()
        made = [bench.pixels(job).reshape(SIZE_PX, SIZE_PX, 3).numpy() for job in jobs]
        bench.said.clear()
        return [picture.astype(np.uint8) for picture in made]


def _lessons(thing: str, trigger: str, folder: Path) -> tuple[Lesson, ...]:
    for name in ("crops", "prior", "steps"):
        (folder / name).mkdir(parents=True)
    lessons = []
    for number, drawing in enumerate(five(thing, trigger)):
        path = folder / "crops" / f"{number:03}.png"
        drawing.picture.save(path)
        lessons.append(Lesson(str(path), drawing.caption))
    return tuple(lessons)


def _priors(plan: Plan) -> tuple[dict[str, Any], ...]:
    """As `pipelines/finetune/desk/orders.py` asks for them."""
    prompts = plan.prior_prompts
    return tuple(
        Request(
            prompt=prompts[number % len(prompts)],
            checkpoint=STARTER.name,
            width=SIZE_PX,
            height=SIZE_PX,
            sampling=SAMPLING,
            clip_skip=1,
            seed=PRIOR_SEED + number,
            exact=True,
        ).as_dict()
        for number in range(plan.prior_pictures or 0)
    )


def _settings(prompt: str, seed: int) -> dict[str, Any]:
    sampling = {
        "sampler": SAMPLING.sampler,
        "schedule": SAMPLING.schedule,
        "steps": SAMPLING.steps,
        "guidance_scale": SAMPLING.guidance_scale,
    }
    size = {"width": SIZE_PX, "height": SIZE_PX, "clip_skip": 1}
    return {"prompt": prompt, "seed": seed, **size, **sampling}


WORN: Mapping[str, Callable[[str, Path], Mapping[str, Any]]] = {
    LORA: lambda trigger, file: {"loras": (LoraRef(file.stem, str(file)),)},
    EMBEDDING: lambda trigger, file: {"embeddings": (EmbeddingRef(trigger, str(file)),)},
}
