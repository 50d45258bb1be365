"""Work on frames: a movie made larger, a frame put back in another size, and all from a frame on by another seed."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pipelines import PipelineManager, RequestError
from tests.pipelines.video.desk import movies
from tests.pipelines.video.desk.clips import film, frames, in_state, kill_crew, png
from tests.pipelines.video.desk.test_animations import made as animated
from tests.pipelines.video.desk.test_restyling import asked, made, painted, sent, yellow
from tests.studio import OWNER, ready, studio


@pytest.mark.parametrize(
    ("scale", "size"), [(2.0, (256, 192)), (1.5, (192, 144)), (1.33, (170, 128)), (1.0, (128, 96))]
)
def test_a_movie_is_made_larger_with_its_times_and_sound(
    manager: PipelineManager, owner: str, scale: float, size: tuple[int, int]
) -> None:
    movie = sent(manager, owner, count=6)
    source = manager.videos.movies.get(movie, owner).path

    done = made(manager, owner, asked("recut", movie, scale=scale))

    assert done.film is not None
    assert (done.width, done.height) == (done.film.width, done.film.height) == size
    assert movies.times(film(manager, done)) == movies.times(source)
    assert movies.sound_packets(film(manager, done)) == movies.sound_packets(source)
    large = cv2.resize(list(movies.pictures(6))[5], size, interpolation=cv2.INTER_LANCZOS4)
    shown = frames(film(manager, done))[5]
    assert np.abs(shown.astype(int) - large).mean() < 6


def test_what_is_made_in_between_is_larger_too(manager: PipelineManager, owner: str) -> None:
    movie = sent(manager, owner, count=6)

    done = made(manager, owner, asked("recut", movie, scale=2.0, speed=0.5))

    assert {frame.shape for frame in frames(film(manager, done))} == {(192, 256, 3)}


def test_more_than_8k_is_refused_and_a_larger_movie_takes_more_of_the_disk(
    manager: PipelineManager, owner: str
) -> None:
    movie = sent(manager, owner, count=4)
    plain = manager.videos.draft(asked("recut", movie), owner)
    large = manager.videos.draft(asked("recut", movie, scale=4.0), owner)

    assert large["bytes"] == pytest.approx(16 * plain["bytes"], rel=1e-3)
    for scale in (0.5, 4.5):
        with pytest.raises(RequestError, match=r"settings\.scale"):
            manager.videos.draft(asked("recut", movie, scale=scale), owner)
    wide = manager.videos.movies.add(io.BytesIO(plain_movie((4000, 2000))), owner, "wide.mp4").id
    with pytest.raises(RequestError, match="8192"):
        manager.videos.draft(asked("recut", wide, scale=3.0), owner)


def plain_movie(size: tuple[int, int]) -> bytes:
    """A movie of one frame."""
    stream = io.BytesIO()
    with movies.av.open(stream, "w", format="mp4") as output:
        video = output.add_stream("libx264", rate=12)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        frame = movies.av.VideoFrame.from_image(Image.new("RGB", size, "grey"))
        output.mux(video.encode(frame))
        output.mux(video.encode(None))
    return stream.getvalue()


@pytest.mark.parametrize("size", [(64, 48), (256, 192)])
def test_a_picture_of_another_size_takes_the_size_of_its_frame(
    manager: PipelineManager, owner: str, size: tuple[int, int]
) -> None:
    """A slope of grey, which is the same at any size, as far as its filter is smooth."""
    movie = sent(manager, owner, count=4)
    slope = np.linspace(20, 230, size[0])[None, :, None].repeat(size[1], 0).repeat(3, 2)
    picture = Image.fromarray(slope.astype(np.uint8))
    edits = [{"frame": 2, "image": manager.assets.add(png(picture), owner).id}]

    done = made(manager, owner, asked("edit", movie, edits=edits, reach=0))

    row = frames(film(manager, done))[2][48, :, 1].astype(float)
    assert np.abs(row[8:-8] - np.linspace(20, 230, 128)[8:-8]).max() < 6


def test_a_kill_on_either_side_of_an_edit_changes_no_byte(tmp_path: Path) -> None:
    """The first segment ends with frame 63, between the edit and the neighbours that it reaches."""
    with studio(tmp_path) as manager:
        ready(manager)
        movie = sent(manager, OWNER, count=90)
        edits = [{"frame": at, "image": painted(manager, movie, at, OWNER)} for at in (60, 70)]
        values = asked("edit", movie, edits=edits, reach=8)
        whole = made(manager, OWNER, values)
        begun = manager.videos.create(values, OWNER)
        for count in (20, 58, 66, 72):
            in_state(manager, begun, lambda now, count=count: now.frame >= count)
            kill_crew(manager, begun)
        done = in_state(manager, begun, "done")

        assert film(manager, done).read_bytes() == film(manager, whole).read_bytes()
        shown = frames(film(manager, done))
        assert all(yellow(shown[n])[0] > 60 for n in (57, 60, 63, 64, 67, 70))
        before = frames(manager.videos.movies.get(movie, OWNER).path)
        assert all(np.abs(shown[n].astype(int) - before[n]).mean() < 3 for n in (40, 88))


def test_from_a_frame_on_all_is_drawn_by_another_seed(manager: PipelineManager, owner: str) -> None:
    done = animated(manager, owner)
    folder = manager.videos.store.folder(done.id) / "keys"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    manager.videos.remake(done.id, owner, 5, seed=99)
    again = in_state(manager, done, lambda now: now.state == "done" and now.film is not None)

    assert again.request is not None
    assert again.request["seed"] == 99
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    same = {name for name in before if before[name] == after[name]}
    assert same == {"000000.png", "000002.png", "000004.png"}


def test_any_seed_is_another_one_and_what_draws_nothing_has_none(
    manager: PipelineManager, owner: str
) -> None:
    done = animated(manager, owner)
    assert done.request is not None
    manager.videos.remake(done.id, owner, 11, seed=-1)
    again = in_state(manager, done, lambda now: now.state == "done" and now.film is not None)
    assert again.request is not None
    assert again.request["seed"] not in (done.request["seed"], -1)

    cut = made(manager, owner, asked("recut", sent(manager, owner, count=4)))
    with pytest.raises(RequestError, match="seed"):
        manager.videos.remake(cut.id, owner, 1, seed=4)
