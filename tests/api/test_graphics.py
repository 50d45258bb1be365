"""The native API for graphics: styles, cut-outs, SVG, and that they are for the owner alone and do nothing."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from api.guard import CONTENT_SECURITY_POLICY
from tests.api.conftest import House


def drawing(size: int = 96) -> Image.Image:
    """A red disc on white."""
    image = Image.new("RGB", (size * 4, size * 4), "white")
    ImageDraw.Draw(image).ellipse((size, size, size * 3, size * 3), fill=(200, 30, 40))
    return image.reduce(4)


def made(house: House, image: Image.Image, headers: dict[str, str] | None = None) -> str:
    """The address of a picture of the library that shows this."""
    picture_id = house.make(headers, prompt="a <red> disc")["pictures"][0]["picture_id"]
    owner = house.studio.identity.owner_of(headers or {})
    image.save(house.manager.library.file(picture_id, owner))
    return f"/api/v1/pictures/{picture_id}"


def test_the_styles_are_a_table_that_a_page_can_show(home: House) -> None:
    items = home.client.get("/api/v1/graphics/styles").json()["items"]

    assert len(items) == 24
    fields = {"id", "name", "prompt", "negative_prompt", "colours", "cutout", "about", "thumbnail"}
    assert all(set(item) == fields for item in items)
    thumbnails = Path(__file__).parents[2] / "ui" / "static" / "styles"
    assert all((thumbnails / item["thumbnail"]).is_file() for item in items)


def test_a_cutout_is_a_png_with_alpha(home: House) -> None:
    answer = home.client.get(f"{made(home, drawing())}/cutout", params={"download": 1})

    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    alpha = np.asarray(Image.open(io.BytesIO(answer.content)))[..., 3]
    assert (alpha[2, 2], alpha[48, 48]) == (0, 255)


def test_colours_can_be_reduced_on_the_way(home: House) -> None:
    noisy = np.asarray(drawing()).astype(int) + np.random.default_rng(1).integers(
        -9, 9, (96, 96, 1)
    )
    address = made(home, Image.fromarray(noisy.clip(0, 255).astype(np.uint8)))

    png = home.client.get(f"{address}/cutout", params={"colours": 2}).content

    inside = np.asarray(Image.open(io.BytesIO(png)))[35:60, 35:60]
    assert np.ptp(inside, axis=(0, 1)).max() == 0


def test_an_svg_is_a_download_that_does_nothing_when_it_is_opened(home: House) -> None:
    answer = home.client.get(f"{made(home, drawing())}/svg")

    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert answer.headers["x-content-type-options"] == "nosniff"
    policies = answer.headers.get_list("content-security-policy")
    assert policies == [
        CONTENT_SECURITY_POLICY,
        "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    ]
    assert "<title>a &lt;red&gt; disc</title>" in answer.text
    assert 'viewBox="0 0 96 96"' in answer.text
    shown = home.client.get(f"{made(home, drawing())}/svg", params={"download": 0})
    assert shown.headers["content-disposition"].startswith("inline")


def test_a_busy_background_is_named_and_can_be_kept(home: House) -> None:
    pixels = (
        np.random.default_rng(2).integers(0, 255, (8, 8, 3), np.uint8).repeat(12, 0).repeat(12, 1)
    )
    address = made(home, Image.fromarray(pixels))

    refused = home.client.get(f"{address}/svg")
    kept = home.client.get(f"{address}/svg", params={"cutout": 0})

    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "not_plain"
    assert "background" in refused.json()["error"]["remedy"]
    assert kept.status_code == 200


def test_what_is_too_large_is_told_before_it_is_read(home: House) -> None:
    address = made(home, Image.new("RGB", (2100, 2100)))

    for kind in ("cutout", "svg"):
        error = home.client.get(f"{address}/{kind}").json()["error"]
        assert error["field"] == "picture"
        assert "2100 × 2100" in error["message"]
        assert "2048" in error["remedy"]


@pytest.mark.parametrize("query", [{"holes": "some"}, {"colours": 1}, {"colours": 99}])
def test_an_option_that_is_not_known_is_refused(home: House, query: dict[str, str]) -> None:
    answer = home.client.get(f"{made(home, drawing())}/cutout", params=query)

    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == next(iter(query))


def test_what_is_damaged_is_told(home: House) -> None:
    address = made(home, drawing())
    picture_id = address.rpartition("/")[2]
    home.manager.library.file(picture_id, home.studio.identity.owner_of({})).write_bytes(b"x")

    assert home.client.get(f"{address}/cutout").status_code == 404


def test_graphics_are_made_for_the_owner_alone(lan: House) -> None:
    owner, other = lan.owner(), lan.owner()
    address = made(lan, drawing(), owner)

    for kind in ("cutout", "svg"):
        assert lan.client.get(f"{address}/{kind}", headers=owner).status_code == 200
        assert lan.client.get(f"{address}/{kind}", headers=other).status_code == 404
