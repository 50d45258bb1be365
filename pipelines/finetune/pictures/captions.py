"""Captions: what a picture is trained as, in plain words or in those that came along with it.

Plain ones have the grammar of DreamBooth (Ruiz et al. 2022, arXiv:2208.12242): "a <word> <class>", so that what is
learned hangs on the word and what the model knows of the class stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from pipelines.finetune.plan import CONCEPT, STYLE, SUBJECT, TEXT_CHARACTERS, Plan
from pipelines.prompting.attention import BREAK, attention
from pipelines.prompting.reading import read
from pipelines.prompting.schedules import Timing

TOKENS_MAX = 75  # what a text encoder of CLIP takes at once, without its start and end
VOWELS = "aeiou"
TIMING = Timing(steps=20)


class Captioner(Protocol):
    """Describes a picture in English, e.g. "a dog on a lawn". Raises StudioError."""

    def __call__(self, path: Path) -> str: ...


class Words(NamedTuple):
    """What a training is about: see Plan."""

    kind: str
    trigger: str
    class_word: str

    @classmethod
    def of(cls, plan: Plan) -> Words:
        return cls(plan.kind, plan.trigger.strip(), plan.class_word.strip())


def with_article(words: str) -> str:
    """ "a dog", "an owl"; "" for nothing."""
    return f"{'an' if words[0].casefold() in VOWELS else 'a'} {words}" if words else ""


def plain(words: Words) -> str:
    """The caption of a picture of which nothing is known."""
    return PLAIN[words.kind](words)


def untaught(words: Words) -> str:
    """The same without the trigger: what the model draws of its own."""
    return PLAIN[words.kind](words._replace(trigger=""))


def taken_over(said: str, words: Words) -> str:
    """What came along with a picture, with the trigger in it; the plain caption when there is nothing."""
    caption = " ".join(said.split()).strip(" ,")
    if not caption:
        return plain(words)
    if not words.trigger or _stands(words.trigger, caption):
        return caption[:TEXT_CHARACTERS]
    return WITH[words.kind](words, caption)[:TEXT_CHARACTERS].rstrip(" ,")


def of_prompt(prompt: str) -> str:
    """The words of a prompt: without networks, weights, comments and switches, of its first part at its first step."""
    text = read(prompt, TIMING).parts[0].at(1)
    pieces = (" " if segment == BREAK else segment.text for segment in attention(text))
    return " ".join("".join(pieces).split())


def warnings(caption: str, words: Words, count_tokens: Callable[[str], int] | None) -> list[str]:
    """What is wrong with a caption, as the ends of sentences that begin with it."""
    found = []
    if words.trigger and not _stands(words.trigger, caption):
        found.append(f"does not name {words.trigger}, so it will not answer to it")
    tokens = count_tokens(caption) if count_tokens else 0
    if tokens > TOKENS_MAX:
        found.append(f"has {tokens} tokens; of these only {TOKENS_MAX} are read")
    return found


def _subject(words: Words) -> str:
    return with_article(f"{words.trigger} {words.class_word}".strip())


def _style(words: Words) -> str:
    what = with_article(words.class_word or "picture")
    return f"{what} in {words.trigger} style" if words.trigger else what


def _concept(words: Words) -> str:
    what = f"{words.trigger} {words.class_word}".strip()
    return f"a picture of {what}" if what else "a picture"


def _subject_in(words: Words, caption: str) -> str:
    """Where the caption names the class the trigger stands before it, as in the plain one; else that comes first."""
    place = _place(words.class_word, caption) if words.class_word else None
    if place is None:
        return f"{plain(words)}, {caption}"
    before, after = caption[: place.start()], caption[place.start() :]
    fitting = with_article(words.trigger).split()[0]
    return re.sub(r"\ban? $", f"{fitting} ", before, flags=re.I) + f"{words.trigger} {after}"


def _style_in(words: Words, caption: str) -> str:
    return f"{caption}, in {words.trigger} style"


def _concept_in(words: Words, caption: str) -> str:
    return f"{words.trigger}, {caption}"


def _place(word: str, text: str) -> re.Match[str] | None:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.I)


def _stands(word: str, text: str) -> bool:
    return _place(word, text) is not None


PLAIN: dict[str, Callable[[Words], str]] = {SUBJECT: _subject, STYLE: _style, CONCEPT: _concept}
WITH: dict[str, Callable[[Words, str], str]] = {
    SUBJECT: _subject_in,
    STYLE: _style_in,
    CONCEPT: _concept_in,
}
