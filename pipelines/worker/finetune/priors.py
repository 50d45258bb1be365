"""Priors: pictures of the class as the untrained checkpoint draws them, so that it keeps what it knows of it.

Prior preservation: Ruiz et al. 2022, arXiv:2208.12242, section 3.2. Each picture is on the disk before the next one is
drawn, and says in itself of which request it is; so a training that was killed goes on with the one that is missing.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from pipelines.request import Request
from pipelines.worker.engine.jobs import Needs
from pipelines.worker.finetune.messages import Lesson, Train, TrainingStage
from pipelines.worker.finetune.state import replace
from pipelines.worker.finetune.workshop import Course, Workshop, drawn
from pipelines.worker.messages import CheckpointRef

FOLDER = "prior"
ORIGIN = "darkroom_prior"  # the text in the PNG that says what it is of
UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)  # Pillow, of damage


def priors(shop: Workshop, train: Train) -> Course[tuple[Lesson, ...]]:
    """All that the training asks for, drawn as far as its folder lacks them. Raises StudioError, DiskFull too."""
    lessons = []
    for index, values in enumerate(train.priors):
        request = Request.from_dict(values)
        path, origin = _path(train, index), origin_of(request, train.checkpoint)
        if not is_drawn(path, origin):
            stage = f"drawing {index + 1} of {len(train.priors)} class pictures"
            shop.send(TrainingStage(train.training_id, stage))
            pixels = yield from drawn(shop, request, Needs(train.checkpoint))
            replace(path, png(pixels, origin))
        lessons.append(Lesson(str(path), request.prompt))
    return tuple(lessons)


def origin_of(request: Request, checkpoint: CheckpointRef) -> str:
    """All that the picture depends on, as one text."""
    whole = [request.as_dict(), checkpoint.name, checkpoint.version]
    return json.dumps(whole, sort_keys=True)


def is_drawn(path: Path, origin: str) -> bool:
    """Whether a picture lies there that is whole and of this origin."""
    try:
        with Image.open(path) as picture:
            picture.load()
            found: object = picture.info.get(ORIGIN)
    except UNREADABLE:
        return False
    return found == origin


def png(pixels: Tensor, origin: str) -> bytes:
    """The file of (height, width, 3) uint8."""
    said, out = PngInfo(), io.BytesIO()
    said.add_itxt(ORIGIN, origin)
    Image.fromarray(pixels.numpy()).save(out, "PNG", pnginfo=said, compress_level=1)
    return out.getvalue()


def _path(train: Train, index: int) -> Path:
    return Path(train.folder) / FOLDER / f"{index:04}.png"
