"""The fifteen things that the starter model can draw: each a small function in one table.

A thing is a list of parts, painted in order. A part is a polygon in the box -1..1 (x to the right, y down) and a tone:
`main` is the asked colour, `shade` and `tint` are made from it, the others are the fixed colours of `styles.TONES`.
To add a thing, write its function and add one row to `THINGS`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Points = np.ndarray
Part = tuple[Points, str]
Draw = Callable[[np.random.Generator], list[Part]]


@dataclass(frozen=True)
class Thing:
    """How a thing is drawn, where it belongs in a landscape, how often it is shown, and what people call it."""

    draw: Draw
    stance: str  # "stand" on the ground, "float" on the horizon, "sky" above it, "any"
    share: float
    words: tuple[str, ...]


def polygon(*corners: tuple[float, float]) -> Points:
    """The polygon through these corners."""
    return np.array(corners, dtype=float)


def disc(
    x: float, y: float, radius_x: float, radius_y: float | None = None, start=0.0, end=360.0
) -> Points:
    """An ellipse around (x, y), or its sector from `start` to `end` degrees, clockwise from the right."""
    angles = np.radians(np.linspace(start, end, 28))
    radius_y = radius_x if radius_y is None else radius_y
    return np.stack([x + radius_x * np.cos(angles), y + radius_y * np.sin(angles)], axis=1)


def box(left: float, top: float, right: float, bottom: float) -> Points:
    """An upright rectangle."""
    return polygon((left, top), (right, top), (right, bottom), (left, bottom))


def spikes(x: float, y: float, outer: float, inner: float, count: int) -> Points:
    """A star of `count` points, the first of them upwards."""
    angles = np.radians(np.arange(2 * count) * 180 / count - 90)
    radii = np.where(np.arange(2 * count) % 2 == 0, outer, inner)
    return np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=1)


def circle(rng: np.random.Generator) -> list[Part]:
    return [(disc(0, 0, 0.9), "main")]


def square(rng: np.random.Generator) -> list[Part]:
    return [(box(-0.82, -0.82, 0.82, 0.82), "main")]


def triangle(rng: np.random.Generator) -> list[Part]:
    return [(polygon((rng.uniform(-0.15, 0.15), -0.9), (0.98, 0.78), (-0.98, 0.78)), "main")]


def star(rng: np.random.Generator) -> list[Part]:
    return [(spikes(0, 0.06, 1.02, rng.uniform(0.4, 0.47), 5), "main")]


def heart(rng: np.random.Generator) -> list[Part]:
    t = np.linspace(0, 2 * np.pi, 40)
    x = 16 * np.sin(t) ** 3 / 17
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 16
    return [(np.stack([x, y - 0.08], axis=1), "main")]


def house(rng: np.random.Generator) -> list[Part]:
    door = rng.choice([-0.36, 0.36])
    return [
        (box(-0.72, -0.12, 0.72, 0.9), "main"),
        (polygon((-0.98, -0.1), (0, -0.95), (0.98, -0.1)), "shade"),
        (box(door - 0.2, 0.28, door + 0.2, 0.9), "wood"),
        (box(-door - 0.21, 0.12, -door + 0.21, 0.54), "gold"),
    ]


def tree(rng: np.random.Generator) -> list[Part]:
    crown = [(-0.42, -0.12, 0.46), (0.42, -0.12, 0.46), (0, -0.5, 0.48), (0, -0.05, 0.5)]
    return [(box(-0.15, 0.2, 0.15, 0.96), "wood"), *((disc(x, y, r), "main") for x, y, r in crown)]


def flower(rng: np.random.Generator) -> list[Part]:
    count = int(rng.integers(5, 8))
    turns = np.radians(np.arange(count) * 360 / count - 90)
    petals = [(disc(0.4 * np.cos(a), 0.4 * np.sin(a) - 0.28, 0.28), "main") for a in turns]
    leaves = [(disc(side * 0.3, 0.62, 0.27, 0.13), "leaf") for side in (-1, 1)]
    return [(box(-0.07, 0, 0.07, 0.98), "leaf"), *leaves, *petals, (disc(0, -0.28, 0.25), "heart")]


def mushroom(rng: np.random.Generator) -> list[Part]:
    stem = polygon((-0.25, 0), (0.25, 0), (0.34, 0.92), (-0.34, 0.92))
    dots = [(-0.48, -0.2, 0.15), (0.02, -0.52, 0.18), (0.5, -0.18, 0.15)]
    cap = (disc(0, 0.12, 0.96, 1.0, 180, 360), "main")
    return [(stem, "cream"), cap, *((disc(x, y, r), "spot") for x, y, r in dots)]


def fish(rng: np.random.Generator) -> list[Part]:
    return [
        (polygon((0.35, 0), (0.98, -0.52), (0.84, 0), (0.98, 0.52)), "shade"),
        (polygon((-0.35, -0.3), (0.1, -0.72), (0.3, -0.25)), "shade"),
        (disc(-0.22, 0, 0.76, 0.48), "main"),
        (disc(-0.56, -0.1, 0.17), "white"),
        (disc(-0.59, -0.1, 0.09), "ink"),
    ]


def boat(rng: np.random.Generator) -> list[Part]:
    return [
        (box(-0.05, -0.98, 0.05, 0.4), "wood"),
        (polygon((0.1, -0.92), (0.1, 0.22), (0.82, 0.22)), "cream"),
        (polygon((-0.1, -0.68), (-0.1, 0.22), (-0.66, 0.22)), "tint"),
        (polygon((-0.98, 0.34), (0.98, 0.34), (0.6, 0.92), (-0.6, 0.92)), "main"),
    ]


def moon(rng: np.random.Generator) -> list[Part]:
    outer = disc(-0.05, 0, 0.92, 0.92, 55, 305)
    inner = disc(0.42, 0, 0.76, 0.76, 268, 92)
    return [(np.concatenate([outer, inner]), "main")]


def sun(rng: np.random.Generator) -> list[Part]:
    count = int(rng.integers(8, 11))
    return [(spikes(0, 0, 1.0, 0.55, count), "shade"), (disc(0, 0, 0.6), "main")]


def cloud(rng: np.random.Generator) -> list[Part]:
    puffs = [
        disc(-0.56, 0.12, 0.4, 0.4, 90, 255),
        disc(-0.12, -0.16, 0.5, 0.46, 195, 312),
        disc(0.36, -0.02, 0.42, 0.42, 258, 335),
        disc(0.64, 0.2, 0.34, 0.32, 275, 450),
    ]
    return [(np.concatenate(puffs), "main")]


def cat(rng: np.random.Generator) -> list[Part]:
    ears = [
        (polygon((s * 0.62, -0.98), (s * 0.1, -0.66), (s * 0.6, -0.3)), "main") for s in (-1, 1)
    ]
    eyes = [(disc(s * 0.25, -0.34, 0.15), "eye") for s in (-1, 1)]
    pupils = [(disc(s * 0.24, -0.34, 0.08, 0.12), "ink") for s in (-1, 1)]
    return [
        (disc(0.58, 0.5, 0.36, 0.4, -100, 100), "shade"),
        (disc(0, 0.52, 0.52, 0.46), "main"),
        *ears,
        (disc(0, -0.3, 0.62, 0.52), "main"),
        *eyes,
        *pupils,
        (polygon((-0.11, -0.12), (0.11, -0.12), (0, 0.04)), "rose"),
        (disc(0, 0.62, 0.24, 0.26), "tint"),
    ]


THINGS: dict[str, Thing] = {
    "circle": Thing(circle, "any", 0.7, ("circle", "disc")),
    "square": Thing(square, "any", 0.7, ("square", "box")),
    "triangle": Thing(triangle, "any", 0.7, ("triangle",)),
    "star": Thing(star, "any", 1.0, ("star",)),
    "heart": Thing(heart, "any", 0.8, ("heart",)),
    "house": Thing(house, "stand", 1.3, ("house", "cottage", "hut")),
    "tree": Thing(tree, "stand", 1.1, ("tree",)),
    "flower": Thing(flower, "stand", 1.3, ("flower", "blossom")),
    "mushroom": Thing(mushroom, "stand", 1.2, ("mushroom", "toadstool")),
    "fish": Thing(fish, "any", 1.2, ("fish",)),
    "boat": Thing(boat, "float", 1.3, ("boat", "ship", "sailing boat")),
    "moon": Thing(moon, "sky", 0.9, ("moon", "crescent moon")),
    "sun": Thing(sun, "sky", 0.9, ("sun",)),
    "cloud": Thing(cloud, "sky", 0.9, ("cloud",)),
    "cat": Thing(cat, "stand", 1.4, ("cat", "kitten")),
}
