"""A grid: up to three settings that vary, each over values of its own; every combination is a picture."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Axis:
    """`field`: a row of the table of axes (pipelines/grids); `values` as people write them: "10, 20, 30-50 (+10)"."""

    field: str = ""
    values: str = ""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Columns, rows, and sheets of them; None: this one does not vary."""

    x: Axis | None = None
    y: Axis | None = None
    z: Axis | None = None

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Those that vary: x, y, z."""
        return tuple(axis for axis in (self.x, self.y, self.z) if axis is not None)
