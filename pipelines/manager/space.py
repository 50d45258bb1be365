"""Free space of the folders that are written to, asked before a picture is begun that could not be saved."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

RESERVE_BYTES = 64 * 2**20  # what must be left for the index, the queue and kept steps


def free_bytes(folder: Path) -> int:
    """Free bytes of the disk on which the folder lies, or will lie; 0 when it cannot be reached."""
    while not os.path.exists(folder) and folder != folder.parent:
        folder = folder.parent
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def lacking(folders: Iterable[Path], needed_bytes: int) -> str:
    """A sentence about the first folder that has too little space for so much and the reserve; "" if none."""
    for folder in folders:
        free = free_bytes(folder)
        if free < needed_bytes + RESERVE_BYTES:
            return (
                f"The disk of {folder} is full: {free / 2**20:,.0f} MB are free, "
                f"{(needed_bytes + RESERVE_BYTES) / 2**20:,.0f} MB are needed."
            )
    return ""
