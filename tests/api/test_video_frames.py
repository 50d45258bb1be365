"""Frames over the API: one as a PNG, a stretch as a zip, of videos and of movies; and for their owner alone."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from PIL import Image

from tests.api.conftest import House
from tests.api.test_videos import begun, errors, in_state
from tests.pipelines.video.desk import movies
from tests.pipelines.video.desk.clips import animation

HEADERS = {"content-type": "video/mp4", "x-filename": "Ein Tag am Meer.mp4"}


@pytest.fixture(scope="module")
def video(home: House) -> str:
    """The path of a finished one with six frames."""
    done = in_state(home, begun(home, animation(frames=6) | {"title": "Träume"}), "done")
    return f"/api/v1/videos/{done['id']}"


@pytest.fixture(scope="module")
def movie(home: House) -> str:
    sent = home.client.post("/api/v1/movies", content=movies.movie(12), headers=HEADERS)
    return f"/api/v1/movies/{sent.json()['id']}"


def names(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def test_a_frame_is_answered_as_a_picture(home: House, video: str, movie: str) -> None:
    for path, size in ((video, (64, 64)), (movie, movies.SIZE)):
        answer = home.client.get(f"{path}/frames/5")

        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert (picture.format, picture.size) == ("PNG", size)


def test_all_frames_or_a_stretch_are_answered_as_a_zip(home: House, video: str, movie: str) -> None:
    for path, count in ((video, 6), (movie, 12)):
        whole = home.client.get(f"{path}/frames.zip")
        part = home.client.get(f"{path}/frames.zip?first=2&last=4")

        assert whole.headers["content-type"] == "application/zip"
        assert "content-length" not in whole.headers  # it is made while it is read
        assert names(whole.content) == [f"frame-{n:06}.png" for n in range(count)]
        assert names(part.content) == [f"frame-{n:06}.png" for n in (2, 3, 4)]


def test_files_are_called_after_what_they_are_of(home: House, video: str, movie: str) -> None:
    zipped = home.client.get(f"{movie}/frames.zip?first=2&last=4").headers["content-disposition"]
    one = home.client.get(f"{video}/frames/3").headers["content-disposition"]

    assert zipped == "attachment; filename*=utf-8''Ein-Tag-am-Meer-frames-2-4.zip"
    assert one.startswith("inline; filename*=utf-8''Tr%C3%A4ume-")
    assert one.endswith("-frame-000003.png")


@pytest.mark.parametrize(
    ("query", "field"), [("first=-1", "first"), ("first=9", "first"), ("first=2&last=1", "last")]
)
def test_a_stretch_that_is_none_is_refused(home: House, video: str, query: str, field: str) -> None:
    answer = home.client.get(f"{video}/frames.zip?{query}")

    assert answer.status_code == 422
    assert errors(answer)["field"] == field


@pytest.mark.parametrize("frame", ["6", "-1", "x", str(10**40), "9" * 5000])
def test_what_is_no_frame_is_told(home: House, video: str, movie: str, frame: str) -> None:
    assert home.client.get(f"{video}/frames/{frame}").status_code in (404, 422)
    assert home.client.get(f"{movie}/frames/{frame}9").status_code in (404, 422)


def test_they_are_there_for_their_owner_alone(lan: House) -> None:
    one, other = lan.owner(), lan.owner()
    sent = lan.client.post("/api/v1/movies", content=movies.movie(4), headers=HEADERS | one)
    path = f"/api/v1/movies/{sent.json()['id']}"

    assert lan.client.get(f"{path}/frames/1", headers=one).status_code == 200
    for rest in ("frames/1", "frames.zip"):
        assert lan.client.get(f"{path}/{rest}", headers=other).status_code == 404


def test_a_video_that_is_not_done_has_no_frames_to_take(home: House) -> None:
    slow = begun(home, animation(frames=200, prompt="a red circle fake:step=0.05"))
    path = f"/api/v1/videos/{slow['id']}"

    assert home.client.get(f"{path}/frames/0").status_code == 404
    assert home.client.get(f"{path}/frames.zip").status_code == 404
    home.client.delete(path)


@pytest.mark.parametrize("seed", [1.5, "7", True, 2**60, -2])
def test_a_seed_that_is_none_is_refused_and_nothing_is_thrown_away(
    home: House, video: str, seed: Any
) -> None:
    answer = home.client.post(f"{video}/remake", json={"frame": 3, "seed": seed})

    assert answer.status_code == 422
    assert errors(answer)["field"] == "seed"
    assert home.client.get(video).json()["state"] == "done"
