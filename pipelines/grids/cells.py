"""From the axes of a grid to its pictures: a cell is one change of the request after another, one of each axis."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipelines.asking.grid import Axis, Grid
from pipelines.errors import RequestError, StudioError
from pipelines.grids import values
from pipelines.grids.axes import AxisRow, find_axis
from pipelines.grids.readings import Value, read
from pipelines.request import BATCH, COUNT, Request, roll

CELLS_MAX = BATCH[1] * COUNT[1]
SEEDS = ("seed", "noise.variation_seed")


@dataclass(frozen=True)
class Varied:
    """One axis, read. `name`: x, y or z."""

    name: str
    row: AxisRow
    values: tuple[Value, ...]

    @property
    def field(self) -> str:
        """The field that errors about its values name."""
        return f"grid.{self.name}.values"

    def refused(self, value: Value, error: StudioError) -> RequestError:
        """What is wrong with a value, as an error of this axis."""
        if isinstance(error, RequestError) and error.field == self.field:
            return error
        named = isinstance(error, RequestError) and self.row.field.endswith(error.field)
        why = error.message.partition(": ")[2] if named else error.message
        return RequestError(self.field, value.label, why, error.remedy)

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the API."""
        labels = [value.label for value in self.values]
        return {
            "axis": self.name,
            "field": self.row.field,
            "label": self.row.label,
            "values": labels,
        }


@dataclass(frozen=True)
class Cell:
    """One picture of a grid: the value of each axis that is varied."""

    values: tuple[Value, ...]

    def of(self, request: Request) -> Request:
        """What is to be made. Raises RequestError, with its own field, for what an axis cannot change."""
        for value in self.values:
            request = value.change(request)
        return request


def varied(grid: Grid) -> tuple[Varied, ...]:
    """The axes, read: x, y, z, without those that vary nothing. Raises RequestError, e.g. of "grid.x.values"."""
    named = (("x", grid.x), ("y", grid.y), ("z", grid.z))
    axes = tuple(_varied(name, axis) for name, axis in named if axis is not None and axis.field)
    if not axes:
        raise RequestError("grid", None, "nothing varies", "Choose an axis, or leave grid out.")
    count = 1
    for axis in axes:
        count *= len(axis.values)
    if count > CELLS_MAX:
        why = f"makes {count:,} pictures of all combinations"
        remedy = f"A grid takes {CELLS_MAX:,} at most: use fewer values."
        raise RequestError(axes[-1].field, len(axes[-1].values), why, remedy)
    return axes


def cells(axes: Sequence[Varied]) -> list[Cell]:
    """All combinations: z changes last, x first; the changes of a cell are made in the order x, y, z."""
    turned = itertools.product(*(axis.values for axis in reversed(axes)))
    return [Cell(tuple(reversed(combination))) for combination in turned]


def one_picture(request: Request) -> Request:
    """What every cell is a change of: the request without its grid, with all seeds known."""
    noise = request.noise
    if noise.variation_seed == -1:  # a cell may be the first in which it counts
        noise = replace(noise, variation_seed=roll())
    return replace(request, grid=None, batch_size=1, batch_count=1, noise=noise)


def pinned(grid: Grid) -> Grid:
    """With a seed for each one that was left to chance, so that the pictures of a row or column have the same."""
    fixed = {name: _pinned(name, getattr(grid, name)) for name in ("x", "y", "z")}
    return replace(grid, **fixed)


def _pinned(name: str, axis: Axis | None) -> Axis | None:
    row = find_axis(axis.field) if axis else None
    if axis is None or row is None or row.field not in SEEDS:
        return axis
    seeds = values.wholes(f"grid.{name}.values", axis.values)
    return replace(axis, values=", ".join(str(roll() if seed == -1 else seed) for seed in seeds))


def _varied(name: str, axis: Axis) -> Varied:
    row = find_axis(axis.field)
    if row is None:
        why = "is nothing that can vary"
        raise RequestError(f"grid.{name}.field", axis.field, why, "Choose one of GET /grids/axes.")
    return Varied(name, row, read(row, f"grid.{name}.values", axis.values))
