"""`[red:blue:0.5]` and `[cow|horse]`: texts that change from step to step, read as AUTOMATIC1111 reads them.

The grammar: in text stand all characters but `\\ [ ] ( ) : |`, and behind a `\\` any one. Brackets hold text and
brackets: `(a)`, `(a:b)`, `[a]`, `[from:to:when]`, `[to:when]`, `[a|b|…]`. What fits none of these is no bracket but
text, and so is what stands open around it; `|` and a last `\\` are never text, and where they would be, nothing is
read as a schedule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

TOKEN = re.compile(r"(?:[^\\\[\]():|]|\\.)+|[\[\]():|]|\\")
NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
CLOSES = {")": "(", "]": "["}

# Texts, Nodes, Switches and Alternations, which may lie as deep as the text is long.
Nodes = list[Any]


class Span(NamedTuple):
    """A text that holds up to and with step `until`, counted from 1, since the one before it ended."""

    until: int
    text: str


@dataclass(frozen=True)
class Timing:
    """The steps of the pass in which a text is read. `hires_steps`: it is the second, after `steps` of the first."""

    steps: int
    hires_steps: int | None = None

    @property
    def count(self) -> int:
        return self.steps if self.hires_steps is None else self.hires_steps

    def step(self, when: str) -> int:
        """The last step before a switch; 0: it has happened before the pass began.

        With a dot it is a share of the steps, and those of the second pass go from 1 to 2; without, a number of steps,
        and those of the second pass follow on those of the first.
        """
        value, is_second = float(when), self.hires_steps is not None
        if "." in when:
            value = (value - 1.0 if is_second else value) * self.count
        elif is_second:
            value -= self.steps
        return int(min(max(value, 0.0), float(self.count)))


class Switch(NamedTuple):
    before: Nodes
    after: Nodes
    when: int  # the last step before it


class Alternation(NamedTuple):
    options: list[Nodes]


class Site(NamedTuple):
    """Where a bracket stands that is a schedule, or fits no rule; and the places in it that are no text."""

    begin: int
    end: int
    node: Switch | Alternation | None
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Parsed:
    """A text as a tree. `barrier`: where a `|` or `\\` stands that makes text of all."""

    nodes: Nodes
    sites: tuple[Site, ...]
    barrier: int | None = None


def schedule(text: str, timing: Timing) -> tuple[Span, ...]:
    """What holds when; the last one until the last step. Neighbours may hold the same text."""
    nodes = parse(text, timing).nodes
    return tuple(Span(until, _at(nodes, until)) for until in _ends(nodes, timing))


def parse(text: str, timing: Timing) -> Parsed:
    """Any text has a tree. One pass: a bracket that fits no rule makes text of itself and of all open around it."""
    parser = _Parser(timing)
    for token in TOKEN.finditer(text):
        parser.take(token)
    parser.dissolve()
    if parser.barrier is not None:
        return Parsed([text], (), parser.barrier)
    return Parsed(parser.top, tuple(parser.sites))


@dataclass
class _Bracket:
    """One that is open: what stands between its separators so far."""

    begin: re.Match[str]
    fields: list[Nodes] = field(default_factory=lambda: [[]])
    separators: list[re.Match[str]] = field(default_factory=list)

    def closed(self, timing: Timing) -> Any:
        """What it is; None when it fits no rule."""
        marks = [separator[0] for separator in self.separators]
        colons, bars = marks.count(":"), marks.count("|")
        if self.begin[0] == "(":
            return None if bars or colons > 1 else self.loose(")")
        if bars:
            return None if colons else Alternation(self.fields)
        if not colons:
            return self.loose("]")
        when = _number(self.fields[-1])
        if when is None or colons > 2:
            return None
        before = self.fields[0] if colons == 2 else []
        return Switch(before, self.fields[-2], timing.step(when))

    def loose(self, end: str = "") -> Nodes:
        """All of it as text and nodes."""
        nodes: Nodes = [self.begin[0], self.fields[0]]
        for separator, after in zip(self.separators, self.fields[1:], strict=True):
            nodes += [separator[0], after]
        return [*nodes, end]

    def site(self, node: Any, end: re.Match[str]) -> Site:
        """Where it stands; the number of a switch belongs to its end."""
        tail = self.separators[-1].start() if type(node) is Switch else end.start()
        marks = [one.span() for one in (self.begin, *self.separators) if one.start() < tail]
        return Site(self.begin.start(), end.end(), node, (*marks, (tail, end.end())))


class _Parser:
    """Takes one token after the other."""

    def __init__(self, timing: Timing) -> None:
        self.top: Nodes = []
        self.sites: list[Site] = []
        self.barrier: int | None = None
        self._stack: list[_Bracket] = []
        self._timing = timing

    def take(self, token: re.Match[str]) -> None:
        text, stack = token[0], self._stack
        if text in ("(", "["):
            stack.append(_Bracket(token))
        elif text in CLOSES:
            self._close(token)
        elif stack and text in (":", "|"):
            stack[-1].separators.append(token)
            stack[-1].fields.append([])
        else:
            if text in ("|", "\\"):
                self._stop(token)
            self._here.append(text)

    def dissolve(self) -> None:
        """Makes text of the brackets that are open."""
        for bracket in self._stack:
            for separator in bracket.separators:
                if separator[0] == "|":
                    self._stop(separator)
            self.top += bracket.loose()
        self._stack.clear()

    @property
    def _here(self) -> Nodes:
        return self._stack[-1].fields[-1] if self._stack else self.top

    def _close(self, token: re.Match[str]) -> None:
        bracket = self._stack[-1] if self._stack else None
        fits = bracket is not None and bracket.begin[0] == CLOSES[token[0]]
        node = bracket.closed(self._timing) if bracket and fits else None
        if bracket and (type(node) in (Switch, Alternation) or (fits and node is None)):
            self.sites.append(bracket.site(node, token))
        if node is None:
            self.dissolve()
            self.top.append(token[0])
        else:
            self._stack.pop()
            self._here.append(node)

    def _stop(self, token: re.Match[str]) -> None:
        if self.barrier is None:
            self.barrier = token.start()


def _number(nodes: Nodes) -> str | None:
    if len(nodes) != 1 or not isinstance(nodes[0], str):
        return None
    text = nodes[0].strip()
    return text if NUMBER.fullmatch(text) else None


def _ends(nodes: Nodes, timing: Timing) -> list[int]:
    """The steps after which another text may hold, rising, and the last one."""
    ends = {timing.count}
    for node in _switches(nodes):
        if isinstance(node, Alternation):
            return list(range(1, timing.count + 1))
        ends.add(node.when)
    return sorted(ends - {0})


def _switches(nodes: Nodes) -> Iterator[Switch | Alternation]:
    waiting: list[Any] = [nodes]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Switch):
            yield node
            waiting += (node.before, node.after)
        elif isinstance(node, Alternation):
            yield node
            waiting += node.options
        elif isinstance(node, list):
            waiting += node


def _at(nodes: Nodes, step: int) -> str:
    """The text of one step, counted from 1."""
    texts: list[str] = []
    waiting: list[Any] = [nodes]
    while waiting:
        node = waiting.pop()
        kind = type(node)
        if kind is Alternation:
            node = node.options[(step - 1) % len(node.options)]
        elif kind is Switch:
            node = node.before if step <= node.when else node.after
        if type(node) is str:
            texts.append(node)
        elif node:
            waiting += node[::-1] if type(node) is list else (node,)
    return "".join(texts)
