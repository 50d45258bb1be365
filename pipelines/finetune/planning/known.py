"""What the starter model knows, as prompts: what it learns beside them shall leave them as they are."""

from __future__ import annotations

THINGS = (
    *("circle", "square", "triangle", "star", "heart", "house", "tree", "flower", "mushroom"),
    *("fish", "boat", "moon", "sun", "cloud", "cat"),
)
COLOURS = (
    *("red", "orange", "yellow", "green", "blue"),
    *("purple", "pink", "brown", "black", "white"),
)
SCENERY = (
    *("on a meadow", "on the sea at sunset", "in the desert"),
    *("in the snow", "in the snow at night"),
)
# Half are plain; the others in the starter's styles.
LEADS = ("", "pixel art of ", "", "a pencil drawing of ", "", "a watercolour of ", "", "a logo of ")


def known(count: int) -> tuple[str, ...]:
    """So many prompts: each thing, colour, place and style about equally often, and in ever new company."""
    return tuple(map(_prompt, range(count)))


def _prompt(number: int) -> str:
    lap, place = divmod(number, len(THINGS))
    places = [f"on {_with_article(colour)} background" for colour in COLOURS] + list(SCENERY)
    lead = LEADS[(number + lap) % len(LEADS)]
    colour = COLOURS[(number + 3 * lap) % len(COLOURS)]
    thing = _with_article(f"{colour} {THINGS[place]}")
    return f"{lead}{thing} {places[(number * 7 + 4 + lap) % len(places)]}"


def _with_article(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"
