"""The native API for videos: from a draft to a film that plays, what is done on the way, and who may see it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.conftest import House
from tests.api.test_fuzz import bodies, quiet, values
from tests.pipelines.video.desk.clips import animation, photo

VIDEOS = "/api/v1/videos"
MODES = ("animate", "photo")
Values = dict[str, Any]


def begun(house: House, asked: Values) -> Values:
    answer = house.client.post(VIDEOS, json=asked)
    assert answer.status_code == 201, answer.text
    found: Values = answer.json()
    return found


def in_state(house: House, video: Values, state: str) -> Values:
    """Followed as the page follows it."""
    version = 0
    while True:
        news = house.client.get(f"/api/v1/jobs?since={version}&wait=5").json()
        version = news["version"]
        listed = house.client.get(VIDEOS).json()
        assert listed["version"] >= news["status"]["videos_version"]
        found: Values = next(one for one in listed["items"] if one["id"] == video["id"])
        if found["state"] == state:
            return found
        assert found["state"] != "failed", found["error"]


def errors(answer: Any) -> Values:
    found: Values = answer.json()["error"]
    return found


@pytest.fixture(scope="module")
def done(home: House) -> Values:
    return in_state(home, begun(home, animation(frames=6)), "done")


def test_a_draft_is_answered_and_makes_nothing(home: House) -> None:
    before = home.client.get(VIDEOS).json()["ids"]

    answer = home.client.post(f"{VIDEOS}/draft", json=animation(frames=9))

    assert answer.status_code == 200
    assert answer.json()["frames"] == 9
    assert answer.json()["drawings"] == 5
    assert answer.json()["settings"]["max_frames"] == 9
    assert home.client.get(VIDEOS).json()["ids"] == before


def test_a_wrong_schedule_is_answered_with_field_and_character(home: House) -> None:
    answer = home.client.post(f"{VIDEOS}/draft", json=animation(zoom="0: (1), 5: (sin(t)"))

    assert answer.status_code == 422
    assert errors(answer)["field"] == "animation.zoom"
    assert errors(answer)["position"] == 11


def test_a_film_is_answered_in_ranges_so_that_players_can_seek(home: House, done: Values) -> None:
    path = f"{VIDEOS}/{done['id']}/film"
    whole = home.client.get(path)
    part = home.client.get(path, headers={"range": "bytes=4-11"})

    assert whole.headers["content-type"] == "video/mp4"
    assert len(whole.content) == done["film"]["size_bytes"]
    assert part.status_code == 206
    assert part.content == whole.content[4:12]
    assert part.content[:4] == b"ftyp"


def test_frames_can_be_looked_through(home: House, done: Values) -> None:
    path = f"{VIDEOS}/{done['id']}"
    shown = home.client.get(f"{path}/strip").json()["frames"]

    assert shown == list(range(6))
    small = home.client.get(f"{path}/strip/3")
    assert (small.status_code, small.headers["content-type"]) == (200, "image/webp")
    drawn = home.client.get(f"{path}/keys/2")
    assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/png")
    assert home.client.get(f"{path}/keys/3").status_code == 404
    assert home.client.get(f"{path}/strip/6").status_code == 404
    assert home.client.get(f"{path}/strip/{10**400}").status_code in (404, 422)
    assert home.client.get(f"{path}/preview").status_code == 404


def test_a_video_is_paused_gone_on_with_finished_and_deleted(home: House) -> None:
    video = begun(home, animation(frames=200, prompt="a red circle fake:step=0.02"))
    path = f"{VIDEOS}/{video['id']}"

    paused = home.client.post(f"{path}/pause").json()
    assert paused["state"] == "paused"
    assert home.client.post(f"{path}/resume").json()["state"] in ("queued", "running")
    while home.client.get(path).json()["frame"] < 4:
        home.client.get("/api/v1/jobs?since=0&wait=0")
    home.client.post(f"{path}/finish")
    ended = in_state(home, video, "done")
    assert ended["is_partial"]
    assert 4 <= ended["film"]["frames"] < 200

    assert home.client.delete(path).status_code == 204
    assert home.client.get(path).status_code == 404
    assert video["id"] not in home.client.get(VIDEOS).json()["ids"]


def test_an_unfinished_video_counts_as_open_and_has_no_film(home: House) -> None:
    video = begun(home, animation(frames=200, prompt="a red circle fake:step=0.05"))

    status = home.client.get("/api/v1/jobs?since=0&wait=0").json()["status"]
    film = home.client.get(f"{VIDEOS}/{video['id']}/film")

    assert status["videos_open"] >= 1
    assert film.status_code == 404
    home.client.delete(f"{VIDEOS}/{video['id']}")


@pytest.mark.parametrize("frame", [-1, 6, 1.5, "2", None, True])
def test_only_frames_of_the_video_are_made_anew(home: House, done: Values, frame: Any) -> None:
    answer = home.client.post(f"{VIDEOS}/{done['id']}/remake", json={"frame": frame})

    assert answer.status_code == 422
    assert errors(answer)["field"] == "frame"


@pytest.mark.parametrize("verb", ["pause", "finish"])
def test_what_is_over_is_left_as_it_is(home: House, done: Values, verb: str) -> None:
    answer = home.client.post(f"{VIDEOS}/{done['id']}/{verb}")

    assert answer.status_code == 422
    assert errors(answer)["field"] == "video"


def test_a_photo_moves_without_any_model(home: House) -> None:
    asked = photo(home.manager, owner_of(home))
    made = in_state(home, begun(home, asked), "done")

    assert (made["drawn"], made["request"]) == (0, None)
    assert made["film"]["frames"] == 12


def owner_of(house: House) -> str:
    """Who asks without any cookie."""
    return next(one.owner for one in house.manager.videos._roster.snapshots())


@quiet
@given(body=bodies(["mode", "title", "settings", "request", "output"]), mode=st.sampled_from(MODES))
def test_no_body_breaks_the_server(home: House, body: Values, mode: str) -> None:
    answer = home.client.post(f"{VIDEOS}/draft", content=json.dumps({"mode": mode, **body}))

    assert answer.status_code < 500, answer.text


@quiet
@given(settings=st.dictionaries(st.sampled_from(sorted(animation()["settings"])), values))
def test_no_value_of_a_setting_breaks_the_server(home: House, settings: Values) -> None:
    asked = animation()
    asked["settings"] |= settings
    answer = home.client.post(
        f"{VIDEOS}/draft",
        content=json.dumps(asked),
    )

    assert answer.status_code < 500, answer.text
