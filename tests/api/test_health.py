"""Readiness: no promise without a real step, one step for all who ask, and the reason when there is none."""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass, field

import pytest

from api.closing import Closing
from api.health import KEPT_SECONDS, Readiness
from pipelines.manager.status import Status
from pipelines.worker.messages import Probed


@dataclass
class Worker:
    """The part of a manager that readiness looks at."""

    now: Status = field(default_factory=lambda: Status(worker="ready"))
    probes: int = 0
    is_ok: bool = True
    forwards_meanwhile: int = 0

    def status(self) -> Status:
        return self.now

    async def probe(self, timeout_seconds: float) -> Probed:
        self.probes += 1
        self.now = dataclasses.replace(
            self.now, forwards=self.now.forwards + self.forwards_meanwhile
        )
        await asyncio.sleep(0)
        return Probed(1, self.is_ok, 0.1, "" if self.is_ok else "No answer.")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def readiness(worker: Worker, clock: Clock | None = None) -> Readiness:
    return Readiness(worker, Closing(), clock or Clock())  # type: ignore[arg-type]


def test_a_worker_that_made_a_step_is_ready() -> None:
    assert asyncio.run(readiness(Worker()).why_not()) == ""


@pytest.mark.parametrize("state", ["starting", "restarting", "broken"])
def test_a_worker_that_is_not_there_is_not_asked(state: str) -> None:
    worker = Worker(Status(worker=state, why="Out of luck."))

    assert asyncio.run(readiness(worker).why_not()) == f"The worker is {state}. Out of luck."
    assert worker.probes == 0


def test_a_worker_that_lives_and_makes_no_step_is_not_ready() -> None:
    assert "No answer." in asyncio.run(readiness(Worker(is_ok=False)).why_not())


def test_a_worker_too_busy_to_answer_is_ready_if_its_pictures_went_on() -> None:
    assert asyncio.run(readiness(Worker(is_ok=False, forwards_meanwhile=3)).why_not()) == ""


def test_many_who_ask_at_once_cost_one_step_and_the_answer_keeps_five_seconds() -> None:
    worker, clock = Worker(), Clock()
    asked = readiness(worker, clock)

    async def ask_much() -> None:
        await asyncio.gather(*(asked.why_not() for _ in range(20)))
        clock.now += KEPT_SECONDS
        await asked.why_not()
        assert worker.probes == 1
        clock.now += 0.1
        await asked.why_not()
        assert worker.probes == 2

    asyncio.run(ask_much())


def test_a_server_that_ends_is_not_ready() -> None:
    closing = Closing()
    closing.begin()
    asked = Readiness(Worker(), closing, Clock())  # type: ignore[arg-type]

    assert asyncio.run(asked.why_not()) == "The server is shutting down."
