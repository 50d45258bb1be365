"""ICC profiles for the tests of uploads, as small as they can be: wide RGB, grey, and a press with four inks."""

from __future__ import annotations

import itertools
import struct

D50 = (0.9642, 1.0, 0.8249)
# The columns of the matrix to XYZ, adapted to D50.
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2919, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
SRGB = ((0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7139))


def fixed(*numbers: float) -> bytes:
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def xyz(numbers: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + fixed(*numbers)


def profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    described = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(4 + 4 + 2 + 1 + 67)
    everything = {b"desc": described, b"wtpt": xyz(D50), **tags}
    table, body = struct.pack(">I", len(everything)), b""
    start = 128 + 4 + 12 * len(everything)
    for name, data in everything.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = start + len(body)
    head = struct.pack(
        ">I4sI4s4s4s12s4s", size, b"", 0x02400000, kind, space, connection, b"", b"acsp"
    )
    return head + bytes(28) + fixed(*D50) + bytes(48) + table + body


def rgb(columns: tuple[tuple[float, ...], ...]) -> bytes:
    """With the curve of sRGB, in 4096 points."""
    curve = b"curv\0\0\0\0" + struct.pack(">I", 4096)
    curve += b"".join(struct.pack(">H", round(65535 * _linear(n / 4095))) for n in range(4096))
    tags = {
        name: xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)
    }
    return profile(
        b"mntr", b"RGB ", b"XYZ ", {**tags, **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)}
    )


def grey(gamma: float) -> bytes:
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    return profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": curve})


def press() -> bytes:
    """Four inks; whatever holds cyan, magenta, yellow or black is a strong colour of that name, here a known Lab."""
    ramp = bytes(range(256))
    inks = {
        (0, 0, 0, 0): (255, 128, 128),
        (1, 0, 0, 0): (140, 90, 80),
        (0, 1, 0, 0): (122, 200, 125),
    }
    inks |= {(0, 0, 1, 0): (225, 122, 220), (0, 1, 1, 0): (120, 195, 175)}
    points = itertools.product((0, 1), repeat=4)
    lattice = b"".join(
        bytes(inks.get(point, (0 if point[3] else 60, 128, 128))) for point in points
    )
    table = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    return profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": table + ramp * 4 + lattice + ramp * 3})


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)
