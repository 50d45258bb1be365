"""Traps: what in a prompt is read otherwise than it was probably meant, where it stands, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pipelines.prompting.attention import BREAK_WORD, TOKEN, attention, number_of
from pipelines.prompting.comments import blanked, comments
from pipelines.prompting.composition import AND, Term, terms
from pipelines.prompting.networks import tags_in
from pipelines.prompting.reading import Reading, read, read_negative
from pipelines.prompting.schedules import Alternation, Parsed, Switch, Timing, parse

WEIGHT_MAX = 1000.0  # beyond it, nothing of the picture is left
PARTS_MAX = 32
CHARACTERS_MAX = 400_000  # of all texts that are encoded for a picture
MEANT_AS_SCHEDULE = re.compile(r"\[[^\[\]]*[:|]")


class Kind(NamedTuple):
    """What is said of a trap; `is_refused`: a job with it is not taken."""

    why: str
    remedy: str
    is_refused: bool = False


KINDS = {
    "and_weight": Kind(
        "a number behind a colon at the end is the weight of the whole part, also without AND",
        "Write a comma behind it.",
    ),
    "and_in_brackets": Kind(
        "AND parts the prompt inside of brackets as well, and leaves them open on both sides",
        "Close the brackets before AND, and open them anew behind it.",
    ),
    "break_in_brackets": Kind(
        "inside of brackets with a weight BREAK is a word and ends no chunk",
        "Close the brackets before BREAK, and open them anew behind it.",
    ),
    "bad_weight": Kind(
        "the weight is no number",
        "Write a number such as 1.2, or \\( and \\) for brackets that are text.",
        is_refused=True,
    ),
    "large_weight": Kind(
        f"its weight is beyond ±{WEIGHT_MAX:g}, and nothing but noise would be seen",
        "Use a weight between 0 and 2.",
        is_refused=True,
    ),
    "eaten_emoticon": Kind(
        "it is a weight of nothing, and is gone from the text", "Write \\(:3\\) for the emoticon."
    ),
    "schedule_without_number": Kind(
        "without a number for the step it is no schedule, but text in brackets of less weight",
        "Write [from:to:0.5] for a switch at half of the steps, or [from:to:10] for one after step 10.",
    ),
    "schedule_with_words": Kind(
        "what stands last is no number of a step, so that it is no schedule, but text in brackets of less weight",
        "Write it as [from:to:0.5] or [from:to:10].",
    ),
    "past_the_end": Kind(
        "the switch lies behind the last step and never happens",
        "Use a share of the steps below 1, or a step before the last.",
    ),
    "unclosed_bracket": Kind(
        "it is never closed, and reaches to the end", "Close it, or write it with a \\ before it."
    ),
    "unopened_bracket": Kind(
        "it closes nothing, and is text", "Leave it out, or write it with a \\ before it."
    ),
    "literal_prompt": Kind(
        "it may not stand here, and makes AUTOMATIC1111 and us read no schedule of this part at all",
        "Leave it out, or write \\| for the character.",
    ),
    "comment_in_a_word": Kind(
        "what stands behind a # up to the end of the line is a comment",
        "Write it without #, if it is meant to be read.",
    ),
    "too_many_parts": Kind(
        f"it has more than {PARTS_MAX} parts between ANDs, each of which is drawn by itself",
        "Write commas in place of most of them.",
        is_refused=True,
    ),
    "too_much_text": Kind(
        f"its variants over the steps have more than {CHARACTERS_MAX:,} characters together",
        "Write fewer variants, or shorten what they share.",
        is_refused=True,
    ),
    "network_in_negative": Kind(
        "in a negative prompt it is words and loads nothing", "Move it into the prompt."
    ),
}


class Trap(NamedTuple):
    """`code` is a row of KINDS. `text` stands from `begin` to `end` in the prompt; None: it is about all of it."""

    code: str
    text: str
    begin: int | None
    end: int | None
    why: str
    remedy: str
    is_refused: bool


class Found(NamedTuple):
    code: str
    begin: int
    end: int


def traps(prompt: str, timing: Timing, *, has_weights: bool = True) -> tuple[Trap, ...]:
    """Those of a prompt, in its order. `timing`: of the last pass in which it is read."""
    text = blanked(prompt, comments(prompt))
    text = blanked(text, tags_in(text))
    found = [*_comments(prompt)]
    begin = 0
    pieces = [*AND.finditer(text), None]
    for word in pieces:
        end = len(text) if word is None else word.start()
        part = text[begin:end].rstrip()
        (term,) = terms(part)
        if len(pieces) == 1 and len(term.text) < len(part):
            found.append(Found("and_weight", begin + len(term.text), begin + len(part)))
        for one in _in_part(term, timing, has_weights=has_weights):
            if word is not None and one.code == "unclosed_bracket":
                found.append(Found("and_in_brackets", *word.span()))
            else:
                found.append(Found(one.code, begin + one.begin, begin + one.end))
        begin = end if word is None else word.end()
    return (*_of_all(read(prompt, timing)), *_told(prompt, found))


def negative_traps(prompt: str, timing: Timing, *, has_weights: bool = True) -> tuple[Trap, ...]:
    """As `traps`, for a negative prompt."""
    text = blanked(prompt, comments(prompt))
    tags = [Found("network_in_negative", *tag.span()) for tag in tags_in(text)]
    inside = _in_part(Term(blanked(text, tags_in(text))), timing, has_weights=has_weights)
    return (
        *_of_all(read_negative(prompt, timing)),
        *_told(prompt, [*_comments(prompt), *tags, *inside]),
    )


def _of_all(reading: Reading) -> Iterator[Trap]:
    if len(reading.parts) > PARTS_MAX:
        yield Trap("too_many_parts", "", None, None, *KINDS["too_many_parts"])
    if sum(map(len, reading.texts)) > CHARACTERS_MAX:
        yield Trap("too_much_text", "", None, None, *KINDS["too_much_text"])


def _told(prompt: str, found: Iterable[Found]) -> tuple[Trap, ...]:
    once = sorted(set(found), key=lambda one: (one.begin, one.end, one.code))
    return tuple(
        Trap(one.code, prompt[one.begin : one.end], one.begin, one.end, *KINDS[one.code])
        for one in once
    )


def _comments(prompt: str) -> Iterator[Found]:
    for comment in comments(prompt):
        begin, end = comment.start(), comment.start() + len(comment[0].rstrip("\n"))
        is_line = begin == 0 or prompt[begin - 1] == "\n"
        is_remark = prompt[begin - 1].isspace() and prompt[begin + 1 : begin + 2] in (" ", "#", "")
        if not is_line and not is_remark:
            yield Found("comment_in_a_word", begin, end)


def _in_part(term: Term, timing: Timing, *, has_weights: bool) -> Iterator[Found]:
    parsed = parse(term.text, timing)
    yield from _of_schedules(term.text, parsed, timing)
    weights = [abs(term.weight)]
    if has_weights:
        flat = _flat(term.text, parsed)
        yield from _of_brackets(flat)
        weights += [abs(segment.weight) for segment in attention(flat)]
    if max(weights) > WEIGHT_MAX:
        yield Found("large_weight", 0, len(term.text))


def _of_schedules(text: str, parsed: Parsed, timing: Timing) -> Iterator[Found]:
    barrier = parsed.barrier
    if barrier is not None and MEANT_AS_SCHEDULE.search(text) and not _is_in_braces(text, barrier):
        yield Found("literal_prompt", barrier, barrier + 1)
    for site in parsed.sites:
        if isinstance(site.node, Switch):
            if site.node.when >= timing.count:
                yield Found("past_the_end", site.begin, site.end)
        elif site.node is None and text[site.begin] == "[":
            is_short = len(site.marks) == 3  # two brackets and a colon
            code = "schedule_without_number" if is_short else "schedule_with_words"
            yield Found(code, site.begin, site.end)


def _is_in_braces(text: str, place: int) -> bool:
    """Choices such as {a|b} are made before a prompt is read."""
    return text.count("{", 0, place) > text.count("}", 0, place)


def _flat(text: str, parsed: Parsed) -> str:
    """The text with all variants of schedules beside one another, and blanks for what is no text of them."""
    letters = [*text]
    for site in parsed.sites:
        if isinstance(site.node, Switch | Alternation):
            for begin, end in site.marks:
                letters[begin:end] = " " * (end - begin)
    return "".join(letters)


def _of_brackets(text: str) -> Iterator[Found]:
    """What attention makes of it, as in attention.py."""
    opened: dict[str, list[int]] = {"(": [], "[": []}
    for token in TOKEN.finditer(text):
        begin, end = token.span()
        if token["open"]:
            opened[token["open"]].append(begin)
        elif token["weight"] and opened["("]:
            start = opened["("].pop()
            if number_of(token["number"]) is None:
                yield Found("bad_weight", start, end)
            elif not text[start + 1 : begin].strip():
                yield Found("eaten_emoticon", start, end)
        elif token["close"]:
            stack = opened["(" if token["close"] == ")" else "["]
            if not stack:
                yield Found("unopened_bracket", begin, end)
            else:
                stack.pop()
        elif token["text"] and (opened["("] or opened["["]):
            words = BREAK_WORD.finditer(token["text"])
            yield from (
                Found("break_in_brackets", begin + w.start(), begin + w.end()) for w in words
            )
    for start in (*opened["("], *opened["["]):
        yield Found("unclosed_bracket", start, start + 1)
