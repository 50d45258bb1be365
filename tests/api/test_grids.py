"""The native API for grids: what can vary, what would be made, the pictures side by side, and again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import SMALL, House


def grid(**axes: tuple[str, str]) -> dict[str, Any]:
    return {name: {"field": field, "values": text} for name, (field, text) in axes.items()}


def test_axes_are_told_with_their_choices(home: House) -> None:
    items = {one["field"]: one for one in home.client.get("/api/v1/grids/axes").json()["items"]}

    steps, sampler = items["sampling.steps"], items["sampling.sampler"]
    assert (steps["label"], steps["kind"], steps["choices"]) == ("Steps", "whole", [])
    assert "Euler a" in sampler["choices"]
    assert items["checkpoint"]["choices"] == ["Darkroom starter"]
    assert "Flat logo" in items["styles"]["choices"]


def test_a_plan_counts_and_labels(home: House) -> None:
    body = {
        **SMALL,
        "prompt": "a red fox",
        "grid": grid(x=("prompt", "red,blue"), z=("seed", "1-3")),
    }
    told = home.client.post("/api/v1/grids/plan", json=body).json()
    assert told == {
        "pictures": 6,
        "axes": [
            {"axis": "x", "field": "prompt", "label": "Prompt S/R", "values": ["red", "blue"]},
            {"axis": "z", "field": "seed", "label": "Seed", "values": ["1", "2", "3"]},
        ],
    }


@pytest.mark.parametrize(
    ("axes", "field"),
    [
        (grid(x=("sampling.steps", "1-x")), "grid.x.values"),
        (grid(x=("sampling.steps", "0")), "grid.x.values"),
        (grid(y=("prompt", "dog,cat")), "grid.y.values"),
        (grid(z=("colour", "red")), "grid.z.field"),
        (grid(x=("seed", "1-1000"), y=("clip_skip", "1-2")), "grid.y.values"),
        ({}, "grid"),
        ({"x": {"field": 7}}, "grid.x.field"),
        ({"w": None}, "grid.w"),
    ],
)
@pytest.mark.parametrize("address", ["/api/v1/grids/plan", "/api/v1/jobs"])
def test_an_axis_that_cannot_be_used_is_named(
    home: House, axes: dict[str, Any], field: str, address: str
) -> None:
    answer = home.client.post(address, json={**SMALL, "prompt": "a fox", "grid": axes})
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == field


def test_a_grid_is_made_shown_and_made_again_in_part(home: House) -> None:
    axes = grid(x=("sampling.steps", "2,3"), y=("seed", "5,6"))
    job = home.make(prompt="<script>alert(1)</script>", grid=axes)
    address = f"/api/v1/jobs/{job['id']}"

    assert job["state"] == "done"
    assert home.client.get(f"{address}/grid").json()["cells"] == [0, 1, 2, 3]
    picture = home.client.get(f"{address}/grid.png")
    assert picture.headers["content-type"] == "image/png"
    page = home.client.get(f"{address}/grid.html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert page.text.count("data:image/") == 4

    answer = home.client.post(f"{address}/again", json={"pictures": [3], "seed": -1})
    assert answer.json()["state"] == "queued"
    again = home.ended(job["id"])
    assert again["pictures"][:3] == job["pictures"][:3]
    assert again["pictures"][3]["picture_id"] != job["pictures"][3]["picture_id"]
    assert again["pictures"][3]["seed"] != 6
    old = home.client.get(f"/api/v1/pictures/{job['pictures'][3]['picture_id']}")
    assert old.status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "pictures"),
        ({"pictures": []}, "pictures"),
        ({"pictures": [True]}, "pictures"),
        ({"pictures": [9]}, "pictures"),
        ({"pictures": [0], "seed": "x"}, "seed"),
        ({"pictures": [0], "seed": -2}, "seed"),
    ],
)
def test_again_needs_pictures_of_the_job(home: House, body: Any, field: str) -> None:
    job = home.make(prompt="a fox")
    answer = home.client.post(f"/api/v1/jobs/{job['id']}/again", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == field


def test_a_grid_without_a_picture_is_not_there_yet(home: House) -> None:
    body = {**SMALL, "prompt": "fake:step=0.1", "grid": grid(x=("sampling.steps", "50,60"))}
    job = home.client.post("/api/v1/jobs", json=body).json()
    for suffix in ("png", "html"):
        answer = home.client.get(f"/api/v1/jobs/{job['id']}/grid.{suffix}")
        assert answer.status_code == 409
        assert answer.json()["error"]["code"] == "no_picture_yet"
    home.client.post(f"/api/v1/jobs/{job['id']}/cancel")
    home.ended(job["id"])


def test_what_is_no_grid_has_no_sheet(home: House) -> None:
    job = home.make(prompt="a fox")
    for place in ("grid", "grid.png", "grid.html"):
        assert home.client.get(f"/api/v1/jobs/{job['id']}/{place}").status_code == 404
