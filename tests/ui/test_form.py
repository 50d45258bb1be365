"""The map between widgets and Request."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from pipelines import SAMPLERS, SCHEDULES, Defaults, Hires, Noise, Request, Sampling, Wording
from pipelines.request import resolve
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
    "styles": "the chips below the prompt",
    "template": "the server, when wildcards become words",
    "negative_template": "the server, when wildcards become words",
    "beginnings": "the button that branches from a step",
    "noise.later_seed": "the same",
    "grid": "the island of grids",
    "morph": "animations, which blend what two prompts mean",
}
# Parts of a Request whose fields are widgets each; those that may be left out have a switch of their own name.
PARTS = {"sampling": Sampling, "noise": Noise, "wording": Wording, "hires": Hires}


def names_of_a_request() -> set[str]:
    own = {field.name for field in dataclasses.fields(Request)} - (set(PARTS) - {"hires"})
    return own | {
        f"{name}.{field.name}" for name, part in PARTS.items() for field in dataclasses.fields(part)
    }


def test_every_field_of_a_request_has_its_widget() -> None:
    assert {row.name for row in form.FIELDS} | set(ELSEWHERE) == names_of_a_request()


def test_no_two_widgets_share_a_name_or_an_id() -> None:
    assert len({row.name for row in form.FIELDS}) == len(form.FIELDS)
    assert len({row.elem_id for row in form.FIELDS}) == len(form.FIELDS)


def sent(is_on: bool) -> dict[str, Any]:
    """What the form sends at first, its switches of parts on or off."""
    values: dict[str, Any] = {"sampling": {}}
    off = {row.name for row in form.FIELDS if row.is_part and not is_on}
    for row in form.FIELDS:
        place, _, name = row.name.rpartition(".")
        if row.is_part or place in off or row.value in (None, ""):
            continue
        (values.setdefault(place, {}) if place else values)[name] = row.value
    return values


def test_the_first_values_are_a_request_that_can_be_sent() -> None:
    request = resolve(Request.from_dict(sent(is_on=False)), "any", Defaults())
    assert request.sampling.sampler == Defaults().sampler
    assert request.pictures == 1


def test_what_is_folded_away_changes_nothing_until_it_is_touched() -> None:
    asked = Request.from_dict(sent(is_on=False))
    bare = Request(sampling=asked.sampling, refiner_switch_at=asked.refiner_switch_at)
    finer = {"eta", "churn", "sigma_min", "rho", "skips_penultimate", "sgm_noise"}
    assert {name: getattr(asked.sampling, name) for name in finer} == {
        name: getattr(Sampling(), name) for name in finer
    }
    assert (asked.noise, asked.wording, asked.hires) == (bare.noise, bare.wording, None)


def test_hires_fix_begins_as_programs_find_it() -> None:
    assert Request.from_dict(sent(is_on=True)).hires == Hires()


def test_an_id_tells_a_field_from_the_same_one_of_another_part() -> None:
    ids = {row.name: row.elem_id for row in form.FIELDS}
    assert ids["sampling.steps"] == "field-steps"
    assert ids["hires.steps"] == "field-hires-steps"
    assert ids["noise.source"] == "field-noise-source"


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


def test_hints_belong_to_choices_that_are_there() -> None:
    for row in form.FIELDS:
        shown = {choice if isinstance(choice, str) else choice[0] for choice in row.choices}
        assert not row.hints or set(row.hints) == shown, row.name


def test_the_page_gets_the_same_table() -> None:
    rows = json.loads(form.for_page())
    assert [row["name"] for row in rows] == [row.name for row in form.FIELDS]
    assert all(row["bounds"] for row in rows)
