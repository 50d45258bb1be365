"""Prompts over the frames of a clip: held from key to key, or faded into each other.

A text is `positive --neg negative`, as in Deforum. A weight between backticks, such as (fog:`0.5+0.5*sin(t/9)`), is an
expression of the frame. In a fade each frame has two prompts and a share of the second one; the models blend their
meanings (the embeddings), so both may say anything, with or without a negative part.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import RequestError
from pipelines.request import check_text
from pipelines.video.schedules import expressions
from pipelines.video.schedules.curves import Clip, frame, governing
from pipelines.video.schedules.expressions import Expression
from pipelines.video.schedules.functions import Floats
from pipelines.video.schedules.keyframes import frame_of
from pipelines.video.schedules.mistakes import Place

Frames = NDArray[np.int64]

NEGATIVE = "--neg"
WEIGHT = re.compile(r"`([^`]*)`")
WEIGHTS = (-100.0, 100.0)
PROMPTS_MAX = 2_000
DIGITS = 4  # after the point, of a weight in a prompt


class Words(NamedTuple):
    """What is wanted, and what is not."""

    positive: str
    negative: str = ""


NOTHING = Words("")


class Blend(NamedTuple):
    """The prompts of a frame: `share` 0…1 of the second one, the rest of the first one. At 0 they may be the same."""

    first: Words
    second: Words
    share: float = 0.0


Parts = tuple[str | Expression, ...]  # text and weights in turns; text at both ends


@dataclass(frozen=True)
class PromptKey:
    """What holds from a frame on, with all that is said in every prompt."""

    at: int | Expression
    positive: Parts
    negative: Parts


def parse(
    texts: Sequence[tuple[str, str]], extra: Words = NOTHING, field: str = "prompts"
) -> tuple[PromptKey, ...]:
    """At least one, of (frame or expression of max_f and s, text) pairs in any order; for each frame the last counts.

    `extra` is said in every prompt: its positive part before the text, its negative one behind it. Raises RequestError
    that names e.g. "prompts.0.text", "prompts.0.frame", "prompts.positive" or "prompts.negative".
    """
    if not texts:
        raise RequestError(field, [], "holds no prompt", "Write one for frame 0.")
    if len(texts) > PROMPTS_MAX:
        why = f"holds {len(texts):,} prompts"
        raise RequestError(field, len(texts), why, f"Use at most {PROMPTS_MAX:,}.")
    before = _parts(extra.positive, Place(f"{field}.positive", extra.positive))
    behind = _parts(extra.negative, Place(f"{field}.negative", extra.negative))
    keys = (_key(at, text, f"{field}.{index}") for index, (at, text) in enumerate(texts))
    return tuple(
        replace(
            key,
            positive=_joined(before, key.positive),
            negative=_joined(key.negative, behind),
        )
        for key in keys
    )


def held(keys: Sequence[PromptKey], clip: Clip) -> tuple[Blend, ...]:
    """One a frame: each prompt holds until the next one, the first one also before itself. Raises ScheduleError."""
    blends: dict[int, Blend] = {}
    for _, key, at in _spans(keys, clip):
        blends |= {now: Blend(words, words) for now, words in _said(key, clip, at).items()}
    return tuple(blends[now] for now in range(clip.frame_count))


def led_back(blends: Sequence[Blend], shares: Floats) -> tuple[Blend, ...]:
    """Prompts that are held, each with its share 0…1 of the one at frame 0."""
    first = blends[0].first
    pairs = zip(blends, shares.tolist(), strict=True)
    return tuple(
        Blend(one.first, first, share) if share and one.first != first else one
        for one, share in pairs
    )


def morphed(keys: Sequence[PromptKey], clip: Clip) -> tuple[Blend, ...]:
    """One a frame: from each key to the next the share of the second rises on a line from 0 to 1.

    A key past the end of the clip is faded to as far as the clip goes. Raises ScheduleError.
    """
    blends: dict[int, Blend] = {}
    spans = _spans(keys, clip)
    for (start, key, at), (end, next_key, _) in zip(spans, [*spans[1:], spans[-1]], strict=True):
        first, second = _said(key, clip, at), _said(next_key, clip, at)
        for now in first:
            share = (now - start) / (end - start) if start < now < end else 0.0
            blends[now] = Blend(first[now], second[now], share)
    return tuple(blends[now] for now in range(clip.frame_count))


def closed(keys: Sequence[PromptKey], clip: Clip) -> tuple[PromptKey, ...]:
    """With what holds at first once more behind the last frame, so that a fade ends where it began.

    Raises ScheduleError.
    """
    first = next(key for _, key, at in _spans(keys, clip) if at.size)
    return (*keys, replace(first, at=clip.frame_count))


def _key(at: str, text: str, field: str) -> PromptKey:
    place = Place(f"{field}.text", text)
    positive, mark, negative = text.partition(NEGATIVE)
    start = len(positive) + len(mark)
    return PromptKey(
        frame_of(at, Place(f"{field}.frame", at)),
        _parts(positive, place),
        _parts(negative.replace(NEGATIVE, " " * len(NEGATIVE)), place.at(start)),
    )


def _parts(text: str, place: Place) -> Parts:
    check_text(place.field, place.text)
    found: list[str | Expression] = []
    start = 0
    for weight in WEIGHT.finditer(text):
        found.append(text[start : weight.start()])
        found.append(expressions.read(weight[1], place.at(place.start + weight.start(1))))
        start = weight.end()
    return (*found, text[start:])


def _joined(one: Parts, other: Parts) -> Parts:
    return (*one[:-1], f"{one[-1]} {other[0]}", *other[1:])


def _spans(keys: Sequence[PromptKey], clip: Clip) -> list[tuple[int, PromptKey, Frames]]:
    """(its frame, key, the frames of the clip in which it holds), by frame."""
    placed = {frame(key.at, clip): key for key in keys}
    starts = sorted(placed)
    holding = np.asarray(governing(np.asarray(starts), clip.frame_count))
    return [
        (start, placed[start], np.flatnonzero(holding == index))
        for index, start in enumerate(starts)
    ]


def _said(key: PromptKey, clip: Clip, at: Frames) -> dict[int, Words]:
    """Its words at these frames."""
    sides = [_texts(parts, clip, at) for parts in (key.positive, key.negative)]
    return {now: Words(*texts) for now, *texts in zip(at.tolist(), *sides, strict=True)}


def _texts(parts: Parts, clip: Clip, at: Frames) -> list[str]:
    """The text at each of these frames."""
    columns = [
        _weights(part, clip, at) if isinstance(part, Expression) else [part] * len(at)
        for part in parts
    ]
    if len(columns) == 1:
        return [str(parts[0]).strip()] * len(at)
    return ["".join(row).strip() for row in zip(*columns, strict=True)]


def _weights(weight: Expression, clip: Clip, at: Frames) -> list[str]:
    found = weight.values(clip.names(at))
    low, high = WEIGHTS
    outside = np.flatnonzero((found < low) | (found > high))
    if outside.size:
        why = f"is {found[outside[0]]:g} at frame {at[outside[0]]}, outside {low:g} to {high:g}"
        raise weight.place.error(why, "Weights around 1 are of use.")
    return [f"{value:.{DIGITS}f}".rstrip("0").rstrip(".") for value in found]
