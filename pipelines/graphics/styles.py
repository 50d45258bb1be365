"""The styles of graphics and logos: rows of a table, which the page and the API read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

# What spoils every graphic, and, of that, what may stay where a style has depth or a texture of its own.
DEPTH = "photo, photograph, realistic, noise, text, watermark, signature, blurry"
NEVER = f"{DEPTH}, gradient, shadow, texture"


@dataclass(frozen=True)
class GraphicStyle:
    """`prompt` holds {prompt} once, and its ground right after it: small models listen to what is said first.

    `colours`: how many flat ones suit it; 0 leaves them as they are.
    """

    name: str
    prompt: str
    about: str
    colours: int = 8
    cutout: bool = True
    negative_prompt: str = NEVER

    @property
    def id(self) -> str:
        return self.name.casefold().replace(" ", "-")

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the API; `thumbnail` is a file under `static/styles/`."""
        return {"id": self.id, **asdict(self), "thumbnail": f"{self.id}.webp"}


GRAPHIC_STYLES: tuple[GraphicStyle, ...] = (
    GraphicStyle(
        "Flat logo",
        "a logo of {prompt} on a plain white background, flat, clean vector shapes",
        "Plain shapes in a few colours: what most people mean by a logo.",
        colours=6,
    ),
    GraphicStyle(
        "Minimal mark",
        "a minimal logo mark of {prompt} on a plain white background, one bold shape, one colour, much empty space",
        "One shape in one colour, for a sign that must work at any size.",
        colours=2,
    ),
    GraphicStyle(
        "Silhouette",
        "a solid black silhouette of {prompt} on a plain white background, no details inside",
        "The outline alone, filled with black.",
        colours=2,
    ),
    GraphicStyle(
        "Line icon",
        "a line icon of {prompt} on a plain white background, strokes of even width, rounded ends, no fill",
        "Even strokes without fill, as in menus and on buttons.",
        colours=2,
        negative_prompt=NEVER + ", filled",
    ),
    GraphicStyle(
        "One line",
        "a drawing of {prompt} on a plain white background, made of one continuous thin black line, minimal",
        "A single line that never leaves the paper.",
        colours=2,
        negative_prompt=NEVER + ", filled, colour",
    ),
    GraphicStyle(
        "Badge",
        "a round badge logo of {prompt} on a plain white background, inside a ring, flat vector",
        "The motif within a ring, for clubs, shops and patches.",
        colours=6,
    ),
    GraphicStyle(
        "Emblem",
        "a heraldic emblem of {prompt} on a plain white background, a shield around it, symmetrical, flat vector",
        "A shield with the motif as its charge.",
        colours=6,
    ),
    GraphicStyle(
        "Mascot",
        "a mascot logo of {prompt} on a plain white background, friendly face, bold outlines, flat shading",
        "A character with a face, for teams and products.",
        colours=10,
        negative_prompt=DEPTH,
    ),
    GraphicStyle(
        "Cartoon",
        "a cartoon drawing of {prompt} on a plain white background, thick dark outlines, flat bright colours",
        "Thick outlines and bright fills.",
        colours=10,
        negative_prompt=DEPTH,
    ),
    GraphicStyle(
        "App icon",
        "an app icon of {prompt} on a plain white background, white symbol on a rounded square of one colour",
        "A white symbol on a coloured square with round corners.",
        colours=6,
        negative_prompt=DEPTH,
    ),
    GraphicStyle(
        "Sticker",
        "a die-cut sticker of {prompt} on a plain grey background, thick white border, flat colours",
        "A white border all around; the grey ground behind it is cut off.",
        colours=10,
        negative_prompt=DEPTH,
    ),
    GraphicStyle(
        "Stencil",
        "a stencil of {prompt} on a plain white background, black, separate areas joined by bridges",
        "Areas that hold together when they are cut out of card.",
        colours=2,
    ),
    GraphicStyle(
        "Stamp",
        "a rubber stamp print of {prompt} on a plain white background, one ink colour, slightly worn",
        "One ink, a little worn.",
        colours=2,
        negative_prompt=DEPTH,
    ),
    GraphicStyle(
        "Woodcut",
        "a woodcut print of {prompt} on a plain white background, black ink, carved lines, high contrast",
        "Black areas and carved lines.",
        colours=2,
        negative_prompt=DEPTH,
    ),
    GraphicStyle(
        "Paper cut",
        "a layered paper cut of {prompt} on a plain white background, a few sheets of coloured paper, flat",
        "Sheets of coloured paper, one upon the other.",
        negative_prompt=DEPTH,
    ),
    GraphicStyle(
        "Pixel art",
        "pixel art of {prompt} on a plain white background, few colours, crisp square pixels",
        "Square pixels, as in old games.",
        colours=0,
        negative_prompt=DEPTH + ", smooth",
    ),
    GraphicStyle(
        "Isometric",
        "an isometric illustration of {prompt} on a plain white background, flat shaded faces",
        "Seen from above at an angle, with three shades a colour.",
        colours=10,
        negative_prompt=DEPTH,
    ),
    GraphicStyle(
        "Geometric",
        "a geometric logo of {prompt} on a plain white background, built of circles and triangles, flat",
        "Built with ruler and compasses.",
        colours=6,
    ),
    GraphicStyle(
        "Low poly",
        "a low poly drawing of {prompt} on a plain white background, flat triangles",
        "Facets of flat colour.",
        colours=16,
        negative_prompt=DEPTH,
    ),
    GraphicStyle(
        "Retro",
        "a retro 1970s graphic of {prompt} on a plain white background, warm stripes, flat muted colours",
        "Warm stripes and muted colours.",
    ),
    GraphicStyle(
        "Comic",
        "a comic book drawing of {prompt} on a plain white background, ink outlines, halftone dots",
        "Ink and dots, as printed in the 1960s.",
        negative_prompt=DEPTH,
    ),
    GraphicStyle(
        "Stained glass",
        "a stained glass window of {prompt}, thick black lead lines, flat panes of colour",
        "Panes between black lines; it fills the picture.",
        colours=12,
        cutout=False,
        negative_prompt=DEPTH,
    ),
    GraphicStyle(
        "Watercolour",
        "a watercolour of {prompt} on a plain white background, soft edges, loose washes",
        "Soft washes; the colours stay as they are.",
        colours=0,
        negative_prompt=DEPTH,
    ),
    GraphicStyle(
        "Pencil drawing",
        "a pencil drawing of {prompt} on a plain white background, loose coloured strokes",
        "Loose strokes; the colours stay as they are.",
        colours=0,
        negative_prompt=DEPTH,
    ),
)
