"""THE map: every widget of the form, the field of a Request that it fills, and the bounds of both.

The page reads the same table as JSON (`for_page`): `islands/form.js` builds the Request from the widgets, puts a
Request back into them, keeps their values over a reload and shows a RequestError at the widget that it names.
"""

from __future__ import annotations

import json

from gradio.components import Component

from pipelines import (
    ANY_SEED,
    AREAS,
    BATCH,
    CLIP_SKIP,
    CONTENTS,
    COUNT,
    FORMATS,
    GUIDANCE,
    REFINER_SWITCH_AT,
    SAMPLERS,
    SCHEDULES,
    SIZE_PX,
    SOURCE_RESIZES,
    STEPS,
    SWITCH_AT,
    Defaults,
)
from ui.field import Field
from ui.finer import (
    HIRES_FIELDS,
    NOISE_FIELDS,
    SAMPLING_FIELDS,
    SEAMLESS_FIELD,
    WORDING_FIELDS,
)

FIRST = Defaults()  # until the page knows the checkpoint's own


FIELDS = (
    Field("prompt", "Prompt", "text", "", hint="What the picture shows", lines=4),
    Field("negative_prompt", "Negative prompt", "text", "", hint="What to keep out", lines=2),
    Field("width", "Width, px", "number", FIRST.width, SIZE_PX, 8, follows_checkpoint=True),
    Field("height", "Height, px", "number", FIRST.height, SIZE_PX, 8, follows_checkpoint=True),
    Field(
        "sampling.sampler",
        "Sampler",
        "choice",
        FIRST.sampler,
        choices=tuple(row.name for row in SAMPLERS),
        follows_checkpoint=True,
    ),
    Field(
        "sampling.schedule",
        "Schedule",
        "choice",
        FIRST.schedule,
        choices=tuple(row.name for row in SCHEDULES),
        follows_checkpoint=True,
    ),
    Field("sampling.steps", "Steps", "slider", FIRST.steps, STEPS, 1, follows_checkpoint=True),
    Field(
        "sampling.guidance_scale",
        "CFG scale",
        "slider",
        FIRST.guidance_scale,
        GUIDANCE,
        0.5,
        follows_checkpoint=True,
    ),
    Field(
        "clip_skip", "Clip skip", "slider", FIRST.clip_skip, CLIP_SKIP, 1, follows_checkpoint=True
    ),
    Field("vae", "VAE", "text", ""),  # drawn as a choice by `islands/vae.js`
    Field("refiner", "Refiner", "text", ""),  # drawn as a choice by `islands/refiner.js`
    Field("refiner_switch_at", "Switch at", "slider", REFINER_SWITCH_AT, SWITCH_AT, 0.05),
    Field("seed", "Seed, −1 rolls a new one", "number", -1, ANY_SEED, 1),
    Field("batch_size", "Batch size", "slider", 1, BATCH, 1),
    Field("batch_count", "Batch count", "number", 1, COUNT, 1),
    Field("format", "File format", "choice", FORMATS[0], choices=FORMATS),
    Field("exact", "Exact: never share a step with other pictures", "switch", False),
    SEAMLESS_FIELD,
    *NOISE_FIELDS,
    *SAMPLING_FIELDS,
    *WORDING_FIELDS,
    *HIRES_FIELDS,
)


def build(name: str) -> Component:
    """The widget of one field, to be called inside a layout block."""
    return next(row for row in FIELDS if row.name == name).build()


def for_page() -> str:
    """The table as JSON for `islands/form.js`."""
    return json.dumps([row.for_page() for row in FIELDS], ensure_ascii=False)


def choices_for_page() -> str:
    """What the islands of source and mask offer, as JSON: name → what is said of it."""
    tables = {"resizes": SOURCE_RESIZES, "areas": AREAS, "contents": CONTENTS}
    return json.dumps(tables, ensure_ascii=False)
