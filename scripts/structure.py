"""Writes the list of files in docs/structure.md anew, from what each file says about itself in its first line."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "structure.md"
MARK = "<!-- From here on written by scripts/structure.py -->"
FOLDERS = ("api", "pipelines", "ui", "training", "benchmarks", "scripts", "tests")
SUFFIXES = {".py", ".js", ".css", ".html"}
BESIDE = {
    "api/login.html": "The page that asks for the password; works without scripts.",
    "api/starting.html": "What a browser sees while Gradio is imported; it asks again each second.",
}


def main() -> None:
    head = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    parts = [head + MARK, "", "| file | what it is |", "|---|---|", _row(ROOT / "app.py"), ""]
    for folder, paths in _by_folder().items():
        parts += [f"### {folder}/", "", "| file | what it is |", "|---|---|"]
        parts += [*(_row(path) for path in paths), ""]
    PAGE.write_text("\n".join(parts), encoding="utf-8")


def _by_folder() -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for top in FOLDERS:
        for path in sorted((ROOT / top).rglob("*"), key=lambda path: (path.parent, path.name)):
            if path.suffix in SUFFIXES:
                found.setdefault(path.parent.relative_to(ROOT).as_posix(), []).append(path)
    return found


def _row(path: Path) -> str:
    name = path.relative_to(ROOT).as_posix()
    line = (BESIDE.get(name) or first_line(path)).replace("|", "\\|")
    return f"| `{name}` | {line} |"


def first_line(path: Path) -> str:
    """What a file says about itself: its docstring's first line, or its first comment."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
    comment = re.match(r"(?:\s*//\s?(.*)|\s*/\*+\s*([^*]*))", text)
    return " ".join((comment[1] or comment[2] or "").split()) if comment else ""


if __name__ == "__main__":
    main()
