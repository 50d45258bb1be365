"""The table of styles: complete, fit for what reads it, and each with a small picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from pipelines.graphics.flatten import COLOURS
from pipelines.graphics.styles import GRAPHIC_STYLES, GraphicStyle

THUMBNAILS = Path(__file__).parents[3] / "ui" / "static" / "styles"


def test_there_are_two_dozen_with_names_of_their_own() -> None:
    assert len({style.id for style in GRAPHIC_STYLES}) == 24
    assert {f"{style.id}.webp" for style in GRAPHIC_STYLES} == {
        p.name for p in THUMBNAILS.iterdir()
    }


@pytest.mark.parametrize("style", GRAPHIC_STYLES, ids=lambda style: style.id)
def test_a_style_can_be_used_as_it_stands(style: GraphicStyle) -> None:
    assert style.prompt.count("{prompt}") == 1
    assert "{" not in style.prompt.replace("{prompt}", "")
    assert style.about.endswith(".")
    assert style.colours == 0 or COLOURS[0] <= style.colours <= COLOURS[1]
    # What is to be cut off must be plain, and is said where small models still listen.
    assert style.cutout == ("{prompt} on a plain" in style.prompt)


@pytest.mark.parametrize("style", GRAPHIC_STYLES, ids=lambda style: style.id)
def test_its_picture_is_small(style: GraphicStyle) -> None:
    path = THUMBNAILS / f"{style.id}.webp"

    assert path.stat().st_size <= 4096
    with Image.open(path) as picture:
        assert picture.size == (128, 128)
