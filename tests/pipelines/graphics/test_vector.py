"""SVG: the same picture when it is drawn again, few paths, complete in itself, and harmless."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from pipelines.graphics.cutout import cut_out
from pipelines.graphics.flatten import flat
from pipelines.graphics.vector import PATHS_MAX, to_svg
from tests.pipelines.graphics.sights import (
    APART_MAX,
    alpha_of,
    apart,
    disc,
    drawn_again,
    laid,
    ring,
    shape,
)

RED, WHITE, BLUE = (200, 30, 40), (250, 250, 248), (40, 90, 200)
SPACE = "{http://www.w3.org/2000/svg}"


def picture() -> Image.Image:
    """A red ring with a blue disc that juts out of it."""
    inside = Image.fromarray((shape(disc) * 255).astype(np.uint8))
    whole = laid(shape(ring), RED, WHITE)
    whole.paste(BLUE, (20, 12), inside)
    return whole


@pytest.mark.parametrize("is_cut", [False, True], ids=["whole", "cut out"])
def test_drawn_again_it_is_the_picture(is_cut: bool) -> None:
    source = cut_out(picture()) if is_cut else picture()

    again = drawn_again(to_svg(source))

    assert apart(again, source) <= APART_MAX
    assert apart(again, flat(source)) <= APART_MAX


def test_no_colour_shines_through_along_an_outline_that_two_share() -> None:
    """Two halves of a disc: the edge of the upper one must not be seen through the lower one."""
    half = laid(shape(disc), RED, WHITE)
    half.paste(
        BLUE,
        (61, 0, 128, 128),
        Image.fromarray((shape(disc) * 255).astype(np.uint8)).crop((61, 0, 128, 128)),
    )
    source = cut_out(half)

    again = np.asarray(drawn_again(to_svg(source)), int)

    edge = (again[..., 3] > 40) & (again[..., 3] < 215)
    left, right = edge.copy(), edge.copy()
    left[:, 56:], right[:, :66] = False, False
    assert np.abs(again[left][:, :3] - RED).max() < 40
    assert np.abs(again[right][:, :3] - BLUE).max() < 40
    assert np.abs(again[..., 3] / 255 - alpha_of(source)).max() < 0.35


def test_a_picture_of_noise_has_few_paths_all_the_same() -> None:
    pixels = (
        np.random.default_rng(3).integers(0, 255, (64, 64, 3), np.uint8).repeat(4, 0).repeat(4, 1)
    )

    svg = to_svg(Image.fromarray(pixels), 24)

    assert 1 <= svg.count("<path") <= PATHS_MAX


def test_it_is_a_document_with_size_and_title_and_nothing_that_runs() -> None:
    svg = to_svg(cut_out(picture()), title='</title><script>alert("1")</script>\x00 & more')

    root = ElementTree.fromstring(svg)
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == (
        "128",
        "128",
        "0 0 128 128",
    )
    assert root.findtext(f"{SPACE}title") == '</title><script>alert("1")</script> & more'
    tags = {element.tag.removeprefix(SPACE) for element in root.iter()}
    assert tags == {"svg", "title", "g", "path"}
    assert not re.search(r"href|style|\bon\w+=|url\(", svg)


def test_what_is_transparent_stays_so() -> None:
    empty = drawn_again(to_svg(Image.new("RGBA", (32, 32))))

    assert alpha_of(empty).max() == 0


def test_a_picture_is_whole_up_to_its_border() -> None:
    half = Image.new("RGB", (64, 64), RED)
    half.paste(BLUE, (0, 30, 64, 64))

    again = drawn_again(to_svg(half), zoom=4)

    assert alpha_of(again).min() == 1
    assert np.abs(np.asarray(again)[::255, ::255, :3].astype(int) - [[RED], [BLUE]]).max() <= 3


def test_a_large_picture_is_traced() -> None:
    source = laid(shape(ring, 1000), RED, WHITE)

    svg = to_svg(source, 4)

    assert apart(drawn_again(svg), source) <= APART_MAX
    assert len(svg) < 60_000
