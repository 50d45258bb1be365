"""The functions and operators that expressions may use, on float64 arrays. Nothing else can be called."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import reduce
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SEVERAL = 8  # values that min and max take at most


class Function(NamedTuple):
    """`arguments`: how many it takes, at least and at most. NumPy's own second argument is where to write."""

    work: Callable[..., Any]
    arguments: tuple[int, int] = (1, 1)


def _least(*values: Any) -> Any:
    return reduce(np.minimum, values)


def _greatest(*values: Any) -> Any:
    return reduce(np.maximum, values)


def _clipped(value: Any, low: Any, high: Any) -> Any:
    return np.minimum(np.maximum(value, low), high)


def _where(claim: Any, yes: Any, no: Any) -> Any:
    return np.where(np.not_equal(claim, 0), yes, no)


# As numexpr names and means them, which people know from Deforum; min, max, clip, clamp are ours.
FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        **{
            name: Function(getattr(np, name))
            for name in (
                *("sin", "cos", "tan", "arcsin", "arccos", "arctan"),
                *("sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh"),
                *("exp", "expm1", "log", "log10", "log1p", "sqrt"),
                *("abs", "floor", "ceil", "trunc", "round", "sign"),
            )
        },
        "arctan2": Function(np.arctan2, (2, 2)),
        "fmod": Function(np.fmod, (2, 2)),
        "where": Function(_where, (3, 3)),
        "min": Function(_least, (2, SEVERAL)),
        "max": Function(_greatest, (2, SEVERAL)),
        "clip": Function(_clipped, (3, 3)),
        "clamp": Function(_clipped, (3, 3)),
    }
)

OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.Div: np.true_divide,
        ast.FloorDiv: np.floor_divide,
        ast.Mod: np.mod,
        ast.Pow: np.float_power,
        # On claims alone, which the check of an expression sees to.
        ast.BitAnd: np.logical_and,
        ast.BitOr: np.logical_or,
    }
)
SIGNS: Mapping[type[ast.unaryop], Callable[[Any], Any]] = MappingProxyType(
    {
        ast.UAdd: operator.pos,
        ast.USub: operator.neg,
        ast.Not: np.logical_not,
        ast.Invert: np.logical_not,
    }
)
COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Eq: np.equal,
        ast.NotEq: np.not_equal,
        ast.Lt: np.less,
        ast.LtE: np.less_equal,
        ast.Gt: np.greater,
        ast.GtE: np.greater_equal,
    }
)
JOINS: Mapping[type[ast.boolop], Callable[[Any, Any], Any]] = MappingProxyType(
    {ast.And: np.logical_and, ast.Or: np.logical_or}
)
