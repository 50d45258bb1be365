"""An edit without queue and processes: canvas, recipe on a model in this process, and back into the picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipelines.asking.sampling import Sampling
from pipelines.catalog import diffusers_folder
from pipelines.editing.canvas import lay, put_back
from pipelines.editing.source import Inpainting, Source
from pipelines.request import Request
from pipelines.worker.device.memory import Memory
from pipelines.worker.engine.forwards import Forwards
from pipelines.worker.engine.loop import Loop
from pipelines.worker.engine.task import Task
from pipelines.worker.messages import GuideRef, SourceTask
from pipelines.worker.recipes.starting import Origin
from pipelines.worker.recipes.still import Brief, Developed, still
from pipelines.worker.weights.loading import Model
from tests.pipelines.worker.workbench import CPU, Workbench

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
STARTER = Path(__file__).parents[1] / "models" / "starter"
SIZE_PX = 128
SAMPLING = Sampling(sampler="DPM++ 2M", schedule="Karras", steps=20, guidance_scale=3.0)


def starter() -> Model:
    """The model that ships with the project, on this thread."""
    return workbench().model()


def workbench() -> Workbench:
    """With the model that ships with the project."""
    return Workbench(diffusers_folder.read(STARTER, "starter").ref())


def asking(
    prompt: str,
    inpainting: Inpainting | None = None,
    *,
    strength: float = 0.75,
    sampling: Sampling = SAMPLING,
    **source: object,
) -> Request:
    """A resolved request of the starter's own size."""
    return Request(
        prompt=prompt,
        checkpoint="starter",
        width=SIZE_PX,
        height=SIZE_PX,
        sampling=sampling,
        clip_skip=1,
        source=Source(image="picture", strength=strength, **source),  # type: ignore[arg-type]
        inpainting=inpainting,
        seed=0,
    )


def edited(
    model: Model, request: Request, picture: Image.Image | None, mask: Image.Image | None, seed: int
) -> Pixels:
    """The finished picture, (height, width, 3) uint8; without a source from words alone."""
    if request.source is None or picture is None:
        drawn = still(Brief(request, seed), model, lambda look: None)
        assert isinstance(drawn, Developed)
        return drawn.pixels.numpy()
    canvas = lay(request, picture, mask)
    refs = [GuideRef("sample", name, f"{name} {id(canvas)}") for name in ("picture", "mask")]
    origin = Origin(
        SourceTask(refs[0], refs[1] if canvas.mask else None),
        np.asarray(canvas.init),
        None if canvas.mask is None else np.asarray(canvas.mask),
    )
    made = still(Brief(request, seed, origin=origin), model, lambda look: None)
    assert isinstance(made, Developed)
    hides_seams = request.inpainting.hides_seams if request.inpainting else False
    return put_back(canvas, made.pixels.numpy(), hides_seams=hides_seams)


@dataclass(frozen=True)
class Edit:
    """One picture to make: of a request, from its source."""

    request: Request
    picture: Image.Image | None = None
    mask: Image.Image | None = None
    seed: int = 0


def edited_together(bench: Workbench, edits: Sequence[Edit], *, at_once: int = 16) -> list[Pixels]:
    """The finished pictures of `edited`, which share forwards wherever they can."""
    model, memory = bench.model(), Memory(CPU.torch_device)
    loop = Loop(Forwards(CPU, memory, bench.pulse, bench.models))
    made: dict[int, Pixels] = {}
    for start in range(0, len(edits), at_once):
        for number, edit in enumerate(edits[start : start + at_once], start):
            _begin(loop, model, edit, partial(made.__setitem__, number))
        while loop.turn():
            pass
    return [made[number] for number in range(len(edits))]


def _begin(loop: Loop, model: Model, edit: Edit, keep: Callable[[Pixels], None]) -> None:
    def tell(task: Task) -> None:
        assert task.error is None, task.error
        assert task.fault is None, task.fault
        keep(task.result)

    def work() -> Pixels:
        return edited(model, edit.request, edit.picture, edit.mask, edit.seed)

    loop.start(Task(work, tell, is_exact=edit.request.exact))
