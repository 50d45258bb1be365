"""Files of styles: read as AUTOMATIC1111 reads them, and safe whatever stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.prompting.styles import Style, read_styles, with_styles
from tests.installations import STYLES, put


def test_the_last_of_a_name_counts_and_headings_do_not(tmp_path: Path) -> None:
    assert read_styles([put(tmp_path / "styles.csv", STYLES)]) == (
        Style("Oil", "oil painting of {prompt}", ""),
        Style("Ink", "black ink", ""),
    )


@pytest.mark.parametrize(
    ("own", "text", "expected"),
    [
        ("a fox", "oil of {prompt}, thick", "oil of a fox, thick"),
        ("a fox", "ink", "a fox, ink"),
        ("a fox", "", "a fox"),
        ("", "ink", "ink"),
        ("", "oil of {prompt}", "oil of "),
        (" a fox ", " ink ", "a fox, ink"),
    ],
)
def test_a_style_holds_the_prompt_or_stands_behind_it(own: str, text: str, expected: str) -> None:
    assert with_styles(own, "", [Style("x", text)]) == (expected, "")
    assert with_styles("", own, [Style("x", "", text)]) == ("", expected)


def test_later_files_win_and_old_files_are_understood(tmp_path: Path) -> None:
    old = put(tmp_path / "old.csv", 'name,text\nOil,"oil, old"\n"Two\nlines",x\n')
    new = put(tmp_path / "new.csv", "name,prompt,negative_prompt\nOil,oil,photo\n")

    assert read_styles([old, new]) == (Style("Oil", "oil", "photo"), Style("Two\nlines", "x"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\0",
        b"a,b\n1,2\n",
        b'name,prompt\n"open',
        b"name\n" + b"x" * 200_000,
        b"\0" * 99,
    ],
    ids=range(6),
)
def test_what_is_no_file_of_styles_has_few_or_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "styles.csv"
    path.write_bytes(data)

    assert len(read_styles([path, tmp_path / "gone.csv", tmp_path])) <= 1
