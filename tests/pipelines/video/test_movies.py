"""Movies that people send: whole or not there, for their owner alone, gone after a month without use."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pipelines.errors import NotFound
from pipelines.video.media.errors import MediaError
from pipelines.video.movies import KEPT_SECONDS, Movies
from tests.pipelines.video.desk import movies


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kept(tmp_path: Path, clock: Clock) -> Movies:
    return Movies(tmp_path, clock)


def test_a_movie_is_known_by_its_bytes(kept: Movies) -> None:
    data = movies.movie(4)

    one = kept.add(io.BytesIO(data), "ada", "/home/ada/../holiday film.mp4")
    again = kept.add(io.BytesIO(data), "ada", "other.mp4")

    assert one.id == again.id
    assert one.name == "holiday film.mp4"
    assert one.path.read_bytes() == data
    assert (one.width, one.height, one.frames, one.sounds) == (*movies.SIZE, 4, 1)


def test_it_is_there_for_who_has_sent_it(kept: Movies) -> None:
    movie = kept.add(io.BytesIO(movies.movie(4)), "ada", "a.mp4")

    assert kept.get(movie.id, "ada") == movie
    for movie_id, owner in ((movie.id, "bob"), ("0" * 32, "ada"), ("../a", "ada"), ("", "ada")):
        with pytest.raises(NotFound):
            kept.get(movie_id, owner)


@pytest.mark.parametrize("data", [b"", b"no movie at all, but text", movies.movie(4)[:300]])
def test_what_is_none_leaves_nothing(kept: Movies, tmp_path: Path, data: bytes) -> None:
    with pytest.raises(MediaError, match=r"b\.mp4"):
        kept.add(io.BytesIO(data), "ada", "b.mp4")

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_it_goes_after_a_month_without_use(kept: Movies, clock: Clock) -> None:
    used = kept.add(io.BytesIO(movies.movie(4)), "ada", "a.mp4")
    unused = kept.add(io.BytesIO(movies.movie(5)), "ada", "b.mp4")
    kept.get(unused.id, "ada")
    clock.now += KEPT_SECONDS - 10
    kept.get(used.id, "ada")
    clock.now += 20

    kept.sweep()

    assert kept.get(used.id, "ada") == used
    with pytest.raises(NotFound):
        kept.get(unused.id, "ada")
    assert not unused.path.exists()


def test_what_was_only_half_sent_goes_at_the_next_start(kept: Movies, tmp_path: Path) -> None:
    half = tmp_path / "movies" / "incoming" / "1234" / "film.mp4"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half")

    kept.sweep()

    assert not half.exists()
