"""What followers are told of trainings by a number alone."""

from __future__ import annotations

from pathlib import Path

from pipelines.finetune.desk.roster import Roster
from pipelines.finetune.desk.store import Store


def test_a_page_that_outlives_the_server_sees_that_there_is_news(tmp_path: Path) -> None:
    before = Roster(Store(tmp_path), lambda _: None, now_seconds=1_000.0)
    after = Roster(Store(tmp_path), lambda _: None, now_seconds=1_005.0)

    assert after.version("owner") > before.version("owner")
