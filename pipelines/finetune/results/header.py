"""Header: what a file of weights says of itself in the words that other programs read: modelspec.* and ss_*.

modelspec: github.com/Stability-AI/ModelSpec, with the names of architectures that kohya's trainer writes. ss_*: what
that trainer notes, and AUTOMATIC1111, Forge and ComfyUI show; those about steps and networks are the worker's.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime

from pipelines.catalog.checkpoint import Checkpoint
from pipelines.catalog.defaults import V_PREDICTION
from pipelines.catalog.hashes import auto_v1
from pipelines.catalog.verdict import licence_notice
from pipelines.finetune.pictures.captions import Words, plain
from pipelines.finetune.plan import EMBEDDING, LORA, STYLE
from pipelines.finetune.training import Training

SPEC = "1.0.1"
TITLE, TRIGGER = "modelspec.title", "modelspec.trigger_phrase"
# Our own: whose file it is, what it was made from, and what goes with every copy of it.
OWN_TRAINING, OWN_BASE = "darkroom.training", "darkroom.base"
LICENCE, NOTICE = "modelspec.license", "darkroom.licence_notice"
ADAPTERS = {LORA: "lora", EMBEDDING: "textual-inversion"}
ARCHITECTURES = {
    "sd15": "stable-diffusion-v1",
    "sd2": "stable-diffusion-v2-512",
    "sdxl": "stable-diffusion-xl-v1-base",
}
V_ARCHITECTURES = {"sd2": "stable-diffusion-v2-768-v"}
VERSIONS = {"sd15": "sd_v1", "sd2": "sd_v2", "sdxl": "sdxl_base_v1-0"}
SGM = "https://github.com/Stability-AI/generative-models"
FOLDER_SIGNS = re.compile(r"[^\w \-.]")


def header(
    training: Training, base: Checkpoint, base_hash: str = ""
) -> tuple[tuple[str, str], ...]:
    """For `Train.metadata`; made at the start, so that all is known when the base has been deleted since.

    `base_hash`: SHA-256 of the base's file, "" while it is unknown.
    """
    values = {
        **_spec(training, base),
        **_kohya(training, base, base_hash),
        OWN_TRAINING: training.id,
        OWN_BASE: base.name,
        NOTICE: licence_notice([base]),
    }
    return tuple((name, value) for name, value in values.items() if value)


def _spec(training: Training, base: Checkpoint) -> dict[str, str]:
    plan, family = training.plan, training.family
    is_v = base.prediction == V_PREDICTION
    architectures = ARCHITECTURES | V_ARCHITECTURES if is_v else ARCHITECTURES
    is_plain = plan.method == LORA and family != "sdxl"
    return {
        "modelspec.sai_model_spec": SPEC,
        "modelspec.architecture": f"{architectures.get(family, family)}/{ADAPTERS[plan.method]}",
        "modelspec.implementation": "diffusers" if is_plain else SGM,
        TITLE: plan.name,
        "modelspec.description": _description(training, base),
        "modelspec.date": datetime.fromtimestamp(training.created, UTC).isoformat("T", "seconds"),
        TRIGGER: plan.trigger,
        "modelspec.usage_hint": f"Write for example: {plain(Words.of(plan))}",
        LICENCE: base.about.licence.name,
        "modelspec.resolution": f"{plan.resolution}x{plan.resolution}" if plan.resolution else "",
        "modelspec.prediction_type": "v" if is_v else "epsilon",
    }


def _description(training: Training, base: Checkpoint) -> str:
    plan, count = training.plan, sum(not one.is_held_out for one in training.examples)
    what = f"{plan.trigger} ({plan.class_word})" if plan.class_word else plan.trigger or plan.name
    pictures = "one picture" if count == 1 else f"{count} pictures"
    return f"The {plan.kind} {what}, learned from {pictures} on {base.name}."


def _kohya(training: Training, base: Checkpoint, base_hash: str) -> dict[str, str]:
    plan, family = training.plan, training.family
    is_v = base.prediction == V_PREDICTION
    taught = [one for one in training.examples if not one.is_held_out]
    folder = _folder(training)
    sizes = Counter(one.size for one in taught)
    buckets = {
        str(n): {"resolution": list(size), "count": count}
        for n, (size, count) in enumerate(sorted(sizes.items()))
    }
    return {
        "ss_base_model_version": VERSIONS.get(family, family) + ("_v" if is_v else ""),
        "ss_v2": str(family == "sd2"),
        "ss_sd_model_name": base.path.name,
        "ss_sd_model_hash": auto_v1(base.path) if base.is_single_file else "",
        "ss_new_sd_model_hash": base_hash,
        "ss_output_name": plan.name,
        "ss_training_started_at": str(training.started or training.created),
        "ss_resolution": f"({plan.resolution}, {plan.resolution})",
        "ss_enable_bucket": "True",
        "ss_bucket_info": json.dumps({"buckets": buckets}),
        "ss_num_reg_images": str(plan.prior_pictures or 0),
        "ss_dataset_dirs": json.dumps({folder: {"n_repeats": 1, "img_count": len(taught)}}),
        "ss_tag_frequency": json.dumps({folder: _tags([one.caption for one in taught])}),
        "ss_random_flip": str(bool(plan.mirrors)),
    }


def _folder(training: Training) -> str:
    """As kohya names a folder of pictures: how often each is shown, and what they show."""
    plan = training.plan
    what = f"{plan.trigger} {plan.class_word if plan.kind != STYLE else STYLE}".strip()
    return f"1_{FOLDER_SIGNS.sub('', what) or plan.name}"


def _tags(captions: list[str]) -> dict[str, int]:
    """How often each piece between commas stands in the captions."""
    tags = (tag.strip() for caption in captions for tag in caption.split(","))
    return dict(Counter(tag for tag in tags if tag).most_common())
