"""Which calls may share a forward, and how they are joined before it and parted after it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from pipelines.worker.messages import LoraRef

REMEMBERED_JOINS = 8


@dataclass(frozen=True)
class BatchRules:
    """How the arguments of a network's forward behave in a batch; declared for each class in weights/families.py.

    An argument that stands in none of the fields and is not None makes its call refuse company.
    """

    # Tensors (rows, …) or tuples of such, joined along dimension 0; the first one says how many rows.
    rows: tuple[str, ...]
    clock: str = ""  # the timestep: one number for the call, or one for each row
    same: tuple[str, ...] = ("return_dict",)  # plain values, equal in all calls
    steady: tuple[str, ...] = ()  # those of `rows` that stay the same tensor from step to step


@dataclass(frozen=True)
class Patch:
    """What changes a network for some calls. Equal patches may share a forward."""

    loras: tuple[LoraRef, ...] = ()


NO_PATCH = Patch()


def likeness(inputs: Mapping[str, Any], rules: BatchRules | None) -> Hashable | None:
    """Calls of one network may share a forward when their likenesses are equal and not None."""
    if rules is None:
        return None
    marks: list[Hashable] = []
    for name, value in inputs.items():
        if name in rules.rows and (tensors := _tensors(value)):
            marks.append((name, *((tensor.dtype, tensor.shape[1:]) for tensor in tensors)))
        elif name in rules.same:
            marks.append((name, value))
        elif value is not None and name != rules.clock:
            return None
    return frozenset(marks)


class Joiner:
    """Joins the inputs of calls. Tensors that stay the same from step to step are joined once and remembered."""

    def __init__(self) -> None:
        self._joined: OrderedDict[tuple[int, ...], tuple[tuple[Any, ...], Any]] = OrderedDict()

    def join(self, calls: Sequence[Mapping[str, Any]], rules: BatchRules) -> dict[str, Any]:
        """The inputs of one forward for several calls of equal likeness; rows in the order of the calls."""
        joined = dict(calls[0])
        for name in rules.rows:
            parts: Any = tuple(call.get(name) for call in calls)
            if isinstance(parts[0], Tensor | tuple):
                joined[name] = self._remembered(parts) if name in rules.steady else _cat(parts)
        if rules.clock:
            ticks = [_clock(call[rules.clock], call[rules.rows[0]]) for call in calls]
            joined[rules.clock] = torch.cat(ticks)
        return joined

    def forget(self) -> None:
        self._joined.clear()

    def _remembered(self, parts: tuple[Any, ...]) -> Any:
        key = tuple(id(part) for part in parts)
        if key in self._joined:
            self._joined.move_to_end(key)
        else:
            self._joined[key] = (parts, _cat(parts))  # kept parts keep their ids their own
            if len(self._joined) > REMEMBERED_JOINS:
                self._joined.popitem(last=False)
        return self._joined[key][1]


def part(output: Any, rows: Sequence[int]) -> list[Any]:
    """The output of a joined forward, cut into one for each call: a tensor, a tuple, or an output of diffusers."""
    if isinstance(output, Tensor):
        return list(torch.split(output, list(rows)))
    if isinstance(output, tuple):
        return list(zip(*(part(value, rows) for value in output), strict=True))
    names = list(output.keys())
    columns = [part(output[name], rows) for name in names]
    return [
        type(output)(**dict(zip(names, cut, strict=True))) for cut in zip(*columns, strict=True)
    ]


def row_of(inputs: Mapping[str, Any], rules: BatchRules, row: int) -> dict[str, Any]:
    """The inputs of one row alone, for when memory is short."""
    single = {
        name: _row(value, row) if name in rules.rows else value for name, value in inputs.items()
    }
    if rules.clock:
        single[rules.clock] = _clock(inputs[rules.clock], inputs[rules.rows[0]])[row : row + 1]
    return single


def _cat(parts: Sequence[Any]) -> Any:
    """Tensors one below the other; tuples of them place by place."""
    if isinstance(parts[0], tuple):
        return tuple(torch.cat(column) for column in zip(*parts, strict=True))
    return torch.cat(list(parts))


def _row(value: Any, row: int) -> Any:
    if isinstance(value, tuple):
        return tuple(tensor[row : row + 1] for tensor in value)
    return value[row : row + 1] if isinstance(value, Tensor) else value


def _tensors(value: Any) -> tuple[Tensor, ...]:
    """The tensor or tensors of an argument; none when it is something else."""
    if isinstance(value, tuple) and all(isinstance(one, Tensor) for one in value):
        return value
    return (value,) if isinstance(value, Tensor) else ()


def _clock(tick: Any, like: Tensor) -> Tensor:
    """One float32 number for each row; networks take their sine and cosine in float32 anyhow."""
    return torch.as_tensor(tick, dtype=torch.float32, device=like.device).expand(len(like))
