"""How finished pixels leave the process: in the message itself, or, when there are many, in shared memory."""

from __future__ import annotations

import shutil
import sys
from multiprocessing.shared_memory import SharedMemory

from torch import Tensor

from pipelines.worker.messages import Pixels

SHARED_FROM_BYTES = 2**20
SHARED_MEMORY = "/dev/shm"


def pack(pixels: Tensor) -> Pixels:
    """(height, width, 3) uint8 on the CPU, as a message. The receiver unlinks the block of shared memory."""
    height, width, _ = pixels.shape
    if pixels.numel() < SHARED_FROM_BYTES or not _has_room(pixels.numel()):
        return Pixels(width, height, data=pixels.numpy().tobytes())
    block = SharedMemory(create=True, size=pixels.numel())
    try:
        assert block.buf is not None
        block.buf[: pixels.numel()] = pixels.numpy().reshape(-1).data
    finally:
        block.close()
    return Pixels(width, height, shared_memory=block.name)


def _has_room(size_bytes: int) -> bool:
    """Whether a block can be filled: writing to full shared memory (64 MB in a container) kills the process."""
    if sys.platform == "win32":
        return False  # a block is dropped there with its last open handle, before the receiver has looked
    try:
        return shutil.disk_usage(SHARED_MEMORY).free > 2 * size_bytes
    except OSError:  # macOS keeps it elsewhere, in swap
        return True
