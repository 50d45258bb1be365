"""Kept steps: shown through the checkpoint's map, bounded in number and in bytes."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import NotFound
from pipelines.output.kept import STEPS_MAX, KeptSteps
from tests.pipelines.output.pictures import CHECKPOINT, kept_step


def colour(data: bytes) -> tuple[int, ...]:
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (64, 64)
        pixel = image.getpixel((32, 32))
        assert isinstance(pixel, tuple)
        return pixel


def test_a_frame_is_the_linear_map_of_its_latents(tmp_path: Path) -> None:
    kept = KeptSteps(tmp_path)
    kept.save("a", (kept_step(0, 1.0), kept_step(1, -1.0), kept_step(2, 9.0)), CHECKPOINT)

    assert colour(kept.frame("a", 0)) == pytest.approx((255, 128, 128), abs=3)
    assert colour(kept.frame("a", 1)) == pytest.approx((0, 128, 128), abs=3)
    assert colour(kept.frame("a", 2)) == pytest.approx((255, 128, 128), abs=3)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_latents_that_are_not_finite_still_give_a_frame(tmp_path: Path, value: float) -> None:
    kept = KeptSteps(tmp_path)
    kept.save("a", (kept_step(0, value),), CHECKPOINT)

    assert kept.frame("a", 0).startswith(b"\xff\xd8")


def test_steps_are_given_in_order_with_their_sigmas(tmp_path: Path) -> None:
    kept = KeptSteps(tmp_path)
    kept.save("a", (kept_step(5), kept_step(0)), CHECKPOINT)

    assert [(f.step, f.sigma) for f in kept.frames("a")] == [(0, 14.0), (5, 14.0 / 6)]


def test_at_most_thirty_steps_are_kept_with_the_first_and_the_last(tmp_path: Path) -> None:
    kept = KeptSteps(tmp_path)
    kept.save("a", tuple(kept_step(step) for step in range(150)), CHECKPOINT)

    steps = [frame.step for frame in kept.frames("a")]
    assert (len(steps), steps[0], steps[-1]) == (STEPS_MAX, 0, 149)
    assert len(set(steps)) == STEPS_MAX


def test_the_oldest_pictures_lose_their_steps_first(tmp_path: Path) -> None:
    kept = KeptSteps(tmp_path, bytes_max=20_000)
    for number in range(30):
        kept.save(f"{number:02d}", (kept_step(0),), CHECKPOINT)
        os.utime(tmp_path / f"{number:02d}.npz", (number, number))

    left = sorted(path.stem for path in tmp_path.glob("*.npz"))

    assert sum(path.stat().st_size for path in tmp_path.glob("*.npz")) <= 20_000
    assert left == [f"{number:02d}" for number in range(30 - len(left), 30)]
    assert len(left) > 3


def test_the_limit_holds_over_a_restart(tmp_path: Path) -> None:
    for number in range(30):
        KeptSteps(tmp_path, bytes_max=20_000).save(f"{number}", (kept_step(0),), CHECKPOINT)

    assert sum(path.stat().st_size for path in tmp_path.glob("*.npz")) <= 20_000


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 half a file"])
def test_half_a_file_counts_as_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(data)
    kept = KeptSteps(tmp_path)

    assert kept.frames("a") == []
    with pytest.raises(NotFound):
        kept.frame("a", 0)


def test_what_is_removed_is_gone(tmp_path: Path) -> None:
    kept = KeptSteps(tmp_path)
    kept.save("a", (kept_step(0),), CHECKPOINT)

    kept.remove("a")
    kept.remove("a")

    assert kept.frames("a") == []


def test_steps_of_a_second_pass_may_be_larger(tmp_path: Path) -> None:
    kept = KeptSteps(tmp_path)
    small, large = kept_step(0, 1.0), kept_step(1, -1.0)
    wide = replace(large, shape=(4, 8, 16), latents=large.latents * 2)
    kept.save("a", (small, wide), CHECKPOINT)

    assert [frame.step for frame in kept.frames("a")] == [0, 1]
    assert colour(kept.frame("a", 0)) == pytest.approx((255, 128, 128), abs=3)
    with Image.open(io.BytesIO(kept.frame("a", 1))) as image:
        assert image.size == (128, 64)


def test_files_of_older_versions_are_read(tmp_path: Path) -> None:
    latents = [np.frombuffer(kept_step(0, value).latents, np.float16) for value in (1.0, -1.0)]
    np.savez(
        tmp_path / "a.npz",
        steps=[0, 1],
        sigmas=[14.0, 7.0],
        latents=np.stack(latents).reshape(2, *kept_step(0).shape),
        factors=np.array(CHECKPOINT.latent_rgb_factors, np.float32),
        bias=np.array(CHECKPOINT.latent_rgb_bias, np.float32),
    )

    kept = KeptSteps(tmp_path)

    assert [frame.step for frame in kept.frames("a")] == [0, 1]
    assert colour(kept.frame("a", 1)) == pytest.approx((0, 128, 128), abs=3)
