"""The desk: one thing after the other, errors go to who asked, and one bad letter stops nobody."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from pipelines.errors import NotFound, Refused
from pipelines.manager.desk import Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    one = Desk(lambda now_seconds: 1.0)
    one.start()
    yield one
    one.close()


def test_answers_come_back(desk: Desk) -> None:
    assert desk.ask(lambda: 6 * 7) == 42


def test_errors_come_back(desk: Desk) -> None:
    def question() -> None:
        raise NotFound("no such job")

    with pytest.raises(NotFound, match="no such job"):
        desk.ask(question)


def test_letters_are_handled_in_their_order(desk: Desk) -> None:
    seen: list[int] = []
    for number in range(500):
        desk.post(lambda number=number: seen.append(number))  # type: ignore[misc]

    assert desk.ask(lambda: list(seen)) == list(range(500))


def test_everything_runs_on_one_thread(desk: Desk) -> None:
    names = {desk.ask(lambda: threading.current_thread().name) for _ in range(5)}

    assert names == {"desk"}


def test_a_bad_letter_stops_nobody(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        desk.post(lambda: 1 / 0)  # type: ignore[arg-type]
        assert desk.ask(lambda: "alive") == "alive"

    assert "ZeroDivisionError" in caplog.text


def test_an_answer_is_given_after_the_batch_was_written() -> None:
    written: list[str] = []
    said: list[str] = []

    def after_batch(now_seconds: float) -> float:
        written.extend(said)
        said.clear()
        return 1.0

    desk = Desk(after_batch)
    desk.start()

    desk.ask(lambda: said.append("job"))

    assert written == ["job"]
    desk.close()


def test_a_closed_desk_refuses() -> None:
    desk = Desk(lambda now_seconds: 1.0)
    desk.start()
    desk.close()

    with pytest.raises(Refused, match="shutting down"):
        desk.ask(lambda: None)


def test_a_round_that_fails_is_logged_and_the_next_one_comes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def after_batch(now_seconds: float) -> float:
        raise OSError("the disk has gone away")

    desk = Desk(after_batch)
    desk.start()

    with caplog.at_level(logging.ERROR):
        assert [desk.ask(lambda: "alive") for _ in range(2)] == ["alive", "alive"]

    assert "the disk has gone away" in caplog.text
    desk.close()
