"""Tensors of a file into memory of our own, in another number format, each number looked at on the way.

Cast by torch in one go, half precision takes twice as long, since it is cast number by number; by way of float32 whole
vectors are, chunk by chunk in the processor's cache. A file that is changed or cut off afterwards does no harm, since
nothing of it is mapped any more.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

CHUNK = 1 << 17  # numbers; half a megabyte in float32, which a second-level cache holds


class NotANumber(Exception):
    """A tensor holds NaN or infinity; its name is the argument."""


def copied(tensors: dict[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    """Copies: floating point numbers as `dtype`, all others as they are. Raises NotANumber."""
    scratch, copies = torch.empty(CHUNK), {}
    for name, tensor in tensors.items():
        if tensor.is_floating_point():
            copies[name] = torch.empty(tensor.shape, dtype=dtype)
            if not _copy(tensor.reshape(-1), copies[name].view(-1), scratch):
                raise NotANumber(name)
        else:
            copies[name] = tensor.clone()
    return copies


def check(tensors: dict[str, Tensor]) -> None:
    """Raises NotANumber. Looking at every number also brings a mapped file in from the disk."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and tensor.numel():
            low, high = torch.aminmax(tensor)  # NaN wins in both
            if not bool(torch.isfinite(low) & torch.isfinite(high)):
                raise NotANumber(name)


def _copy(source: Tensor, target: Tensor, scratch: Tensor) -> bool:
    """Copies chunk by chunk; False when there was a number that is none."""
    for begin in range(0, source.numel(), CHUNK):
        piece = source[begin : begin + CHUNK]
        numbers = scratch[: piece.numel()]
        numbers.copy_(piece)
        if not math.isfinite(float(numbers.sum())):  # one NaN or infinity makes the sum one
            return False
        target[begin : begin + CHUNK].copy_(numbers)
    return True
