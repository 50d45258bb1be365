"""The edits in a picture's file: as many as there is room for, and what is wrong in them counts as absent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipelines.output import metadata
from pipelines.output.edits import EDITS_BYTES, Edit, Edits, fitting, read_edits
from pipelines.request import Request

SKY = Edit(name="sky", request={"prompt": "a sky", "seed": 3}, image="i")
TONES = Edit(name="tones", tool={"tool": "tones", "strength": 0.5}, image="j")
EDITS = Edits(base="b", name="door", steps=(SKY, TONES))


def test_what_is_written_is_read_back() -> None:
    texts = metadata.write_texts(Request(), "", metadata.Details(), EDITS)

    assert metadata.parse(texts).edits == EDITS
    assert metadata.parse(metadata.write_texts(Request(), "", metadata.Details())).edits is None


def test_the_first_edits_stay_where_there_is_no_room_for_all() -> None:
    long = [Edit(name=str(n), request={"prompt": "ü" * 5000}) for n in range(20)]

    edits = fitting("b", "last", long)

    assert 0 < len(edits.steps) < 20
    assert edits.steps == tuple(long[: len(edits.steps)])
    assert edits.left_out == 20 - len(edits.steps)
    assert len(json.dumps(edits.as_dict())) < EDITS_BYTES + 1000


@pytest.mark.parametrize(
    "change",
    [
        {"base": None}, {"base": 5}, {"steps": None}, {"steps": {}}, {"steps": [5]}, {"steps": [{}]},
        {"steps": [{"request": {}, "tool": {}}]}, {"steps": [{"request": []}]}, {"left_out": "1"},
        {"left_out": None}, {"steps": [{"request": {}}] * 101},
    ],
)  # fmt: skip
def test_what_is_wrong_counts_as_absent(change: dict[str, Any]) -> None:
    assert read_edits({**EDITS.as_dict(), **change}) is None


@pytest.mark.parametrize("values", [None, 5, "x", [], {}, True])
def test_what_is_none_counts_as_absent(values: Any) -> None:
    assert read_edits(values) is None
