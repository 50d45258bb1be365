"""Units of AUTOMATIC1111's ControlNet extension: taken as they are meant, refused by the name of their field."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from api.a1111_units import with_units
from pipelines import Control, ImagePrompt, Request, RequestError
from tests.api.conftest import House, png
from tests.api.test_a1111 import txt2img
from tests.api.test_guides import studio_with_canny

__all__ = ["studio_with_canny"]

IMAGE = base64.b64encode(png()).decode()


def read(*units: Any, name: str = "controlnet") -> Request:
    return with_units(
        Request(), {"alwayson_scripts": {name: {"args": list(units)}}}, lambda _: "id"
    )


def test_a_unit_becomes_a_control() -> None:
    unit = {
        "image": f"data:image/png;base64,{IMAGE}",
        "model": "control_v11p_sd15_canny [d14c016b]",
        "module": "canny",
        "weight": "0.8",
        "guidance_start": 0.1,
        "guidance_end": 0.9,
        "resize_mode": "Resize and Fill",
        "control_mode": "Balanced",
        "processor_res": 512,
        "pixel_perfect": True,
    }

    assert read(unit, name="ControlNet").controls == (
        Control(
            model="control_v11p_sd15_canny",
            image="id",
            weight=0.8,
            start=0.1,
            end=0.9,
            resize="fit",
            preprocessor="canny",
        ),
    )


def test_what_is_left_out_is_as_there_and_what_is_off_is_nothing() -> None:
    found = read(
        {"input_image": IMAGE, "model": "a"},
        {"enabled": False, "model": "b"},
        {"model": "None", "module": "none"},
        {"image": {"image": IMAGE, "mask": IMAGE}, "model": "c", "module": "ip-adapter_clip_sd15"},
    )

    assert found.controls == (Control(model="a", image="id"),)
    assert found.image_prompts == (ImagePrompt(model="c", image="id"),)
    assert with_units(Request(), {"alwayson_scripts": {"adetailer": {}}}, str) == Request()
    assert with_units(Request(), {"alwayson_scripts": None}, str) == Request()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"image": None}, "image"),
        ({"image": "%%%"}, "image"),
        ({"model": 3}, "model"),
        ({"module": "openpose"}, "module"),
        ({"weight": "heavy"}, "weight"),
        ({"resize_mode": 7}, "resize_mode"),
        ({"control_mode": "My prompt is more important"}, "control_mode"),
    ],
)
def test_what_cannot_be_used_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(RequestError) as raised:
        read({"image": IMAGE, "model": "a", **changes})

    assert raised.value.field == f"alwayson_scripts.controlnet.args.0.{field}"
    assert raised.value.remedy


def test_a_picture_follows_what_came_with_the_request(studio_with_canny: House) -> None:
    unit = {"image": IMAGE, "model": "canny", "module": "canny", "weight": 0.5}
    scripts = {"controlnet": {"args": [unit]}}

    answer = txt2img(studio_with_canny, alwayson_scripts=scripts)

    assert answer.status_code == 200, answer.text
    assert "Module: canny, Model: canny, Weight: 0.5" in answer.json()["info"]


def test_clients_find_models_and_modules(studio_with_canny: House) -> None:
    get = studio_with_canny.client.get

    assert get("/controlnet/model_list").json() == {"model_list": ["canny"]}
    assert "canny" in get("/controlnet/module_list").json()["module_list"]
    assert get("/controlnet/version").json()["version"] >= 2


def test_a_request_that_brings_pictures_may_be_as_large_as_an_upload(home: House) -> None:
    answer = txt2img(home, alwayson_scripts={"other": {"args": ["x" * 3_000_000]}})

    assert answer.status_code == 200
    body = {"prompt": "x" * 3_000_000}
    assert home.client.post("/api/v1/jobs", json=body).status_code == 413
