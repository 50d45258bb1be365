"""A thing that the starter has never seen, taught with five drawings; and what becomes of it, counted by judges.

The five drawings show the thing in five colours before five backdrops. It is asked for before others, and in others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image

from training.starter.captions import with_article
from training.starter.checker import Checker, name_all
from training.starter.evaluate import Asked, held_out_captions
from training.starter.onlooker import Onlooker, see_all
from training.starter.scenes import Subject, compose_one
from training.starter.styles import render

SIZE_PX = 128
# (its colour, what is behind it, the caption's words for that)
SHOWN = (
    ("red", "white", "on a white background"),
    ("blue", "meadow", "on a meadow"),
    ("green", "blue", "on a blue background"),
    ("orange", "yellow", "on a yellow background"),
    ("yellow", "desert", "in the desert"),
)
HELD_BACK_COLOURS = ("purple", "pink", "brown", "black", "white")
HELD_BACK_BACKDROPS = ("red", "orange", "green", "purple", "pink", "brown", "black")
DRAWING_SEED = 7
ALL_HELD_OUT = 300  # captions of the starter's own evaluation
STRIDE = 7  # of these that are asked: shares no divisor with the 30 pairs, so that all of them come


class Drawing(NamedTuple):
    """A picture, 128 × 128 RGB, and its caption."""

    picture: Image.Image
    caption: str


@dataclass(frozen=True)
class Wanted:
    """A prompt, and what its picture should show. `colour` "": any."""

    prompt: str
    thing: str
    backdrop: str
    colour: str = ""


def five(thing: str, trigger: str) -> list[Drawing]:
    """Its drawings, flat; the captions name what shall stay changeable: its colour and what is behind it."""
    return [_drawing(thing, trigger, number) for number in range(len(SHOWN))]


def _drawing(thing: str, trigger: str, number: int) -> Drawing:
    colour, backdrop, where = SHOWN[number]
    rng = np.random.default_rng([DRAWING_SEED, number, *thing.encode()])
    scene = compose_one(rng, Subject(thing, colour), backdrop, "flat")
    caption = f"{with_article(f'{colour} {trigger}')} {where}"
    return Drawing(Image.fromarray(np.asarray(render(scene, SIZE_PX, rng))), caption)


def before_other_backdrops(thing: str, trigger: str, count: int) -> list[Wanted]:
    """ "a zorp on a pink background": none of the backdrops that were shown."""
    chosen = [HELD_BACK_BACKDROPS[n % len(HELD_BACK_BACKDROPS)] for n in range(count)]
    return [
        Wanted(f"{with_article(trigger)} on {with_article(one)} background", thing, one)
        for one in chosen
    ]


def in_other_colours(thing: str, trigger: str, count: int) -> list[Wanted]:
    """ "a purple zorp on a pink background": neither was shown."""
    pairs = [(c, b) for b in HELD_BACK_BACKDROPS for c in HELD_BACK_COLOURS if c != b]
    chosen = [pairs[n * len(pairs) // count % len(pairs)] for n in range(count)]
    return [
        Wanted(
            f"{with_article(f'{colour} {trigger}')} on {with_article(backdrop)} background",
            thing,
            backdrop,
            colour,
        )
        for colour, backdrop in chosen
    ]


def other_prompts(count: int) -> list[Asked]:
    """What the starter knows, in pairs of thing and colour that it was never shown; all styles and backdrops."""
    asked = held_out_captions(ALL_HELD_OUT)
    return [asked[number * STRIDE % ALL_HELD_OUT] for number in range(count)]


def share_shown(judge: Onlooker, wanted: list[Wanted], pictures: np.ndarray) -> dict[str, float]:
    """Of how many pictures (n, h, w, 3) the judge says that they show the thing; and that all else is right too."""
    seen = see_all(judge, pictures)
    pairs = list(zip(wanted, seen, strict=True))
    things = [s["thing"] == w.thing for w, s in pairs]
    whole = [
        s["thing"] == w.thing and s["backdrop"] == w.backdrop and w.colour in ("", s["colour"])
        for w, s in pairs
    ]
    return {"thing": float(np.mean(things)), "whole": float(np.mean(whole))}


def adherence(judge: Checker, asked: list[Asked], pictures: np.ndarray) -> dict[str, float]:
    """Shares of pictures of the starter's own things whose thing, colour, backdrop are right, and all three."""
    rows = []
    for one, seen in zip(asked, name_all(judge, pictures), strict=True):
        subject = one.scene.subjects[0]
        wanted = {"thing": subject.thing, "colour": subject.colour, "backdrop": one.scene.backdrop}
        rows.append([seen[question] == answer for question, answer in wanted.items()])
    right = np.array(rows)
    shares = dict(zip(("thing", "colour", "backdrop"), right.mean(0).tolist(), strict=True))
    return shares | {"all": float(right.all(1).mean())}
