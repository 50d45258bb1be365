"""What followers are told of trainings: that there is news by a number alone, and only what is new."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.finetune.desk.roster import Entry, News, Roster
from pipelines.finetune.desk.store import store_in
from pipelines.finetune.training import Training
from tests.pipelines.finetune.results.taught import taught

OWNER = "owner"


def test_a_page_that_outlives_the_server_sees_that_there_is_news(tmp_path: Path) -> None:
    before = Roster(store_in(tmp_path), Entry, lambda _: None, now_seconds=1_000.0)
    after = Roster(store_in(tmp_path), Entry, lambda _: None, now_seconds=1_005.0)

    assert after.version("owner") > before.version("owner")


def test_a_step_of_one_is_news_of_that_one_alone(roster: Roster) -> None:
    known = roster.news(OWNER, 0)
    entry = roster.find("b", OWNER)

    roster.change(entry, quietly=True, step=5)
    news = roster.news(OWNER, known.version)

    assert ids(known.works) == known.ids == ("c", "b", "a")
    assert [(one.id, one.step) for one in news.works] == [("b", 5)]
    assert news.ids == known.ids
    assert roster.news(OWNER, news.version).works == ()


def test_what_was_deleted_is_no_more_among_the_ids(roster: Roster) -> None:
    known = roster.news(OWNER, 0)

    roster.drop(roster.find("b", OWNER))
    news = roster.news(OWNER, known.version)

    assert news.version > known.version
    assert (news.works, news.ids) == ((), ("c", "a"))


@pytest.mark.parametrize("since", [-1, 0, 999_999, 2**53])
def test_a_version_of_another_server_is_answered_with_everything(
    roster: Roster, since: int
) -> None:
    assert ids(roster.news(OWNER, since).works) == ("c", "b", "a")


def test_what_others_change_is_no_news(roster: Roster) -> None:
    known = roster.news(OWNER, 0)

    roster.add(replace(taught(), id="d", owner="other"))

    assert roster.news(OWNER, known.version) == known_as_old(known.version)
    assert roster.news("other", 0).ids == ("d",)


def known_as_old(version: int) -> News:
    return News(version, (), ("c", "b", "a"))


def ids(trainings: tuple[Training, ...]) -> tuple[str, ...]:
    return tuple(one.id for one in trainings)


@pytest.fixture
def roster(tmp_path: Path) -> Roster:
    made = Roster(store_in(tmp_path), Entry, lambda _: None, now_seconds=1_000.0)
    for created, name in enumerate("abc"):
        made.add(replace(taught(), id=name, owner=OWNER, created=float(created)))
    return made
