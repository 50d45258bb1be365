"""What is wanted before a video: formats, curves and their edits, sketches that move, Deforum's files, movies sent."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.api.conftest import House
from tests.api.test_fuzz import bodies, quiet
from tests.pipelines.video.desk import movies
from tests.pipelines.video.desk.clips import png, river, water

VIDEO = "/api/v1/video"
MOVIES = "/api/v1/movies"
Values = dict[str, Any]


def told(answer: Any) -> Values:
    found: Values = answer.json()
    return found


def upload(house: House, picture: Image.Image) -> str:
    sent = house.client.post(
        "/api/v1/assets", content=png(picture), headers={"content-type": "image/png"}
    )
    return str(sent.json()["id"])


def test_formats_are_those_that_can_be_written_here(home: House) -> None:
    found = told(home.client.get(f"{VIDEO}/formats"))

    assert {"name": "h264", "label": "MP4 (H.264)"} in found["formats"]
    assert found["qualities"] == ["small", "good", "best"]
    assert found["animation"]["max_frames"] > 0


def test_each_schedule_has_its_curve_or_what_is_wrong_with_it(home: House) -> None:
    settings = {"max_frames": 11, "zoom": "0: (1), 10: (2)", "angle": "0: (1), 5: (sin(t)"}

    lanes = told(home.client.post(f"{VIDEO}/curves", json={"settings": settings}))["lanes"]

    assert lanes["zoom"]["values"] == pytest.approx([1 + n / 10 for n in range(11)])
    assert [key["frame"] for key in lanes["zoom"]["keys"]] == [0, 10]
    assert lanes["zoom"]["error"] is None
    assert lanes["angle"]["values"] is None
    assert lanes["angle"]["error"]["position"] == 11
    assert lanes["strength"]["values"] == pytest.approx([0.65] * 11)


def test_a_long_curve_is_told_in_few_points(home: House) -> None:
    settings = {"max_frames": 100_000, "zoom": "0: (1), 99999: (2)"}

    found = told(home.client.post(f"{VIDEO}/curves", json={"settings": settings}))

    assert len(found["frames"]) == len(found["lanes"]["zoom"]["values"]) <= 600
    assert (found["frames"][0], found["frames"][-1]) == (0, 99_999)


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"verb": "set", "index": 1, "value": "3"}, "0: (1), 10: (3)"),
        ({"verb": "add", "at": 5, "value": "4"}, "0: (1), 5: (4), 10: (2)"),
        ({"verb": "move", "index": 1, "at": 8}, "0: (1), 8: (2)"),
        ({"verb": "delete", "index": 1}, "0: (1)"),
    ],
)
def test_a_key_is_changed_in_the_text(home: House, asked: Values, text: str) -> None:
    body = {"settings": {"zoom": "0: (1), 10: (2)"}, "lane": "zoom", **asked}

    assert told(home.client.post(f"{VIDEO}/curves/edit", json=body))["text"] == text


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"lane": "colour", "verb": "delete", "index": 0}, "lane"),
        ({"lane": "zoom", "verb": "paint", "index": 0}, "verb"),
        ({"lane": "zoom", "verb": "delete", "index": "0"}, "index"),
        ({"lane": "zoom", "verb": "delete", "index": 9}, "animation.zoom.key"),
        ({"lane": "zoom", "verb": "move"}, "index"),
        ({"lane": "zoom", "verb": "set", "index": 0, "value": 3}, "value"),
        ({"lane": "zoom", "verb": "set", "index": 0, "value": "sin("}, "animation.zoom"),
    ],
)
def test_an_edit_that_cannot_be_made_names_its_field(
    home: House, asked: Values, field: str
) -> None:
    answer = home.client.post(f"{VIDEO}/curves/edit", json={"settings": {}} | asked)

    assert answer.status_code == 422
    assert told(answer)["error"]["field"] == field


def test_the_way_of_the_camera_is_shown_without_drawing_anything(home: House) -> None:
    settings = {"max_frames": 20, "fps": 10, "zoom": "0: (1.05)"}
    body = {"settings": settings, "width": 512, "height": 256}

    answer = home.client.post(f"{VIDEO}/camera", json=body)

    with Image.open(io.BytesIO(answer.content)) as sketch:
        assert (sketch.size, sketch.n_frames) == ((256, 128), 20)  # type: ignore[attr-defined]


def test_a_photo_is_shown_as_it_will_move(home: House) -> None:
    flow = {"kind": "flow", "arrows": [{"points": [[0.1, 0.5], [0.9, 0.5]]}]}
    plan = {"effects": [flow], "loop_seconds": 1.0, "fps": 12.0}
    body = {"photo": upload(home, river()), "plan": plan, "masks": [upload(home, water())]}

    answer = home.client.post(f"{VIDEO}/photo", json=body)

    with Image.open(io.BytesIO(answer.content)) as sketch:
        assert sketch.n_frames == 12  # type: ignore[attr-defined]


def test_settings_of_deforum_are_read_with_a_word_about_each_and_written(home: House) -> None:
    text = json.dumps({"W": 640, "zoom": "0: (1.1)", "rotation_3d_x": "0: (3)", "colour": 1})

    found = told(home.client.post(f"{VIDEO}/deforum/read", json={"text": text}))

    assert found["settings"]["zoom"] == "0: (1.1)"
    assert found["request"]["width"] == 640
    fates = {row["key"]: row["fate"] for row in found["report"]}
    assert fates["zoom"] == "applied"
    assert fates["rotation_3d_x"] == "ignored"
    assert set(fates) == {"W", "zoom", "rotation_3d_x", "colour"}
    body = {"settings": found["settings"], "request": found["request"]}
    written = told(home.client.post(f"{VIDEO}/deforum/write", json=body))["text"]
    assert json.loads(written)["zoom"] == "0: (1.1)"
    assert json.loads(written)["W"] == 640


def test_a_movie_is_sent_and_its_frames_taken_as_pictures(home: House) -> None:
    headers = {"content-type": "video/mp4", "x-filename": "square.mp4"}

    sent = home.client.post(MOVIES, content=movies.movie(12), headers=headers)

    assert sent.status_code == 201
    facts = told(sent)
    assert (facts["name"], facts["width"], facts["height"]) == ("square.mp4", *movies.SIZE)
    assert (facts["frames"], facts["sounds"]) == (12, 1)
    assert told(home.client.get(f"{MOVIES}/{facts['id']}")) == facts
    taken = home.client.post(f"{MOVIES}/{facts['id']}/frames/5")
    assert (told(taken)["width"], told(taken)["height"]) == movies.SIZE
    assert home.client.post(f"{MOVIES}/{facts['id']}/frames/99").status_code == 404
    assert home.client.get(f"{MOVIES}/{'0' * 32}").status_code == 404
    assert home.client.get(f"{MOVIES}/..").status_code in (404, 405)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"#EXTM3U\nhttp://example.org/a.ts\n", "playlist"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "playlist"),
        (b"This is a letter, and not a movie.", "text"),
        (png(river()), "picture"),
    ],
)
def test_what_is_no_movie_is_refused_by_its_name_and_leaves_nothing(
    home: House, content: bytes, word: str
) -> None:
    headers = {"content-type": "video/mp4", "x-filename": "holiday.mp4"}

    answer = home.client.post(MOVIES, content=content, headers=headers)

    assert 400 <= answer.status_code < 500, answer.text
    assert word in told(answer)["error"]["message"]
    assert "holiday.mp4" in told(answer)["error"]["message"]
    incoming = home.settings.data_dir / "movies" / "incoming"
    assert list(incoming.glob("*")) == []


@quiet
@given(
    path=st.sampled_from(
        ["curves", "curves/edit", "camera", "photo", "deforum/read", "deforum/write"]
    ),
    body=bodies(
        [
            "settings",
            "seed",
            "width",
            "lane",
            "verb",
            "index",
            "photo",
            "masks",
            "plan",
            "text",
            "request",
        ]
    ),
)
def test_no_body_breaks_the_server(home: House, path: str, body: Values) -> None:
    answer = home.client.post(f"{VIDEO}/{path}", content=json.dumps(body))

    assert answer.status_code < 500, answer.text
