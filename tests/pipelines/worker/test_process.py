"""The real process, started as the supervisor starts it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import pytest

from pipelines.worker import process
from pipelines.worker.messages import (
    CheckpointRef,
    Heartbeat,
    Hello,
    JobEnded,
    Launch,
    PictureDone,
    PictureTask,
    Probe,
    Probed,
    Progress,
    Ready,
    Stop,
    Submit,
)
from tests.pipelines.worker.workbench import request

STARTER = Path(__file__).parents[3] / "models" / "starter"
PATIENCE_SECONDS = 120

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not (STARTER / "model_index.json").exists(), reason="no starter model"),
]


@dataclass
class Worker:
    process: SpawnProcess
    connection: Connection
    said: list[Any]

    def hear(self, kind: type[Any]) -> Any:
        """Listens until a message of this kind comes."""
        while True:
            assert self.connection.poll(PATIENCE_SECONDS), f"no {kind.__name__} came"
            self.said.append(self.connection.recv())
            if isinstance(self.said[-1], kind):
                return self.said[-1]


@pytest.fixture
def start() -> Iterator[Callable[[Launch], Worker]]:
    started: list[Worker] = []

    def launch(arguments: Launch) -> Worker:
        context = multiprocessing.get_context("spawn")
        near, far = context.Pipe(duplex=True)
        child = context.Process(target=process.main, args=(far, arguments))
        child.start()
        far.close()
        started.append(Worker(child, near, []))
        return started[-1]

    yield launch
    for worker in started:
        worker.process.kill()
        worker.process.join()
        worker.connection.close()


def starter() -> CheckpointRef:
    return CheckpointRef("starter", str(STARTER), "sd15")


def test_a_picture_of_the_starter_model_through_the_real_process(
    start: Callable[[Launch], Worker],
) -> None:
    worker = start(Launch(device="cpu", warm_up=starter()))
    hello = worker.hear(Hello)
    assert worker.said == [hello], "nothing is said before hello"
    assert (hello.device, hello.dtype) == ("cpu", "float32")
    ready = worker.hear(Ready)
    assert (ready.checkpoint, ready.problem) == ("starter", "")

    asked = request(prompt="a red circle on white", width=128, height=128, steps=8)
    worker.connection.send(Submit("job", asked.as_dict(), starter(), (PictureTask(0, 7),)))
    done = worker.hear(PictureDone)
    assert worker.hear(JobEnded) == JobEnded("job")
    worker.connection.send(Probe(3))
    assert worker.hear(Probed).is_ok
    beat = worker.hear(Heartbeat)
    worker.connection.send(Stop())
    worker.process.join(PATIENCE_SECONDS)

    assert len(done.pixels.data) == 128 * 128 * 3
    assert len(set(done.pixels.data)) > 50, "a picture, not one colour"
    assert [frame.step for frame in done.kept] == list(range(1, 9))
    assert any(m.preview for m in worker.said if isinstance(m, Progress))
    assert beat.loaded == ("starter",)
    assert beat.forwards > 8
    assert beat.used_bytes > 0
    assert worker.process.exitcode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_it_ends_with_the_pipe_and_leaves_ctrl_c_to_its_parent(
    start: Callable[[Launch], Worker],
) -> None:
    worker = start(Launch(device="cpu"))
    hello = worker.hear(Hello)
    os.kill(hello.pid, signal.SIGINT)
    worker.hear(Heartbeat)

    worker.connection.close()
    worker.process.join(PATIENCE_SECONDS)

    assert worker.process.exitcode == 0
