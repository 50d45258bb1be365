"""The native API for pictures: files, thumbnails, strips, the trash, and pictures that are sent to us."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.api.conftest import House, png


def test_a_file_can_be_downloaded_under_its_name(home: House) -> None:
    picture_id = home.make()["pictures"][0]["picture_id"]

    answer = home.client.get(f"/api/v1/pictures/{picture_id}/file?download=1")

    assert answer.headers["content-disposition"].startswith("attachment; filename=")


def test_thumbnail_and_strip_come_from_the_same_picture(home: House) -> None:
    address = f"/api/v1/pictures/{home.make(sampling={'steps': 6})['pictures'][0]['picture_id']}"

    thumbnail = home.client.get(f"{address}/thumbnail")
    frames = home.client.get(f"{address}/strip").json()

    assert Image.open(io.BytesIO(thumbnail.content)).size == (64, 64)
    assert frames == sorted(frames, key=lambda frame: frame["step"])
    frame = home.client.get(f"{address}/strip/{frames[0]['step']}")
    assert frame.headers["content-type"] == "image/jpeg"
    assert home.client.get(f"{address}/strip/999").status_code == 404


def test_a_picture_goes_to_the_trash_and_back(home: House) -> None:
    address = f"/api/v1/pictures/{home.make(prompt='for the trash')['pictures'][0]['picture_id']}"

    def found(trash: int) -> int:
        params: dict[str, Any] = {"q": "trash", "trash": trash}
        return int(home.client.get("/api/v1/pictures", params=params).json()["total"])

    assert home.client.delete(address).json()["trashed"]
    assert (found(0), found(1)) == (0, 1)
    assert home.client.post(f"{address}/restore").json()["trashed"] is None
    assert (found(0), found(1)) == (1, 0)


def test_a_picture_is_taken_from_a_form_or_as_the_body(home: House) -> None:
    by_form = home.client.post("/api/v1/assets", files={"file": ("a.png", png(), "image/png")})
    by_body = home.client.post(
        "/api/v1/assets", content=png(), headers={"content-type": "image/png"}
    )

    for answer in (by_form, by_body):
        assert answer.status_code == 201, answer.text
        asset = answer.json()
        assert (asset["width"], asset["height"], asset["request"]) == (40, 30, None)
        assert home.client.get(f"/api/v1/assets/{asset['id']}").json() == asset
        file = home.client.get(f"/api/v1/assets/{asset['id']}/file")
        assert Image.open(io.BytesIO(file.content)).size == (40, 30)


def test_our_own_picture_brings_its_request_along(home: House) -> None:
    picture_id = home.make(prompt="a blue star", seed=11)["pictures"][0]["picture_id"]
    data = home.client.get(f"/api/v1/pictures/{picture_id}/file").content

    asset = home.client.post(
        "/api/v1/assets", content=data, headers={"content-type": "image/png"}
    ).json()

    assert (asset["request"]["prompt"], asset["request"]["seed"]) == ("a blue star", 11)
    assert asset["parameters"].startswith("a blue star\nSteps: ")


def test_a_picture_of_the_library_becomes_an_asset_without_being_sent(home: House) -> None:
    picture_id = home.make(prompt="a source")["pictures"][0]["picture_id"]
    data = home.client.get(f"/api/v1/pictures/{picture_id}/file").content

    named = home.client.post("/api/v1/assets", json={"picture": picture_id})
    sent = home.client.post("/api/v1/assets", files={"file": ("a.png", data, "image/png")})

    assert (named.status_code, sent.status_code) == (201, 201)
    assert named.json() == sent.json()
    assert named.json()["request"]["prompt"] == "a source"


def test_a_picture_of_somebody_else_becomes_nobody_s_asset(lan: House) -> None:
    alice, bob = lan.owner(), lan.owner()
    picture_id = lan.make(headers=alice)["pictures"][0]["picture_id"]

    def asked(picture: Any, headers: dict[str, str]) -> tuple[int, Any]:
        answer = lan.client.post("/api/v1/assets", json={"picture": picture}, headers=headers)
        return answer.status_code, answer.json().get("error", answer.json())

    foreign, missing = asked(picture_id, bob), asked("0" * 32, bob)
    assert foreign == missing
    assert foreign[0] == 404
    status, asset = asked(picture_id, alice)
    assert status == 201
    address = f"/api/v1/assets/{asset['id']}"
    assert lan.client.get(address, headers=alice).status_code == 200
    for place in ("", "/file", "/thumbnail"):
        assert lan.client.get(address + place, headers=bob).status_code == 404


@pytest.mark.parametrize("body", ["", "{}", "[]", "{", '{"picture": null}', '{"picture": 7}'])
def test_json_that_names_no_picture_is_refused(home: House, body: str) -> None:
    headers = {"content-type": "application/json"}

    answer = home.client.post("/api/v1/assets", content=body, headers=headers)

    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["message"]


def test_an_asset_has_a_thumbnail(home: House) -> None:
    asset = home.client.post("/api/v1/assets", files={"file": ("a.png", png(), "image/png")}).json()

    answer = home.client.get(f"/api/v1/assets/{asset['id']}/thumbnail")

    assert answer.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(answer.content)).size == (40, 30)


@pytest.mark.parametrize(
    "sent",
    [
        {"content": b"<svg></svg>", "headers": {"content-type": "image/png"}},
        {"content": b"", "headers": {"content-type": "image/png"}},
        {"files": {"file": ("a.png", b"no picture", "image/png")}},
        {"files": {"other": ("a.png", b"x", "image/png")}},
        {"data": {"file": "text"}, "files": {}},
        {
            "content": b"--x\r\nbroken",
            "headers": {"content-type": "multipart/form-data; boundary=y"},
        },
        {"content": b"x", "headers": {"content-type": "multipart/form-data"}},
    ],
)
def test_an_upload_that_is_no_picture_is_refused(home: House, sent: dict[str, Any]) -> None:
    answer = home.client.post("/api/v1/assets", **sent)

    assert answer.status_code in (400, 415)
    assert answer.json()["error"]["message"]


def test_a_foreign_picture_says_what_could_not_be_taken_over(home: House) -> None:
    chunks = PngInfo()
    chunks.add_text(
        "parameters",
        "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 3, Size: 512x512, Model hash: 0123456789, "
        "Model: gone, Face restoration: CodeFormer, Version: v1.10.1",
    )
    stream = io.BytesIO()
    Image.new("RGB", (20, 10)).save(stream, "PNG", pnginfo=chunks)

    sent = home.client.post("/api/v1/assets", files={"file": ("a.png", stream.getvalue())}).json()

    assert sent["program"] == "AUTOMATIC1111"
    assert [(row["key"], row["value"]) for row in sent["unmapped"]] == [
        ("Face restoration", "CodeFormer"),
        ("Model", "gone [0123456789]"),
    ]
    assert all(row["why"] for row in sent["unmapped"])
    assert (sent["request"]["prompt"], sent["request"]["checkpoint"]) == ("a cat", None)
    assert home.client.get(f"/api/v1/assets/{sent['id']}").json() == sent


def test_our_own_picture_leaves_nothing_behind(home: House) -> None:
    picture_id = home.make(prompt="a whole one")["pictures"][0]["picture_id"]

    asset = home.client.post("/api/v1/assets", json={"picture": picture_id}).json()

    assert (asset["program"], asset["unmapped"]) == ("Darkroom", [])


def test_a_picture_is_verified_by_a_job_with_a_verdict(home: House) -> None:
    picture_id = home.make(prompt="to be proven")["pictures"][0]["picture_id"]

    answer = home.client.post(f"/api/v1/pictures/{picture_id}/verify")
    job = home.ended(answer.json()["id"])

    assert answer.status_code == 201
    assert (answer.json()["verdict"], answer.json()["verifies"]) == (None, picture_id)
    assert job["verdict"]["result"] == "identical"
    assert home.client.get("/api/v1/pictures?q=proven").json()["total"] == 1


def test_what_cannot_be_verified_needs_no_job(lan: House) -> None:
    alice, bob = lan.owner(), lan.owner()
    picture_id = lan.make(alice)["pictures"][0]["picture_id"]
    Image.new("RGB", (64, 64)).save(lan.manager.library.file(picture_id, _name(lan, alice)))

    answer = lan.client.post(f"/api/v1/pictures/{picture_id}/verify", headers=alice)

    assert answer.status_code == 200
    assert answer.json()["id"] is None
    assert answer.json()["verdict"]["result"] == "impossible"
    assert lan.client.post(f"/api/v1/pictures/{picture_id}/verify", headers=bob).status_code == 404


def _name(house: House, headers: dict[str, str]) -> str:
    return house.studio.identity.owner_of(headers)
