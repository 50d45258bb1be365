"""The way of an edit without queue and processes: canvas, recipe on a model in this process, and back into the picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.catalog import diffusers_folder
from pipelines.editing.canvas import lay, put_back
from pipelines.editing.source import Inpainting, Source
from pipelines.request import Request, Sampling
from pipelines.worker.messages import GuideRef, SourceTask
from pipelines.worker.recipes.starting import Origin
from pipelines.worker.recipes.still import Brief, Developed, still
from pipelines.worker.weights.loading import Model
from tests.pipelines.worker.workbench import Workbench

STARTER = Path(__file__).parents[1] / "models" / "starter"
SIZE_PX = 128
SAMPLING = Sampling(sampler="DPM++ 2M", schedule="Karras", steps=20, guidance_scale=3.0)


def starter() -> Model:
    """The model that ships with the project, on this thread."""
    return Workbench(diffusers_folder.read(STARTER, "starter").ref()).model()


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
    model: Model, request: Request, picture: Image.Image, mask: Image.Image | None, seed: int
) -> np.ndarray:
    """The finished picture, (height, width, 3) uint8."""
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
