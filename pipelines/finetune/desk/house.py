"""House: what trainings need of the manager, which is what everything else of them stands on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipelines.finetune.desk.runner import Worker
from pipelines.job import Job
from pipelines.manager.bench import Bench
from pipelines.manager.desk import Desk
from pipelines.manager.finder import Finder
from pipelines.manager.follow import Board
from pipelines.manager.status import Status
from pipelines.output.assets import Assets
from pipelines.request import Request
from pipelines.settings import Settings


@dataclass(frozen=True)
class House:
    """`submit` makes a job, `status` says what the device is.

    `kept_uploads`: the ids of those that projects are made of.
    """

    settings: Settings
    desk: Desk
    board: Board
    bench: Bench
    worker: Worker
    finder: Finder
    assets: Assets
    clock: Callable[[], float]
    submit: Callable[[Request, str], Job]
    status: Callable[[], Status]
    kept_uploads: Callable[[], set[str]]
