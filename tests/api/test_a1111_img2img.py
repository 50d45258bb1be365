"""AUTOMATIC1111's img2img: its fields are taken as they are meant there, and refused by their own names."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from api.a1111_img2img import with_source
from pipelines import Inpainting, Request, RequestError, Source
from tests.api.conftest import House
from tests.api.test_a1111 import image

SIZE = (96, 80)
SMALL = {"width": 64, "height": 64, "steps": 4}


def encoded(picture: Image.Image) -> str:
    data = io.BytesIO()
    picture.save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(3).integers(0, 256, (80, 96, 3), np.uint8))


def hole() -> Image.Image:
    mask = Image.new("L", SIZE)
    ImageDraw.Draw(mask).rectangle((30, 30, 49, 49), fill=255)
    return mask


def read(**fields: Any) -> Request:
    return with_source(Request(), {"init_images": [encoded(noise())], **fields}, lambda _: "id")


def img2img(house: House, **fields: Any) -> Any:
    body = {**SMALL, "init_images": [encoded(noise())], **fields}
    return house.client.post("/sdapi/v1/img2img", json=body)


def test_what_is_left_out_is_as_there() -> None:
    assert read().source == Source(image="id", strength=0.75, resize="stretch")
    assert read().inpainting is None
    assert read(mask=encoded(hole())).inpainting == Inpainting(
        mask="id", blur=4, content="fill", area="masked", padding=0, hides_seams=False
    )


def test_every_field_is_taken() -> None:
    found = read(
        mask=encoded(hole()),
        denoising_strength="0.4",
        resize_mode=2,
        mask_blur=8,
        inpainting_fill=2,
        inpaint_full_res=False,
        inpaint_full_res_padding=32.0,
        inpainting_mask_invert=1,
        initial_noise_multiplier=0.9,
        override_settings={"inpainting_mask_weight": 0.5},
    )
    assert found.source == Source(image="id", strength=0.4, resize="fill", noise_multiplier=0.9)
    assert found.inpainting == Inpainting(
        mask="id",
        is_inverted=True,
        blur=8,
        content="noise",
        area="whole",
        padding=32,
        conditioning_weight=0.5,
        hides_seams=False,
    )


@pytest.mark.parametrize(
    ("said", "meant"), [(0, False), (1, True), (True, True), (False, False), (None, False)]
)
def test_inversion_is_said_as_number_or_as_truth(said: Any, meant: bool) -> None:
    inpainting = read(mask=encoded(hole()), inpainting_mask_invert=said).inpainting
    assert inpainting is not None
    assert inpainting.is_inverted is meant


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"resize_mode": 7}, "resize_mode"),
        ({"inpainting_fill": "x", "mask": "aGk="}, "inpainting_fill"),
        ({"denoising_strength": "much"}, "denoising_strength"),
        ({"mask": "?"}, "mask"),
        ({"init_images": ["aGk=", "aGk="]}, "init_images"),
    ],
)
def test_a_field_that_cannot_be_read_is_named(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(RequestError) as caught:
        read(**fields)
    assert caught.value.field == named


def test_without_a_picture_it_is_404_as_there(home: House) -> None:
    for images in (None, []):
        answer = img2img(home, init_images=images)
        assert answer.status_code == 404
        assert "Init image not found" in answer.json()["detail"]


def test_only_masked_keeps_the_size_of_the_picture_and_what_is_around(home: House) -> None:
    answer = img2img(home, mask=encoded(hole()), mask_blur=0).json()

    after, before = np.asarray(image(answer["images"][0])), np.asarray(noise())
    assert after.shape == before.shape
    changed = (after != before).any(axis=2)
    assert changed[30:50, 30:50].mean() > 0.9
    changed[30:50, 30:50] = False
    assert not changed.any()


def test_whole_picture_has_the_size_that_was_asked_for(home: House) -> None:
    answer = img2img(home, mask=encoded(hole()), inpaint_full_res=False).json()

    assert image(answer["images"][0]).size == (64, 64)


def test_a_mask_that_marks_nothing_is_no_mask(home: House) -> None:
    answer = img2img(home, mask=encoded(Image.new("L", SIZE))).json()

    assert image(answer["images"][0]).size == (64, 64)
    assert "Mask blur" not in json.loads(answer["info"])["infotexts"][0]


def test_the_answer_says_what_was_sent_but_not_the_pictures(home: House) -> None:
    answer = img2img(home, denoising_strength=0.5, seed=3).json()

    assert json.loads(answer["info"])["denoising_strength"] == 0.5
    assert answer["parameters"]["denoising_strength"] == 0.5
    assert {"init_images", "mask"}.isdisjoint(answer["parameters"])
    assert "Denoising strength: 0.5" in image(answer["images"][0]).info["parameters"]


def test_errors_name_the_field_as_it_was_sent(home: House) -> None:
    answer = img2img(home, denoising_strength=3)

    assert answer.status_code == 422
    assert answer.json()["field"] == "denoising_strength"
    answer = img2img(home, init_images=["bm8gcGljdHVyZQ=="])
    assert answer.status_code == 415


def test_a_picture_with_transparency_is_laid_on_white(home: House) -> None:
    clear = Image.new("RGBA", SIZE)
    answer = img2img(home, init_images=[encoded(clear)], denoising_strength=0).json()

    assert image(answer["images"][0]).size == (64, 64)
