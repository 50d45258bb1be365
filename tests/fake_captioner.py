"""A captioner without a model or torch: it says how wide a picture is, and cannot describe what is taller than wide."""

from __future__ import annotations

import json
import sys
from typing import Any

from PIL import Image


def answer(line: str) -> dict[str, Any]:
    with Image.open(json.loads(line)["path"]) as picture:
        width, height = picture.size
    if height > width:
        return {"problem": f"{height} px are too tall"}
    return {"caption": f"a ring of {width} px"}


if __name__ == "__main__":
    for asked in sys.stdin:
        print(json.dumps(answer(asked)), flush=True)
