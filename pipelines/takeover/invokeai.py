"""Where InvokeAI keeps its things: as `invokeai.yaml` says, and models wherever its database says."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pipelines.takeover.place import (
    EMBEDDINGS,
    MODELS,
    OUTPUTS,
    UNREAD,
    Place,
    read_values,
    resolved,
    texts_in,
)

CONFIG, DATABASE = "invokeai.yaml", "invokeai.db"
BY_CUSTOM = ((MODELS, "models"), (OUTPUTS, "outputs"))
DATABASES = "databases"
KEYS = {  # of invokeai.yaml; those of version 3 lie in groups
    **dict.fromkeys(("models_dir", "lora_dir", "controlnet_dir"), MODELS),
    "embedding_dir": EMBEDDINGS,
    **dict.fromkeys(("outputs_dir", "outdir"), OUTPUTS),
}
MODELS_MAX = 10_000
PATHS = ("SELECT path FROM models LIMIT ?", "SELECT path FROM model_config LIMIT ?")


def places(root: Path) -> Iterator[Place]:
    """Everything, also what is not there."""
    yield from (Place(use, root / path) for use, path in BY_CUSTOM)
    values = read_values(root / CONFIG)
    if values is None and (root / CONFIG).exists():
        yield Place(UNREAD, root / CONFIG)
    databases = root / DATABASES
    for key, text in texts_in(values):
        if key in KEYS:
            yield Place(KEYS[key], resolved(root, text), f"{key} in {CONFIG}")
        elif key == "db_dir":
            databases = resolved(root, text)
    yield from _models_in_place(databases / DATABASE)


def _models_in_place(database: Path) -> Iterator[Place]:
    """The models that it uses where they lie, elsewhere on the disk. Those under its own folder have relative paths."""
    if not database.is_file():
        return
    rows: list[tuple[str]] = []
    for question in PATHS:
        try:  # immutable: without it SQLite would write a journal beside the file
            uri = f"{database.absolute().as_uri()}?mode=ro&immutable=1"
            with closing(sqlite3.connect(uri, uri=True)) as db:
                rows = db.execute(question, (MODELS_MAX,)).fetchall()
                break
        except sqlite3.Error:  # another version of it, or damaged
            continue
    else:
        yield Place(UNREAD, database)
    for (text,) in rows:
        if isinstance(text, str) and "\0" not in text and Path(text).is_absolute():
            yield Place(MODELS, Path(text), f"a model in {DATABASE}")
