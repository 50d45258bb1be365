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


INTERMEDIATES = "SELECT image_name FROM images WHERE is_intermediate"


def places(root: Path) -> Iterator[Place]:
    """Everything, also what is not there."""
    yield from (Place(use, root / path) for use, path in BY_CUSTOM)
    values = read_values(root / CONFIG)
    if values is None and (root / CONFIG).exists():
        yield Place(UNREAD, root / CONFIG)
    for key, text in texts_in(values):
        if key in KEYS:
            yield Place(KEYS[key], resolved(root, text), f"{key} in {CONFIG}")
    yield from _models_in_place(_database(root))


def left_out(root: Path) -> frozenset[str]:
    """The names of the pictures that it keeps on the way to others, and shows nobody."""
    found = _ask(_database(root), INTERMEDIATES, ()) if _database(root).is_file() else None
    return frozenset(name for name in found or () if isinstance(name, str))


def _database(root: Path) -> Path:
    said = (text for key, text in texts_in(read_values(root / CONFIG)) if key == "db_dir")
    return resolved(root, next(said, DATABASES)) / DATABASE


def _models_in_place(database: Path) -> Iterator[Place]:
    """The models that it uses where they lie, elsewhere on the disk. Those under its own folder have relative paths."""
    if not database.is_file():
        return
    answers = (_ask(database, question, (MODELS_MAX,)) for question in PATHS)
    paths = next((answer for answer in answers if answer is not None), None)
    if paths is None:
        yield Place(UNREAD, database)
    for text in paths or ():
        if isinstance(text, str) and "\0" not in text and Path(text).is_absolute():
            yield Place(MODELS, Path(text), f"a model in {DATABASE}")


def _ask(database: Path, question: str, values: tuple[int, ...]) -> list[object] | None:
    """The first column of the answer; None from another version of the database, or a damaged one."""
    # immutable: without it SQLite would write a journal beside the file
    uri = f"{database.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as db:
            return [row[0] for row in db.execute(question, values)]
    except sqlite3.Error:
        return None
