"""Pictures that are one and the same: known by how they look, however they were stored, scaled or darkened a little.

A difference hash (dHash, Krawetz 2013): whether each of 9 × 8 grey fields is darker than its neighbour; and, since
drawings on plain grounds differ in little but colour, the colours of 8 × 8 fields beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.retouch.working_size import reduced

FIELDS = 8
HASH_BYTES = FIELDS * FIELDS // 8
SMOOTH_PIXELS = 256 * 256  # looked at: finer things are no likeness
LEVELS_MIN = 2.0  # by less two fields are of the same brightness, whatever noise says
BITS_MAX = 8  # of 64 that may differ
COLOUR_MAX = 10.0  # mean difference of the fields' colours, in levels of 255
FAR_MAX = 40.0  # of any one field


def fingerprint(pixels: NDArray[np.uint8]) -> bytes:
    """Eight bytes of hash and 8 × 8 × 3 of colours; pixels: (height, width, 3), RGB."""
    small = reduced(pixels, SMOOTH_PIXELS)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    fields = cv2.resize(grey.astype(np.float32), (FIELDS + 1, FIELDS), interpolation=cv2.INTER_AREA)
    colours = cv2.resize(small, (FIELDS, FIELDS), interpolation=cv2.INTER_AREA)
    bits = fields[:, 1:] - fields[:, :-1] > LEVELS_MIN
    return np.packbits(bits).tobytes() + colours.tobytes()


def are_alike(one: bytes, other: bytes) -> bool:
    """Whether two fingerprints are of the same picture."""
    bits = int.from_bytes(one[:HASH_BYTES]) ^ int.from_bytes(other[:HASH_BYTES])
    if bits.bit_count() > BITS_MAX:
        return False
    apart = np.abs(_colours(one) - _colours(other))
    return bool(apart.mean() <= COLOUR_MAX and apart.max() <= FAR_MAX)


def first_alike(index: int, fingerprints: Sequence[bytes]) -> int | None:
    """The place of the first picture before this one that looks like it; None: none does. b"" is like nothing."""
    wanted, before = fingerprints[index], enumerate(fingerprints[:index])
    return next((n for n, one in before if one and wanted and are_alike(one, wanted)), None)


def _colours(one: bytes) -> NDArray[np.float32]:
    return np.frombuffer(one, np.uint8, offset=HASH_BYTES).astype(np.float32)
