"""Bytes of a device: how many are there, how many are in use, and giving back what is only cached."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from pipelines.errors import OutOfMemory
from pipelines.worker.device.faults import Fault

CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class Memory:
    """The memory that `device` computes in; for the CPU the RAM of this machine or container."""

    device: torch.device

    def used_and_total_bytes(self) -> tuple[int, int]:
        """What is taken on the device (on the CPU: by this process), and all there is."""
        if self.device.type == "cuda":
            free, total = torch.cuda.mem_get_info(self.device)
            return total - free, total
        if self.device.type == "mps":
            return torch.mps.driver_allocated_memory(), torch.mps.recommended_max_memory()
        return int(psutil.Process().memory_info().rss), _ram_bytes()

    def free_bytes(self) -> int:
        """What can still be allocated."""
        if self.device.type == "cpu":
            mine = int(psutil.Process().memory_info().rss)
            return min(int(psutil.virtual_memory().available), _ram_bytes() - mine)
        used, total = self.used_and_total_bytes()
        return total - used

    def begin_peak(self) -> None:
        """From here on `peak_bytes` counts."""
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)

    def peak_bytes(self) -> int:
        """The most that was allocated at once since `begin_peak`, beyond what is now; 0 where nobody counts."""
        if self.device.type != "cuda":
            return 0
        peak = torch.cuda.max_memory_allocated(self.device)
        return peak - torch.cuda.memory_allocated(self.device)

    def release_cached(self) -> None:
        """Gives back memory that is only kept for reuse, or is held by dead reference circles."""
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        elif self.device.type == "mps":
            torch.mps.empty_cache()

    def error(self, fault: Fault, what: str) -> OutOfMemory:
        """The error for the user, with the figures of this moment."""
        free, (_, total) = self.free_bytes(), self.used_and_total_bytes()
        asked = f" asked for {gigabytes(fault.needed_bytes)} more and" if fault.needed_bytes else ""
        return OutOfMemory(
            f"Memory ran out: {what}{asked} found {gigabytes(free)} of {gigabytes(total)} free, even alone.",
            needed_bytes=fault.needed_bytes,
            free_bytes=free,
            total_bytes=total,
        )


def gigabytes(count_bytes: int) -> str:
    """Bytes for people, e.g. "1.5 GB"; small amounts in MB."""
    if count_bytes < 2**30:
        return f"{count_bytes / 2**20:.0f} MB"
    return f"{count_bytes / 2**30:.1f} GB"


def _ram_bytes() -> int:
    """The RAM of this machine, or what its container may use of it."""
    total = int(psutil.virtual_memory().total)
    try:
        return min(total, int(CGROUP_LIMIT.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return total
