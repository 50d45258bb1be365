"""A prompt, read whole: comments off, networks out, parts apart, each part's text over the steps.

The order is AUTOMATIC1111's. A negative prompt may change over the steps as well, but it is one part, and tags of
networks are words in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from pipelines.prompting.comments import without_comments
from pipelines.prompting.composition import Term, terms
from pipelines.prompting.networks import Network, split
from pipelines.prompting.schedules import Span, Timing, schedule


@dataclass(frozen=True)
class Part:
    """What stands between two ANDs. Spans that follow one another hold different texts."""

    weight: float
    spans: tuple[Span, ...]

    def at(self, step: int) -> str:
        """The text of a step, counted from 1."""
        return next((span.text for span in self.spans if step <= span.until), self.spans[-1].text)

    @property
    def texts(self) -> tuple[str, ...]:
        """Each once, in the order in which they first hold."""
        return tuple(dict.fromkeys(span.text for span in self.spans))


@dataclass(frozen=True)
class Reading:
    """At least one part."""

    parts: tuple[Part, ...]
    networks: tuple[Network, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """All that have to be encoded, each once."""
        return tuple(dict.fromkeys(text for part in self.parts for text in part.texts))


def read(prompt: str, timing: Timing) -> Reading:
    """Any text can be read; what in it is probably a mistake is said by `traps`."""
    text, networks = split(without_comments(prompt))
    return Reading(tuple(_part(term, timing) for term in terms(text)), networks)


def read_negative(prompt: str, timing: Timing) -> Reading:
    """As `read`, for a negative prompt."""
    return Reading((_part(Term(without_comments(prompt)), timing),))


def networks_of(prompt: str) -> tuple[Network, ...]:
    """The networks that a prompt names, whatever it says beside them."""
    return split(without_comments(prompt))[1]


def _part(term: Term, timing: Timing) -> Part:
    return Part(term.weight, tuple(_merged(schedule(term.text, timing))))


def _merged(spans: tuple[Span, ...]) -> Iterator[Span]:
    """One span for each run of the same text."""
    for text, alike in groupby(spans, key=lambda span: span.text):
        *_, last = alike
        yield Span(last.until, text)
