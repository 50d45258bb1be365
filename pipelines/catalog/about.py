"""About: what is known of a model beside its weights; and what the metadata of its header say of that.

Everything here was written by strangers: it is cut to sensible lengths, freed of control characters, and shown as text.
"""

from __future__ import annotations

import dataclasses
import html
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.catalog.licences import UNSAID, Licence, find_terms

WORD_CHARACTERS_MAX, WORDS_MAX = 200, 40
LINE_CHARACTERS_MAX, TEXT_CHARACTERS_MAX = 200, 10_000
TAGS_MAX = 24
# A tag ends before another one begins, so both cost no more than to read the text once.
BLOCK = re.compile(r"<(?:p|br|li|div|h[1-6]|hr|tr)\b[^<>]*>", re.I)
TAG = re.compile(r"</?[a-z!][^<>]*>", re.I)
TAGS_BYTES_MAX = 2 * 2**20
WEIGHT_MAX = 10.0
OWN_METADATA = "the file itself"
# Pictures inside a header: a data URL; a JSON list of base64 texts.
COVER, COVERS = "modelspec.thumbnail", "ssmd_cover_images"


@dataclass(frozen=True, kw_only=True)
class About:
    """`trigger_words` are meant to stand in a prompt; `tags` only stood in the captions of its training, so often."""

    title: str = ""
    author: str = ""
    description: str = ""
    notes: str = ""
    trigger_words: tuple[str, ...] = ()
    tags: tuple[tuple[str, int], ...] = ()
    preferred_weight: float | None = None
    vae: str = ""  # the file of the one that another program uses with this checkpoint
    licence: Licence = UNSAID
    preview: Path | None = None  # a picture beside it
    has_cover: bool = False  # a picture inside its header

    def under(self, other: About) -> About:
        """This, where `other` says nothing."""
        said = {
            field.name: getattr(other, field.name)
            for field in dataclasses.fields(About)
            if getattr(other, field.name) != field.default
        }
        return dataclasses.replace(self, **said)


NOTHING = About()


def of_header(metadata: Mapping[str, str]) -> About:
    """What modelspec (github.com/Stability-AI/ModelSpec) and kohya's scripts (ss_*) write there."""

    def said(*names: str) -> str:
        return next((metadata[name] for name in names if metadata.get(name, "").strip()), "")

    hint = said("modelspec.usage_hint")
    return About(
        title=line(said("modelspec.title", "ss_output_name")),
        author=line(said("modelspec.author")),
        description=plain(said("modelspec.description") or hint),
        notes=text(said("ss_training_comment")) if said("ss_training_comment") != "None" else "",
        trigger_words=words(said("modelspec.trigger_phrase")),
        tags=_tags(metadata.get("ss_tag_frequency", "")),
        licence=licence(said("modelspec.license"), OWN_METADATA),
        has_cover=bool(said(COVER, COVERS)),
    )


def licence(name: Any, source: str, text_file: str = "") -> Licence:
    """UNSAID when there is no name."""
    short = line(name)
    return Licence(short, find_terms(short), source, text_file) if short else UNSAID


def line(value: Any) -> str:
    """One line of it, without what cannot be seen; "" when it is no text."""
    return " ".join(text(value)[: LINE_CHARACTERS_MAX * 4].split())[:LINE_CHARACTERS_MAX]


def text(value: Any) -> str:
    """Its lines; "" when it is no text."""
    if not isinstance(value, str):
        return ""
    cut = value[:TEXT_CHARACTERS_MAX].strip()
    return "".join(c for c in cut if c.isprintable() or c == "\n")


def words(*values: Any) -> tuple[str, ...]:
    """Texts, or lists of them, parted at their commas; each once, in order."""
    texts: list[Any] = []
    for value in values:
        texts += value[:WORDS_MAX] if isinstance(value, list | tuple) else [value]
    parts = (part for one in texts for part in text(one).replace("\n", ",").split(","))
    short = (" ".join(part.split())[:WORD_CHARACTERS_MAX] for part in parts)
    return tuple(dict.fromkeys(part for part in short if part))[:WORDS_MAX]


def weight(value: Any) -> float | None:
    """How much a LoRA should count; None for what is no such number, and for 0, which A1111 writes for "not said"."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(float(value), 4) if is_number and 0 < abs(value) <= WEIGHT_MAX else None


def plain(markup: Any) -> str:
    """The text of a description that may be HTML."""
    lines = BLOCK.sub("\n", text(markup))
    words = html.unescape(TAG.sub("", lines))
    return re.sub(r"[ \t]*\n\s*", "\n", text(words)).strip()


def _tags(frequency: str) -> tuple[tuple[str, int], ...]:
    """The commonest tags, out of {"folder": {"tag": count}}."""
    if len(frequency) > TAGS_BYTES_MAX:
        return ()
    try:
        folders = json.loads(frequency or "{}")
    except (ValueError, RecursionError):
        return ()
    counts: Counter[str] = Counter()
    for folder in folders.values() if isinstance(folders, dict) else ():
        for tag, count in folder.items() if isinstance(folder, dict) else ():
            if type(count) is int and 0 < count < 2**31:
                counts[tag.strip()] += count
    shown = [(line(tag), count) for tag, count in counts.most_common(2 * TAGS_MAX)]
    return tuple((tag, count) for tag, count in shown if tag)[:TAGS_MAX]
