"""What may be done with a picture: of all the models that made it the strictest counts, and it is kept as it was."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from pipelines.catalog.about import About, licence
from pipelines.catalog.checkpoint import Checkpoint, Model, Other
from pipelines.catalog.licences import CONDITIONS, NO, UNKNOWN, YES
from pipelines.catalog.verdict import Used, Verdict, licence_notice, read_verdict, verdict_of


def checkpoint(name: str, licence_name: str) -> Model:
    about = About(licence=licence(licence_name, "README.md"))
    return Checkpoint(name=name, path=Path(name), about=about)


def lora(name: str, licence_name: str = "", text_file: str = "") -> Model:
    about = About(licence=licence(licence_name, "its owner", text_file), author="Ada")
    return Other(name=name, path=Path(name), kind="lora", about=about)


def test_the_strictest_of_all_models_counts_for_each_use_by_itself() -> None:
    verdict = verdict_of([checkpoint("paper", "openrail++"), lora("ink", "CC BY-NC 4.0")])

    assert (verdict.commercial, verdict.hosting, verdict.sharing) == (NO, CONDITIONS, CONDITIONS)
    assert verdict.models == (
        Used("paper", "checkpoint", "openrail++", "README.md"),
        Used("ink", "lora", "CC BY-NC 4.0", "its owner"),
    )


def test_a_model_of_which_nobody_has_said_anything_leaves_it_open() -> None:
    assert verdict_of([checkpoint("paper", "MIT")]).commercial == YES
    assert verdict_of([checkpoint("paper", "MIT"), lora("ink")]).commercial == UNKNOWN
    assert verdict_of([]) == Verdict()


def test_a_verdict_is_read_as_it_was_written() -> None:
    verdict = verdict_of([checkpoint("paper", "MIT"), lora("ink", "CC0")])

    assert read_verdict(as_json(verdict)) == verdict


def as_json(verdict: Verdict) -> dict[str, Any]:
    values = dataclasses.asdict(verdict)
    return {**values, "models": list(values["models"])}


@pytest.mark.parametrize(
    "given",
    [None, [], "yes", {}, {"models": "x"}, {"models": [], "commercial": "perhaps"},
     {"models": [{"name": 7}], "commercial": "yes", "hosting": "yes", "sharing": "yes"},
     {"models": [None], "commercial": "yes", "hosting": "yes", "sharing": "yes"},
     {"models": [], "commercial": ["yes"], "hosting": "yes", "sharing": "yes"}],
)  # fmt: skip
def test_what_is_no_verdict_counts_as_none(given: Any) -> None:
    assert read_verdict(given) is None


def test_the_notice_for_what_is_derived_carries_texts_and_restrictions(tmp_path: Path) -> None:
    text = tmp_path / "LICENSE"
    text.write_text("All the words of the licence.")
    models = [
        checkpoint("paper", "creativeml-openrail-m"),
        lora("ink", "own", str(text)),
        lora("x"),
    ]

    notice = licence_notice(models)

    assert "paper (checkpoint)\nLicence: creativeml-openrail-m" in notice
    assert "Its text: https://huggingface.co/spaces/CompVis/stable-diffusion-license" in notice
    assert "- exploit or harm minors;" in notice
    assert "By: Ada" in notice
    assert "All the words of the licence." in notice
    assert "x (lora)\nLicence: unknown" in notice


def test_a_licence_text_that_is_gone_leaves_the_rest(tmp_path: Path) -> None:
    assert "Licence: own" in licence_notice([lora("ink", "own", str(tmp_path / "gone"))])
