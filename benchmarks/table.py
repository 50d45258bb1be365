"""Tables of figures: rows, ratio, goal, met or not; as text for the terminal, as Markdown, as JSON."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Goal:
    """What a figure should reach."""

    bound: float
    is_at_least: bool = True
    unit: str = "×"

    def __str__(self) -> str:
        return f"{'≥' if self.is_at_least else '≤'} {self.bound:g}{self.unit}"

    def is_met_by(self, figure: float) -> bool:
        return figure >= self.bound if self.is_at_least else figure <= self.bound


@dataclass(frozen=True)
class Row:
    """One thing that was measured; `figures` stand under the table's columns."""

    what: str
    figures: tuple[str, ...]
    ratio: float | None = None
    goal: Goal | None = None

    @property
    def is_met(self) -> bool | None:
        """None where there is no goal."""
        if self.goal is None or self.ratio is None:
            return None
        return self.goal.is_met_by(self.ratio)


@dataclass(frozen=True)
class Table:
    """`method` says in a sentence how the figures came about; `samples` are the raw figures behind them."""

    title: str
    method: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    samples: dict[str, Any] = dataclasses.field(default_factory=dict)

    def cells(self) -> list[tuple[str, ...]]:
        """Headings and rows as text; the goal's columns only where a row has a ratio or a goal."""
        has_ratio = any(row.ratio is not None for row in self.rows)
        has_goal = any(row.goal is not None for row in self.rows)
        head = ("", *self.columns, *(("result",) if has_ratio else ()))
        lines = [head + (("goal", "met") if has_goal else ())]
        for row in self.rows:
            line = (row.what, *row.figures)
            if has_ratio:
                unit = row.goal.unit if row.goal else "×"
                line += ("" if row.ratio is None else f"{row.ratio:.3g}{unit}",)
            if has_goal:
                met = {None: "", True: "yes", False: "NO"}[row.is_met]
                line += ("" if row.goal is None else str(row.goal), met)
            lines.append(line)
        return lines

    def as_text(self) -> str:
        lines = self.cells()
        widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
        shown = [
            "  ".join(
                cell.ljust(width) if i == 0 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        rule = "-" * max(len(line) for line in shown)
        return "\n".join([self.title, rule, *shown, "", self.method, ""])

    def as_markdown(self) -> str:
        head, *rows = ("| " + " | ".join(line) + " |" for line in self.cells())
        rule = "|---|" + "---:|" * (len(self.cells()[0]) - 1)
        return "\n".join([f"## {self.title}", "", head, rule, *rows, "", self.method, ""])

    def as_dict(self) -> dict[str, Any]:
        rows = [
            {
                "what": row.what,
                "figures": dict(zip(self.columns, row.figures, strict=True)),
                "ratio": row.ratio,
                "goal": str(row.goal) if row.goal else None,
                "met": row.is_met,
            }
            for row in self.rows
        ]
        return {
            "title": self.title,
            "method": self.method,
            "rows": rows,
            "samples": self.samples,
        }
