"""Where ComfyUI keeps its things: under its own folder, and wherever `extra_model_paths.yaml` says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipelines.takeover.place import (
    EMBEDDINGS,
    MODELS,
    OUTPUTS,
    UNREAD,
    WILDCARDS,
    Place,
    read_values,
    resolved,
)

EXTRA_PATHS = ("extra_model_paths.yaml", "extra_models_config.yaml")
BY_CUSTOM = ((MODELS, "models"), (OUTPUTS, "output"), (WILDCARDS, "wildcards"))
WILDCARDS_OF_NODES = "custom_nodes/*/wildcards"
BASE = "base_path"
NO_MODELS = (BASE, "is_default", "custom_nodes", "download_model_base", "configs")


def places(root: Path) -> Iterator[Place]:
    """Everything, also what is not there."""
    yield from (Place(use, root / path) for use, path in BY_CUSTOM)
    yield from (Place(WILDCARDS, path) for path in sorted(root.glob(WILDCARDS_OF_NODES)))
    for name in EXTRA_PATHS:
        values = read_values(root / name)
        if values is None and (root / name).exists():
            yield Place(UNREAD, root / name)
        for group in (values or {}).values():
            if isinstance(group, dict):
                yield from _group(root, name, group)


def _group(root: Path, name: str, group: dict[str, object]) -> Iterator[Place]:
    """One program's folders: a line each, relative to its base path."""
    base = resolved(root, str(group.get(BASE) or "."))
    for key, value in group.items():
        if key in NO_MODELS or not isinstance(value, str):
            continue
        use = EMBEDDINGS if key == EMBEDDINGS else MODELS
        for line in filter(str.strip, value.splitlines()):
            yield Place(use, resolved(base, line), f"{key} in {name}")
