"""A small JSON file that lies beside weights, read with care: it comes from anywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipelines.catalog.weights_file import Damaged

JSON_BYTES_MAX = 4 * 2**20


def read_object(path: Path, name: str) -> dict[str, Any]:
    """The object in it. Raises Damaged, which calls the file by `name`."""
    try:
        if path.stat().st_size > JSON_BYTES_MAX:
            raise Damaged(f"{name} is too large for what it should be")
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Damaged(f"{name} is missing") from error
    except (OSError, ValueError, RecursionError) as error:
        raise Damaged(f"{name} is no readable JSON") from error
    if not isinstance(values, dict):
        raise Damaged(f"{name} is no JSON object")
    return values
