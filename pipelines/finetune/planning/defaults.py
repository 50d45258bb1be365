"""Defaults: what a plan leaves open is filled in, by the family, the method, the kind and the number of pictures.

Where the numbers come from: diffusers' examples of DreamBooth with LoRA (learning rate 1e-4, 500 steps for five
pictures, 200 pictures of the class) and of textual inversion (learning rate 5e-4 × 4, 3000 steps), and what people
who train with kohya's scripts agree on (about 100 steps a picture, half the rate for the text encoder, min-SNR γ 5).
Those of the starter were measured on it (`tests/teaching/test_lora.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TypeVar

from pipelines.catalog.checkpoint import Checkpoint
from pipelines.finetune.pictures.captions import Words, plain
from pipelines.finetune.plan import (
    CONCEPT,
    CONSTANT,
    COSINE,
    EMBEDDING,
    LORA,
    STEPS,
    STYLE,
    SUBJECT,
    Plan,
)
from pipelines.finetune.planning.known import known
from pipelines.finetune.planning.memory import STARTER, Room, needs_saving

Value = TypeVar("Value")

CONSONANTS = "bcdfghjklmnpqrstvwxz"
TRIGGER_LETTERS = (4, 6)


@dataclass(frozen=True)
class Row:
    """What trains well. Steps: so many a picture, but at least and at most so many."""

    learning_rate: float
    steps_a_picture: int
    steps: tuple[int, int]
    batch_size: int = 1
    text_learning_rate: float = 5e-5
    rate_schedule: str = CONSTANT
    rank: int = 16
    vectors: int = 1
    trains_text: bool = True
    saves_memory: bool = True  # where nobody knows how much there is
    min_snr_gamma: float = 5.0
    prior_pictures_a_picture: int = 0
    prior_pictures: int = 0  # at most
    prior_weight: float = 1.0
    output_preservation: bool = False
    kept_prompts: tuple[str, ...] = ()  # instead of that of the class
    mirrors: bool = False
    recolourings: int = 0
    trains_convolutions: bool = False


# (family, method) → what trains well; the starter has rows of its own, since it is far smaller than its family.
ROWS: dict[tuple[str, str], Row] = {
    ("sd15", LORA): Row(1e-4, 100, (400, 3000), prior_pictures_a_picture=20, prior_pictures=200),
    ("sd2", LORA): Row(1e-4, 100, (400, 3000), prior_pictures_a_picture=20, prior_pictures=200),
    ("sdxl", LORA): Row(
        1e-4,
        100,
        (500, 3000),
        trains_text=False,
        prior_pictures_a_picture=10,
        prior_pictures=100,
    ),
    (STARTER, LORA): Row(
        2e-3,
        120,
        (600, 900),
        batch_size=4,
        text_learning_rate=3e-4,
        rate_schedule=COSINE,
        saves_memory=False,
        min_snr_gamma=0.0,
        recolourings=9,
        # No pictures of a class: what it has no word for it draws as a blob, and would keep so.
        output_preservation=True,
        kept_prompts=known(60),
    ),
    ("sd15", EMBEDDING): Row(2e-3, 300, (1500, 4000), vectors=2),
    ("sd2", EMBEDDING): Row(2e-3, 300, (1500, 4000), vectors=2),
    ("sdxl", EMBEDDING): Row(2e-3, 300, (1500, 4000), vectors=2),
    (STARTER, EMBEDDING): Row(5e-3, 80, (400, 800), batch_size=4, vectors=4, saves_memory=False),
}
# A style is in every picture of it, so that there are more to learn it from, and no class to be kept as it was.
STEPS_OF_KIND = {SUBJECT: 1.0, STYLE: 1.0, CONCEPT: 1.5}
HAS_PRIOR = {SUBJECT: True, STYLE: False, CONCEPT: True}
# What is drawn of {it} meanwhile: as in the pictures, and what these do not show.
SAMPLES = {
    SUBJECT: ("{it}", "{it} on a red background", "{it} in the snow", "a pencil drawing of {it}"),
    STYLE: ("a house in {word} style", "a cat in {word} style", "a red circle in {word} style"),
    CONCEPT: ("{it}", "{it} on a red background", "a pencil drawing of {it}"),
}
HELD_OUT_FROM = 8  # fewer pictures are all needed to learn from
HELD_OUT_SHARE = 10
SAMPLED = 8  # times, from the first step to the last
SAMPLE_STEPS_ROUND = 25
RESOLUTION_ROUND = 64


def settled(
    plan: Plan,
    pictures: int,
    base: Checkpoint,
    taken: Collection[str] = (),
    room: Room | None = None,
) -> Plan:
    """The plan with nothing left open. `pictures`: how many are taught; `taken`: words that mean something already.

    `room`: of the device, where that is known.
    """
    row = row_of(plan, base)
    plan = replace(
        plan,
        checkpoint=base.name,
        trigger=trigger_of(plan, taken),
        resolution=plan.resolution or _resolution(base),
        steps=plan.steps or _steps(row, plan, pictures),
        batch_size=plan.batch_size or min(row.batch_size, max(1, pictures)),
        rank=_or(plan.rank, row.rank),
        vectors=_or(plan.vectors, row.vectors),
        learning_rate=_or(plan.learning_rate, row.learning_rate),
        text_learning_rate=_or(plan.text_learning_rate, row.text_learning_rate),
        rate_schedule=_or(plan.rate_schedule, row.rate_schedule),
        trains_text=_or(plan.trains_text, row.trains_text),
        mirrors=_or(plan.mirrors, row.mirrors),
        recolourings=_or(plan.recolourings, row.recolourings),
        trains_convolutions=_or(plan.trains_convolutions, row.trains_convolutions),
        prior_weight=_or(plan.prior_weight, row.prior_weight),
        output_preservation=_or(plan.output_preservation, row.output_preservation),
        min_snr_gamma=_or(plan.min_snr_gamma, row.min_snr_gamma),
        held_out=_or(plan.held_out, _held_out(pictures)),
        initial_word=plan.initial_word or plan.class_word,
    )
    plan = _with_prior(_with_samples(plan), row, pictures)
    needed = needs_saving(size_name(base), plan, room) if room else None
    saves_memory = _or(plan.saves_memory, _or(needed, row.saves_memory))
    return replace(plan, saves_memory=saves_memory)


def size_name(base: Checkpoint) -> str:
    """What memory.py calls its family: the starter is far smaller than its own."""
    return STARTER if base.is_starter else base.family


def row_of(plan: Plan, base: Checkpoint) -> Row:
    """Of a family that is not in the table: that of SD 1.5; it cannot be trained, which is said elsewhere."""
    return ROWS.get((size_name(base), plan.method), ROWS["sd15", plan.method])


def trigger_of(plan: Plan, taken: Collection[str] = ()) -> str:
    """A word of the name's consonants, which no language has, so that it brings no meaning of its own.

    An embedding answers to the name of its file, as in AUTOMATIC1111.
    """
    if plan.trigger or plan.method == EMBEDDING or not plan.name:
        return plan.trigger or plan.name.strip()
    least, most = TRIGGER_LETTERS
    known = {word.casefold() for word in taken}
    kept = [letter for letter in plan.name.casefold() if letter in CONSONANTS][:most]
    more = hashlib.sha256(plan.name.casefold().encode()).digest()
    letters = [CONSONANTS[byte % len(CONSONANTS)] for byte in more]
    word = "".join(kept + letters[: max(0, least - len(kept))])
    while word in known or word == plan.class_word.casefold():
        word, letters = word + letters[-1], letters[:-1]
    return word


def _steps(row: Row, plan: Plan, pictures: int) -> int:
    least, most = row.steps
    wanted = round(row.steps_a_picture * pictures * STEPS_OF_KIND[plan.kind])
    return min(max(wanted, least), most, STEPS[1])


def _resolution(base: Checkpoint) -> int:
    side = min(base.defaults.width, base.defaults.height)
    return max(RESOLUTION_ROUND, side // RESOLUTION_ROUND * RESOLUTION_ROUND)


def _held_out(pictures: int) -> int:
    return max(1, pictures // HELD_OUT_SHARE) if pictures >= HELD_OUT_FROM else 0


def _with_samples(plan: Plan) -> Plan:
    steps = plan.steps or 1
    it = plain(Words.of(plan))
    prompts = plan.sample_prompts or tuple(
        text.format(it=it, word=plan.trigger) for text in SAMPLES[plan.kind]
    )
    every = max(SAMPLE_STEPS_ROUND, steps // SAMPLED // SAMPLE_STEPS_ROUND * SAMPLE_STEPS_ROUND)
    return replace(
        plan, sample_prompts=prompts, sample_every=plan.sample_every or min(every, steps)
    )


def _with_prior(plan: Plan, row: Row, pictures: int) -> Plan:
    """Pictures of the class as the checkpoint draws it; only where there is a class, and weights that it could lose.

    The prompts stay without pictures where outputs are preserved: for each there is a picture already.
    """
    prompts = plan.prior_prompts
    if not prompts and plan.output_preservation:
        prompts = row.kept_prompts
    if not prompts and plan.class_word:
        prompts = (plain(Words(plan.kind, "", plan.class_word)),)
    is_wanted = plan.method == LORA and HAS_PRIOR[plan.kind] and bool(prompts)
    count = min(row.prior_pictures, row.prior_pictures_a_picture * pictures) if is_wanted else 0
    count = _or(plan.prior_pictures, count)
    kept = prompts if plan.output_preservation else prompts[:count]
    return replace(plan, prior_pictures=count, prior_prompts=kept)


def _or(given: Value | None, else_: Value) -> Value:
    return else_ if given is None else given
