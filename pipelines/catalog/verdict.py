"""The verdict over a picture: whose models made it, under which licences, and what all of them together allow.

Also the notice that whatever is derived from models must carry: their licences, texts and restrictions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.catalog.checkpoint import Model
from pipelines.catalog.licences import STRICTNESS, UNKNOWN, strictest

MODELS_MAX, CHARACTERS_MAX = 64, 300
TEXT_BYTES_MAX = 100_000  # of one licence
USES = ("commercial", "hosting", "sharing")
# What Attachment A of the Open RAIL-M licences forbids, shortened; whoever passes a model on passes it on, too.
RAIL_USES = (
    "break the law",
    "exploit or harm minors",
    "spread false information in order to harm others",
    "use or spread personal data in order to harm somebody",
    "defame, disparage or harass people",
    "decide by machine alone what changes somebody's rights or binds them",
    "discriminate against people or harm them for what they do, are or are held to be",
    "exploit the weakness of a group in order to harm its members",
    "give medical advice or interpret medical results",
    "serve law enforcement, justice, immigration or asylum by predicting what somebody will do",
)
RESTRICTED = ("creativeml-openrail-m", "openrail++")


@dataclass(frozen=True)
class Used:
    """A model as it was when the picture was made. `licence`: its name, "" when nobody had said; `source`: where."""

    name: str
    kind: str
    licence: str
    source: str


@dataclass(frozen=True)
class Verdict:
    """Of all models of a picture the strictest counts; each use is one of `licences.STRICTNESS`."""

    models: tuple[Used, ...] = ()
    commercial: str = UNKNOWN
    hosting: str = UNKNOWN
    sharing: str = UNKNOWN


def verdict_of(models: Iterable[Model]) -> Verdict:
    """What may be done with a picture that these models made together."""
    known = tuple(models)
    used = tuple(
        Used(one.name, one.kind, one.about.licence.name, one.about.licence.source) for one in known
    )
    terms = [one.about.licence.terms for one in known]
    return Verdict(
        used[:MODELS_MAX],
        commercial=strictest(one.commercial for one in terms),
        hosting=strictest(one.hosting for one in terms),
        sharing=strictest(one.sharing for one in terms),
    )


def read_verdict(given: Any) -> Verdict | None:
    """The verdict out of JSON that may come from anywhere; None when it is none."""
    if not isinstance(given, dict) or not isinstance(given.get("models"), list):
        return None
    models = [_used(one) for one in given["models"][:MODELS_MAX]]
    uses = [given.get(name) for name in USES]
    if None in models or not all(isinstance(u, str) and u in STRICTNESS for u in uses):
        return None
    return Verdict(tuple(one for one in models if one), *(str(use) for use in uses))


def _used(given: Any) -> Used | None:
    names = ("name", "kind", "licence", "source")
    texts = [given.get(name) for name in names] if isinstance(given, dict) else []
    if not texts or not all(isinstance(t, str) and len(t) <= CHARACTERS_MAX for t in texts):
        return None
    return Used(*map(str, texts))


def licence_notice(models: Iterable[Model]) -> str:
    """The text that goes with whatever is derived from these models: training, merges, conversions."""
    parts = ["This model was made from the models below. Their licences hold for it, too."]
    for model in models:
        licence = model.about.licence
        terms = licence.terms
        lines = [
            f"{model.name} ({model.kind})",
            f"Licence: {licence.name or 'unknown'}",
            f"As written in: {licence.source}" if licence.source else "",
            f"By: {model.about.author}" if model.about.author else "",
            f"Its text: {terms.address}" if terms.address else "",
            terms.note,
            _restrictions(terms.id),
            _text(licence.text_file),
        ]
        parts.append("\n".join(line for line in lines if line))
    return "\n\n----\n\n".join(parts) + "\n"


def _restrictions(licence_id: str) -> str:
    if licence_id not in RESTRICTED:
        return ""
    lines = "\n".join(f"- {use};" for use in RAIL_USES)
    return f"Use restrictions, in short; its text decides. Neither it nor what is made from it may be used to\n{lines}"


def _text(file: str) -> str:
    """The licence's own words, where they lie beside the model."""
    if not file:
        return ""
    try:
        with Path(file).open("rb") as opened:
            return "\n" + opened.read(TEXT_BYTES_MAX).decode("utf-8", "replace").strip()
    except OSError:
        return ""
