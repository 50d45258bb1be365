"""The native API for guides: models by kind, prepared pictures, and jobs that name both."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.api.conftest import SMALL, House, png
from tests.paper_checkpoint import safetensors

HINT = "controlnet_cond_embedding.conv_in.weight"


@pytest.fixture
def studio_with_canny(tmp_path: Path, door: Any) -> Any:
    file = tmp_path / "models" / "canny" / "diffusion_pytorch_model.safetensors"
    file.parent.mkdir(parents=True)
    file.write_bytes(safetensors({HINT: (16, 3, 3, 3)}))
    folders = (Path("models"), tmp_path / "models")
    with door(models_dir=folders) as house:
        yield house


def uploaded(house: House, headers: dict[str, str] | None = None) -> str:
    sent = {"file": ("a.png", png(), "image/png")}
    return str(house.client.post("/api/v1/assets", files=sent, headers=headers).json()["id"])


def test_models_are_listed_by_kind_with_the_ways_of_preparing(studio_with_canny: House) -> None:
    told = studio_with_canny.client.get("/api/v1/guides").json()

    assert told["controlnet"] == [{"name": "canny", "family": "", "problem": ""}]
    assert told["ip_adapter"] == told["image_encoder"] == []
    assert list(told["resizes"]) == ["crop", "fit", "stretch"]
    assert "canny" in told["preprocessors"]


def test_a_job_may_name_a_controlnet_and_a_picture(studio_with_canny: House) -> None:
    house = studio_with_canny
    control = {"model": "canny", "image": uploaded(house), "weight": 1, "end": 0.5}

    job = house.make(controls=[control])

    assert job["state"] == "done", job
    whole = {"start": 0.0, "resize": "crop", "preprocessor": "none", **control}
    assert job["request"]["controls"] == [whole]
    picture_id = job["pictures"][0]["picture_id"]
    record = house.client.get(f"/api/v1/pictures/{picture_id}").json()
    assert record["request"]["controls"] == [whole]
    assert 'ControlNet 0: "Module: none, Model: canny, Weight: 1.0' in record["parameters"]


@pytest.mark.parametrize(
    ("controls", "field"),
    [
        ("canny", "controls"),
        (["canny"], "controls.0"),
        ([{"weight": "heavy"}], "controls.0.weight"),
        ([{"model": 3}], "controls.0.model"),
        ([{"moon": 1}], "controls.0.moon"),
        ([{}, {}, {}, {}], "controls"),
        ([{"model": "canny", "image": "x", "weight": -1}], "controls.0.weight"),
    ],
)
def test_what_cannot_be_used_is_named_by_its_place(home: House, controls: Any, field: str) -> None:
    answer = home.client.post("/api/v1/jobs", json={**SMALL, "controls": controls})

    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == field
    assert answer.json()["error"]["remedy"]


def test_a_picture_is_shown_as_the_controlnet_will_see_it(home: House) -> None:
    address = f"/api/v1/assets/{uploaded(home)}/prepared"

    answer = home.client.get(address, params={"width": 64, "height": 96, "preprocessor": "invert"})

    assert answer.headers["content-type"] == "image/png"
    picture = Image.open(io.BytesIO(answer.content))
    assert picture.size == (64, 96)
    assert picture.getpixel((30, 40)) == (0, 255, 255)  # it was red
    for query in ({"preprocessor": "magic"}, {"resize": "no"}, {"width": 9}, {"height": 99999}):
        assert home.client.get(address, params=query).status_code == 422


def test_the_picture_of_another_is_not_shown(lan: House) -> None:
    mine, yours = lan.owner(), lan.owner()
    address = f"/api/v1/assets/{uploaded(lan, mine)}/prepared"

    assert lan.client.get(address, headers=mine).status_code == 200
    assert lan.client.get(address, headers=yours).status_code == 404
