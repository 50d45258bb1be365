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
from pipelines.finetune.plan import Plan
from pipelines.worker.finetune.messages import Lesson, Train, TrainingStage
from pipelines.worker.finetune.method import Method, Text
from pipelines.worker.finetune.recolouring import Swaps, recoloured, reworded, swaps_of
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
    """All that a training looks at. `nothing`: what pictures without their caption are shown with.

    `others`: captions with which taught pictures are to be answered as before, beside `nothing`.
    """

    taught: tuple[Example, ...]
    held_out: tuple[Example, ...]
    priors: tuple[Example, ...]
    nothing: Text
    others: tuple[Text, ...] = ()


# (path, its other colours, whether it is mirrored) → latents
Known = dict[tuple[str, Swaps, bool], Tensor]


@dataclass(frozen=True)
class View:
    """A picture as it is shown: as it came, or with other colours in it and in its caption."""

    lesson: Lesson
    swaps: Swaps = ()

    @property
    def caption(self) -> str:
        return reworded(self.lesson.caption, self.swaps) if self.swaps else self.lesson.caption


@dataclass(frozen=True, eq=False)
class Reader:
    """What it takes to make an example of a lesson."""

    shop: Workshop
    model: Model
    method: Method
    plan: Plan
    known: Known = field(default_factory=dict)  # what was encoded before it had to rest


def examples(reader: Reader, train: Train, priors: Sequence[Lesson]) -> Course[Examples]:
    """All of them. Raises UploadError for a picture that is gone or damaged, NotFinite for what no VAE can encode."""
    shop, method = reader.shop, reader.method
    own = [View(lesson) for lesson in train.lessons] + recolourings(train.lessons, reader.plan)
    views = [*own, *map(View, priors)]
    others = reader.plan.prior_prompts if reader.plan.output_preservation else ()
    texts: dict[str, Text] = {}
    for caption in dict.fromkeys(["", *(view.caption for view in views), *others]):
        texts[caption] = yield from done(shop, partial(method.text_of, caption))
    read: list[Example] = []
    for number, view in enumerate(views, 1):
        stage = f"preparing picture {number} of {len(views)}"
        shop.send(TrainingStage(train.training_id, stage))
        read.append((yield from example(reader, view, texts[view.caption])))
    seen = list(zip(own, read[: len(own)], strict=True))
    return Examples(
        taught=tuple(one for view, one in seen if not view.lesson.is_held_out),
        held_out=tuple(one for view, one in seen if view.lesson.is_held_out),
        priors=tuple(read[len(own) :]),
        nothing=texts[""],
        others=tuple(texts[caption] for caption in others),
    )


def recolourings(lessons: Sequence[Lesson], plan: Plan) -> list[View]:
    """As many of each picture as the plan says; none of what is only measured, or has no colour in its caption."""
    views = []
    for number, lesson in enumerate(lessons):
        for copy in range(0 if lesson.is_held_out else plan.recolourings or 0):
            swaps = swaps_of(lesson.caption, np.random.default_rng((plan.seed, number, copy)))
            views += [View(lesson, swaps)] if swaps else []
    return views


def example(reader: Reader, view: View, text: Text) -> Course[Example]:
    """One picture, read and encoded."""
    latents = yield from _latents_of(reader, view, is_mirrored=False)
    mirrored = None
    if reader.plan.mirrors:
        mirrored = yield from _latents_of(reader, view, is_mirrored=True)
    size = [side * reader.model.family.px_per_cell for side in latents.shape[-2:]]
    ids = torch.tensor([[*size, 0, 0, *size]], dtype=torch.float32)
    return Example(latents, text, mirrored, ids if reader.model.family.is_told_its_size else None)


def _latents_of(reader: Reader, view: View, *, is_mirrored: bool) -> Course[Tensor]:
    key = view.lesson.path, view.swaps, is_mirrored
    if key not in reader.known:
        picture = pixels(Path(view.lesson.path), view.swaps)
        shown = picture.flip(-1) if is_mirrored else picture
        reader.known[key] = yield from done(reader.shop, partial(_latents, shown, reader.model))
    return reader.known[key]


def pixels(path: Path, swaps: Swaps = ()) -> Tensor:
    """(1, 3, height, width) in −1…1, float32, with other colours where there are `swaps`. Raises UploadError."""
    try:
        with Image.open(path) as picture:
            shown = recoloured(picture, swaps) if swaps else picture.convert("RGB")
        levels = np.asarray(shown, np.float32)
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises for damaged files
        why = f"{path} cannot be read as a picture: {type(error).__name__}: {error}."
        raise UploadError(why, "Add the picture again and begin the training anew.") from None
    return torch.from_numpy(levels / 127.5 - 1).permute(2, 0, 1)[None]


def _latents(picture: Tensor, model: Model) -> Tensor:
    """Asks at the gate."""
    return encode(picture.to(model.device), model).cpu()
