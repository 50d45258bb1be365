"""Plan: every fact that decides how a photo moves, frozen, checked, and the same as JSON.

Points are (x, y) with x in shares of the width and y in shares of the height. Lengths are shares of the photo's longer
side, so that a small preview moves as the large picture does.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.errors import RequestError
from pipelines.fields import typed, within

Point = tuple[float, float]
Bounds = tuple[float, float]

LOOP_SECONDS = (0.5, 30.0)
FPS = (1.0, 60.0)
EFFECTS_MAX = 8
ARROWS_MAX = 200
POINTS_MAX = 500  # of one arrow
SHARE = (0.0, 1.0)
ARROW_SECONDS = 2.0  # what moves goes as far as an arrow is long in this time
PATHS = ("circle", "left-right")
BOUNDS: dict[str, dict[str, Bounds]] = {
    "flow": {"speed": (0.05, 10.0)},
    "ripple": {
        "amount": (0.0, 0.03),
        "wavelength": (0.005, 0.5),
        "direction_degrees": (-360.0, 360.0),
        "speed": (0.005, 1.0),
    },
    "sway": {"amount": (0.0, 0.1), "period_seconds": (0.25, 30.0), "wavelength": (0.05, 10.0)},
    "parallax": {"amount": (0.0, 0.1), "focus": SHARE},
}
ARROW_SPEED = (0.0, 2.0)


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """A stroke along which something flows, from its first point to its last."""

    points: tuple[Point, ...]
    speed: float | None = None  # shares of the longer side a second; None: the longer the faster


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What is painted flows along the arrows: water, smoke, clouds, fire. `speed` multiplies that of all arrows."""

    arrows: tuple[Arrow, ...] = ()
    speed: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Ripple:
    """Waves run over what is painted: still water, reflections."""

    amount: float = 0.003  # how far a pixel is moved at most, about
    wavelength: float = 0.04
    direction_degrees: float = 90.0  # of travel: 0 right, 90 down
    speed: float = 0.05  # of the waves, shares of the longer side a second


@dataclass(frozen=True, kw_only=True)
class Sway:
    """What is painted swings beside a line that stays in place, the more the farther from it: grass, trees, hair."""

    anchor: tuple[Point, ...]  # both ends of the line
    amount: float = 0.01  # how far what is farthest from the line is moved
    period_seconds: float = 2.0  # about: the loop holds whole periods
    wavelength: float = 0.5  # of gusts that run along the line


@dataclass(frozen=True, kw_only=True)
class Parallax:
    """A camera goes once round a small closed path. Depth: a map, white is near; or a ground that ends at `horizon`."""

    amount: float = (
        0.015  # how much nearest and farthest are moved against each other, to each side
    )
    path: str = "circle"
    focus: float = 0.5  # the depth that stays in place: 0 the farthest, 1 the nearest
    horizon: float | None = None  # share of the height; counts where no map is given


Effect = Flow | Ripple | Sway | Parallax
KINDS: dict[str, type[Any]] = {"flow": Flow, "ripple": Ripple, "sway": Sway, "parallax": Parallax}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Effects are drawn one after the other, each on what those before it made."""

    effects: tuple[Effect, ...]
    loop_seconds: float = 4.0
    fps: float = 24.0

    @property
    def frame_count(self) -> int:
        return max(1, round(self.loop_seconds * self.fps))

    @classmethod
    def from_dict(cls, values: Any) -> Plan:
        """From JSON values. Raises RequestError, which names the field, also for what is out of bounds."""
        if not isinstance(values, dict):
            raise RequestError("plan", values, "is no object of fields", "Send a JSON object.")
        given = dict(values)
        effects = tuple(
            _effect(value, f"effects.{number}")
            for number, value in enumerate(_list(given.pop("effects", None), "effects"))
        )
        plan = cls(**typed(cls, given), effects=effects)
        plan.check()
        return plan

    def as_dict(self) -> dict[str, Any]:
        """Plain values; `from_dict` reads them back as the same Plan."""
        effects = [{"kind": kind_of(one), **dataclasses.asdict(one)} for one in self.effects]
        return {**dataclasses.asdict(self), "effects": effects}

    def check(self) -> None:
        """Raises RequestError for the first field that cannot be used, named e.g. "effects.0.arrows"."""
        within("loop_seconds", self.loop_seconds, LOOP_SECONDS, "seconds")
        within("fps", self.fps, FPS, "frames a second")
        if not 1 <= len(self.effects) <= EFFECTS_MAX:
            remedy = f"Ask for 1 to {EFFECTS_MAX} effects."
            raise RequestError("effects", len(self.effects), "is no number of effects", remedy)
        for number, effect in enumerate(self.effects):
            place, kind = f"effects.{number}", kind_of(effect)
            for name, bounds in BOUNDS[kind].items():
                within(f"{place}.{name}", getattr(effect, name), bounds)
            CHECKS[kind](effect, place)
        for number, effect in enumerate(self.effects[:-1]):
            if isinstance(effect, Parallax):
                why = "moves what other effects hold in place"
                remedy = "Put the parallax last, once."
                raise RequestError(f"effects.{number}.kind", "parallax", why, remedy)


def kind_of(effect: Effect) -> str:
    """The name of its kind: a key of KINDS."""
    return next(kind for kind, cls in KINDS.items() if isinstance(effect, cls))


def _effect(value: Any, place: str) -> Effect:
    given = _object(value, place)
    kind = given.pop("kind", None)
    if not isinstance(kind, str) or kind not in KINDS:
        remedy = f"Use one of: {', '.join(KINDS)}."
        raise RequestError(f"{place}.kind", kind, "is no effect", remedy)
    parts = {
        name: read(given.pop(name), f"{place}.{name}")
        for name, read in PARTS.items()
        if name in given and name in KINDS[kind].__dataclass_fields__
    }
    if kind == "sway" and "anchor" not in parts:
        remedy = "Draw a line where what sways is held."
        raise RequestError(f"{place}.anchor", None, "is missing", remedy)
    effect: Effect = KINDS[kind](**typed(KINDS[kind], given, f"{place}."), **parts)
    return effect


def _arrows(value: Any, place: str) -> tuple[Arrow, ...]:
    return tuple(_arrow(one, f"{place}.{number}") for number, one in enumerate(_list(value, place)))


def _arrow(value: Any, place: str) -> Arrow:
    given = _object(value, place)
    points = _points(given.pop("points", None), f"{place}.points")
    return Arrow(points=points, **typed(Arrow, given, f"{place}."))


def _points(value: Any, place: str) -> tuple[Point, ...]:
    return tuple(_point(one, f"{place}.{number}") for number, one in enumerate(_list(value, place)))


def _point(value: Any, place: str) -> Point:
    is_pair = isinstance(value, list | tuple) and len(value) == 2
    if not is_pair or not all(type(one) in (int, float) for one in value):
        raise RequestError(place, value, "is no point", "Send [x, y], each 0 to 1.")
    x, y = (min(1e9, max(-1e9, one)) for one in value)  # whole numbers may be too large for float
    return float(x), float(y)


def _object(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RequestError(place, value, "is no object of fields", "Send a JSON object.")
    return dict(value)


def _list(value: Any, place: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise RequestError(place, value, "is no list", "Send a list.")
    return value


def _check_points(points: Sequence[Point], place: str) -> None:
    for number, point in enumerate(points):
        for value in point:
            within(f"{place}.{number}", value, SHARE, "of the photo's side")


def _check_flow(flow: Flow, place: str) -> None:
    if not 1 <= len(flow.arrows) <= ARROWS_MAX:
        remedy = f"Draw 1 to {ARROWS_MAX} arrows that say where it flows."
        raise RequestError(f"{place}.arrows", len(flow.arrows), "is no number of arrows", remedy)
    for number, arrow in enumerate(flow.arrows):
        points = f"{place}.arrows.{number}.points"
        if not 2 <= len(set(arrow.points)) <= len(arrow.points) <= POINTS_MAX:
            why, remedy = "is no stroke", f"Draw through 2 to {POINTS_MAX} points."
            raise RequestError(points, len(arrow.points), why, remedy)
        _check_points(arrow.points, points)
        if arrow.speed is not None:
            within(f"{place}.arrows.{number}.speed", arrow.speed, ARROW_SPEED)


def _check_sway(sway: Sway, place: str) -> None:
    if len(sway.anchor) != 2 or len(set(sway.anchor)) != 2:
        why = "is no line between two points"
        raise RequestError(f"{place}.anchor", sway.anchor, why, "Draw a line.")
    _check_points(sway.anchor, f"{place}.anchor")


def _check_parallax(parallax: Parallax, place: str) -> None:
    if parallax.path not in PATHS:
        remedy = f"Use one of: {', '.join(PATHS)}."
        raise RequestError(f"{place}.path", parallax.path, "is no path", remedy)
    if parallax.horizon is not None:
        within(f"{place}.horizon", parallax.horizon, (0.0, 0.99), "of the height")


# Fields that are lists, and how each is read from JSON.
PARTS: Mapping[str, Callable[[Any, str], Any]] = {"arrows": _arrows, "anchor": _points}
# What there is to check beside bounds.
CHECKS: Mapping[str, Callable[[Any, str], None]] = {
    "flow": _check_flow,
    "ripple": lambda effect, place: None,
    "sway": _check_sway,
    "parallax": _check_parallax,
}
