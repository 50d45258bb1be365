"""Tables: goals are judged, columns line up, nothing is said about a row without a goal."""

from __future__ import annotations

from benchmarks.table import Goal, Row, Table

TABLE = Table(
    title="Pictures",
    method="Counted by hand.",
    columns=("ours", "theirs"),
    rows=(
        Row("one", ("2.0 s", "2.1 s"), ratio=1.05, goal=Goal(0.97)),
        Row("eight drafts", ("3.0 s", "4.0 s"), ratio=0.75, goal=Goal(0.5, is_at_least=False)),
        Row("memory", ("1 MB", "2 MB")),
    ),
)


def test_goals_are_judged_in_their_direction() -> None:
    assert [row.is_met for row in TABLE.rows] == [True, False, None]


def test_text_says_ratio_goal_and_whether_it_is_met() -> None:
    lines = TABLE.as_text().splitlines()

    assert lines[2].split() == ["ours", "theirs", "result", "goal", "met"]
    assert lines[3].split()[-4:] == ["1.05×", "≥", "0.97×", "yes"]
    assert lines[4].split()[-4:] == ["0.75×", "≤", "0.5×", "NO"]
    assert "memory" in lines[5]


def test_markdown_has_as_many_cells_in_every_line() -> None:
    lines = [line for line in TABLE.as_markdown().splitlines() if line.startswith("|")]

    assert {line.count("|") for line in lines} == {7}


def test_json_keeps_figures_by_column() -> None:
    first = TABLE.as_dict()["rows"][0]

    assert first["figures"] == {"ours": "2.0 s", "theirs": "2.1 s"}
    assert first["met"] is True
    assert first["goal"] == "≥ 0.97×"
