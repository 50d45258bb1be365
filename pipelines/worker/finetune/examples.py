"""Examples: the pictures that are taught, as latents, encoded once; and their captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from pipelines.errors import UploadError
from pipelines.worker.finetune.messages import Lesson, Train, TrainingStage
from pipelines.worker.finetune.method import Method, Text
from pipelines.worker.finetune.workshop import Course, Workshop, done
from pipelines.worker.recipes.encoding import encode
from pipelines.worker.weights.loading import Model


@dataclass(frozen=True, eq=False)
class Example:
    """A picture with its caption. `time_ids`: (1, 6) for SDXL: its size (height first), crop (0, 0), its size, px.

    `latents`: (1, channels, height/8, width/8), float32, on the CPU, times the VAE's scaling factor. They are the mean
    of what the VAE says of the picture: drawn from that distribution they would only be noisier, and some VAEs, that
    of the starter among them, say it far too wide.
    """

    latents: Tensor
    text: Text
    mirrored: Tensor | None = None  # where the plan mirrors
    time_ids: Tensor | None = None


@dataclass(frozen=True, eq=False)
class Examples:
    """All that a training looks at. `nothing`: what pictures without their caption are shown with."""

    taught: tuple[Example, ...]
    held_out: tuple[Example, ...]
    priors: tuple[Example, ...]
    nothing: Text


@dataclass(frozen=True, eq=False)
class Reader:
    """What it takes to make an example of a lesson."""

    shop: Workshop
    model: Model
    method: Method
    mirrors: bool
    # What was encoded before it had to rest: (path, whether it is mirrored) → latents.
    known: dict[tuple[str, bool], Tensor] = field(default_factory=dict)


def examples(reader: Reader, train: Train, priors: Sequence[Lesson]) -> Course[Examples]:
    """All of them. Raises UploadError for a picture that is gone or damaged, NotFinite for what no VAE can encode."""
    shop, method = reader.shop, reader.method
    lessons = [*train.lessons, *priors]
    texts: dict[str, Text] = {}
    for caption in dict.fromkeys(["", *(lesson.caption for lesson in lessons)]):
        texts[caption] = yield from done(shop, partial(method.text_of, caption))
    read: list[Example] = []
    for number, lesson in enumerate(lessons, 1):
        stage = f"preparing picture {number} of {len(lessons)}"
        shop.send(TrainingStage(train.training_id, stage))
        read.append((yield from example(reader, lesson, texts[lesson.caption])))
    own = list(zip(train.lessons, read[: len(train.lessons)], strict=True))
    return Examples(
        taught=tuple(one for lesson, one in own if not lesson.is_held_out),
        held_out=tuple(one for lesson, one in own if lesson.is_held_out),
        priors=tuple(read[len(train.lessons) :]),
        nothing=texts[""],
    )


def example(reader: Reader, lesson: Lesson, text: Text) -> Course[Example]:
    """One lesson, read and encoded."""
    latents = yield from _latents_of(reader, lesson, is_mirrored=False)
    mirrored = None
    if reader.mirrors:
        mirrored = yield from _latents_of(reader, lesson, is_mirrored=True)
    size = [side * reader.model.family.px_per_cell for side in latents.shape[-2:]]
    ids = torch.tensor([[*size, 0, 0, *size]], dtype=torch.float32)
    return Example(latents, text, mirrored, ids if reader.model.family.is_told_its_size else None)


def _latents_of(reader: Reader, lesson: Lesson, *, is_mirrored: bool) -> Course[Tensor]:
    key = lesson.path, is_mirrored
    if key not in reader.known:
        picture = pixels(Path(lesson.path))
        shown = picture.flip(-1) if is_mirrored else picture
        reader.known[key] = yield from done(reader.shop, partial(_latents, shown, reader.model))
    return reader.known[key]


def pixels(path: Path) -> Tensor:
    """(1, 3, height, width) in −1…1, float32. Raises UploadError."""
    try:
        with Image.open(path) as picture:
            levels = np.asarray(picture.convert("RGB"), np.float32)
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises for damaged files
        why = f"{path} cannot be read as a picture: {type(error).__name__}: {error}."
        raise UploadError(why, "Add the picture again and begin the training anew.") from None
    return torch.from_numpy(levels / 127.5 - 1).permute(2, 0, 1)[None]


def _latents(picture: Tensor, model: Model) -> Tensor:
    """Asks at the gate."""
    return encode(picture.to(model.device), model).cpu()
