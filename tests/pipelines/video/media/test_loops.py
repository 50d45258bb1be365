"""Loops: all frames, for as long as they should be shown, for ever, and without flicker."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import RequestError
from pipelines.video.media.loops import KINDS, Shown, write_loop
from tests.pipelines.video.media.clips import numbered

NTSC_SECONDS = Fraction(1001, 30_000)
CLOSE = {"gif": 12.0, "webp": 12.0, "apng": 0.0}


def clip(frames: int, seconds: Fraction = NTSC_SECONDS) -> Iterator[Shown]:
    return (Shown(numbered(number), seconds) for number in range(frames))


def read(path: Path) -> list[tuple[np.ndarray, float]]:
    """(pixels, milliseconds) of each frame."""
    with Image.open(path) as image:
        assert image.info["loop"] == 0
        frames = []
        for number in range(image.n_frames):
            image.seek(number)
            frames.append((np.asarray(image.convert("RGB")), image.info["duration"]))
    return frames


@pytest.mark.parametrize("kind", KINDS)
def test_all_frames_play_at_their_pace(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "loop"

    write_loop(clip(24), target, kind)

    frames = read(target)
    assert len(frames) == 24
    for number, (pixels, _) in enumerate(frames):
        assert np.abs(pixels.astype(int) - numbered(number)).mean() <= CLOSE[kind]
    tick_ms = KINDS[kind].tick_ms
    assert sum(ms for _, ms in frames) == pytest.approx(24 * NTSC_SECONDS * 1000, abs=tick_ms / 2)
    assert [path.name for path in tmp_path.iterdir()] == ["loop"]


def test_a_gif_leaves_out_what_it_cannot_show_in_time(tmp_path: Path) -> None:
    write_loop(clip(60, Fraction(1, 120)), tmp_path / "loop.gif", "gif")

    durations = [ms for _, ms in read(tmp_path / "loop.gif")]
    assert sum(durations) == 500
    assert min(durations) >= 20


def test_still_parts_of_a_gif_stand_still(tmp_path: Path) -> None:
    def moving(number: int) -> np.ndarray:
        pixels = numbered(0).copy()
        pixels[40:, number * 4 : number * 4 + 8] = [250, number * 10, 20]
        return pixels

    frames = (Shown(moving(number), Fraction(1, 20)) for number in range(12))

    write_loop(frames, tmp_path / "loop.gif", "gif")

    read_frames = [pixels for pixels, _ in read(tmp_path / "loop.gif")]
    assert all(np.array_equal(pixels[:40], read_frames[0][:40]) for pixels in read_frames)


@pytest.mark.parametrize(("frames", "kind"), [(0, "gif"), (1001, "webp"), (3, "mng")])
def test_what_makes_no_loop_is_refused(tmp_path: Path, frames: int, kind: str) -> None:
    with pytest.raises(RequestError):
        write_loop(clip(frames), tmp_path / "loop", kind)

    assert not list(tmp_path.iterdir())
