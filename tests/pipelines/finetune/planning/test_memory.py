"""The formula of a training's memory: it says what was counted, a little more rather than less, and what fits where."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.catalog.checkpoint import Checkpoint
from pipelines.finetune.plan import EMBEDDING, Plan
from pipelines.finetune.planning.defaults import settled
from pipelines.finetune.planning.memory import (
    SIZES,
    STARTER,
    Place,
    Room,
    needs_saving,
    parts,
    training_bytes,
)

MB, GB = 2**20, 2**30
CARD, CARD_WIDE, CPU = Place(True, True), Place(False, True), Place(False, False)
# Counted by benchmarks/training_memory.py: MB of networks, trained numbers, gradients, moments, activations at once.
COUNTED: list[tuple[str, Place, dict[str, Any], float]] = [
    ("sd15", CARD, {"rank": 4}, 1989),
    ("sd15", CARD, {"rank": 4, "saves_memory": False}, 2953),
    ("sd15", CARD, {"rank": 128, "saves_memory": False}, 3712),
    ("sd15", CARD, {"rank": 4, "saves_memory": False, "resolution": 768}, 4556),
    ("sd15", CARD_WIDE, {"rank": 4}, 3760),
    ("sd15", CARD_WIDE, {"rank": 4, "saves_memory": False}, 5092),
    ("sd15", CARD, {"rank": 4, "saves_memory": False, "trains_text": True}, 3226),
    ("sd15", CARD, {"rank": 4, "trains_text": True, "batch_size": 2}, 2566),
    ("sd2", CARD, {"rank": 4}, 1964),
    ("sdxl", CARD, {"rank": 4}, 5787),
    ("sdxl", CARD, {"rank": 4, "saves_memory": False}, 13518),
    ("sdxl", CARD, {"rank": 64}, 7817),
]
RESOLUTION = {"sd15": 512, "sd2": 512, "sdxl": 1024}


def plan(**given: Any) -> Plan:
    same: dict[str, Any] = {"batch_size": 1, "saves_memory": True, "trains_text": False, "rank": 16}
    return Plan(name="sks", **{**same, **given})


def of_family(family: str, **given: Any) -> Plan:
    """With the defaults of the family, for five pictures of a subject."""
    base = Checkpoint(name="base", path=Path("base"), family=family)
    own = settled(Plan(name="sks", class_word="dog", **given), 5, base)
    return replace(own, resolution=RESOLUTION[family])


@pytest.mark.parametrize(("family", "place", "given", "counted_mb"), COUNTED)
def test_a_step_is_said_to_take_what_was_counted_or_a_little_more(
    family: str, place: Place, given: dict[str, Any], counted_mb: float
) -> None:
    one = plan(**{"resolution": RESOLUTION[family], **given})

    said = parts(family, one, place)

    step = said.networks + said.trained + said.activations
    assert counted_mb * MB <= step <= 1.1 * counted_mb * MB


def test_defaults_fit_sd15_in_6_gb_and_sdxl_in_12() -> None:
    assert training_bytes("sd15", of_family("sd15"), CARD) < 4 * GB
    assert training_bytes("sdxl", of_family("sdxl"), CARD) < 8 * GB


def test_what_must_hold_for_sdxl_in_12_gb() -> None:
    whole = replace(of_family("sdxl"), saves_memory=False)

    assert training_bytes("sdxl", whole, CARD) > 12 * GB
    assert training_bytes("sdxl", of_family("sdxl", trains_text=True), CARD) < 12 * GB
    assert training_bytes("sdxl", of_family("sdxl"), CARD_WIDE) > 12 * GB


@pytest.mark.parametrize("family", [*SIZES])
@pytest.mark.parametrize(
    "more",
    [
        {"resolution": 768},
        {"batch_size": 2},
        {"rank": 32},
        {"trains_text": True},
        {"saves_memory": False},
        {"prior_pictures": 8},
        {"output_preservation": True},
    ],
    ids=lambda more: next(iter(more)),
)
def test_more_of_anything_takes_more(family: str, more: dict[str, Any]) -> None:
    less = plan(resolution=512)

    def step(one: Plan) -> int:
        said = parts(family, one, CARD)
        return said.networks + said.trained + said.activations

    assert step(replace(less, **more)) > step(less)
    assert training_bytes(family, less, CARD_WIDE) > training_bytes(family, less, CARD)


def test_eight_bit_moments_save_little_beside_a_lora() -> None:
    wide, narrow = (
        training_bytes("sdxl", plan(resolution=1024, optimizer=name), CARD)
        for name in ("AdamW", "AdamW 8-bit")
    )

    assert 0 < wide - narrow < 0.05 * wide


def test_vectors_take_next_to_nothing_but_the_text_encoders_compute() -> None:
    said = parts("sdxl", plan(resolution=1024, method=EMBEDDING, vectors=4), CARD)

    assert said.trained < MB
    assert said.networks > 6 * GB


def test_where_nothing_can_leave_all_networks_count() -> None:
    card, processor = (parts(STARTER, plan(resolution=128), one) for one in (CARD_WIDE, CPU))

    assert processor.networks - card.networks == 4 * (
        SIZES[STARTER].vae + SIZES[STARTER].text_encoders
    )


@pytest.mark.parametrize(
    ("family", "there_gb", "is_needed"),
    [("sd15", 4, True), ("sd15", 12, False), ("sdxl", 12, True), ("sdxl", 48, False)],
)
def test_memory_is_saved_by_itself_only_where_it_is_short(
    family: str, there_gb: int, is_needed: bool
) -> None:
    base = Checkpoint(name="base", path=Path("base"), family=family)
    room = Room(CARD, there_gb * GB)

    own = settled(
        Plan(name="sks", class_word="dog", resolution=RESOLUTION[family]), 5, base, (), room
    )

    assert own.saves_memory is is_needed
    assert needs_saving(family, own, room) is is_needed


def test_a_wish_stands_and_without_a_figure_it_is_saved() -> None:
    base = Checkpoint(name="base", path=Path("base"), family="sd15")
    asked = Plan(name="sks", class_word="dog", saves_memory=False)

    assert settled(asked, 5, base, (), Room(CARD, GB)).saves_memory is False
    assert settled(replace(asked, saves_memory=None), 5, base, (), Room(CARD, None)).saves_memory
