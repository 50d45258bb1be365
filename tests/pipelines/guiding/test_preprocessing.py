"""Pictures become maps of the right size: pure functions, seen on pictures whose answer is plain."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines.guiding.guides import PREPROCESSORS, RESIZES, Control
from pipelines.guiding.preprocessing import PREPROCESS, RESIZE, opaque, prepared

WIDE = (120, 60)


def boxed(size: tuple[int, int] = WIDE, paper: str = "white", ink: str = "black") -> Image.Image:
    """A filled box in the middle third of each side."""
    picture = Image.new("RGB", size, paper)
    width, height = size
    box = (width // 3, height // 3, width * 2 // 3, height * 2 // 3)
    ImageDraw.Draw(picture).rectangle(box, fill=ink)
    return picture


def numbers(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("L"), np.int16)


def made(
    picture: Image.Image, size: tuple[int, int], resize: str, preprocessor: str = "none"
) -> np.ndarray:
    return numbers(prepared(picture, Control(resize=resize, preprocessor=preprocessor), size))


def test_the_tables_of_names_and_functions_agree() -> None:
    assert PREPROCESSORS.keys() == PREPROCESS.keys()
    assert RESIZES.keys() == RESIZE.keys()


@pytest.mark.parametrize(("resize", "preprocessor"), [*itertools.product(RESIZES, PREPROCESSORS)])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_every_way_gives_rgb_of_the_size_asked_for(
    resize: str, preprocessor: str, mode: str
) -> None:
    control = Control(resize=resize, preprocessor=preprocessor)

    picture = prepared(boxed().convert(mode), control, (64, 72))

    assert (picture.mode, picture.size) == ("RGB", (64, 72))


@pytest.mark.parametrize("resize", RESIZES)
def test_a_picture_of_the_right_size_stays_as_it_is(resize: str) -> None:
    picture = boxed()

    assert np.array_equal(np.asarray(prepared(picture, Control(resize=resize), WIDE)), picture)


def test_crop_keeps_the_middle_and_the_proportions() -> None:
    cropped = made(boxed(), (60, 60), "crop")

    assert (cropped[30] < 128).sum() == pytest.approx(
        40, abs=2
    )  # 40 of the 120 columns, none narrower
    assert (cropped[:, 30] < 128).sum() == pytest.approx(20, abs=2)


def test_fit_shows_all_of_it_between_black_margins() -> None:
    fitted = made(boxed(paper="white", ink="grey"), (60, 60), "fit")

    assert (fitted[:15] == 0).all()
    assert (fitted[45:] == 0).all()
    assert (fitted[16:44, :10] == 255).all()


def test_stretch_fills_the_size_with_all_of_it() -> None:
    stretched = made(boxed(), (60, 60), "stretch")

    assert (stretched[30] < 128).sum() == pytest.approx(20, abs=2)


def test_margins_are_no_edges() -> None:
    edges = made(boxed(), (120, 120), "fit", "canny")

    assert edges.max() == 255
    assert (edges[:40] == 0).all()
    assert set(np.unique(edges)) == {0, 255}


def test_canny_draws_the_outline_and_nothing_else() -> None:
    edges = made(boxed(), WIDE, "crop", "canny")

    rows, columns = np.nonzero(edges)
    assert rows.min() == pytest.approx(20, abs=2)
    assert rows.max() == pytest.approx(40, abs=2)
    assert columns.min() == pytest.approx(40, abs=2)
    assert columns.max() == pytest.approx(80, abs=2)
    assert (edges[28:32, 50:70] == 0).all()


@pytest.mark.parametrize("ink", ["black", "#999999"])
def test_lines_become_light_whether_ink_or_pencil(ink: str) -> None:
    paper = Image.new("RGB", WIDE, "white")
    ImageDraw.Draw(paper).line((0, 30, 120, 30), fill=ink, width=2)

    lines = made(paper, WIDE, "crop", "line")

    assert lines[30, 60] > 100
    assert (lines[:10] == 0).all()


def test_an_empty_sheet_has_no_lines() -> None:
    assert not made(Image.new("RGB", WIDE, "white"), WIDE, "crop", "line").any()


@pytest.mark.parametrize("paper", ["white", "black"])
@pytest.mark.parametrize("ink", ["red", "#ffd940", "#3060ff", "#808080"])
def test_strokes_of_any_colour_become_white(ink: str, paper: str) -> None:
    sheet = Image.new("RGB", WIDE, paper)
    ImageDraw.Draw(sheet).line((10, 30, 110, 30), fill=ink, width=3)

    strokes = made(sheet, WIDE, "crop", "scribble")

    assert set(np.unique(strokes)) == {0, 255}
    assert (strokes[30, 12:108] == 255).all()
    assert (strokes[:20] == 0).all()


def test_thin_strokes_become_thicker_in_large_pictures() -> None:
    sheet = Image.new("RGB", (1024, 64), "white")
    ImageDraw.Draw(sheet).line((10, 32, 1000, 32), fill="black", width=1)

    strokes = made(sheet, (1024, 64), "crop", "scribble")

    assert (strokes[:, 500] == 255).sum() >= 5


def test_soft_edges_are_strongest_on_the_outline_and_fall_off() -> None:
    edges = made(boxed(), WIDE, "crop", "softedge")

    assert edges[30, 40] > 200
    assert 0 < edges[30, 36] < edges[30, 38] < 255
    assert edges[30, 60] == 0
    assert (edges[:8] == 0).all()


def test_soft_edges_leave_texture_out() -> None:
    lot = np.random.default_rng(1)
    rough = np.asarray(boxed()) * 0.6 + lot.normal(50, 12, (60, 120, 1))
    edges = made(Image.fromarray(np.clip(rough, 0, 255).astype(np.uint8)), WIDE, "crop", "softedge")

    assert edges[25:35, 38:42].max(axis=1).min() > 2 * np.percentile(edges[:10], 90)


@pytest.mark.parametrize("preprocessor", ["scribble", "softedge"])
@pytest.mark.parametrize("paper", ["white", "grey", "black"])
def test_an_empty_sheet_has_neither_strokes_nor_edges(preprocessor: str, paper: str) -> None:
    assert not made(Image.new("RGB", WIDE, paper), WIDE, "crop", preprocessor).any()


def test_invert_and_threshold() -> None:
    grey = Image.new("RGB", (8, 8), (10, 200, 250))

    assert prepared(grey, Control(preprocessor="invert"), (8, 8)).getpixel((0, 0)) == (245, 55, 5)
    assert set(np.unique(made(boxed(ink="#808080"), WIDE, "crop", "threshold"))) == {255}
    assert set(np.unique(made(boxed(ink="#303030"), WIDE, "crop", "threshold"))) == {0, 255}


def test_what_is_transparent_is_paper() -> None:
    picture = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    picture.putpixel((0, 0), (10, 20, 30, 255))

    assert opaque(picture).getpixel((0, 0)) == (10, 20, 30)
    assert opaque(picture).getpixel((1, 1)) == (255, 255, 255)
