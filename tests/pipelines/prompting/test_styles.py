"""Styles: put on and taken off as AUTOMATIC1111 does, and their files read and written, whatever stands there."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.prompting.styles import (
    Style,
    read_styles,
    styles_in,
    with_style,
    with_styles,
    without_style,
    without_styles,
)
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


# ---- off again ---------------------------------------------------------------------------------------------

OIL = Style("Oil", "oil painting of {prompt}, thick", "photo")
INK = Style("Ink", "black ink", "colour")
PLAIN = Style("Plain", "", "blurry")


@pytest.mark.parametrize("styles", [(OIL,), (INK,), (PLAIN,), (OIL, INK), (INK, PLAIN, OIL), ()])
@pytest.mark.parametrize("own", [("a fox", "bad"), ("a fox, in snow", ""), ("", "")])
def test_styles_that_were_put_on_can_be_taken_off(
    styles: tuple[Style, ...], own: tuple[str, str]
) -> None:
    prompt, negative, names = without_styles(*with_styles(*own, styles), (OIL, INK, PLAIN))
    assert with_styles(prompt, negative, [one for one in styles if one.name in names]) == (
        with_styles(*own, styles)
    )
    assert (prompt, negative) == own
    assert set(names) == {one.name for one in styles}


def test_both_texts_of_a_style_must_be_there() -> None:
    assert without_styles("a fox, black ink", "bad", [INK]) == ("a fox, black ink", "bad", ())
    assert without_styles("a fox, black ink", "bad, colour", [INK]) == ("a fox", "bad", ("Ink",))
    assert without_styles("a fox", "", [Style("Empty")]) == ("a fox", "", ())


# ---- written -----------------------------------------------------------------------------------------------

FILE = (
    "name,prompt,negative_prompt,tags\r\n"
    "# Heading,,,\r\n"
    'Oil,"oil, of {prompt}",photo,"a,b"\r\n'
    "Ink,ink,,\r\n"
)


def test_a_changed_style_leaves_all_else_as_it_was() -> None:
    text = with_style(FILE, Style("Oil", 'new "oil"\nin two lines', ""))
    rows = list(csv.DictReader(io.StringIO(text, newline="")))

    assert [row["name"] for row in rows] == ["# Heading", "Oil", "Ink"]
    assert rows[1]["prompt"] == 'new "oil"\nin two lines'
    assert rows[1]["tags"] == "a,b"
    assert text.startswith("name,prompt,negative_prompt,tags\r\n")


def test_new_styles_come_last_and_deleted_ones_go() -> None:
    text = with_style(FILE, Style("New", "n", "m"))
    assert [style.name for style in styles_in(text)] == ["Oil", "Ink", "New"]
    assert [style.name for style in styles_in(without_style(text, "Oil"))] == ["Ink", "New"]
    assert styles_in(with_style("", Style("First", "f"))) == (Style("First", "f"),)
    assert styles_in(with_style("name,text\nOld,x\n", Style("New", "y"))) == (
        *(Style("Old", "x"), Style("New", "y")),
    )


NAMES = st.text(max_size=30).map(str.strip).filter(lambda name: name and name[0] != "#")
TEXTS = st.text(max_size=60).filter(lambda text: "\0" not in text)


@given(
    st.dictionaries(
        NAMES.filter(lambda name: "\0" not in name), st.tuples(TEXTS, TEXTS), max_size=6
    )
)
def test_any_styles_are_read_back(styles: dict[str, tuple[str, str]]) -> None:
    text = ""
    for name, texts in styles.items():
        text = with_style(text, Style(name, *texts))
    assert {
        style.name: (style.prompt, style.negative_prompt) for style in styles_in(text)
    } == styles
