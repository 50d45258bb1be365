"""Expressions such as `1 + 0.1*sin(2*pi*t/fps)`: read safely, and worked out for many frames at once.

Python's own parser builds the tree; nothing of it is ever run. Each node must be of a kind, and each call of a
function, that functions.py lists. All numbers are float64, so that powers overflow to infinity and cannot hang.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.video.schedules.functions import (
    COMPARISONS,
    FUNCTIONS,
    JOINS,
    OPERATORS,
    SIGNS,
    Floats,
)
from pipelines.video.schedules.mistakes import Place

CHARACTERS_MAX = 500
NODES_MAX = 200
DEPTH_MAX = 30
CONSTANTS = {"pi": np.float64(np.pi), "e": np.float64(np.e)}
# What stands for: the frame, the last frame, the seed of the clip, frames a second.
NAMES = ("t", "max_f", "s", "fps")
FORBIDDEN = re.compile(r"[^\w.+\-*/%()<>=!&|~, ]|_{2,}|[^\x00-\x7f]")
NUMBER = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
CLAIMS = (ast.Compare, ast.BoolOp)
HINTS = {
    "^": "Write powers as **.",
    ":": "Write a choice as where(condition, yes, no).",
    "?": "Write a choice as where(condition, yes, no).",
    "−": "Write minus as -.",
    "×": "Write times as *.",
    "÷": "Write divided by as /.",
    "π": "Write pi.",
}
WHAT_IS_KNOWN = "Use numbers, + - * / // % **, comparisons, t, max_f, s, fps, pi, e and functions."


@dataclass(frozen=True)
class Expression:
    """An expression that has been checked. It holds no state, and its tree is never run as Python."""

    place: Place
    tree: ast.expr

    def values(self, names: Mapping[str, Any]) -> Floats:
        """One value for each frame of `names["t"]`, a float64 array (frames,); the other NAMES are numbers.

        Raises ScheduleError that names the first frame without a finite value.
        """
        frames = np.asarray(names["t"], np.float64)
        known = {**CONSTANTS, **{name: np.float64(names[name]) for name in NAMES[1:]}, "t": frames}
        with np.errstate(all="ignore"):
            found = np.broadcast_to(np.asarray(_value(self.tree, known), np.float64), frames.shape)
        if not np.isfinite(found).all():
            self._refuse(found, frames)
        return found

    def _refuse(self, found: Floats, frames: Floats) -> None:
        first = int(np.flatnonzero(~np.isfinite(found))[0])
        what = "infinite" if np.isinf(found[first]) else "not a number"
        why = f"is {what} at frame {int(frames[first])}"
        remedy = "Keep it away from divisions by 0, and from roots and logarithms below 0."
        raise self.place.error(why, remedy)


def read(text: str, place: Place) -> Expression:
    """An expression that is safe to work out; `place` says where it stands. Raises ScheduleError."""
    if len(text) > CHARACTERS_MAX:
        why = f"has {len(text)} characters in one expression"
        raise place.error(why, f"Use at most {CHARACTERS_MAX}.", CHARACTERS_MAX)
    flat = re.sub(r"[\t\r\n]", " ", text)
    shift = len(flat) - len(flat.lstrip(" "))
    here = place.at(place.start + shift)
    plain = flat.strip(" ")
    _check_characters(plain, here)
    tree = _parsed(plain, here)
    _check_size(tree, here)
    for node in _walk(tree):
        _check(node, here)
    return Expression(here, tree)


def _check_characters(text: str, place: Place) -> None:
    if not text:
        raise place.error("an expression is missing", "Write a number or an expression.")
    found = FORBIDDEN.search(text)
    if found:
        sign = found.group()
        shown = sign if sign.isprintable() else ascii(sign)[1:-1]
        remedy = HINTS.get(sign, WHAT_IS_KNOWN)
        raise place.error(f"“{shown}” cannot stand here", remedy, found.start())
    for number in NUMBER.finditer(text):
        end = number.end()
        if end < len(text) and (text[end].isalnum() or text[end] in "._"):
            remedy = "Write it as 10, 0.5 or 1e-3, and * between factors."
            raise place.error("a number is not written to its end", remedy, end)


def _parsed(text: str, place: Place) -> ast.expr:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        offset = min(error.offset - 1 if error.offset else len(text), len(text) - 1)
    except (ValueError, RecursionError, MemoryError):
        offset = 0
    why = "is not a complete expression"
    raise place.error(why, "Look for a bracket or a sign that is missing.", offset)


def _check_size(tree: ast.expr, place: Place) -> None:
    nodes, level = 0, [tree]
    for _ in range(DEPTH_MAX):
        nodes += len(level)
        level = [child for node in level for child in _parts(node)]
    if level or nodes > NODES_MAX:
        what = "too deep" if level else "too long"
        offset = (level or [tree])[0].col_offset
        raise place.error(f"is {what} for one expression", "Write it in a shorter way.", offset)


def _parts(node: ast.expr) -> list[ast.expr]:
    """What it is made of; the name of a function is no part, but belongs to its call."""
    if isinstance(node, ast.Call):
        return node.args
    return [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


def _walk(node: ast.expr) -> Iterator[ast.expr]:
    yield node
    for child in _parts(node):
        yield from _walk(child)


def _check(node: ast.expr, place: Place) -> None:
    """Raises ScheduleError unless this node, by itself, is one of those that `_value` knows."""
    why = _complaint(node)
    if why:
        raise place.error(*why, node.col_offset)


def _complaint(node: ast.expr) -> tuple[str, str] | None:
    """(why, remedy) of a node that cannot be used."""
    match node:
        case ast.Constant(value=value):
            return _of_constant(value)
        case ast.Name(id=name):
            return None if name in (*NAMES, *CONSTANTS) else _unknown(name)
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr(), left=left, right=right):
            return None if _is_claim(left) and _is_claim(right) else _unclear("& and |")
        case ast.UnaryOp(op=ast.Invert(), operand=operand):
            return None if _is_claim(operand) else _unclear("~")
        case ast.BinOp(op=operation) if type(operation) in OPERATORS:
            return None
        case ast.Compare(ops=operations) if all(type(one) in COMPARISONS for one in operations):
            return None
        case ast.UnaryOp() | ast.BoolOp() | ast.IfExp():
            return None
        case ast.Call():
            return _of_call(node)
    return f"this cannot be worked out ({type(node).__name__})", WHAT_IS_KNOWN


def _of_constant(value: object) -> tuple[str, str] | None:
    if type(value) not in (int, float):
        return f"{value} is no number", WHAT_IS_KNOWN
    try:
        is_finite = bool(np.isfinite(float(value)))  # type: ignore[arg-type]
    except OverflowError:
        is_finite = False
    return None if is_finite else ("a number is too large", "Use less than 1e308.")


def _of_call(node: ast.Call) -> tuple[str, str] | None:
    if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        return _unknown(name) if name else ("this is no function", WHAT_IS_KNOWN)
    name = node.func.id
    low, high = FUNCTIONS[name].arguments
    if node.keywords or any(isinstance(one, ast.Starred) for one in node.args):
        return f"{name} takes plain values", "Separate them by commas."
    if not low <= len(node.args) <= high:
        wanted = f"{low}" if low == high else f"{low} to {high}"
        why = f"{name} takes {wanted} value{'s' * (high > 1)}, not {len(node.args)}"
        return why, "Separate them by commas."
    return None


def _unknown(name: str) -> tuple[str, str]:
    if name in FUNCTIONS:
        return f"{name} is a function and needs its values", f"Write {name}(…)."
    known = (*NAMES, *CONSTANTS, *FUNCTIONS)
    near = difflib.get_close_matches(name[:40], known, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    return f"{name[:40]} is not known", f"{hint}Known are {', '.join(known)}."


def _unclear(sign: str) -> tuple[str, str]:
    return f"{sign} need comparisons", "Put brackets around each: (t > 5) & (t < 9)."


def _is_claim(node: ast.expr) -> bool:
    """Whether this is true or false, and so may stand beside &, | and ~."""
    match node:
        case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not() | ast.Invert()):
            return True
        case ast.BinOp(op=ast.BitAnd() | ast.BitOr()):
            return True
    return False


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """Of a node that was checked: float64, a number or (frames,); claims are 1 and 0."""
    match node:
        case ast.Constant(value=value):
            return np.float64(value)  # type: ignore[arg-type]
        case ast.Name(id=name):
            return names[name]
        case ast.UnaryOp(op=sign, operand=operand):
            return _floats(SIGNS[type(sign)](_value(operand, names)))
        case ast.BinOp(left=left, op=operation, right=right):
            return _floats(OPERATORS[type(operation)](_value(left, names), _value(right, names)))
        case ast.BoolOp(op=join, values=parts):
            return _joined(JOINS[type(join)], [_value(part, names) for part in parts])
        case ast.IfExp(test=test, body=body, orelse=other):
            args = (_value(part, names) for part in (test, body, other))
            return FUNCTIONS["where"].work(*args)
        case ast.Compare():
            return _compared(node, names)
        case ast.Call(func=ast.Name(id=name), args=parts):
            return FUNCTIONS[name].work(*(_value(part, names) for part in parts))
    raise AssertionError(type(node))  # what `_check` lets through is listed above


def _compared(node: ast.Compare, names: Mapping[str, Any]) -> Any:
    """A chain holds where each of its comparisons does."""
    sides = [_value(side, names) for side in (node.left, *node.comparators)]
    pairs = zip(node.ops, sides[:-1], sides[1:], strict=True)
    claims = [COMPARISONS[type(sign)](left, right) for sign, left, right in pairs]
    return _joined(np.logical_and, claims)


def _joined(join: Any, claims: list[Any]) -> Any:
    found = claims[0]
    for claim in claims[1:]:
        found = join(found, claim)
    return _floats(found)


def _floats(value: Any) -> Any:
    return np.asarray(value, np.float64)[()]
