"""The native API for styles, wildcards and presets: whose they are, what is kept, and what is refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from pipelines import Request
from tests.api.conftest import House

STYLE = {"prompt": "oil of {prompt}", "negative_prompt": "photo"}


def styles(house: House, headers: Any = None) -> dict[str, Any]:
    items = house.client.get("/api/v1/styles", headers=headers).json()["items"]
    return {item["name"]: item for item in items}


def test_styles_are_kept_changed_and_deleted(home: House) -> None:
    name = "Öl / thick"
    address = f"/api/v1/styles/{quote(name, safe='')}"
    before = home.client.get("/api/v1/styles").json()["version"]
    assert home.client.put(address, json=STYLE).json() == {"name": name, **STYLE, "editable": True}
    assert home.client.get("/api/v1/styles").json()["version"] != before
    assert styles(home)[name]["editable"] is True

    home.client.put(address, json={"prompt": "other"})
    assert styles(home)[name]["prompt"] == "other"
    assert list(home.settings.data_dir.glob("own/*/styles.csv.bak"))

    assert home.client.delete(address).json() == {"removed": name}
    assert name not in styles(home)
    assert home.client.delete(address).status_code == 404


def test_styles_of_the_house_are_there_and_stay(home: House) -> None:
    found = styles(home)["Flat logo"]
    assert "{prompt}" in found["prompt"]
    assert found["editable"] is False
    assert home.client.delete("/api/v1/styles/Flat%20logo").status_code == 404


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("%23heading", STYLE, "name"),
        ("x" * 201, STYLE, "name"),
        ("bell%07", STYLE, "name"),
        ("a", {"prompt": 7}, "prompt"),
        ("a", {"prompt": "x" * 20_000}, "prompt"),
        ("a", {"negative_prompt": "\0"}, "negative_prompt"),
    ],
)
def test_what_is_no_style_is_refused(home: House, name: str, body: Any, field: str) -> None:
    answer = home.client.put(f"/api/v1/styles/{name}", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == field


def test_styles_are_put_into_the_prompts_of_a_job(home: House) -> None:
    home.client.put("/api/v1/styles/Oil", json=STYLE)
    hires = {"prompt": "a wolf", "scale": 1.0, "strength": 0.5}
    job = home.make(prompt="a fox", negative_prompt="bad", styles="Oil\n", hires=hires)
    request = job["request"]

    assert (request["prompt"], request["negative_prompt"]) == ("oil of a fox", "bad, photo")
    assert request["styles"] == ""
    assert request["hires"]["prompt"] == "oil of a wolf"
    assert request["hires"]["negative_prompt"] == ""


def test_a_style_that_is_not_there_names_those_that_are_near(home: House) -> None:
    answer = home.client.post("/api/v1/jobs", json={"prompt": "a", "styles": "Flat lgo"})
    error = answer.json()["error"]
    assert (answer.status_code, error["field"]) == (422, "styles")
    assert "Flat logo" in error["remedy"]


def test_other_clients_find_styles_and_unknown_ones_are_passed_over(home: House) -> None:
    home.client.put("/api/v1/styles/Oil", json=STYLE)
    rows = home.client.get("/sdapi/v1/prompt-styles").json()
    assert {"name": "Oil", **STYLE} in rows
    body = {"prompt": "a fox", "styles": ["Oil", "gone"], "width": 64, "height": 64, "steps": 2}
    answer = home.client.post("/sdapi/v1/txt2img", json=body).json()
    assert answer["parameters"]["prompt"] == "oil of a fox"


def test_wildcards_are_listed_and_tried(home: House) -> None:
    folder = home.settings.models_dir[0] / "wildcards"
    folder.mkdir(exist_ok=True)
    (folder / "colour.txt").write_text("red\nblue\n")
    told = home.client.get("/api/v1/wildcards").json()
    assert {"name": "colour", "count": 2, "examples": ["red", "blue"]} in told["items"]
    assert told["folder"] == str(folder)

    body = {"prompt": "a __colour__ {x|y}", "negative_prompt": "{n}", "seed": 4, "count": 9}
    items = home.client.post("/api/v1/wildcards/try", json=body).json()["items"]
    assert [item["seed"] for item in items] == list(range(4, 13))
    assert {item["prompt"] for item in items} <= {
        f"a {c} {x}" for c in ("red", "blue") for x in "xy"
    }
    assert {item["negative_prompt"] for item in items} == {"n"}
    job = home.make(prompt=body["prompt"], seed=4)
    assert job["request"]["prompt"] == items[0]["prompt"]
    assert job["request"]["template"] == body["prompt"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"count": 0}, "count"),
        ({"count": 10**6}, "count"),
        ({"seed": "x"}, "seed"),
        ({"seed": -5}, "seed"),
        ({"prompt": "{" * 40 + "}" * 40}, "prompt"),
        ({"negative_prompt": "{" * 40 + "}" * 40}, "negative_prompt"),
        ({"prompt": []}, None),
        ({"prompt": ["a"]}, "prompt"),
    ],
)
def test_tries_have_bounds(home: House, body: Any, field: str | None) -> None:
    answer = home.client.post("/api/v1/wildcards/try", json=body)
    if field is None:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 422
        assert answer.json()["error"]["field"] == field


def test_wildcards_that_are_not_there_are_explained(home: House) -> None:
    body = {"prompt": "🦊 __nowhere__ {a|b}", "negative_prompt": "{" * 40 + "}" * 40}
    told = home.client.post("/api/v1/prompts/explain", json=body).json()
    missing = told["prompt"]["warnings"][-1]
    assert (missing["code"], missing["start"], missing["end"]) == ("missing_wildcard", 3, 14)
    endless = told["negative_prompt"]["warnings"][-1]
    assert (endless["code"], endless["is_refused"]) == ("endless_wildcard", True)


def test_presets_are_kept_and_deleted(home: House) -> None:
    settings = {"sampling": {"steps": 12}, "styles": "Flat logo", "source": {"image": "x"}}
    kept = home.client.put("/api/v1/presets/Mine", json={"settings": settings}).json()
    assert kept == {
        "name": "Mine",
        "about": "",
        "settings": {"sampling": {"steps": 12}, "styles": "Flat logo"},
        "builtin": False,
    }
    assert kept in home.client.get("/api/v1/presets").json()["items"]
    assert home.client.delete("/api/v1/presets/Mine").json() == {"removed": "Mine"}
    assert home.client.delete("/api/v1/presets/Mine").status_code == 404
    assert home.client.delete("/api/v1/presets/Photo").status_code == 404


def test_presets_of_the_house_can_be_asked_for(home: House) -> None:
    items = [one for one in home.client.get("/api/v1/presets").json()["items"] if one["builtin"]]
    assert {"Photo", "Artwork", "Graphic", "Logo", "Icon"} <= {one["name"] for one in items}
    for one in items:
        assert one["about"]
        Request.from_dict(one["settings"])
        settled = home.manager._finder.settle(
            Request.from_dict({"prompt": "a fox", **one["settings"]}), "anybody"
        )
        assert "a fox" in settled.request.prompt


@pytest.mark.parametrize(
    ("name", "settings", "field"),
    [
        ("a", {"colour": 1}, "colour"),
        ("a", {"sampling": {"steps": "x"}}, "sampling.steps"),
        ("a", None, "request"),
        ("x" * 101, {}, "name"),
        ("%20", {}, "name"),
        ("a", {"prompt": "x" * 100_000}, "settings"),
    ],
)
def test_what_is_no_preset_is_refused(home: House, name: str, settings: Any, field: str) -> None:
    answer = home.client.put(f"/api/v1/presets/{name}", json={"settings": settings})
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == field


def test_damaged_presets_are_passed_over(home: House) -> None:
    home.client.put("/api/v1/presets/Sound", json={"settings": {"seed": 5}})
    path = next(home.settings.data_dir.glob("own/*/presets.json"))
    whole = path.read_text()
    for damaged in ('{"a": {"colour": 1}, "b": 7}', "[", "[]", "7"):
        path.write_text(damaged)
        items = home.client.get("/api/v1/presets").json()["items"]
        assert all(item["builtin"] for item in items)
    path.write_text(whole)


def test_styles_and_presets_are_of_their_owner_alone(lan: House) -> None:
    one, other = lan.owner(), lan.owner()
    lan.client.put("/api/v1/styles/Mine", json=STYLE, headers=one)
    lan.client.put("/api/v1/presets/Mine", json={"settings": {}}, headers=one)

    assert "Mine" in styles(lan, one)
    assert "Mine" not in styles(lan, other)
    answer = lan.client.get("/api/v1/presets", headers=other).json()
    assert "Mine" not in {item["name"] for item in answer["items"]}
    assert lan.client.delete("/api/v1/styles/Mine", headers=other).status_code == 404
