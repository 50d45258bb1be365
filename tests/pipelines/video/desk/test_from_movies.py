"""Animations of the frames of a movie, with the fake worker: plans, sound, errors, and what survives a kill."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from pipelines import PipelineManager, RequestError
from tests.pipelines.video.desk import movies
from tests.pipelines.video.desk.clips import animation, film, frames, in_state, kill_crew
from tests.studio import OWNER, ready, studio


def sent(manager: PipelineManager, owner: str, **kind: Any) -> str:
    """The id of a movie."""
    return manager.videos.movies.add(io.BytesIO(movies.movie(**kind)), owner, "film.mp4").id


def asked(movie: str, **settings: Any) -> dict[str, Any]:
    return animation(**{"mode": "movie", "init_video": movie, "frames": 500} | settings)


def made(manager: PipelineManager, owner: str, values: dict[str, Any]) -> Any:
    return in_state(manager, manager.videos.create(values, owner), "done")


def test_there_are_as_many_frames_as_the_movie_gives(manager: PipelineManager, owner: str) -> None:
    movie = sent(manager, owner, count=30)

    whole, part = (
        manager.videos.draft(asked(movie, **settings), owner)
        for settings in ({}, {"extract_from_frame": 5, "extract_nth_frame": 4, "max_frames": 6})
    )

    assert (whole["frames"], whole["drawings"], whole["fps"]) == (30, 16, 12)
    assert (part["frames"], part["drawings"]) == (6, 4)


def test_the_times_and_the_sound_of_the_movie_go_with_its_frames(
    manager: PipelineManager, owner: str
) -> None:
    movie = sent(manager, owner, count=30)
    source = manager.videos.movies.get(movie, owner).path

    done = made(manager, owner, asked(movie, keeps_times=True, fps=60.0))

    assert (done.frames, done.drawn, done.fps) == (30, 16, 12)
    assert movies.times(film(manager, done)) == movies.times(source)
    assert movies.sound_packets(film(manager, done)) == movies.sound_packets(source)
    assert done.score is not None


def test_of_a_part_only_its_own_sound_is_heard(manager: PipelineManager, owner: str) -> None:
    movie = sent(manager, owner, count=36)
    part = {"extract_from_frame": 12, "extract_to_frame": 23, "extract_nth_frame": 2}

    done = made(manager, owner, asked(movie, keeps_times=True, **part))

    times = movies.times(film(manager, done))
    packets = movies.sound_packets(film(manager, done))
    assert [round(float(at) * 12) for at in times] == [0, 2, 4, 6, 8, 10]
    whole = len(movies.sound_packets(manager.videos.movies.get(movie, owner).path))
    assert len(packets) == pytest.approx(whole / 3, abs=3)


def test_at_a_pace_of_its_own_a_clip_is_silent(manager: PipelineManager, owner: str) -> None:
    movie = sent(manager, owner, count=12)

    done = made(manager, owner, asked(movie, fps=24.0))

    assert float(movies.times(film(manager, done))[-1]) == pytest.approx(11 / 24, abs=0.001)
    assert movies.sound_packets(film(manager, done)) == []


def test_sides_that_are_open_follow_the_movie(manager: PipelineManager, owner: str) -> None:
    values = asked(sent(manager, owner, count=3))
    values["request"] = {"prompt": "a red circle"}

    draft = manager.videos.draft(values, owner)

    assert draft["width"] / draft["height"] == pytest.approx(4 / 3, rel=0.1)


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"init_video": ""}, "animation.init_video"),
        ({"init_video": "f" * 32}, "animation.init_video"),
        ({"extract_from_frame": 12}, "animation.extract_from_frame"),
        ({"extract_from_frame": 5, "extract_to_frame": 4}, "animation.extract_to_frame"),
        ({"diffusion_cadence": 25}, "animation.diffusion_cadence"),
        ({"colour_image": "f" * 32}, "animation.colour_image"),
        ({"strength": "0: (2)"}, "animation.strength"),
    ],
)
def test_what_cannot_be_made_of_a_movie_is_refused_by_its_field(
    manager: PipelineManager, owner: str, settings: dict[str, Any], field: str
) -> None:
    movie = sent(manager, owner, count=12)

    with pytest.raises(RequestError) as raised:
        manager.videos.draft(asked(movie, **settings), owner)

    assert raised.value.field == field
    assert raised.value.remedy


def test_what_does_not_count_in_a_mode_is_not_looked_for_and_a_movie_is_told_of(
    manager: PipelineManager, owner: str
) -> None:
    movie, gone = sent(manager, owner, count=12), "f" * 32

    assert manager.videos.draft(asked(movie, init_image=gone), owner)["frames"] == 12
    camera = manager.videos.draft(animation(init_video=gone), owner)
    assert camera["frames"] == 12
    assert "movie is not used" in camera["warnings"][0]
    assert manager.videos.draft(asked(movie), owner)["warnings"] == []


def test_a_kill_changes_no_byte(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        ready(manager)
        settings = {"extract_nth_frame": 2, "diffusion_cadence": 5, "keeps_times": True}
        values = asked(sent(manager, OWNER, count=160, cut=81), **settings)
        whole = made(manager, OWNER, values)
        begun = manager.videos.create(values, OWNER)
        for count in (8, 30, 66):
            in_state(manager, begun, lambda now, count=count: now.frame >= count)
            kill_crew(manager, begun)
        done = in_state(manager, begun, "done")

        assert film(manager, done).read_bytes() == film(manager, whole).read_bytes()
        assert len(frames(film(manager, done))) == 80
