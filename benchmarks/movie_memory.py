"""What making a video takes of memory: its process and those that decode for it, watched from outside while they work."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import psutil

from benchmarks.table import Goal, Row, Table
from pipelines.video.messages import FilmDone, Framed, Shoot, ShootFailed
from pipelines.video.shooting.process import main

LOOK_SECONDS = 0.5
MB = 1_000_000
FPS = Fraction(30_000, 1001)


@dataclass(frozen=True)
class Case:
    """`goal_mb` of growth over what the process has before its first frame; `settled_share`: from where on it is level."""

    title: str
    size: tuple[int, int]
    frames: int
    goal_mb: float
    slope_goal_mb: float = 5.0
    settled_share: float = 0.2


CASES = (
    Case("ten minutes, 320 × 180, 29.97 fps", (320, 180), 17_982, 150),
    Case("240 frames, 1920 × 1080", (1920, 1080), 240, 500),
)


def tables(cases: tuple[Case, ...] = CASES) -> Iterator[Table]:
    rows, samples = [], {}
    for case in cases:
        told = _watched(case)
        samples[case.title] = told
        frames, used = np.asarray(told["frames"]), np.asarray(told["bytes"]) / MB
        before, most = used[frames <= 0].max(), used.max()
        late = used[frames >= case.settled_share * case.frames]
        thirds = np.array_split(late, 3)
        rise = float(np.median(thirds[-1]) - np.median(thirds[0]))
        figures = (f"{before:.0f} MB", f"{most:.0f} MB", f"{told['seconds']:.0f} s")
        rows.append(Row(case.title, figures, most - before, Goal(case.goal_mb, False, " MB")))
        rows.append(
            Row(
                "  rise once it is level",
                ("", "", ""),
                rise,
                Goal(case.slope_goal_mb, False, " MB"),
            )
        )
    yield Table(
        "A movie held still, from its upload to its film",
        "Proportional set size of the process that makes it and of those that decode for it, every half second: looked "
        "through for cuts and motion, deflickered by optical flow, encoded with H.264, joined with its sound.",
        ("before the first frame", "at most", "wall time"),
        tuple(rows),
        samples,
    )


def _watched(case: Case) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        movie = Path(folder) / "movie.movie"
        _write(movie, case)
        return _made(case, movie, Path(folder) / "video")


def _made(case: Case, movie: Path, folder: Path) -> dict[str, Any]:
    folder.mkdir()
    settings = {"movie": movie.stem, "start_seconds": 0.0, "end_seconds": None}
    shoot = Shoot(
        mode="deflicker",
        asked=settings | {"light": 0.9, "texture": 0.5},
        output={},
        frames=case.frames,
        until=None,
        size=case.size,
        seed=0,
        folder=str(folder),
        inputs={movie.stem: str(movie)},
    )
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe()
    process = context.Process(target=main, args=(far, shoot))
    process.start()
    far.close()
    began, done = time.perf_counter(), -1
    told: dict[str, Any] = {"frames": [], "bytes": []}
    while True:
        while near.poll(LOOK_SECONDS if not told["frames"] else 0):
            message = near.recv()
            if isinstance(message, ShootFailed):
                raise RuntimeError(message.error)
            if isinstance(message, FilmDone):
                process.join()
                return told | {"seconds": time.perf_counter() - began}
            done = message.frames if isinstance(message, Framed) else max(done, 0)
        told["frames"].append(done)
        told["bytes"].append(_bytes(process.pid))
        near.poll(LOOK_SECONDS)
        time.sleep(LOOK_SECONDS / 5)


def _bytes(pid: int | None) -> int:
    total, parent = 0, psutil.Process(pid)
    for one in (parent, *parent.children(recursive=True)):
        with suppress(psutil.Error):
            total += one.memory_full_info().pss
    return total


def _write(path: Path, case: Case) -> None:
    """A textured ground that is panned over, in light that flickers, with a tone."""
    width, height = case.size
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (height // 8, width // 4, 3), np.uint8)
    ground = cv2.resize(small, (2 * width, height), interpolation=cv2.INTER_CUBIC)
    with av.open(str(path), "w", format="mp4") as output:
        video = output.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.options = {"preset": "ultrafast", "crf": "20"}
        audio = output.add_stream("aac", rate=48_000)
        for number in range(case.frames):
            left = int(width / 2 * (1 + np.sin(number / 90)))
            light = 1 + 0.08 * rng.standard_normal()
            pixels = np.clip(ground[:, left : left + width] * light, 0, 255).astype(np.uint8)
            output.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        output.mux(video.encode(None))
        for start in range(0, int(case.frames / FPS * 48_000), 1024):
            level = (8000 * np.sin(np.arange(start, start + 1024) / 17)).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(level[None], "s16", "mono")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
            output.mux(audio.encode(frame))
        output.mux(audio.encode(None))
