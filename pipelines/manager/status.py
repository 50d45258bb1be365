"""Status: how the server is, as the page and the health checks show it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from pipelines.worker.messages import Holder


@dataclass(frozen=True, kw_only=True)
class Status:
    """A snapshot. `worker` is starting, ready, restarting or broken; `why` says why it is not ready, or what lacks."""

    worker: str
    why: str = ""
    device: str = ""
    device_name: str = ""
    dtype: str = ""
    notice: str = ""  # e.g. a GPU is present but cannot be used, with the remedy
    used_bytes: int = 0  # of the device's memory
    total_bytes: int = 0
    loaded: tuple[str, ...] = ()  # checkpoints in memory
    holders: tuple[
        Holder, ...
    ] = ()  # how much memory each of them holds, the one that was used last first
    forwards: int = 0
    calls: int = 0  # more calls than forwards: pictures shared forwards
    queue_length: int = 0  # jobs that wait, of everybody
    running: int = 0
    checkpoint_names: tuple[str, ...] = ()
    catalog_version: int = 0  # another one whenever other models lie in their folders
    taken_over: int = 0  # pictures of other programs in the library …
    to_take_over: int = 0  # … of so many that there are
    restarts: int = 0
    free_disk_bytes: int = 0
    worker_pid: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)
