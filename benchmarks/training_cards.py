"""What a training takes on a card: counted on the published networks, beside diffusers' example and our own formula."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from benchmarks.counting import Ledger, storage_bytes
from benchmarks.plain_training import Layers, Parts, PlainTraining
from benchmarks.table import Goal, Row, Table
from benchmarks.training_memory import META, TOKENS, as_on_a_card, count
from pipelines.finetune.plan import Plan
from pipelines.finetune.planning.memory import (
    RESERVE_BYTES,
    TRAINED_BYTES,
    WHOLE,
    Place,
    training_bytes,
)
from pipelines.worker.finetune.lora_layers import TRANSFORMERS
from tests.pipelines.worker.weights.test_full_size import published

GB = 2**30
DTYPE = torch.float16
METHOD = (
    "Nothing is tried on a card: the published networks as shapes without numbers, in float16 as CUDA's autocast "
    "computes, batch of 1, rank 16, one step. Counted: all that is alive at once, at most; "
    f"{RESERVE_BYTES // 2**20} MB for the driver and for gaps are in both columns. VAE and text encoders wait in RAM, "
    "unless they learn; the example has them on the card. Its layers are ours."
)


@dataclass(frozen=True)
class Card:
    family: str
    size_px: int
    card_gb: int
    saves_memory: bool = True
    trains_text: bool = False
    has_class: bool = False  # a picture of the class beside each that is taught

    @property
    def plan(self) -> Plan:
        return Plan(
            name="sks",
            resolution=self.size_px,
            rank=16,
            batch_size=1,
            saves_memory=self.saves_memory,
            trains_text=self.trains_text,
            prior_pictures=100 if self.has_class else 0,
        )

    @property
    def title(self) -> str:
        said = ((self.trains_text, "text encoders too"), (self.has_class, "class pictures"))
        more = [words for is_so, words in (*said, (self.saves_memory, "memory saved")) if is_so]
        return ", ".join([self.family, f"{self.size_px} px", *more])


CARDS = (
    Card("sd15", 512, 6, trains_text=True, has_class=True),  # the defaults
    Card("sd15", 512, 6, saves_memory=False, trains_text=True, has_class=True),
    Card("sdxl", 1024, 12, has_class=True),  # the defaults
    Card("sdxl", 1024, 12, trains_text=True, has_class=True),
)
LIKE_THE_EXAMPLE = Card("sd15", 512, 6)


def table() -> Table:
    rows = [_row(card) for card in (*CARDS, LIKE_THE_EXAMPLE)]
    columns = ("counted", "as told")
    return Table("Memory of a training on a card", METHOD, columns, (*rows, _plain()))


def _row(card: Card) -> Row:
    place = Place(is_half=True, is_card=True)
    said = training_bytes(card.family, card.plan, place)
    whole = RESERVE_BYTES + ours(card)
    shown = (f"{whole / GB:.2f} GB", f"{said / GB:.2f} GB")
    goal = Goal(card.card_gb, is_at_least=False, unit=" GB")
    return Row(card.title, shown, whole / GB, goal)


def ours(card: Card) -> int:
    """Of a step: what learns and its moments are there before it."""
    plan = card.plan
    counted = count(published(card.family), plan, DTYPE, 1 + card.has_class)
    kept = counted.numbers * (TRAINED_BYTES[plan.optimizer] - WHOLE)  # gradients come and go
    return counted.denoiser + counted.text_encoders + kept + counted.peak


def _plain() -> Row:
    whole = RESERVE_BYTES + plain(LIKE_THE_EXAMPLE, Layers(TRANSFORMERS))
    title = f"{LIKE_THE_EXAMPLE.title}: diffusers' example"
    return Row(title, (f"{whole / GB:.2f} GB", ""))


def plain(card: Card, layers: Layers) -> int:
    """The same of the example: networks, what learns with its moments, and the most that a step has alive."""
    parts = published(card.family)
    modules = [one.to(DTYPE) for one in (parts.text_encoder, parts.vae, parts.unet)]
    training = PlainTraining(Parts(None, *modules, parts.scheduler), card.plan)
    training.prepare(layers)
    for one in training.parameters:
        one.data = one.data.float()
    learning = storage_bytes(training.parameters)
    known = [*training.parameters, *(one for module in modules for one in module.parameters())]
    pictures = torch.empty((1, 3, card.size_px, card.size_px), dtype=DTYPE, device=META)
    ids = torch.zeros((1, TOKENS), dtype=torch.int64, device=META)
    with Ledger(known) as ledger, torch.enable_grad():
        latents = training.latents(pictures)
        with as_on_a_card(DTYPE):
            training.loss(latents, ids).backward()  # type: ignore[no-untyped-call]
    return storage_bytes(known) + 2 * learning + ledger.peak_bytes
