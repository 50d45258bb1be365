"""What a child that opens a stranger's file may do: little memory, little time, no other file, no network.

The child limits itself, after it has opened what it needs and before it looks at a byte of it. Where the system has no
such limits the parent's clock must do.
"""

from __future__ import annotations

import contextlib
import os

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

MEMORY_BYTES = (
    4_000_000_000  # an 8K movie with all frames that its codec refers to, measured and rounded up
)
CPU_SECONDS = 60  # for one step: to open the file, or to decode one frame
NICENESS = 5


def confine(*, is_writing: bool = False) -> None:
    """Takes from this process all that it does not need; from here on it cannot open files or sockets."""
    free = os.dup(2)  # the lowest number that a new file would get
    os.close(free)
    _limit("RLIMIT_CORE", 0)
    _limit("RLIMIT_AS", MEMORY_BYTES)
    _limit("RLIMIT_NOFILE", free)
    if not is_writing:
        _limit("RLIMIT_FSIZE", 0)
    with contextlib.suppress(AttributeError, OSError):
        os.nice(NICENESS)
    renew_time()


def renew_time() -> None:
    """Grants CPU_SECONDS from now on; a file that hangs its decoder ends this process."""
    with contextlib.suppress(AttributeError, ValueError, OSError):
        used = resource.getrusage(resource.RUSAGE_SELF)
        end = int(used.ru_utime + used.ru_stime) + 1 + CPU_SECONDS
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (end, hard))


def _limit(name: str, most: int) -> None:
    with contextlib.suppress(AttributeError, ValueError, OSError):
        resource.setrlimit(getattr(resource, name), (most, most))
