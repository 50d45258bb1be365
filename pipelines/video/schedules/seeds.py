"""Seeds of the frames of a clip: pure functions of the clip's seed and the number of the frame.

So a clip that is taken up again at any frame goes on with the seeds that it would have had.

As in Deforum, with k = 0, 1, 2… counting the frames that are diffused and s the clip's seed:

- iter: s, then one more after every N: s + ⌈k/N⌉, so that with N = 3 the first one stands alone: s, s+1, s+1, s+1, s+2…
- fixed: s
- ladder, two up and one down: s, s+2, s+1, s+3, s+2, s+4…
- alternate: s, s+1, s, s+1…
- schedule: its value at the frame, cut to a whole number

Where Deforum rolls a seed (random after the first frame, and -1 in a schedule), ours is a hash of s and the frame,
which is as good as random and the same in every run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pipelines.asking.noise import RANDOM_SEED_MAX, SEED_MAX

EVERY = (1, 1_000_000)
SCHEDULED = "schedule"
BY_CHANCE = "random"


def _iter(seed: int, count: int, every: int) -> int:
    return seed - -count // every


def _fixed(seed: int, count: int, every: int) -> int:
    return seed


def _ladder(seed: int, count: int, every: int) -> int:
    return seed + count // 2 + 2 * (count % 2)


def _alternate(seed: int, count: int, every: int) -> int:
    return seed + count % 2


# What a seed becomes, of (seed, k, N).
STEPS: Mapping[str, Callable[[int, int, int], int]] = MappingProxyType(
    {"iter": _iter, "fixed": _fixed, "ladder": _ladder, "alternate": _alternate}
)
BEHAVIOURS = (*STEPS, BY_CHANCE, SCHEDULED)


def random_seed(seed: int, frame: int) -> int:
    """A seed that nobody can foretell, 0…RANDOM_SEED_MAX; always the same for this seed and frame."""
    digest = hashlib.blake2b(f"{seed}:{frame}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % (RANDOM_SEED_MAX + 1)


def stepped(behaviour: str, seed: int, count: int, every: int = 1) -> int:
    """The seed of the diffused frame number `count`; `behaviour`: a row of STEPS, `every`: N of iter, 1 or more."""
    return STEPS[behaviour](seed, count, every) % (SEED_MAX + 1)


def by_chance(seed: int, frame: int) -> int:
    """The seed of a frame where every one is random: the clip's own for the first."""
    return random_seed(seed, frame) if frame else seed


def scheduled(curve: NDArray[np.float64], seed: int) -> tuple[int, ...]:
    """The seed of each frame of a schedule, whose values lie in -1…SEED_MAX; -1 is random."""
    found = np.trunc(curve).astype(np.int64).tolist()
    return tuple(random_seed(seed, at) if value < 0 else value for at, value in enumerate(found))
