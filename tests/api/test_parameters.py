"""Settings that stand as text: read as those of a picture that carries it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import House

TEXT = (
    "a castle at sunset\nNegative prompt: fog\n"
    "Steps: 28, Sampler: Euler a, CFG scale: 6.5, Seed: 421, Size: 128x64, FreeU Stages: x"
)


def read(home: House, text: Any) -> Any:
    return home.client.post("/api/v1/parameters", json={"text": text})


def test_a_text_is_told_as_a_request_and_what_it_cannot_hold(home: House) -> None:
    told = read(home, TEXT).json()

    request = told["request"]
    assert (request["prompt"], request["negative_prompt"]) == ("a castle at sunset", "fog")
    assert (request["seed"], request["width"], request["height"]) == (421, 128, 64)
    assert request["sampling"]["sampler"] == "Euler a"
    assert [row["key"] for row in told["unmapped"]] == ["FreeU Stages"]
    assert told["unmapped"][0]["value"] == "x"
    assert told["unmapped"][0]["why"]


def test_a_model_that_is_not_here_is_said(home: House) -> None:
    told = read(home, f"{TEXT}, Model: nowhere_v3").json()

    assert told["request"]["checkpoint"] is None
    assert "nowhere_v3" in [row["value"] for row in told["unmapped"]]


@pytest.mark.parametrize("text", ["", "a castle", "Steps are many, Sampler: what"])
def test_a_text_without_settings_gives_none(home: House, text: str) -> None:
    assert read(home, text).json()["request"] is None


@pytest.mark.parametrize("text", [None, 3, ["a"]])
def test_what_is_no_text_is_refused(home: House, text: Any) -> None:
    answer = read(home, text)

    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "text"


@pytest.mark.parametrize(("sampler", "adds"), [("Euler", False), ("Euler a", True)])
def test_a_picture_says_whether_noise_is_added_on_the_way(
    home: House, sampler: str, adds: bool
) -> None:
    picture = home.make(sampling={"sampler": sampler, "steps": 4})["pictures"][0]["picture_id"]

    one = home.client.get(f"/api/v1/pictures/{picture}").json()
    listed = home.client.get("/api/v1/pictures").json()["items"]

    assert one["adds_noise"] is adds
    assert [row["adds_noise"] for row in listed if row["id"] == picture] == [adds]
