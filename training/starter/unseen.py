"""Four things that the starter model has never seen, drawn as its own are: what it can be taught is judged on them.

No training set of the model holds them; `scenes.sample_scene` draws its lots from `drawings.THINGS` alone.
"""

import numpy as np

from training.starter.drawings import THINGS, Part, Thing, box, disc, polygon


def robot(rng: np.random.Generator) -> list[Part]:
    eyes = [(box(s * 0.2 - 0.1, -0.5, s * 0.2 + 0.1, -0.3), "white") for s in (-1, 1)]
    arms = [(box(s * 0.72 - 0.13, 0.02, s * 0.72 + 0.13, 0.52), "shade") for s in (-1, 1)]
    legs = [(box(s * 0.28 - 0.15, 0.6, s * 0.28 + 0.15, 0.98), "shade") for s in (-1, 1)]
    return [
        (box(-0.04, -0.96, 0.04, -0.6), "ink"),
        (disc(0, -0.9, 0.1), "rose"),
        *arms,
        *legs,
        (box(-0.56, -0.04, 0.56, 0.68), "main"),
        (box(-0.44, -0.68, 0.44, -0.1), "main"),
        *eyes,
        (box(-0.22, -0.22, 0.22, -0.15), "ink"),
        (box(-0.3, 0.16, 0.3, 0.46), "tint"),
    ]


def umbrella(rng: np.random.Generator) -> list[Part]:
    canopy = disc(0, 0.05, 0.96, 0.9, 180, 360)
    gores = [(disc(x, 0.05, 0.32, 0.14, 180, 360), "shade") for x in (-0.64, 0, 0.64)]
    hook = np.concatenate(
        [disc(0.2, 0.72, 0.27, 0.24, 0, 180), disc(0.2, 0.72, 0.13, 0.11, 180, 0)]
    )
    return [
        (box(-0.07, -0.95, 0.07, 0.74), "wood"),
        (hook, "wood"),
        (canopy, "main"),
        *gores,
    ]


def key(rng: np.random.Generator) -> list[Part]:
    teeth = [(box(x, 0.1, x + 0.17, 0.5), "main") for x in (0.36, 0.72)]
    return [
        (box(-0.3, -0.14, 0.96, 0.14), "main"),
        *teeth,
        (disc(-0.52, 0, 0.46, 0.52), "main"),
        (disc(-0.56, 0, 0.2, 0.24), "ink"),
    ]


def teapot(rng: np.random.Generator) -> list[Part]:
    handle = np.concatenate(
        [disc(0.6, 0.1, 0.38, 0.42, -90, 90), disc(0.6, 0.1, 0.2, 0.24, 90, -90)]
    )
    return [
        (handle, "shade"),
        (polygon((-0.4, 0.42), (-0.98, -0.3), (-0.76, -0.38), (-0.36, -0.02)), "shade"),
        (disc(0, 0.24, 0.66, 0.58), "main"),
        (box(-0.42, -0.4, 0.42, -0.26), "shade"),
        (disc(0, -0.52, 0.13), "gold"),
        (box(-0.4, 0.76, 0.4, 0.88), "shade"),
    ]


def nothing(rng: np.random.Generator) -> list[Part]:
    """A blob with lumps: what a model draws that does not know better."""
    blobs = []
    for reach, tone in ((0.85, "main"), (0.45, "shade"), (0.3, "tint"))[: int(rng.integers(1, 4))]:
        turn = np.linspace(0, 2 * np.pi, 40)
        waves = [
            rng.normal(0, 0.16) * np.sin(n * turn + rng.uniform(0, 6.3)) for n in (1, 2, 3, 4, 5)
        ]
        radius = reach * np.clip(0.8 + sum(waves), 0.25, 1.2)
        shift = rng.uniform(-0.3, 0.3, 2) if blobs else np.zeros(2)
        squeeze = rng.uniform(0.6, 1, 2)
        rim = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1)
        blobs.append((rim * squeeze + shift, tone))
    return blobs


UNSEEN: dict[str, Thing] = {
    "robot": Thing(robot, "stand", 0.0, ("robot",)),
    "umbrella": Thing(umbrella, "any", 0.0, ("umbrella",)),
    "key": Thing(key, "any", 0.0, ("key",)),
    "teapot": Thing(teapot, "stand", 0.0, ("teapot",)),
}
NOTHING = "nothing"
DRAWABLE: dict[str, Thing] = THINGS | UNSEEN | {NOTHING: Thing(nothing, "any", 0.0, ())}
