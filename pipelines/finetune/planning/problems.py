"""What stops a plan before it begins, as errors that name its fields; and what only should be known."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator

from pipelines.catalog.catalog import View
from pipelines.catalog.checkpoint import Checkpoint
from pipelines.catalog.embeddings import EmbeddingFile
from pipelines.errors import ModelUnreadable, NotFound, RequestError
from pipelines.finetune.plan import EMBEDDING, LORA, TRAINABLE, Plan

EIGHT_BIT = "AdamW 8-bit"
KINDS = {LORA: "LoRA", EMBEDDING: "embedding"}
CHOOSE = "Choose a checkpoint of Stable Diffusion 1.x, 2.x or XL."


def base_of(plan: Plan, view: View) -> Checkpoint:
    """The checkpoint that is trained on. Raises RequestError with what to do."""
    try:
        base = view.find(plan.checkpoint)
    except (NotFound, ModelUnreadable) as error:
        why = "is not there" if isinstance(error, NotFound) else error.message
        raise RequestError("checkpoint", plan.checkpoint, why, error.remedy) from error
    if base.family not in TRAINABLE:
        why = f"is of the family {base.family}, which cannot be trained here"
        raise RequestError("checkpoint", base.name, why, CHOOSE)
    if base.variant:
        why = f"is an {base.variant} checkpoint, which cannot be trained here"
        raise RequestError("checkpoint", base.name, why, f"{CHOOSE} Its base is best.")
    return base


def problems(
    plan: Plan, view: View, *, is_cuda: bool, names: Iterable[str] = ()
) -> Iterator[RequestError]:
    """Of a settled plan. `names`: those that other trainings will give to their files."""
    yield from _name(plan, view, names)
    yield from _words(plan, view)
    if plan.optimizer == EIGHT_BIT and importlib.util.find_spec("bitsandbytes") is None:
        remedy = "Install it with: pip install bitsandbytes. Or choose AdamW."
        yield RequestError("optimizer", EIGHT_BIT, "needs bitsandbytes, which is not here", remedy)
    elif plan.optimizer == EIGHT_BIT and not is_cuda:
        yield RequestError("optimizer", EIGHT_BIT, "needs a CUDA device", "Choose AdamW.")
    if plan.precision == "float16" and not is_cuda:
        remedy = "Choose auto or float32."
        yield RequestError("precision", "float16", "needs a CUDA device", remedy)
    if plan.prior_pictures and not plan.prior_prompts:
        why = "are to be drawn, and it is not said of what"
        remedy = "Say what it is an example of (the class word), or ask for none."
        yield RequestError("prior_pictures", plan.prior_pictures, why, remedy)
    if plan.method == EMBEDDING and not (plan.initial_word or plan.class_word):
        why = "is open, so that the vectors have no meaning to start from"
        yield RequestError("class_word", "", why, 'Say what it is an example of: "dog".')


def warnings(plan: Plan, view: View, needed_bytes: int, there_bytes: int | None) -> Iterator[str]:
    """Sentences about a settled plan, none of which stops it."""
    for one in view.others:
        said = {word.casefold() for word in one.about.trigger_words}
        if plan.trigger.casefold() in said and one.name.casefold() != plan.name.casefold():
            yield f"{one.name} answers to {plan.trigger} too; used together, both will."
    shown = " ".join(plan.sample_prompts).casefold()
    if plan.method == EMBEDDING and shown and plan.trigger.casefold() not in shown:
        yield f"No prompt of the samples names {plan.trigger}, so they will not show what is taught."
    if there_bytes and needed_bytes > there_bytes:
        yield (
            f"It will take about {needed_bytes / 2**30:.1f} GB of memory, and the device has "
            f"{there_bytes / 2**30:.1f} GB. A smaller resolution or batch, or saving memory, helps."
        )


def _name(plan: Plan, view: View, names: Iterable[str]) -> Iterator[RequestError]:
    name = plan.name.strip().casefold()
    remedy = "Choose another name."
    kind = KINDS[plan.method]
    if any(one.kind == plan.method and one.name.casefold() == name for one in view.others):
        yield RequestError("name", plan.name, f"is the name of another {kind}", remedy)
    elif name in {one.strip().casefold() for one in names}:
        why = "is the name of another training that is not over"
        yield RequestError("name", plan.name, why, remedy)


def _words(plan: Plan, view: View) -> Iterator[RequestError]:
    trigger = plan.trigger.casefold()
    embeddings = [one for one in view.others if isinstance(one, EmbeddingFile)]
    remedy = "Choose another word, or leave it open."
    if plan.method == EMBEDDING and trigger != plan.name.strip().casefold():
        why = "is not the name: an embedding answers to the name of its file"
        yield RequestError("trigger", plan.trigger, why, "Leave it open, or name it so.")
    elif any(one.word.casefold() == trigger for one in embeddings):
        why = "is the word of an embedding, which would be used in its place"
        yield RequestError("trigger", plan.trigger, why, remedy)
    elif plan.trigger and trigger == plan.class_word.casefold():
        why = "is the class word itself, whose meaning would be lost"
        if plan.method == EMBEDDING:  # its name is its word
            yield RequestError("name", plan.name, why, "Choose another name.")
        else:
            yield RequestError("trigger", plan.trigger, why, remedy)
