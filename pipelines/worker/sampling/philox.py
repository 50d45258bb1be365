"""Noise that depends only on (seed, number of the draw), and equals what `torch.randn` gives on a CUDA device.

Philox-4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") is a function of a key and a
counter, without a running state. CUDA's generator takes the seed as key, the number of the call as counter[0] and
the index of the element as counter[2], and turns the first two words into one normal number (Box and Muller 1958).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Words = NDArray[np.uint64]  # 32-bit words, kept in 64 bits so that products do not overflow

ROUNDS = 10
MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
LOW_32_BITS = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


@dataclass(frozen=True)
class Philox:
    """The noise of one seed: any draw, in any order, as often as wanted."""

    seed: int

    def draw(self, counter: int, shape: tuple[int, ...]) -> Tensor:
        """Draw number `counter` as a float32 CPU tensor of `shape`."""
        words = _philox(self.seed, counter, math.prod(shape))
        return torch.from_numpy(_box_muller(*words)).reshape(shape)


def _philox(seed: int, call: int, count: int) -> tuple[Words, Words]:
    """The first two of the four output words, for the elements 0 … count − 1 of one call."""
    a, b, d = (np.full(count, word, np.uint64) for word in (call, 0, 0))
    c = np.arange(count, dtype=np.uint64)
    for turn in range(ROUNDS):
        low_key, high_key = (
            np.uint64(((seed >> shift) + turn * key_step) & 0xFFFFFFFF)
            for shift, key_step in zip((0, 32), KEY_STEPS, strict=True)
        )
        p, q = a * MULTIPLIERS[0], c * MULTIPLIERS[1]
        a, b = (q >> HALF) ^ b ^ low_key, q & LOW_32_BITS
        c, d = (p >> HALF) ^ d ^ high_key, p & LOW_32_BITS
    return a, b


def _box_muller(a: Words, b: Words) -> NDArray[np.float32]:
    """One normal number from two words; 2π is rounded to float32 first, as CUDA does."""
    radius = np.sqrt(-2.0 * np.log((a + 0.5) * 2.0**-32))
    angle = (b + 0.5) * 2.0**-32 * float(np.float32(2.0 * math.pi))
    return np.asarray(radius * np.sin(angle), np.float32)
