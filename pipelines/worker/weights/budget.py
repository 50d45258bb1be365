"""Budgets: how much memory models may fill, by the settings, else by what is free at the start."""

from __future__ import annotations

import torch

from pipelines.tiers import Room
from pipelines.worker.device.choice import Device
from pipelines.worker.device.memory import Memory
from pipelines.worker.messages import Launch

WEIGHTS_SHARE = 0.75  # of a processor's free memory; the rest is for the pictures
RAM_SHARE = (
    0.5  # of the free RAM beside a GPU; other programs want some, and files are read through it
)
# Of a GPU: what its driver takes for this process, and what is lost between the pieces.
RESERVE_BYTES = 512 * 2**20


def room_of(device: Device, memory: Memory, launch: Launch) -> Room:
    """What may be filled on this device and, where it has memory of its own, in the RAM beside it."""
    if not device.has_own_memory:
        limit = launch.ram_bytes if device.torch_device.type == "cpu" else launch.vram_bytes
        return Room(limit or int(memory.free_bytes() * WEIGHTS_SHARE))
    free = memory.free_bytes()
    device_bytes = min(launch.vram_bytes or free, free) - RESERVE_BYTES
    ram = Memory(torch.device("cpu")).free_bytes()
    return Room(max(0, device_bytes), launch.ram_bytes or int(ram * RAM_SHARE))
