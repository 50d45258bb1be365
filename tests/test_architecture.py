"""The walls of the house, read from the imports: layers, torch only in the worker, no circles, no hidden imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {"torch", "diffusers", "transformers", "xformers", "accelerate", "peft"}
HEAVY_ALLOWED = ("pipelines/worker/", "training/", "benchmarks/", "tests/", "scripts/")
LIGHT = [
    f"pipelines/worker/{name}.py"
    for name in ("__init__", "supervisor", "messages", "process", "finetune/messages")
]
# Folders of a folder, in their order: each imports only those before it.
FOLDERS = {
    "pipelines/finetune": ("pictures", "planning", "results", "desk"),
    "pipelines/video": (
        *("schedules", "motion", "grading", "steady", "photo", "media"),
        *("deforum", "modes", "shooting", "desk"),
    ),
}
OURS = ("app", "ui", "api", "pipelines", "training", "benchmarks", "tests", "scripts")


def sources() -> dict[str, Path]:
    """Dotted name → file of every Python file of ours."""
    found = {}
    for top in OURS:
        paths = (
            [ROOT / f"{top}.py"] if (ROOT / f"{top}.py").exists() else (ROOT / top).rglob("*.py")
        )
        for path in paths:
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


SOURCES = sources()


def imported(path: Path, *, only_top_level: bool = False) -> set[str]:
    """Dotted names that a file imports; `from a import b` counts as a.b. Type-checking blocks are left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    names: set[str] = set()
    for node in tree.body if only_top_level else ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import; write it in full"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def tops(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def inside(*folders: str) -> list[Path]:
    return [p for p in SOURCES.values() if p.relative_to(ROOT).as_posix().startswith(folders)]


def test_pipelines_know_neither_the_page_nor_the_api() -> None:
    for path in inside("pipelines/"):
        assert not tops(imported(path)) & {"ui", "api", "gradio", "app"}, path


def test_ui_and_api_reach_the_pipelines_through_their_face_only() -> None:
    for path in inside("ui/", "api/"):
        behind = [
            name
            for name in imported(path)
            if name.startswith("pipelines.")
            and (name in SOURCES or name.rpartition(".")[0] in SOURCES)
            and name.rpartition(".")[0] != "pipelines"
        ]
        assert not behind, f"{path} reaches behind the face: {behind}"


def test_heavy_libraries_stay_in_the_worker_and_beside_the_app() -> None:
    for path in SOURCES.values():
        where = path.relative_to(ROOT).as_posix()
        if where in LIGHT:
            assert not tops(imported(path, only_top_level=True)) & HEAVY, path
        elif not where.startswith(HEAVY_ALLOWED):
            assert not tops(imported(path)) & HEAVY, path


def test_app_imports_only_the_standard_library_at_its_top() -> None:
    assert tops(imported(ROOT / "app.py", only_top_level=True)) <= set(sys.stdlib_module_names)


def test_imports_stand_at_the_top_of_the_file() -> None:
    allowed = {"app.py", "pipelines/worker/process.py"}
    for path in inside("pipelines/", "api/", "ui/"):
        where = path.relative_to(ROOT).as_posix()
        hidden = imported(path) - imported(path, only_top_level=True)
        ours = {name for name in hidden if tops({name}) <= set(OURS)}
        assert where in allowed or not ours, f"{where} hides an import in a function: {ours}"


def test_imports_form_no_circle() -> None:
    graph = {}
    for name, path in SOURCES.items():
        targets = {n if n in SOURCES else n.rpartition(".")[0] for n in imported(path)}
        graph[name] = {t for t in targets if t in SOURCES and t != name}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join([*way[way.index(name) :], name])
        if name not in done:
            for target in sorted(graph[name]):
                visit(target, (*way, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize(("folder", "order"), FOLDERS.items())
def test_folders_import_in_one_direction(folder: str, order: tuple[str, ...]) -> None:
    own_names = re.compile(rf"{folder.replace('/', '.')}\.({'|'.join(order)})\b")
    for path in inside(f"{folder}/"):
        own = path.relative_to(ROOT / folder).parts
        if len(own) == 1 and folder == "pipelines/video":
            continue  # its files stand between its folders; the circles are looked for above
        later = order[order.index(own[0]) + 1 :] if len(own) > 1 else order
        reached = {found[1] for name in imported(path) if (found := own_names.match(name))}
        assert not reached & set(later), f"{path} imports {reached & set(later)}"


@pytest.mark.parametrize(
    "face", ["pipelines", "api", "pipelines.worker.process", "pipelines.worker.supervisor"]
)
def test_importing_what_the_web_process_uses_brings_no_torch(face: str) -> None:
    code = f"import sys, {face}; sys.exit(' '.join({HEAVY!r} & set(sys.modules)) or 0)"

    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)

    assert result.returncode == 0, result.stderr


def test_every_file_says_in_its_first_line_what_it_is() -> None:
    for path in SOURCES.values():
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), (
            f"{path} has no first line"
        )


def test_module_level_state_is_constant_tables_only() -> None:
    for path in inside("pipelines/", "api/", "ui/"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            for name in [t.id for t in getattr(node, "targets", []) if isinstance(t, ast.Name)]:
                is_constant = (
                    name.isupper() or name == "__all__" or name[0].isupper() or name.startswith("_")
                )
                assert is_constant, f"{path}: {name} at module level is no constant"
