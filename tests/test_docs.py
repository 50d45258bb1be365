"""What the documentation says is there: files, links, commands, samplers, fields.

The page of settings has its test in pipelines/test_settings.py, the addresses of the API in api/test_site.py.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
from pathlib import Path

import pytest

from pipelines import SAMPLERS, SCHEDULES, Request, Sampling
from ui.form import FIELDS

ROOT = Path(__file__).parent.parent
SOURCE_FOLDERS = ("api", "benchmarks", "pipelines", "scripts", "tests", "training", "ui")
SOURCE_SUFFIXES = {".py", ".js", ".css", ".html"}
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "models/**/*.md", "training/**/*.md")
    for path in ROOT.glob(pattern)
)
STRUCTURE = ROOT / "docs" / "structure.md"


def prose_and_tables(page: Path) -> str:
    """The page without its fenced blocks, in which brackets are code and no links."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def commands(page: Path) -> list[list[str]]:
    """Every command line of the page's shell blocks, cut into words; `&&` parts one by one."""
    blocks = re.findall(
        r"^```(?:sh|bash|powershell)\n(.*?)^```", page.read_text("utf-8"), re.M | re.S
    )
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    parts = [part for line in lines for part in re.split(r"&&|\|\||\|", line)]
    return [words for part in parts if (words := shlex.split(part, comments=True))]


def test_every_source_file_has_its_line_in_the_structure_page() -> None:
    named = set(re.findall(r"^\| `([^`]+)` \|", STRUCTURE.read_text(encoding="utf-8"), re.M))
    files = {"app.py"} | {
        path.relative_to(ROOT).as_posix()
        for folder in SOURCE_FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in SOURCE_SUFFIXES
    }

    assert not files ^ named, "run: python scripts/structure.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_relative_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose_and_tables(page)):
        if re.match(r"[a-z]+:", target):
            continue
        where, _, anchor = target.partition("#")
        linked = (page.parent / where).resolve() if where else page
        assert linked.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(linked), f"{page.name}: no heading #{anchor} in {linked.name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_that_are_named_in_prose_exist(page: Path) -> None:
    tops = "|".join(("app", "docs", *SOURCE_FOLDERS))
    for name in re.findall(
        rf"`((?!api/v1)(?:{tops})/[\w./-]*|app\.py)`", page.read_text(encoding="utf-8")
    ):
        is_example = re.search(r"(?:name\.(?:py|js|md))$", name)
        assert is_example or (ROOT / name).exists(), f"{page.name} names {name}"


def anchors(page: Path) -> set[str]:
    """The anchors that a forge makes of the headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_name_files_and_modules_that_exist(page: Path) -> None:
    for words in commands(page):
        for before, word in zip(["", *words], words, strict=False):
            is_module = re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", word)
            if before == "-m" and is_module and word not in ("pytest", "pip", "venv"):
                module = ROOT.joinpath(*word.split("."))
                assert module.with_suffix(".py").exists() or module.is_dir(), f"{page.name}: {word}"
            looks_like_ours = re.fullmatch(r"(?:[\w-]+/)*[\w.-]+\.(?:py|txt|toml|yaml)", word)
            if looks_like_ours and word != "password.txt":
                assert (ROOT / word).exists(), f"{page.name}: {' '.join(words)}"


def test_every_sampler_and_schedule_is_explained_to_its_user() -> None:
    guide = (ROOT / "docs" / "guide" / "samplers.md").read_text(encoding="utf-8")

    for sampler in SAMPLERS:
        line = rf"^\| {re.escape(sampler.name)} \| .+ \| {re.escape(sampler.schedule)} \|$"
        assert re.search(line, guide, re.M), sampler
    for schedule in SCHEDULES:
        assert f"| {schedule.name} |" in guide, schedule


def test_every_widget_is_explained_to_its_user_under_its_label() -> None:
    guide = (ROOT / "docs" / "guide" / "text-to-image.md").read_text(encoding="utf-8")

    for field in FIELDS:
        assert field.label.partition(",")[0].partition(":")[0] in guide, field.label


def test_every_field_of_a_request_is_explained_to_programs() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    fields = {field.name for kind in (Request, Sampling) for field in dataclasses.fields(kind)}

    for name in fields - {"kind"}:  # there is only one kind
        assert f"`{name}`" in page, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_pages_speak_of_the_project_and_not_of_how_they_were_written(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert not re.search(r"(?<![\w./~-])/(?:home|root|Users|work)/", text), "a private path"
    assert not re.search(r"\b(?:TODO|FIXME|TBD|lorem ipsum)\b", text, re.I), "unfinished"
    assert not re.search(r"\bas an AI\b|\blanguage model\b", text, re.I)
