"""A grid as a table: its axes, and in each place a picture that was made, or a word for why it is not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.grids.cells import Varied
from pipelines.output.infotext import quote


@dataclass(frozen=True)
class Place:
    """`picture`: its file; None: there is none, and `word` says why. `settings`: its `parameters` text."""

    picture: Path | None
    word: str = ""
    settings: str = ""


@dataclass(frozen=True)
class Table:
    """`places` in the order z, y, x. Labels are "" where an axis does not vary."""

    title: str
    axes: tuple[Varied, ...]
    places: tuple[Place, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return self._labels("x")

    @property
    def rows(self) -> tuple[str, ...]:
        return self._labels("y")

    @property
    def sheets(self) -> tuple[str, ...]:
        return self._labels("z")

    def place(self, column: int, row: int, sheet: int) -> Place:
        return self.places[(sheet * len(self.rows) + row) * len(self.columns) + column]

    def _labels(self, name: str) -> tuple[str, ...]:
        return next((labels_of(axis) for axis in self.axes if axis.name == name), ("",))


def labels_of(axis: Varied) -> tuple[str, ...]:
    """As AUTOMATIC1111 has them: a number says of what it is, a name speaks for itself."""
    is_number = axis.row.kind in ("whole", "number", "switch")
    before = f"{axis.row.label}: " if is_number else ""
    return tuple(before + value.label for value in axis.values)


def told(axes: Sequence[Varied], first: Place) -> str:
    """The `parameters` text of the whole grid: that of its first picture, and what varies."""
    values = {"Script": "X/Y/Z plot"}
    for axis in axes:
        name = axis.name.upper()
        values[f"{name} Type"] = axis.row.label
        values[f"{name} Values"] = ", ".join(map(_quoted, (one.label for one in axis.values)))
        if axis.row.kind == "whole" and "seed" in axis.row.field:
            values[f"Fixed {name} Values"] = values[f"{name} Values"]
    more = ", ".join(f"{key}: {quote(value)}" for key, value in values.items())
    return f"{first.settings}, {more}" if first.settings else more


def _quoted(label: str) -> str:
    has_marks = "," in label or '"' in label
    return '"' + label.replace('"', '""') + '"' if has_marks else label
