"""Tools: what a step may say of one, and that it is done."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from pipelines.errors import RequestError
from pipelines.projects.tools import TOOLS, Setting, Tool, check_tool, use


def darker(picture: Image.Image, strength: float) -> Image.Image:
    return picture.point(lambda value: round(value * (1 - strength)))


TABLE = {"darken": Tool("darker", darker, {"strength": Setting(0.5, (0.0, 1.0))})}


def test_settings_that_are_left_out_take_their_defaults() -> None:
    assert check_tool({"tool": "darken"}, TABLE) == {"tool": "darken", "strength": 0.5}
    assert check_tool({"tool": "darken", "strength": 1}, TABLE)["strength"] == 1.0


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ("darken", "tool"),
        ({}, "tool"),
        ({"tool": "melt"}, "tool"),
        ({"tool": ["darken"]}, "tool"),
        ({"tool": "darken", "strength": 2}, "tool.strength"),
        ({"tool": "darken", "strength": "1"}, "tool.strength"),
        ({"tool": "darken", "strength": True}, "tool.strength"),
        ({"tool": "darken", "size": 1}, "tool.size"),
    ],
)
def test_what_cannot_be_used_is_named(values: Any, field: str) -> None:
    with pytest.raises(RequestError) as caught:
        check_tool(values, TABLE)

    assert caught.value.field == field
    assert caught.value.remedy


def test_a_tool_is_a_function_of_the_picture() -> None:
    picture = Image.new("RGB", (2, 2), (200, 100, 0))

    assert use({"tool": "darken"}, picture, TABLE).getpixel((0, 0)) == (100, 50, 0)


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_says_what_it_does_and_keeps_size_and_transparency(name: str) -> None:
    tool = TOOLS[name]
    assert tool.says
    for setting in tool.settings.values():
        assert setting.bounds[0] <= setting.default <= setting.bounds[1]

    for mode in ("RGB", "RGBA", "L"):
        picture = Image.effect_noise((32, 24), 40).convert(mode)
        result = use({"tool": name}, picture, TOOLS)
        assert result.size == picture.size
        assert result.has_transparency_data == picture.has_transparency_data
