"""The page's table of what a plan can say, held against the plan itself."""

from __future__ import annotations

import dataclasses
import re

from pipelines.finetune.plan import BOUNDS, CHOICES, Plan
from ui import layout

TABLE = (layout.FOLDER / "islands" / "train" / "plan_fields.js").read_text(encoding="utf-8")
FIELDS = (layout.FOLDER / "islands" / "train" / "fields.js").read_text(encoding="utf-8")
NUMBER = re.compile(r'(?:whole|number)\("(\w+)", "[^"]+", \[([^,\]]+), ([^\]]+)\]')
CHOICE = re.compile(r'choice\("(\w+)", "[^"]+", (\[\[.*?\]\])')


def test_every_field_of_a_plan_has_its_place() -> None:
    placed = set(re.findall(r'(?:whole|number|choice|either)\("(\w+)"|name: "(\w+)"', TABLE))
    advanced = {one or other for one, other in placed}
    plain = {"name", "kind", "class_word", "checkpoint"}

    assert advanced | plain == {field.name for field in dataclasses.fields(Plan)}
    assert all(f'"{name}"' in FIELDS for name in plain)


def test_ranges_are_those_of_the_plan() -> None:
    told = {name: (float(low), float(high)) for name, low, high in NUMBER.findall(TABLE)}

    assert told == {name: (float(low), float(high)) for name, (low, high) in BOUNDS.items()}


def test_choices_are_those_of_the_plan() -> None:
    told = {
        name: tuple(re.findall(r'\["([^"]+)", ', options))
        for name, options in CHOICE.findall(TABLE)
    }

    assert told == {name: tuple(CHOICES[name]) for name in told}
    assert told.keys() | {"kind"} == CHOICES.keys()
