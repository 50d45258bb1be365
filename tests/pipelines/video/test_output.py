"""How videos are written: what was asked where it can be had, else the next best, and never a program beside ours."""

from __future__ import annotations

import shutil

import pytest

from pipelines.errors import RequestError
from pipelines.video.media.encoders import ENCODERS, available
from pipelines.video.output import Output

WITHOUT_H264 = [row for row in ENCODERS if row.library != "libx264"]


def test_h264_is_the_usual_choice_and_vp9_stands_in_for_it() -> None:
    assert Output().encoder(available())[0].name == "h264"
    assert Output().encoder(WITHOUT_H264)[0].name == "vp9"
    assert Output(format="av1").encoder(WITHOUT_H264)[0].name == "av1"


def test_pictures_that_move_are_made_of_the_best_there_is() -> None:
    assert Output(format="gif", quality="small").encoder(WITHOUT_H264)[1] == "best"
    assert Output(format="vp9", quality="small").encoder(available())[1] == "small"


def test_encoders_need_no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert shutil.which("ffmpeg") is None
    assert [row.name for row in available()] == [row.name for row in ENCODERS]


def test_nothing_at_all_to_write_with_is_said() -> None:
    with pytest.raises(RequestError, match="cannot be written here"):
        Output().encoder([])


def test_it_survives_json() -> None:
    asked = Output(format="webp", quality="best")

    assert Output.from_dict(asked.as_dict()) == asked
