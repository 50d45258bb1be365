"""What a scene is called: sentences and tags, with synonyms, and which facts of the scene they state."""

from dataclasses import dataclass

import numpy as np

from training.starter.drawings import THINGS
from training.starter.scenes import (
    BACKDROPS,
    COLOURS,
    GROUNDS,
    RELATIONS,
    SCENERY,
    STYLES,
    Scene,
    Subject,
)

GROUND_WORDS = {
    "meadow": (
        "on a meadow",
        "in a meadow",
        "on the grass",
        "in a green field",
        "on a green meadow",
    ),
    "sea": ("on the sea", "at sea", "on the water", "on the ocean", "by the sea"),
    "snow": ("in the snow", "on the snow", "in winter", "in a snowy field"),
    "desert": ("in the desert", "in a desert", "on the sand", "among dunes"),
}
LIGHT_WORDS = {
    "day": ("", "", "", "by day", "on a sunny day"),
    "sunset": ("at sunset", "at sunset", "at dusk", "in the evening"),
    "night": ("at night", "at night", "by night", "under the stars", "under a starry sky"),
}
PLAIN_WORDS = (
    "on a {} background",
    "on a {} background",
    "on {}",
    "in front of a {} wall",
    "against a {} background",
)
SIZE_WORDS = {"small": ("small", "little", "tiny"), "large": ("large", "big", "huge")}
PLACE_WORDS = {
    "left": ("on the left", "on the left side", "at the left"),
    "right": ("on the right", "on the right side", "at the right"),
    "top": ("at the top", "in the upper part", "high up"),
    "bottom": ("at the bottom", "in the lower part", "low down"),
}
RELATION_WORDS = {
    "left of": ("to the left of", "left of"),
    "right of": ("to the right of", "right of"),
    "above": ("above", "over", "on top of"),
    "below": ("below", "under", "beneath"),
    "next to": ("next to", "and", "beside"),
}
STYLE_LEADS = {
    "flat": ("a flat drawing of", "a flat illustration of", "a drawing of", "a picture of"),
    "pixel art": ("pixel art of", "a pixel art picture of", "an 8-bit picture of"),
    "pencil": ("a pencil drawing of", "pencil line art of", "a pencil sketch of"),
    "watercolour": ("a watercolour of", "a watercolor painting of", "a watercolour painting of"),
    "logo": ("a logo of", "a logo with", "a round logo of"),
}
STYLE_TAGS = {
    "flat": ("flat", "flat style", "flat design"),
    "pixel art": ("pixel art", "pixel art style", "8-bit"),
    "pencil": ("pencil line art", "pencil drawing", "pencil sketch"),
    "watercolour": ("watercolour", "watercolor", "watercolour painting"),
    "logo": ("logo", "logo design", "a logo"),
}
FILLERS = (
    "simple",
    "cute",
    "clean",
    "beautiful",
    "high quality",
    "masterpiece",
    "for children",
    "detailed",
    "nice",
)
FACTS: dict[str, tuple[str, ...]] = {
    "thing": tuple(THINGS),
    "colour": ("", *COLOURS),
    "backdrop": ("", *BACKDROPS),
    "style": tuple(STYLES),
    "size": ("", "small", "large"),
    "place": ("", *PLACE_WORDS),
    "second thing": ("", *THINGS),
    "second colour": ("", *COLOURS),
    "relation": ("", *RELATIONS),
}


@dataclass(frozen=True)
class Caption:
    """The words, and per fact of `FACTS` the index of what they state (0 often means: nothing)."""

    text: str
    facts: tuple[int, ...]


def one_of(rng: np.random.Generator, words: tuple[str, ...]) -> str:
    return words[rng.integers(len(words))]


def with_article(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def backdrop_words(backdrop: str, rng: np.random.Generator) -> str:
    """How one says where it is."""
    if backdrop in COLOURS:
        return one_of(rng, PLAIN_WORDS).format(backdrop)
    ground, light = SCENERY[backdrop]
    hour = one_of(rng, LIGHT_WORDS[light])
    return " ".join(
        filter(None, (one_of(rng, GROUND_WORDS[ground]) if ground in GROUNDS else "", hour))
    )


def subject_words(subject: Subject, colour: str, rng: np.random.Generator) -> str:
    """Size, colour and name, without an article."""
    size = one_of(rng, SIZE_WORDS[subject.size]) if subject.size else ""
    return " ".join(filter(None, (size, colour, one_of(rng, THINGS[subject.thing].words))))


def describe(scene: Scene, rng: np.random.Generator, in_full: bool = False) -> Caption:
    """A caption of the scene. What it leaves unsaid is left to chance in the drawings too; `in_full` says everything.

    An unsaid style is always flat, an unsaid size and place are always the ordinary ones.
    """
    said = [s.colour if in_full or rng.random() < 0.93 else "" for s in scene.subjects]
    backdrop = scene.backdrop if in_full or rng.random() < 0.87 else ""
    names = [subject_words(s, c, rng) for s, c in zip(scene.subjects, said, strict=True)]
    style_said = scene.style != "flat" or rng.random() < 0.3
    tags = rng.random() < 0.25
    words = (lambda n: n) if tags else with_article
    body = words(names[0])
    if scene.relation:
        body = f"{body} {one_of(rng, RELATION_WORDS[scene.relation])} {with_article(names[1])}"
    first = scene.subjects[0]
    where = [one_of(rng, PLACE_WORDS[first.place])] if first.place else []
    if backdrop:
        where.append(backdrop_words(backdrop, rng))
        if rng.random() < 0.3:
            where.reverse()
    joint = ", " if tags else " "
    text = joint.join([body, *where])
    if style_said and not tags and rng.random() < 0.6:
        text = f"{one_of(rng, STYLE_LEADS[scene.style])} {text}"
    elif style_said:
        tag = one_of(rng, STYLE_TAGS[scene.style])
        text = f"{tag}, {text}" if rng.random() < 0.3 else f"{text}, {tag}"
    if not in_full and rng.random() < 0.15:
        text = f"{text}, {one_of(rng, FILLERS)}"
    second = (scene.subjects[1].thing, said[1]) if scene.relation else ("", "")
    stated = (
        first.thing,
        said[0],
        backdrop,
        scene.style,
        first.size,
        first.place,
        *second,
        scene.relation,
    )
    return Caption(
        text, tuple(values.index(s) for values, s in zip(FACTS.values(), stated, strict=True))
    )
