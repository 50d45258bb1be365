"""Videos as their owners see them, with the real process that makes them: from a photo to a film, and all between."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pipelines import NotFound, PipelineManager, RequestError
from tests.pipelines.video.desk.clips import SIZE, film, frames, in_state, photo


def test_a_photo_becomes_a_film(manager: PipelineManager, owner: str) -> None:
    begun = manager.videos.create(photo(manager, owner), owner)
    assert begun.state in ("queued", "running")
    assert (begun.frames, begun.drawings) == (12, 0)

    done = in_state(manager, begun, "done")

    assert (done.frame, done.error, done.stage, done.eta_seconds) == (12, None, "", None)
    assert done.film is not None
    assert (done.film.frames, done.film.seconds) == (12, pytest.approx(1.0))
    made = frames(film(manager, done))
    assert len(made) == 12
    assert made[0].shape == (SIZE[1], SIZE[0], 3)
    moved = np.abs(made[6].astype(int) - made[0])
    assert moved[20:44].mean() > 5
    assert moved[:10].mean() < 2
    assert manager.videos.strip(done.id, owner) == list(range(12))


def test_the_same_click_is_one_video(manager: PipelineManager, owner: str) -> None:
    asked = photo(manager, owner)

    ids = {manager.videos.create(asked, owner, "click").id for _ in range(3)}

    assert len(ids) == 1
    assert [one.id for one in manager.videos.of_owner(owner)] == list(ids)


def test_nobody_sees_or_touches_anothers_video(manager: PipelineManager, owner: str) -> None:
    video, other = manager.videos.create(photo(manager, owner), owner), f"{owner}-other"
    one = manager.videos

    assert one.of_owner(other) == []
    for touch in (one.get, one.pause, one.resume, one.finish, one.delete, one.film, one.strip):
        with pytest.raises(NotFound):
            touch(video.id, other)
    assert in_state(manager, video, "done")


def test_a_photo_of_somebody_else_is_no_upload(manager: PipelineManager, owner: str) -> None:
    asked = photo(manager, f"{owner}-other")

    with pytest.raises(RequestError, match="photo"):
        manager.videos.create(asked, owner)


def test_a_paused_video_goes_on_to_the_same_bytes(manager: PipelineManager, owner: str) -> None:
    asked = photo(manager, owner, seconds=12.0)
    whole = in_state(manager, manager.videos.create(asked, owner), "done")
    begun = manager.videos.create(asked, owner)

    in_state(manager, begun, lambda now: now.frame > 70)
    rested = manager.videos.pause(begun.id, owner)
    assert rested.state == "paused"
    assert rested.frame < 144
    manager.videos.resume(begun.id, owner)
    done = in_state(manager, begun, "done")

    assert film(manager, done).read_bytes() == film(manager, whole).read_bytes()


def test_finishing_early_gives_a_film_of_the_frames_that_there_are(
    manager: PipelineManager, owner: str
) -> None:
    begun = manager.videos.create(photo(manager, owner, seconds=20.0), owner)

    in_state(manager, begun, lambda now: now.frame > 70)
    manager.videos.finish(begun.id, owner)
    done = in_state(manager, begun, "done")

    assert done.is_partial
    assert done.film is not None
    assert 70 < done.film.frames < 240
    assert len(frames(film(manager, done))) == done.film.frames

    manager.videos.resume(begun.id, owner)
    whole = in_state(manager, begun, lambda now: now.state == "done" and not now.is_partial)
    assert whole.film is not None
    assert whole.film.frames == 240


def test_a_deleted_video_leaves_nothing(manager: PipelineManager, owner: str) -> None:
    begun = manager.videos.create(photo(manager, owner, seconds=20.0), owner)
    in_state(manager, begun, lambda now: now.frame > 10)
    folder = manager.videos.store.folder(begun.id)

    manager.videos.delete(begun.id, owner)

    assert not folder.exists()
    with pytest.raises(NotFound):
        manager.videos.get(begun.id, owner)


def test_a_draft_says_what_would_be_made_and_makes_nothing(
    manager: PipelineManager, owner: str
) -> None:
    draft = manager.videos.draft(photo(manager, owner), owner)

    assert (draft["frames"], draft["width"], draft["height"]) == (12, *SIZE)
    assert draft["bytes"] > 0
    assert manager.videos.of_owner(owner) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"mode": "hologram"}, "mode"),
        ({"mode": None}, "mode"),
        ({"colour": 1}, "colour"),
        ({"settings": []}, "settings"),
        ({"output": {"format": "betamax"}}, "output.format"),
        ({"output": {"quality": 3}}, "output.quality"),
    ],
)
def test_what_cannot_be_made_names_its_field(
    manager: PipelineManager, owner: str, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(RequestError) as raised:
        manager.videos.create(photo(manager, owner) | changes, owner)

    assert raised.value.field == field


@pytest.mark.parametrize(("form", "kind"), [("gif", "GIF"), ("webp", "WEBP"), ("apng", "PNG")])
def test_a_photo_becomes_a_picture_that_moves(
    manager: PipelineManager, owner: str, form: str, kind: str
) -> None:
    asked = photo(manager, owner, fps=10.0) | {"output": {"format": form}}

    done = in_state(manager, manager.videos.create(asked, owner), "done")

    assert done.film is not None
    assert done.film.media_type == f"image/{kind.lower()}"
    with Image.open(film(manager, done)) as picture:
        assert (picture.format, picture.size) == (kind, SIZE)
        assert picture.n_frames == 10  # type: ignore[attr-defined]
        picture.seek(3)
        picture.load()
        assert picture.info["duration"] == 100
    folder = manager.videos.store.folder(done.id)
    assert not list(folder.glob("film.mp4"))


def test_a_long_clip_is_no_picture_that_moves(manager: PipelineManager, owner: str) -> None:
    asked = photo(manager, owner, seconds=30.0, fps=60.0) | {"output": {"format": "gif"}}

    with pytest.raises(RequestError, match=r"output\.format"):
        manager.videos.draft(asked, owner)


@pytest.mark.parametrize("form", ["vp9", "av1"])
def test_other_encoders_can_be_chosen(manager: PipelineManager, owner: str, form: str) -> None:
    asked = photo(manager, owner) | {"output": {"format": form, "quality": "small"}}

    done = in_state(manager, manager.videos.create(asked, owner), "done")

    assert len(frames(film(manager, done))) == 12
