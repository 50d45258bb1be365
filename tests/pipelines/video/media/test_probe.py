"""Clip: what a movie is, told without reading all of it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from pipelines.video.media.probe import AudioTrack, probe
from tests.pipelines.video.media.clips import NTSC, Movie, make


def test_an_mp4_tells_everything(tmp_path: Path) -> None:
    clip = probe(make(tmp_path / "film.mp4", Movie(tracks=2)))

    assert (clip.width_px, clip.height_px, clip.sample_aspect) == (96, 64, 1)
    assert (clip.codec, clip.pixel_format, clip.bits) == ("h264", "yuv420p", 8)
    assert (clip.time_base, clip.average_rate) == (Fraction(1, 30_000), NTSC)
    assert (clip.frame_count, clip.is_count_exact, clip.is_variable_rate) == (40, True, False)
    assert clip.duration_seconds == pytest.approx(40 / NTSC, abs=1e-3)
    assert clip.audio == (AudioTrack("aac", 2, 48_000, ""),) * 2


def test_a_variable_rate_is_known_from_the_index(tmp_path: Path) -> None:
    uneven = Movie(pts=[3 * n + n % 2 for n in range(40)], time_base=Fraction(1, 90), tracks=0)

    assert probe(make(tmp_path / "film.mp4", uneven)).is_variable_rate is True


def test_where_there_is_no_index_the_count_is_an_estimate(tmp_path: Path) -> None:
    clip = probe(make(tmp_path / "film.mkv", Movie(tracks=0)))

    assert (clip.frame_count, clip.is_count_exact, clip.is_variable_rate) == (40, False, None)
    assert clip.audio == ()


def test_the_start_is_told(tmp_path: Path) -> None:
    late = Movie(pts=range(500, 540), time_base=Fraction(1, 25), tracks=0)

    assert probe(make(tmp_path / "film.mkv", late)).start_seconds == 20


def test_turned_upright_width_and_height_change_places(tmp_path: Path) -> None:
    turned = Movie(frames=2, rotation=90, aspect=Fraction(4, 3), tracks=0)

    clip = probe(make(tmp_path / "film.mp4", turned))

    assert (clip.width_px, clip.height_px, clip.rotation_degrees) == (64, 96, 90)
    assert clip.stored_size_px == (96, 64)
    assert clip.sample_aspect == Fraction(3, 4)
