"""The map between widgets and Request."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from pipelines import SAMPLERS, SCHEDULES, Defaults, Request, Sampling
from ui import form

# Fields of a Request that no widget of the form holds, and who fills them.
ELSEWHERE = {
    "kind": "there is one kind",
    "checkpoint": "the picker in the header",
    "draft_fraction": "the button for eight drafts",
    "source": "the island of the source",
    "inpainting": "the editor",
    "tile": "programs alone, so far",
    "controls": "the island of ControlNets",
    "image_prompts": "the island of image prompts",
}


def names_of_a_request() -> set[str]:
    own = {field.name for field in dataclasses.fields(Request)} - {"sampling"}
    return own | {f"sampling.{field.name}" for field in dataclasses.fields(Sampling)}


def test_every_field_of_a_request_has_its_widget() -> None:
    assert {row.name for row in form.FIELDS} | set(ELSEWHERE) == names_of_a_request()


def test_no_two_widgets_share_a_name_or_an_id() -> None:
    assert len({row.name for row in form.FIELDS}) == len(form.FIELDS)
    assert len({row.elem_id for row in form.FIELDS}) == len(form.FIELDS)


def test_the_first_values_are_a_request_that_can_be_sent() -> None:
    values: dict[str, Any] = {"sampling": {}}
    for row in form.FIELDS:
        place, _, name = row.name.rpartition(".")
        (values[place] if place else values)[name] = row.value
    request = Request.from_dict(values)
    assert request.sampling.sampler == Defaults().sampler
    assert request.pictures == 1


def test_what_a_checkpoint_has_defaults_for_follows_it() -> None:
    following = {row.name.rpartition(".")[2] for row in form.FIELDS if row.follows_checkpoint}
    # The choice "Automatic" means the checkpoint's own VAE, whichever that is.
    assert following == {field.name for field in dataclasses.fields(Defaults)} - {"vae"}


@pytest.mark.parametrize(
    ("name", "rows"), [("sampling.sampler", SAMPLERS), ("sampling.schedule", SCHEDULES)]
)
def test_samplers_and_schedules_come_from_their_table(name: str, rows: Any) -> None:
    field = next(row for row in form.FIELDS if row.name == name)
    assert field.choices == tuple(row.name for row in rows)


def test_the_page_gets_the_same_table() -> None:
    rows = json.loads(form.for_page())
    assert [row["name"] for row in rows] == [row.name for row in form.FIELDS]
    assert all(row["bounds"] for row in rows)
