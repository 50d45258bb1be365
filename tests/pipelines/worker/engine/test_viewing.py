"""What is seen of a picture while it develops: previews at their rate, progress, the strip; and how pixels leave."""

from __future__ import annotations

from multiprocessing.shared_memory import SharedMemory
from types import SimpleNamespace

import pytest
import torch

from pipelines.worker.engine import delivery
from pipelines.worker.messages import CheckpointRef, Launch, PictureDone, Progress
from tests.pipelines.worker.workbench import Workbench


def test_the_first_preview_comes_after_the_first_step_and_then_at_the_rate_asked_for(
    toy: CheckpointRef,
) -> None:
    bench = Workbench(toy, Launch(previews_per_second=2.0))
    bench.submit(steps=10)
    while bench.engine.turn():
        bench.clock.seconds += 0.2

    steps = [message.step for message in bench.all(Progress) if message.preview]
    assert steps[0] == 1
    assert steps == [1, 4, 7]
    assert all(m.preview[:2] == b"\xff\xd8" for m in bench.all(Progress) if m.preview)
    assert [message.step for message in bench.all(Progress)] == list(range(1, 11))


def test_progress_is_not_told_more_often_than_anybody_can_see(bench: Workbench) -> None:
    bench.submit(steps=50)
    while bench.engine.turn():
        bench.clock.seconds += 0.01

    assert len(bench.all(Progress)) < 12
    assert bench.all(Progress)[-1].step == 50


@pytest.mark.parametrize(("steps", "kept"), [(1, 1), (7, 7), (30, 30), (31, 30), (100, 30)])
def test_up_to_30_steps_are_kept_the_last_one_always(
    bench: Workbench, steps: int, kept: int
) -> None:
    bench.submit(steps=steps)
    bench.run()

    strip = bench.all(PictureDone)[0].kept
    assert len(strip) == kept
    assert strip[-1].step == steps
    assert len({frame.step for frame in strip}) == kept
    assert strip[0].shape == (4, 8, 8)
    assert all(len(frame.latents) == 4 * 8 * 8 * 2 for frame in strip)
    sigmas = [frame.sigma for frame in strip]
    assert sigmas == sorted(sigmas, reverse=True)


def test_large_pictures_travel_in_shared_memory(bench: Workbench, toy: CheckpointRef) -> None:
    bench.submit(width=640, height=576, steps=1)
    bench.run()

    pixels = bench.all(PictureDone)[0].pixels
    assert pixels.data == b""
    block = SharedMemory(pixels.shared_memory)
    try:
        values = bytes(block.buf[: 640 * 576 * 3])
    finally:
        block.close()
        block.unlink()
    assert len(set(values)) > 10


def test_when_shared_memory_is_full_pixels_travel_in_the_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery.shutil, "disk_usage", lambda path: SimpleNamespace(free=0))

    pixels = delivery.pack(torch.ones(640, 576, 3, dtype=torch.uint8))

    assert pixels.shared_memory == ""
    assert pixels.data == b"\x01" * 640 * 576 * 3
