"""A plain ground is cut off exactly: alpha, colours of edges, holes, uneven grounds; what is not plain is refused."""

from __future__ import annotations

import contextlib
import io

import cv2
import numpy as np
import pytest
from PIL import Image

from pipelines.errors import NotPlain
from pipelines.graphics.cutout import cut_out
from tests.pipelines.graphics.sights import alpha_of, disc, image, laid, ring, shape

RED, WHITE, NAVY = (200, 30, 40), (250, 250, 248), (20, 30, 70)
SIDE = 128


def slope(low: float, high: float) -> np.ndarray:
    """A grey ground that becomes lighter from left to right."""
    return np.broadcast_to(np.linspace(low, high, SIDE)[None, :, None], (SIDE, SIDE, 3))


def vignette() -> np.ndarray:
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    return np.repeat((248 - 22 * (x**2 + y**2))[..., None], 3, axis=-1)


def as_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return Image.open(stream)


@pytest.mark.parametrize("ground", [WHITE, NAVY, (240, 200, 40)])
def test_alpha_is_what_was_laid_on_the_ground(ground: tuple[int, int, int]) -> None:
    truth = shape(disc)

    alpha = alpha_of(cut_out(laid(truth, RED, ground)))

    assert alpha[truth == 0].max() == 0
    assert alpha[truth == 1].min() == 1
    assert np.abs(alpha - truth).max() < 0.1


def test_edges_lose_the_colour_of_the_ground() -> None:
    truth = shape(disc)

    cut = cut_out(laid(truth, RED, WHITE))
    elsewhere = Image.alpha_composite(Image.new("RGBA", cut.size, NAVY), cut).convert("RGB")

    difference = np.abs(np.asarray(elsewhere, float) - np.asarray(laid(truth, RED, NAVY), float))
    assert difference.max() < 24
    near = np.asarray(cut)[..., :3][alpha_of(cut) > 0.2]
    assert np.abs(near.astype(float) - RED).max() < 30


def test_a_thin_line_keeps_its_colour_and_is_not_eaten() -> None:
    truth = shape(lambda pen, side: pen.line((20, 30, side - 40, side - 90), fill=255, width=10))

    cut = cut_out(laid(truth, RED, WHITE))

    assert alpha_of(cut).sum() == pytest.approx(truth.sum(), rel=0.12)


@pytest.mark.parametrize(
    "ground", [slope(215, 250), vignette()], ids=["from side to side", "vignette"]
)
def test_the_ground_may_change_softly(ground: np.ndarray) -> None:
    truth = shape(disc)

    alpha = alpha_of(cut_out(laid(truth, RED, ground)))

    assert alpha[truth == 0].mean() < 0.001
    assert alpha[truth == 1].min() > 0.98


@pytest.mark.parametrize("quality", [40, 75])
def test_noise_of_compression_is_no_graphic(quality: int) -> None:
    truth = shape(ring)

    alpha = alpha_of(cut_out(as_jpeg(laid(truth, RED, WHITE), quality)))

    beyond = cv2.dilate(truth, np.ones((3, 3))) == 0  # colours bleed by a pixel
    assert alpha[beyond].mean() < 0.01
    assert alpha[truth == 1].mean() > 0.98


def test_a_thing_may_leave_the_picture() -> None:
    truth = shape(
        lambda pen, side: pen.rectangle((side * 0.3, side * 0.4, side * 0.7, side), fill=255)
    )

    alpha = alpha_of(cut_out(laid(truth, RED, WHITE)))

    assert np.abs(alpha - truth).mean() < 0.005


def test_inside_a_ring_is_ground_and_an_eye_is_not() -> None:
    outside = shape(ring)
    eye = shape(
        lambda pen, side: pen.ellipse((side * 0.46, side * 0.4, side * 0.52, side * 0.46), fill=255)
    )
    pixels = np.asarray(laid(outside, RED, WHITE), float)
    picture = image(pixels * (1 - eye[..., None]) + 250.0 * eye[..., None])

    alpha = {holes: alpha_of(cut_out(picture, holes)) for holes in ("large", "all", "none")}

    in_ring, in_eye = (35, 64), (55, 62)
    seen = {holes: (a[in_ring], a[in_eye]) for holes, a in alpha.items()}
    assert seen == {"large": (0, 1), "all": (0, 0), "none": (1, 1)}


def test_a_large_picture_is_cut_as_sharply_as_a_small_one() -> None:
    truth = shape(ring, 700)

    alpha = alpha_of(cut_out(laid(truth, RED, WHITE)))

    assert alpha[truth == 0].max() == 0
    assert alpha[truth == 1].min() == 1
    assert np.abs(alpha - truth).max() < 0.15


def test_what_is_transparent_already_stays_as_it_is() -> None:
    picture = Image.new("RGBA", (40, 30), (9, 8, 7, 0))
    picture.paste((1, 2, 3, 255), (10, 10, 20, 20))

    assert np.array_equal(np.asarray(cut_out(picture)), np.asarray(picture))


def test_a_busy_ground_is_refused_with_a_remedy() -> None:
    rng = np.random.default_rng(1)
    busy = rng.integers(0, 255, (16, 16, 3), np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    scene = np.concatenate(
        [slope(90, 150)[:70] * (0.6, 0.9, 1.6), slope(60, 90)[:58] * (0.6, 1.6, 0.6)]
    )

    for picture in (Image.fromarray(busy), image(scene)):
        with pytest.raises(NotPlain) as told:
            cut_out(picture)
        assert "background is not plain" in told.value.message
        assert "plain white background" in told.value.remedy


def test_an_empty_picture_is_refused() -> None:
    with pytest.raises(NotPlain, match="nothing on the background"):
        cut_out(Image.new("RGB", (64, 64), WHITE))


@pytest.mark.parametrize("size", [(8, 8), (64, 9), (1, 1), (3, 200)])
def test_tiny_pictures_are_cut_or_refused(size: tuple[int, int]) -> None:
    picture = Image.new("RGB", size, "white")
    picture.putpixel((size[0] // 2, size[1] // 2), (0, 0, 0))

    with contextlib.suppress(NotPlain):
        assert cut_out(picture).size == size
