"""Prompts of what the starter model knows: to be held to them while it learns something else."""

from __future__ import annotations

THINGS = (
    *("circle", "square", "triangle", "star", "heart", "house", "tree", "flower", "mushroom"),
    *("fish", "boat", "moon", "sun", "cloud", "cat"),
)
COLOURS = (
    *("red", "orange", "yellow", "green", "blue"),
    *("purple", "pink", "brown", "black", "white"),
)
WHERE = (
    *(f"on {'an' if colour[0] == 'o' else 'a'} {colour} background" for colour in COLOURS),
    *(
        "on a meadow",
        "on the sea at sunset",
        "in the snow",
        "in the desert",
        "in the snow at night",
    ),
)
# A third is plain; the others are the starter's styles.
LEADS = ("", "pixel art of ", "", "a pencil drawing of ", "a watercolour of ", "a logo of ")


def known(count: int) -> tuple[str, ...]:
    """So many prompts, each thing, colour, place and style about equally often, and in ever new company."""
    return tuple(_prompt(number) for number in range(count))


def _prompt(number: int) -> str:
    lap = number // len(THINGS)
    thing = THINGS[number % len(THINGS)]
    colour = COLOURS[(number + 3 * lap) % len(COLOURS)]
    where = WHERE[(number * 7 + 4 + lap) % len(WHERE)]
    article = "an" if colour[0] == "o" else "a"
    return f"{LEADS[number % len(LEADS)]}{article} {colour} {thing} {where}"
