"""What can be written is asked of this PyAV, and where x264 is missing another is taken."""

from __future__ import annotations

from fractions import Fraction

import pytest

from pipelines.errors import RequestError
from pipelines.video.media.encoders import ENCODERS, Form, available, choose

H264, VP9, AV1, AV1_WEBM = ENCODERS


def test_the_wheels_of_pyav_have_all() -> None:
    assert available() == ENCODERS


def test_a_codec_that_pyav_lacks_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("av.codecs_available", {"libx264rgb", "libsvtav1", "h264", "vp9"})

    assert available() == (AV1, AV1_WEBM)


@pytest.mark.parametrize(
    ("wanted", "among", "taken"),
    [
        ("h264", ENCODERS, H264),
        ("av1", ENCODERS, AV1),
        ("h264", (VP9, AV1, AV1_WEBM), VP9),
        ("h264", (AV1, AV1_WEBM), AV1),
        ("vp9", (H264, AV1), H264),
    ],
)
def test_the_next_one_stands_in(wanted: str, among: tuple[object, ...], taken: object) -> None:
    assert choose(wanted, among) is taken  # type: ignore[arg-type]


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(RequestError, match="encoder = 'divx': is no way to write movies") as error:
        choose("divx", ENCODERS)

    assert error.value.remedy == "Choose one of h264, vp9, av1, av1-webm."


def test_an_unknown_quality_is_refused() -> None:
    with pytest.raises(RequestError, match="quality = 'superb': is no quality of movies"):
        Form(H264, 96, 64, Fraction(1, 25), Fraction(25), "superb")


def test_without_any_encoder_it_is_said() -> None:
    with pytest.raises(RequestError, match="cannot be written here"):
        choose("h264", ())
