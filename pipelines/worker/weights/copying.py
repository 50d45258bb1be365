"""Tensors of a file into memory of our own, in another number format, each number looked at on the way.

Cast by torch in one go, half precision takes twice as long, since it is cast number by number; by way of float32 whole
vectors are, chunk by chunk in the processor's cache. A file that is changed or cut off afterwards does no harm, since
nothing of it is mapped any more.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

CHUNK = 1 << 17  # numbers; half a megabyte in float32, which a second-level cache holds
ALIGNED_BYTES = 64
FLOAT8_MAX = torch.finfo(torch.float8_e4m3fn).max


class NotANumber(Exception):
    """A tensor holds NaN or infinity; its name is the argument."""


def copied(
    tensors: Mapping[str, Tensor],
    wanted: torch.dtype | Callable[[str, Tensor], torch.dtype],
    *,
    pinned: bool = False,
) -> dict[str, Tensor]:
    """Copies: floating point numbers in the format that is wanted, or wanted for this one, all others as they are.

    `pinned`: in memory that a GPU can fetch from by itself, at several times the speed. Raises NotANumber.
    """

    def format_of(name: str, tensor: Tensor) -> torch.dtype:
        if not tensor.is_floating_point():
            return tensor.dtype
        return wanted if isinstance(wanted, torch.dtype) else wanted(name, tensor)

    formats = {name: format_of(name, tensor) for name, tensor in tensors.items()}
    copies = (_in_one_block if pinned else _apart)(tensors, formats)
    scratch = torch.empty(CHUNK)
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            copies[name].copy_(tensor)
        elif not _copy(tensor.reshape(-1), copies[name].view(-1), scratch):
            raise NotANumber(name)
    return copies


def _apart(tensors: Mapping[str, Tensor], formats: dict[str, torch.dtype]) -> dict[str, Tensor]:
    return {name: torch.empty(t.shape, dtype=formats[name]) for name, t in tensors.items()}


def _in_one_block(
    tensors: Mapping[str, Tensor], formats: dict[str, torch.dtype]
) -> dict[str, Tensor]:
    """Pinning costs time for each block, and torch's own pinned blocks are rounded up to a power of two."""
    begins, size_bytes = {}, 0
    for name, tensor in tensors.items():
        begins[name] = size_bytes
        own_bytes = tensor.numel() * formats[name].itemsize
        size_bytes += -(-own_bytes // ALIGNED_BYTES) * ALIGNED_BYTES
    block = torch.empty(size_bytes, dtype=torch.uint8)
    _pin(block)
    views = {}
    for name, tensor in tensors.items():
        end = begins[name] + tensor.numel() * formats[name].itemsize
        views[name] = block[begins[name] : end].view(formats[name]).view(tensor.shape)
    return views


def _pin(block: Tensor) -> None:
    """As long as anything of the block lives. Where the system forbids it, transfers are slower, and right."""
    if not torch.cuda.is_available() or not block.numel():
        return
    cuda: Any = torch.cuda.cudart()  # type: ignore[no-untyped-call]
    start = block.data_ptr()
    if int(cuda.cudaHostRegister(start, block.nbytes, 0)) == 0:
        weakref.finalize(block.untyped_storage(), _unpin, start)


def _unpin(start: int) -> None:
    torch.cuda.synchronize()  # a transfer may still be under way
    cuda: Any = torch.cuda.cudart()  # type: ignore[no-untyped-call]
    cuda.cudaHostUnregister(start)


def _copy(source: Tensor, target: Tensor, scratch: Tensor) -> bool:
    """Copies chunk by chunk; False when there was a number that is none."""
    is_small = target.dtype == torch.float8_e4m3fn
    for begin in range(0, source.numel(), CHUNK):
        piece = source[begin : begin + CHUNK]
        numbers = scratch[: piece.numel()]
        numbers.copy_(piece)
        if not math.isfinite(float(numbers.sum())):  # one NaN or infinity makes the sum one
            return False
        if is_small:  # beyond its range it has only NaN
            numbers.clamp_(-FLOAT8_MAX, FLOAT8_MAX)
        target[begin : begin + CHUNK].copy_(numbers)
    return True
