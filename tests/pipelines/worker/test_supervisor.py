"""The supervisor, with real processes: messages both ways, deaths noticed and named, hangs ended, nothing left over."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pipelines.worker.messages import (
    CheckpointRef,
    Heartbeat,
    Hello,
    Launch,
    PictureDone,
    PictureTask,
    Probe,
    Probed,
    Ready,
    Submit,
)
from pipelines.worker.supervisor import Death, Patience, Supervisor
from tests.forked import forking
from tests.studio import FAKE_WORKER

PAPER = CheckpointRef("paper", "/nowhere", "sd15")
SECONDS = 20.0


class Heard:
    """What a supervisor said, awaited by kind."""

    def __init__(self) -> None:
        self.messages: queue.Queue[Any] = queue.Queue()
        self.deaths: queue.Queue[Death] = queue.Queue()

    def next(self, kind: type) -> Any:
        while not isinstance(message := self.messages.get(timeout=SECONDS), kind):
            pass
        return message


@contextmanager
def supervised(
    target: str = FAKE_WORKER, patience: Patience | None = None, *, is_forked: bool = False
) -> Iterator[tuple[Supervisor, Heard]]:
    """A new interpreter, as the app starts it; forked where it is all the same, which is quicker."""
    heard, context = Heard(), forking() if is_forked else None
    supervisor = Supervisor(
        target, Launch(), heard.messages.put, heard.deaths.put, patience, context
    )
    supervisor.start()
    yield supervisor, heard
    supervisor.stop()


def submit(prompt: str = "red", size_px: int = 64, steps: int = 3) -> Submit:
    request = {
        **{"prompt": prompt, "width": size_px, "height": size_px, "batch_size": 1},
        "sampling": {"steps": steps},
    }
    return Submit("job", request, PAPER, (PictureTask(0, 1),))


def test_it_speaks_and_listens() -> None:
    with supervised() as (supervisor, heard):
        assert heard.next(Hello).device == "cpu"
        heard.next(Ready)
        supervisor.send(Probe(5))

        assert heard.next(Probed) == Probed(5, True, 0.001)
        assert heard.next(Heartbeat).total_bytes > 0

    assert heard.deaths.empty()


@pytest.mark.parametrize("size_px", [64, 1024])
def test_pixels_arrive_whole_in_the_message_or_through_shared_memory(size_px: int) -> None:
    with supervised(is_forked=True) as (supervisor, heard):
        supervisor.send(submit(size_px=size_px))

        pixels = heard.next(PictureDone).pixels

    assert len(pixels.data) == size_px * size_px * 3
    assert len(set(pixels.data[:: size_px * 3])) > 10  # a gradient, not zeros
    assert pixels.shared_memory == ""


def test_two_ends_that_send_much_at_once_do_not_block_one_another() -> None:
    with supervised(is_forked=True) as (supervisor, heard):
        for number in range(200):
            supervisor.send(submit(prompt="x" * 100_000 + str(number), steps=1))

        for _ in range(200):
            heard.next(PictureDone)


def test_a_kill_is_noticed_within_a_second_and_named() -> None:
    with supervised() as (_, heard):
        pid = heard.next(Hello).pid
        heard.next(Ready)
        killed_at = time.monotonic()
        os.kill(pid, signal.SIGKILL)

        death = heard.deaths.get(timeout=SECONDS)

    assert time.monotonic() - killed_at < 1.0
    assert "signal 9" in death.why
    assert death.was_ready


def test_the_last_words_of_a_dying_process_are_the_reason() -> None:
    with supervised(is_forked=True) as (supervisor, heard):
        supervisor.send(submit("fake:poison@1"))

        death = heard.deaths.get(timeout=SECONDS)

    assert (death.why, death.exit_code) == ("The GPU reported a device-side assert.", 77)


def test_a_death_before_ready_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKROOM_FAKE", "die-at-start")
    with supervised() as (_, heard):
        death = heard.deaths.get(timeout=SECONDS)

    assert not death.was_ready
    assert "exit code 3" in death.why


def test_a_target_that_cannot_be_imported_is_a_death() -> None:
    with supervised("tests.no_such_worker") as (_, heard):
        death = heard.deaths.get(timeout=SECONDS)

    assert "could not be started" in death.why
    assert "no_such_worker" in death.why


def test_a_step_that_never_ends_is_ended() -> None:
    with supervised(is_forked=True) as (supervisor, heard):
        supervisor.send(submit("fake:hang@2"))

        death = heard.deaths.get(timeout=SECONDS)

    assert "one step had been running" in death.why


def test_a_process_without_a_sign_of_life_is_killed() -> None:
    patience = Patience(silence_seconds=0.6, terminate_seconds=0.1)
    with supervised(is_forked=True, patience=patience) as (_, heard):
        os.kill(heard.next(Hello).pid, signal.SIGSTOP)  # not even SIGTERM reaches it

        death = heard.deaths.get(timeout=SECONDS)

    assert "no sign of life" in death.why
    assert death.exit_code == -signal.SIGKILL


def test_a_process_that_does_not_come_up_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DARKROOM_FAKE", "start=60")
    with supervised(patience=Patience(until_hello_seconds=0.5)) as (_, heard):
        death = heard.deaths.get(timeout=SECONDS)

    assert "did not come up" in death.why


def test_a_stopped_process_is_gone_and_was_no_death() -> None:
    with supervised() as (supervisor, heard):
        pid = heard.next(Hello).pid
        supervisor.stop()

        assert not is_alive(pid)
    assert heard.deaths.empty()


def test_a_process_that_does_not_want_to_stop_is_ended() -> None:
    with supervised() as (supervisor, heard):
        pid = heard.next(Hello).pid
        heard.next(Ready)
        supervisor.send(submit("fake:step=60"))
        supervisor.stop(wait_seconds=0.1)

        assert not is_alive(pid)
    assert heard.deaths.empty()


def test_no_thread_and_no_child_is_left_behind() -> None:
    threads, children = set(threading.enumerate()), set(multiprocessing.active_children())
    for _ in range(2):
        with supervised() as (_, heard):
            heard.next(Ready)

    assert set(multiprocessing.active_children()) <= children
    assert {t for t in threading.enumerate() if t.name.startswith("worker-")} <= threads


def test_the_worker_ends_when_its_parent_is_killed() -> None:
    code = """
import sys, time
from pipelines.worker.messages import Hello, Launch
from pipelines.worker.supervisor import Supervisor
def heard(message):
    if isinstance(message, Hello):
        print(message.pid, flush=True)
if __name__ == "__main__":
    Supervisor("tests.fake_worker", Launch(), heard, print).start()
    time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()

    deadline = time.monotonic() + 2.0
    while is_alive(pid):
        assert time.monotonic() < deadline, "the worker outlived its parent by two seconds"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
