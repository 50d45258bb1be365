"""Sketches: how many are computed at once."""

from __future__ import annotations

import threading
from pathlib import Path

from pipelines.video.sketching import Sketcher


def no_upload(field: str, image: str) -> Path:
    raise AssertionError(f"{field} = {image} is asked for")


def test_a_sketch_is_computed_when_it_is_its_turn_and_passes_it_on() -> None:
    turn, done = threading.Semaphore(1), threading.Event()
    sketcher = Sketcher(no_upload, turn)

    def sketch() -> None:
        assert sketcher.camera({"max_frames": 2}, (64, 64), 0)
        done.set()

    with turn:
        threading.Thread(target=sketch).start()
        assert not done.wait(0.3)
    assert done.wait(30)
    assert turn.acquire(timeout=30)
