"""What a picture shows, before anybody draws or describes it: subjects, backdrop and style, chosen by lot."""

from dataclasses import dataclass, replace

import numpy as np

from training.starter.drawings import THINGS
from training.starter.unseen import DRAWABLE

RGB = tuple[int, int, int]

COLOURS: dict[str, RGB] = {
    "red": (214, 40, 40),
    "orange": (240, 132, 28),
    "yellow": (248, 212, 52),
    "green": (56, 160, 74),
    "blue": (44, 96, 208),
    "purple": (128, 62, 172),
    "pink": (246, 142, 186),
    "brown": (124, 78, 44),
    "black": (28, 28, 32),
    "white": (246, 246, 244),
}
GROUNDS = ("meadow", "sea", "snow", "desert")
LIGHTS = ("day", "sunset", "night")
SCENERY: dict[str, tuple[str, str]] = {
    "sunset": ("", "sunset"),
    "night": ("", "night"),
    **{
        ground if light == "day" else f"{ground} at {light}": (ground, light)
        for ground in GROUNDS
        for light in LIGHTS
    },
}
BACKDROPS = (*COLOURS, *SCENERY)
STYLES = {"flat": 0.40, "pixel art": 0.16, "pencil": 0.15, "watercolour": 0.16, "logo": 0.13}
SIZES = {"": 0.72, "small": 0.12, "large": 0.16}
PLACES = {"": 0.72, "left": 0.07, "right": 0.07, "top": 0.07, "bottom": 0.07}
RELATIONS = ("left of", "right of", "above", "below", "next to")

# Two colours of every thing are never shown with it: on these pairs the model is judged. Each is held out thrice.
HELD_OUT: dict[str, tuple[str, str]] = {
    "circle": ("purple", "brown"),
    "square": ("red", "pink"),
    "triangle": ("yellow", "blue"),
    "star": ("green", "white"),
    "heart": ("orange", "black"),
    "house": ("purple", "yellow"),
    "tree": ("blue", "white"),
    "flower": ("brown", "black"),
    "mushroom": ("orange", "green"),
    "fish": ("purple", "white"),
    "boat": ("orange", "pink"),
    "moon": ("red", "brown"),
    "sun": ("blue", "black"),
    "cloud": ("red", "yellow"),
    "cat": ("green", "pink"),
}


@dataclass(frozen=True)
class Subject:
    """One thing in the picture. `size` and `place` are said in the caption when they are not empty."""

    thing: str
    colour: str
    size: str = ""
    place: str = ""
    x: float = 0.5  # centre, as a fraction of the picture
    y: float = 0.5
    reach: float = 0.3  # half of its extent, as a fraction of the picture
    tilt_degrees: float = 0.0
    mirrored: bool = False


@dataclass(frozen=True)
class Scene:
    """A whole picture. `relation` says where the first subject is as seen from the second."""

    subjects: tuple[Subject, ...]
    backdrop: str
    style: str
    relation: str = ""
    horizon: float = 0.6


def lot(rng: np.random.Generator, shares: dict[str, float]) -> str:
    """One key, drawn by its share."""
    names = list(shares)
    edges = np.cumsum(list(shares.values()))
    return names[int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))]


def pick_pair(rng: np.random.Generator, avoid: str) -> tuple[str, str]:
    """A thing and a colour that may be shown together, the colour not being `avoid`."""
    thing = lot(rng, {name: row.share for name, row in THINGS.items()})
    allowed = [c for c in COLOURS if c != avoid and c not in HELD_OUT[thing]]
    return thing, allowed[rng.integers(len(allowed))]


def sample_scene(rng: np.random.Generator) -> Scene:
    """A scene of the training set; no held-out pair is ever in it."""
    style = lot(rng, STYLES)
    plain = style == "logo" or rng.random() < 0.5
    names = list(COLOURS) if plain else list(SCENERY)
    backdrop = names[rng.integers(len(names))]
    if style != "logo" and rng.random() < 0.22:
        return compose_two(rng, pick_pair(rng, backdrop), pick_pair(rng, backdrop), backdrop, style)
    subject = Subject(*pick_pair(rng, backdrop))
    if style != "logo":
        subject = replace(subject, size=lot(rng, SIZES), place=lot(rng, PLACES))
    return compose_one(rng, subject, backdrop, style)


def compose_one(rng: np.random.Generator, subject: Subject, backdrop: str, style: str) -> Scene:
    """Choose where exactly a single subject goes, so that it looks at home before its backdrop."""
    horizon = rng.uniform(0.48, 0.68)
    if style == "logo":
        subject = replace(subject, x=0.5, y=0.5, reach=rng.uniform(0.235, 0.285))
        return Scene((loosen(rng, subject, 4),), backdrop, style, "", horizon)
    reach = {"": (0.25, 0.39), "small": (0.12, 0.17), "large": (0.39, 0.46)}[subject.size]
    if subject.place and subject.size != "large":
        reach = (reach[0] * 0.9, reach[1] * 0.75)
    reach = rng.uniform(*reach)
    room = max(0.03, 0.46 - reach) * 0.7
    x, y = 0.5 + rng.uniform(-room, room), 0.5 + rng.uniform(-room, room)
    ground, _ = SCENERY.get(backdrop, ("", ""))
    stance = DRAWABLE[subject.thing].stance
    if ground and stance == "stand":
        y = rng.uniform(0.82, 0.94) - reach
    elif ground == "sea" and stance == "float":
        y = horizon - 0.45 * reach + rng.uniform(0, 0.1)
    elif ground and stance == "sky" and subject.size != "large":
        reach = min(reach, rng.uniform(0.2, 0.3))
        y = rng.uniform(reach + 0.04, 0.42)
    near, far = 0.04 + reach, 0.96 - reach
    x = {"left": near, "right": far}.get(subject.place, x) + (
        subject.place in ("left", "right")
    ) * rng.uniform(-0.03, 0.03)
    y = {"top": near, "bottom": far}.get(subject.place, y) + (
        subject.place in ("top", "bottom")
    ) * rng.uniform(-0.03, 0.03)
    return Scene(
        (loosen(rng, replace(subject, x=x, y=y, reach=reach), 8),), backdrop, style, "", horizon
    )


def compose_two(
    rng: np.random.Generator,
    first: tuple[str, str],
    second: tuple[str, str],
    backdrop: str,
    style: str,
) -> Scene:
    """Two subjects that stand to each other as the relation says."""
    relation = RELATIONS[rng.integers(len(RELATIONS))]
    horizon = rng.uniform(0.48, 0.62)
    upright = relation in ("above", "below")
    sign = {
        "left of": -1,
        "right of": 1,
        "above": -1,
        "below": 1,
        "next to": int(rng.choice([-1, 1])),
    }[relation]
    ground, _ = SCENERY.get(backdrop, ("", ""))
    subjects = []
    for side, (thing, colour) in ((sign, first), (-sign, second)):
        reach = rng.uniform(0.175, 0.225)
        along, across = 0.5 + side * rng.uniform(0.225, 0.27), 0.5 + rng.uniform(-0.1, 0.1)
        x, y = (across, along) if upright else (along, across)
        if not upright and ground and DRAWABLE[thing].stance == "stand":
            y = rng.uniform(0.8, 0.92) - reach
        subjects.append(loosen(rng, Subject(thing, colour, "", "", x, y, reach), 6))
    return Scene(tuple(subjects), backdrop, style, relation, horizon)


def loosen(rng: np.random.Generator, subject: Subject, degrees: float) -> Subject:
    """The subject a little tilted and perhaps mirrored."""
    degrees *= 0.4 if DRAWABLE[subject.thing].stance in ("stand", "float") else 1.0
    return replace(
        subject, tilt_degrees=float(rng.normal(0, degrees)), mirrored=bool(rng.random() < 0.5)
    )
