"""What an exception of torch means: too little memory, a lost GPU, a call that cannot work, or something unknown."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass

import torch

OOM, POISONED, BAD_INPUT, UNKNOWN = "oom", "poisoned", "bad_input", "unknown"

# The first row whose words stand in the message decides; matched without regard to case.
WORDS = (
    (OOM, "out of memory"),  # CUDA, HIP, XPU and MPS all say so
    (OOM, "can't allocate memory"),  # the CPU allocator
    (OOM, "not enough memory"),  # the same on Windows
    (OOM, "_status_alloc_failed"),  # cuBLAS, cuDNN, cuSPARSE
    (OOM, "invalid buffer size"),  # Metal, above its largest buffer
    (OOM, "erroroutofmemory"),  # hipErrorOutOfMemory, cudaErrorMemoryAllocation's siblings
    (BAD_INPUT, "invalid device ordinal"),
    (BAD_INPUT, "no kernel image is available"),  # this torch was not built for this GPU
    (BAD_INPUT, "invalid configuration argument"),
    (POISONED, "device-side assert"),
    (POISONED, "illegal memory access"),
    (POISONED, "memory access fault"),
    (POISONED, "misaligned address"),
    (POISONED, "illegal instruction"),
    (POISONED, "hardware stack error"),
    (POISONED, "unspecified launch failure"),
    (POISONED, "launch timed out"),
    (POISONED, "uncorrectable ecc error"),
    (POISONED, "fallen off the bus"),
    (POISONED, "gpu is lost"),
    (POISONED, "device(s) is/are busy or unavailable"),
    (POISONED, "driver shutting down"),
    (POISONED, "context is destroyed"),
    (POISONED, "_status_execution_failed"),
    (POISONED, "_status_internal_error"),
    (POISONED, "_status_not_initialized"),
    (POISONED, "_status_mapping_error"),
    (POISONED, "cuda error:"),  # whatever else the runtime says: later calls would fail as well
    (POISONED, "hip error:"),
    (BAD_INPUT, "shapes cannot be multiplied"),
    (BAD_INPUT, "sizes of tensors must match"),
    (BAD_INPUT, "must match the size of tensor"),
    (BAD_INPUT, "expected all tensors to be on the same device"),
    (BAD_INPUT, "expected scalar type"),
    (BAD_INPUT, "should be the same"),  # "Input type … and weight type … should be the same"
    (BAD_INPUT, "must have the same dtype"),
    (BAD_INPUT, "is invalid for input of size"),
    (BAD_INPUT, "expected input"),
    (BAD_INPUT, "out of range in self"),
)
UNITS = {
    "bytes": 1,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "kb": 2**10,
    "mb": 2**20,
    "gb": 2**30,
}
WANTED = re.compile(r"tried to allocate ([\d.]+) (bytes|[KMG]i?B)", re.IGNORECASE)


@dataclass(frozen=True)
class Fault:
    """An exception, understood and let go: it keeps no frame, and so no tensor, alive."""

    kind: str
    message: str
    needed_bytes: int | None = None

    @classmethod
    def of(cls, error: BaseException) -> Fault:
        """What `error` means. Its frames are cleared, so that the tensors in them are free at once."""
        traceback.clear_frames(error.__traceback__)
        message = f"{type(error).__name__}: {error}".strip()
        return cls(classify_gpu_error(error), message, needed_bytes(str(error)))


def classify_gpu_error(error: BaseException) -> str:
    """OOM: a smaller batch may work. POISONED: only a new process helps. BAD_INPUT: this call is wrong. Or UNKNOWN."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return OOM
    message = str(error).casefold()
    for kind, words in WORDS:
        if words in message:
            return kind
    if isinstance(error, torch.AcceleratorError):
        return POISONED
    return BAD_INPUT if isinstance(error, TypeError | ValueError | LookupError) else UNKNOWN


def needed_bytes(message: str) -> int | None:
    """How much the allocation that failed asked for, where the message says so."""
    found = WANTED.search(message)
    return int(float(found[1]) * UNITS[found[2].casefold()]) if found else None
