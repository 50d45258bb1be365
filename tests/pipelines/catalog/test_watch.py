"""The watch says once that something has changed, and goes on whatever a look brings about."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.catalog.catalog import Catalog, View
from pipelines.catalog.watch import Watch
from tests import paper_file

PAUSE_SECONDS, PATIENCE_SECONDS = 0.01, 10.0


@pytest.fixture
def watched() -> Iterator[Callable[[Catalog], queue.Queue[tuple[str, ...]]]]:
    """Starts watching; what comes out are the usable names after each change."""
    watches: list[Watch] = []

    def start(catalog: Catalog) -> queue.Queue[tuple[str, ...]]:
        heard: queue.Queue[tuple[str, ...]] = queue.Queue()
        changed = lambda: heard.put(catalog.usable_names)  # noqa: E731
        watches.append(Watch(catalog, changed, pause_seconds=PAUSE_SECONDS))
        watches[-1].start()
        return heard

    yield start
    for watch in watches:
        watch.stop()


def test_each_change_is_said(
    tmp_path: Path, watched: Callable[[Catalog], queue.Queue[tuple[str, ...]]]
) -> None:
    path = paper_file.write(tmp_path / "a.safetensors")
    heard = watched(Catalog([tmp_path]))

    assert heard.get(timeout=PATIENCE_SECONDS) == ("a",)
    path.unlink()
    assert heard.get(timeout=PATIENCE_SECONDS) == ()


def test_a_look_that_fails_does_not_end_the_watch(
    watched: Callable[[Catalog], queue.Queue[tuple[str, ...]]],
) -> None:
    class Flaky(Catalog):
        looks = 0

        def look(self) -> View:
            self.looks += 1
            if self.looks < 4:
                raise RuntimeError("the drive is gone")
            return View(version=self.looks)

    assert watched(Flaky([])).get(timeout=PATIENCE_SECONDS) == ()
