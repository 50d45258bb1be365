"""Movies that are restyled, held still and cut, with the fake worker: times, sound, cuts, and what survives a kill."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines import NotFound, PipelineManager, RequestError
from pipelines.video.modes.edit import Edit, Settings, windows
from pipelines.video.modes.looking import Looked
from tests.pipelines.video.desk import movies
from tests.pipelines.video.desk.clips import film, frames, in_state, kill_crew, png, river
from tests.studio import OWNER, ready, studio

STYLE = {"prompt": "a red circle", "width": 128, "height": 96, "sampling": {"steps": 4}, "seed": 3}

YELLOW = (250, 210, 40)


def sent(manager: PipelineManager, owner: str, **kind: Any) -> str:
    """The id of a movie."""
    return manager.videos.movies.add(io.BytesIO(movies.movie(**kind)), owner, "film.mp4").id


def asked(mode: str, movie: str, **settings: Any) -> dict[str, Any]:
    return {"mode": mode, "settings": {"movie": movie} | settings, "request": STYLE}


def made(manager: PipelineManager, owner: str, values: dict[str, Any]) -> Any:
    return in_state(manager, manager.videos.create(values, owner), "done")


def test_a_restyled_movie_has_the_times_and_the_sound_of_its_source(
    manager: PipelineManager, owner: str
) -> None:
    movie = sent(manager, owner, count=30)
    source = manager.videos.movies.get(movie, owner).path

    done = made(manager, owner, asked("restyle", movie, spacing=10))

    assert (done.frames, done.frame, done.drawings, done.drawn) == (30, 30, 4, 4)
    assert (done.width, done.height) == (128, 96)
    assert movies.times(film(manager, done)) == movies.times(source)
    assert movies.sound_packets(film(manager, done)) == movies.sound_packets(source)


def test_sides_that_are_open_follow_the_movie(manager: PipelineManager, owner: str) -> None:
    values = asked("restyle", sent(manager, owner))
    values["request"] = {"prompt": "a red circle"}

    draft = manager.videos.draft(values, owner)

    assert draft["width"] / draft["height"] == pytest.approx(4 / 3, rel=0.1)


def test_every_shot_begins_with_a_frame_of_its_own(manager: PipelineManager, owner: str) -> None:
    movie = sent(manager, owner, count=36, cut=17)

    done = made(manager, owner, asked("restyle", movie, spacing=24))

    keys = sorted(
        int(path.stem) for path in (manager.videos.store.folder(done.id) / "keys").glob("*.png")
    )
    assert {0, 17} <= set(keys)


def test_nothing_before_a_cut_is_seen_after_it(manager: PipelineManager, owner: str) -> None:
    both = sent(manager, owner, count=30, cut=15)
    values = asked("restyle", both, spacing=24, seeds="random") | {"output": {"quality": "best"}}
    done = made(manager, owner, values)
    folder = manager.videos.store.folder(done.id)

    (folder / "keys" / "000000.png").write_bytes((folder / "keys" / "000015.png").read_bytes())
    before = frames(film(manager, done))
    manager.videos.remake(done.id, owner, 29)
    again = in_state(manager, done, lambda now: now.state == "done" and now.film is not None)
    after = frames(film(manager, again))

    pairs = zip(before, after, strict=True)
    changes = [float(np.abs(a.astype(int) - b).mean()) for a, b in pairs]
    assert min(changes[:6]) > 5
    assert max(changes[15:]) < 2  # by the encoder alone


def test_every_frame_is_drawn_and_blended_where_that_is_asked(
    manager: PipelineManager, owner: str
) -> None:
    movie = sent(manager, owner, count=12)

    done = made(manager, owner, asked("restyle", movie, way="blend"))

    assert (done.drawings, done.drawn) == (12, 12)


def test_a_disk_without_links_has_the_movie_copied(
    manager: PipelineManager, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    movie = sent(manager, owner, count=5)

    def refuse(*_: Any) -> None:
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr("os.link", refuse)

    assert made(manager, owner, asked("recut", movie)).frame == 5


@pytest.mark.parametrize("way", ["keyframes", "blend"])
def test_a_kill_changes_no_byte(tmp_path: Any, way: str) -> None:
    with studio(tmp_path) as manager:
        ready(manager)
        values = asked("restyle", sent(manager, OWNER, count=140), way=way)
        whole = made(manager, OWNER, values)
        begun = manager.videos.create(values, OWNER)
        for count in (10, 40, 70, 100, 130):
            in_state(manager, begun, lambda now, count=count: now.frame >= count)
            kill_crew(manager, begun)
        done = in_state(manager, begun, "done")

        assert film(manager, done).read_bytes() == film(manager, whole).read_bytes()


def test_what_is_drawn_anew_in_every_frame_is_told_from_what_follows_the_movie(
    manager: PipelineManager, owner: str
) -> None:
    movie = sent(manager, owner, count=13)
    asking = {"seeds": "random", "spacing": 12}

    steady = made(manager, owner, asked("restyle", movie, **asking))
    restless = made(manager, owner, asked("restyle", movie, way="blend", steadiness=0.0, **asking))

    assert steady.score is not None
    assert restless.score is not None
    assert steady.score > restless.score + 10


def test_flicker_is_taken_out_and_size_times_and_sound_stay(
    manager: PipelineManager, owner: str
) -> None:
    movie = sent(manager, owner, count=24)
    source = manager.videos.movies.get(movie, owner).path

    done = made(manager, owner, asked("deflicker", movie))

    assert done.score is not None
    assert done.score > 70
    assert (done.width, done.height, done.drawn, done.request) == (*movies.SIZE, 0, None)
    assert movies.times(film(manager, done)) == movies.times(source)
    assert movies.sound_packets(film(manager, done)) == movies.sound_packets(source)


def test_half_the_speed_has_twice_the_frames_which_move_half_as_far(
    manager: PipelineManager, owner: str
) -> None:
    movie = sent(manager, owner, count=20)

    done = made(manager, owner, asked("recut", movie, speed=0.5))

    assert done.film is not None
    assert done.film.frames == 40
    places = [square(picture) for picture in frames(film(manager, done))[:38]]
    assert np.allclose(np.diff(places), 2.0, atol=1.0)
    assert movies.sound_packets(film(manager, done)) == []


def square(picture: movies.Pixels) -> float:
    """The middle of the blue square, from left to right."""
    blue = (picture[..., 2].astype(int) - picture[..., 0]) > 110
    return float(np.flatnonzero(blue.any(axis=0)).mean())


def test_a_part_is_cut_out_with_its_sound(manager: PipelineManager, owner: str) -> None:
    movie = sent(manager, owner, count=36)

    done = made(manager, owner, asked("recut", movie, start_seconds=1.0, end_seconds=2.0))

    assert done.film is not None
    assert done.film.frames == 12
    assert done.film.seconds == pytest.approx(1.0)
    source = list(movies.pictures(24))[12]
    assert np.abs(frames(film(manager, done))[0].astype(int) - source).mean() < 6
    assert 40 <= len(movies.sound_packets(film(manager, done))) <= 52


@pytest.mark.parametrize(
    ("mode", "settings", "field"),
    [
        ("restyle", {"movie": "f" * 32}, "settings.movie"),
        ("restyle", {"movie": ""}, "settings.movie"),
        ("restyle", {"strength": 1.2}, "settings.strength"),
        ("restyle", {"spacing": 0}, "spacing"),
        ("restyle", {"way": "magic"}, "settings.way"),
        ("restyle", {"start_seconds": 99.0}, "settings.start_seconds"),
        ("restyle", {"start_seconds": 2.0, "end_seconds": 1.0}, "settings.end_seconds"),
        ("deflicker", {"light": 2.0}, "light"),
        ("recut", {"speed": 0}, "speed"),
        ("recut", {"colour": 1}, "settings.colour"),
    ],
)
def test_what_cannot_be_made_names_its_field(
    manager: PipelineManager, owner: str, mode: str, settings: dict[str, Any], field: str
) -> None:
    movie = sent(manager, owner)

    with pytest.raises(RequestError) as raised:
        manager.videos.create(asked(mode, movie) | {"settings": {"movie": movie} | settings}, owner)

    assert field in raised.value.field


def test_a_movie_is_there_for_its_owner_alone(manager: PipelineManager, owner: str) -> None:
    movie = sent(manager, owner)

    with pytest.raises(NotFound):
        manager.videos.movies.get(movie, f"{owner}-other")
    with pytest.raises(RequestError, match="movie"):
        manager.videos.create(asked("recut", movie), f"{owner}-other")


def painted(manager: PipelineManager, movie: str, number: int, owner: str) -> str:
    """The id of a frame on whose blue square somebody has painted a yellow one."""
    taken = manager.videos.take_frame(movie, number, owner)
    with Image.open(manager.assets.get(taken.id, owner).path) as picture:
        frame = picture.convert("RGB")
    left, top = movies.place(number)
    ImageDraw.Draw(frame).rectangle((left + 6, top + 6, left + 17, top + 17), fill=YELLOW)
    return manager.assets.add(png(frame), owner).id


def yellow(picture: movies.Pixels) -> tuple[int, float]:
    """(how many pixels of it are yellow, where their middle is from left to right)."""
    pixels = picture.astype(int)
    is_yellow = (pixels[..., 0] > 150) & (pixels[..., 1] > 130) & (pixels[..., 2] < 110)
    return int(is_yellow.sum()), float(np.flatnonzero(is_yellow.any(axis=0)).mean())


def test_what_was_painted_on_a_frame_moves_with_its_thing_through_the_shot(
    manager: PipelineManager, owner: str
) -> None:
    movie = sent(manager, owner, count=24, cut=14)
    edits = [{"frame": 8, "image": painted(manager, movie, 8, owner)}]

    done = made(manager, owner, asked("edit", movie, edits=edits, reach=12))

    shown = frames(film(manager, done))
    source = manager.videos.movies.get(movie, owner).path
    assert movies.times(film(manager, done)) == movies.times(source)
    for number in (6, 7, 8, 9, 10):
        count, middle = yellow(shown[number])
        assert count > 60, number
        assert middle == pytest.approx(movies.place(number)[0] + 12, abs=3)
    before = frames(source)
    assert all(np.abs(shown[n].astype(int) - before[n]).mean() < 3 for n in range(14, 24))


def test_edits_of_one_shot_share_the_frames_between_them() -> None:
    edits = (Edit(frame=4, image="a"), Edit(frame=10, image="b"), Edit(frame=30, image="c"))
    looked = Looked(tuple(range(40)), (1,) * 40, (20,), (1.0,) * 40, (0.0,) * 40)

    found = windows(Settings(movie="m", reach=8, edits=edits), looked)

    assert [(one.first, one.at, one.last) for one in found] == [
        (0, 4, 7),
        (8, 10, 18),
        (22, 30, 38),
    ]


def test_a_picture_of_other_proportions_is_no_frame_of_the_movie(
    manager: PipelineManager, owner: str
) -> None:
    edits = [{"frame": 0, "image": manager.assets.add(png(river()), owner).id}]
    movie = sent(manager, owner)

    with pytest.raises(RequestError, match="proportions"):
        manager.videos.draft(asked("edit", movie, edits=edits), owner)
    with pytest.raises(RequestError, match=r"edits\.0\.frame"):
        manager.videos.draft(asked("edit", movie, edits=[{"frame": 99, "image": "x"}]), owner)
    with pytest.raises(RequestError, match="edits"):
        manager.videos.draft(asked("edit", movie, edits=[]), owner)
