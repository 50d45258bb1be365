"""The guides of a request: a picture that a ControlNet follows, or that an IP-Adapter takes as a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.errors import RequestError
from pipelines.fields import within

GUIDES_MAX = 3  # of a kind in one request
WEIGHT = (0.0, 2.0)
SHARE = (0.0, 1.0)

# How a guide picture comes to the size of the picture → what is said of it.
RESIZES = {
    "crop": "fills the picture; what juts out is cut off",
    "fit": "all of it fits in; the rest is black",
    "stretch": "is stretched to the picture's sides",
}
# What is done to a guide picture before a ControlNet sees it → what is said of it.
PREPROCESSORS = {
    "none": "as it is: already a map of edges, depth, a pose …",
    "canny": "edges of a photograph or drawing (Canny)",
    "line": "dark lines on a light ground",
    "scribble": "strokes of a sketch, of any colour",
    "softedge": "outlines of a photograph, soft",
    "invert": "light and dark swapped",
    "threshold": "black and white alone",
}


@dataclass(frozen=True, kw_only=True)
class Control:
    """A ControlNet, and the picture that it makes the result follow. `start` and `end` are shares of the steps."""

    model: str = ""
    image: str = ""  # id of an upload; "": the frame itself, where frames of a video are drawn over
    weight: float = 1.0
    start: float = 0.0
    end: float = 1.0
    resize: str = "crop"
    preprocessor: str = "none"


@dataclass(frozen=True, kw_only=True)
class ImagePrompt:
    """An IP-Adapter, and the picture that says what to show. `start` and `end` are shares of the steps."""

    model: str = ""
    image: str = ""  # id of an upload
    weight: float = 1.0
    start: float = 0.0
    end: float = 1.0


def check_controls(controls: Sequence[Control]) -> None:
    """Raises RequestError for the first field that cannot be used, named e.g. "controls.0.weight"."""
    _check("controls", controls)
    for number, control in enumerate(controls):
        check_look(control, f"controls.{number}.")


def check_look(control: Control, place: str) -> None:
    """The fields that decide how its picture looks. Raises RequestError."""
    for name, table in (("resize", RESIZES), ("preprocessor", PREPROCESSORS)):
        value = getattr(control, name)
        if value not in table:
            remedy = f"Use one of: {', '.join(table)}."
            raise RequestError(f"{place}{name}", value, "is not known", remedy)


def check_image_prompts(prompts: Sequence[ImagePrompt]) -> None:
    """Raises RequestError for the first field that cannot be used, named e.g. "image_prompts.0.weight"."""
    _check("image_prompts", prompts)


def _check(field: str, guides: Sequence[Control | ImagePrompt]) -> None:
    if len(guides) > GUIDES_MAX:
        why = f"there are more than {GUIDES_MAX}"
        raise RequestError(field, len(guides), why, f"Send at most {GUIDES_MAX}.")
    for number, guide in enumerate(guides):
        place = f"{field}.{number}"
        if not guide.model:
            raise RequestError(f"{place}.model", "", "no model is chosen", "Choose one.")
        within(f"{place}.weight", guide.weight, WEIGHT)
        within(f"{place}.start", guide.start, SHARE, "of the steps")
        within(f"{place}.end", guide.end, SHARE, "of the steps")
        if guide.start >= guide.end:
            remedy = f"Use more than {guide.start:g}, where it starts."
            raise RequestError(f"{place}.end", guide.end, "is not after the start", remedy)
