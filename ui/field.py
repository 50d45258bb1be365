"""One widget of the form: what it fills of a Request, its bounds, and how Gradio draws it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import gradio as gr
from gradio.components import Component

# A text, or what is shown and what it stands for; "" leaves the field of the Request to its default.
Choice = str | tuple[str, str | bool]


class Field(NamedTuple):
    """`name` is its place in a Request as JSON: "seed", "sampling.steps". A switch may stand for a whole part."""

    name: str
    label: str
    kind: Literal["text", "number", "slider", "choice", "switch"]
    value: str | float | bool | None = None  # None: a number that may be left empty
    bounds: tuple[float, float] = (0, 0)  # of numbers and sliders
    step: float = 1
    choices: tuple[Choice, ...] = ()
    hint: str = ""  # stands in the box while it is empty
    hints: Mapping[str, str] = MappingProxyType({})  # what a choice is like, by what is shown of it
    lines: int = 1
    follows_checkpoint: bool = False  # a checkpoint's default fills it while it is untouched
    is_part: bool = False  # a switch: off, the part of the Request whose name it has is left out
    modes: tuple[str, ...] = ()  # of the workspace, in which it is sent; none: in all

    @property
    def elem_id(self) -> str:
        """The id of the widget in the page: "field-steps", "field-hires-scale"."""
        return "field-" + self.name.removeprefix("sampling.").replace(".", "-")

    def build(self) -> Component:
        """The widget, to be called inside a layout block."""
        shared: dict[str, Any] = {
            "label": self.label,
            "value": self.value,
            "elem_id": self.elem_id,
            "elem_classes": ["field"],
        }
        low, high = self.bounds
        match self.kind:
            case "text":
                return gr.Textbox(lines=self.lines, max_lines=12, placeholder=self.hint, **shared)
            case "number":
                # No minimum and maximum: a value out of bounds is the server's to refuse, in words.
                precision = 0 if float(self.step).is_integer() else None
                return gr.Number(
                    precision=precision, step=self.step, placeholder=self.hint, **shared
                )
            case "slider":
                return gr.Slider(minimum=low, maximum=high, step=self.step, buttons=[], **shared)
            case "choice":
                return gr.Dropdown(choices=list(self.choices), **shared)
            case "switch":
                return gr.Checkbox(**shared)

    def for_page(self) -> dict[str, Any]:
        """As `islands/form.js` reads it."""
        return {
            "name": self.name,
            "id": self.elem_id,
            "label": self.label,
            "value": self.value,
            "bounds": self.bounds,
            "step": self.step,
            "choices": self.choices,
            "hints": dict(self.hints),
            "follows_checkpoint": self.follows_checkpoint,
            "is_part": self.is_part,
            "modes": self.modes,
        }
