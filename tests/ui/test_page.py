"""The page as Gradio gets it, and the rules for scripts and styles."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ui import layout

ROOT = layout.FOLDER.parent
ISLANDS = layout.FOLDER / "islands"
SCRIPTS = sorted(ISLANDS.rglob("*.js"))
STYLES = sorted((layout.FOLDER / "static").glob("*.css"))
LINES_MAX = 250
IMPORT = re.compile(r"""(?:from|import\()\s*"(\.[\w./-]+\.js)\"""")


@pytest.fixture(scope="module")
def dependencies() -> list[dict[str, object]]:
    """The events of the page, as its configuration lists them; Gradio leaves sockets open, so not in this process."""
    build = (
        "import json; from ui import layout;"
        " print(json.dumps(layout.build().get_config_file()['dependencies'], default=str))"
    )
    told = subprocess.run([sys.executable, "-c", build], cwd=ROOT, capture_output=True, check=True)
    return list(json.loads(told.stdout))


def test_no_event_of_the_page_runs_python(dependencies: list[dict[str, object]]) -> None:
    assert dependencies
    assert not any(event["backend_fn"] for event in dependencies)


def test_no_event_of_the_page_is_an_endpoint(dependencies: list[dict[str, object]]) -> None:
    assert {event["api_visibility"] for event in dependencies} == {"private"}


def test_the_head_names_files_that_are_there() -> None:
    head = str(layout.options()["head"])
    named = re.findall(r'(?:href|src)="([^"]+)"', head)
    assert len(named) >= 3
    folders = sorted(layout.STATIC.items(), key=lambda row: -len(row[0]))
    assert layout.STYLESHEET in named
    for address in set(named) - {layout.STYLESHEET}:
        place, folder = next(row for row in folders if address.startswith(row[0] + "/"))
        assert (folder / address.removeprefix(place + "/")).is_file(), address


def test_every_stylesheet_is_in_the_one_that_the_page_asks_for() -> None:
    assert {path.stem for path in STYLES} == set(layout.STYLES)
    assert all(path.read_text(encoding="utf-8") in layout.stylesheet() for path in STYLES)


def test_every_island_in_the_page_has_its_script() -> None:
    main = (layout.FOLDER / "islands" / "main.js").read_text(encoding="utf-8")
    table = main.partition("const ISLANDS = {")[2].partition("\n};")[0]
    filled = set(re.findall(r"^  (\w+):", table, re.MULTILINE))
    placed = {
        name
        for path in (layout.FOLDER / "tabs").glob("*.py")
        for name in re.findall(r'island\("(\w+)"', path.read_text(encoding="utf-8"))
    }
    assert placed == filled


def name_of(path: Path) -> str:
    """Of a script in its folder: "train/crop.js"."""
    return path.relative_to(ISLANDS if path.is_relative_to(ISLANDS) else path.parent).as_posix()


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_a_script_is_small_says_what_it_is_and_writes_no_markup(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("// "), "the first line says what the file is"
    assert text.count("\n") <= LINES_MAX
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text)


def test_scripts_import_only_scripts_that_are_there_and_each_is_used() -> None:
    imported = {
        (path.parent / place).resolve()
        for path in SCRIPTS
        for place in IMPORT.findall(path.read_text("utf-8"))
    }
    assert imported | {ISLANDS / "main.js"} == set(SCRIPTS)


@pytest.mark.parametrize("path", [*SCRIPTS, *STYLES], ids=name_of)
def test_nothing_points_at_another_host(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = re.findall(r"(?:https?:)?//[\w-]+\.\w[^\s\"')]*", text)
    assert [address for address in found if "www.w3.org" not in address] == []


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_colours_stand_in_the_palette_only(path: Path) -> None:
    """Greys without hue, one amber: both themes change in one place."""
    text = path.read_text(encoding="utf-8")
    rules = re.sub(r":root[^{]*\{[^}]*--page[^}]*\}", "", text)
    hexes = {
        code
        for code in re.findall(r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b", rules)
        if len({code[i : i + len(code) // 3] for i in range(0, len(code), len(code) // 3)}) > 1
    }
    assert hexes == set()
