"""Explains prompts: how they are read, which of the models they name, and which traps are in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from typing import Any

from pipelines.asking.sampling import STEPS
from pipelines.asking.wording import Wording, check_wording
from pipelines.errors import RequestError
from pipelines.fields import one, typed, within
from pipelines.manager.embeddings import Known
from pipelines.manager.loras import KIND as LORA
from pipelines.manager.loras import Loras
from pipelines.prompting.explaining import Spans, Telling, Told, Values
from pipelines.prompting.networks import Network, tags
from pipelines.prompting.reading import read, read_negative
from pipelines.prompting.schedules import Timing
from pipelines.prompting.traps import Trap, negative_traps, traps
from pipelines.request import check_text

WARNINGS_TOLD = 50
UNKNOWN_KIND = "networks of this kind are not known here, and the tag is passed over"


@dataclass(frozen=True, kw_only=True)
class PromptQuestion:
    """Prompts to be explained, for pictures of so many steps."""

    prompt: str = ""
    negative_prompt: str = ""
    steps: int = 20
    hires_steps: int | None = None  # of the second pass; None: there is none
    checkpoint: str | None = None
    wording: Wording = field(default_factory=Wording)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PromptQuestion:
        """From JSON values. Raises RequestError for names, types and numbers that cannot be used."""
        given = dict(values)
        wording = one(Wording, given.pop("wording", None), "wording") or Wording()
        question = cls(**typed(cls, given), wording=wording)
        check_text("prompt", question.prompt)
        check_text("negative_prompt", question.negative_prompt)
        within("steps", question.steps, STEPS, "steps")
        if question.hires_steps is not None:
            within("hires_steps", question.hires_steps, STEPS, "steps")
        check_wording(wording)
        return question


@dataclass(frozen=True)
class Explainer:
    """For one checkpoint and the models that lie there now."""

    loras: Loras
    known: Known
    spans: Spans

    def explain(self, question: PromptQuestion) -> Values:
        """The answer of `POST /api/v1/prompts/explain`."""
        return {
            "prompt": self._read(question, question.prompt),
            "negative_prompt": self._read(question, question.negative_prompt, is_negative=True),
        }

    def _read(self, question: PromptQuestion, prompt: str, *, is_negative: bool = False) -> Values:
        vocabulary = self.known.vocabulary
        telling = Telling(vocabulary, question.wording, cache(self.spans), self.known.name)
        told = Told(telling)
        reader, trapper = (read_negative, negative_traps) if is_negative else (read, traps)
        timing = Timing(question.steps)
        reading, second, hires_parts = reader(prompt, timing), timing, None
        parts = told.parts(reading)
        if question.hires_steps is not None:
            second = Timing(question.steps, question.hires_steps)
            hires_parts = told.parts(reader(prompt, second))
        units = _units(prompt)
        networks = [] if is_negative else [*self._networks(prompt, units)]
        embeddings = [*self._embeddings(told)]
        has_weights = question.wording.emphasis != "none"
        found = trapper(prompt, second, has_weights=has_weights)
        warnings = [
            *(_warning(trap, units) for trap in found),
            *(_of_network(row) for row in networks if row["problem"]),
            *(_of_embedding(row) for row in embeddings if row["problem"]),
        ]
        return {
            **told.length(),
            "parts": parts,
            "parts_left_out": len(reading.parts) - len(parts),
            "hires_parts": hires_parts,
            "networks": networks,
            "embeddings": embeddings,
            "warnings": _some(warnings),
        }

    def _networks(self, prompt: str, units: list[int] | None) -> Iterator[Values]:
        for tag in tags(prompt):
            begin, end = _place(tag.begin, units), _place(tag.end, units)
            problem = self._problem(tag.network)
            arguments = tag.network.arguments
            yield {
                "kind": tag.network.kind,
                "name": arguments[0].strip() if arguments else "",
                "text": prompt[tag.begin : tag.end],
                "start": begin,
                "end": end,
                "is_known": not problem,
                "problem": problem,
            }

    def _problem(self, network: Network) -> str:
        if network.kind != LORA:
            return UNKNOWN_KIND
        try:
            self.loras.ref(network)
        except RequestError as error:
            return error.why
        return ""

    def _embeddings(self, told: Told) -> Iterator[Values]:
        for place in told.embeddings():
            row = {"name": self.known.name(place), "vectors": place.vectors, "problem": ""}
            try:
                self.known.usable(place, "prompt")
            except RequestError as error:
                row["problem"] = error.why
            yield row


def _warning(trap: Trap, units: list[int] | None) -> Values:
    return {
        "code": trap.code,
        "text": trap.text,
        "start": _place(trap.begin, units),
        "end": _place(trap.end, units),
        "why": trap.why,
        "remedy": trap.remedy,
        "is_refused": trap.is_refused,
    }


def _of_network(row: Values) -> Values:
    is_lora = row["kind"] == LORA
    return {
        "code": "unknown_network" if is_lora else "unknown_kind",
        **{name: row[name] for name in ("text", "start", "end")},
        "why": row["problem"],
        "remedy": "Take it out of the prompt.",
        "is_refused": is_lora,
    }


def _of_embedding(row: Values) -> Values:
    remedy = "Take the name out of the prompt."
    place = {"text": row["name"], "start": None, "end": None}
    why = {"why": row["problem"], "remedy": remedy, "is_refused": True}
    return {"code": "unusable_embedding", **place, **why}


def _some(warnings: list[Values]) -> list[Values]:
    """In the order of the prompt; of too many, those first that keep a job from being taken."""
    urgent = sorted(warnings, key=lambda one: not one["is_refused"])[:WARNINGS_TOLD]
    return sorted(urgent, key=lambda one: (one["start"] is None, one["start"] or 0))


def _units(text: str) -> list[int] | None:
    """Where each character begins in UTF-16; None: where it does in Python."""
    if text.isascii():
        return None
    return [*accumulate((1 + (character > "\uffff") for character in text), initial=0)]


def _place(index: int | None, units: list[int] | None) -> int | None:
    return index if units is None or index is None else units[index]
