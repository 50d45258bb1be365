"""Worker processes forked from one that has imported everything: they start in hundredths of a second, not in seconds.

As new interpreters, which is how the app starts them, they are tested in `test_supervisor.py`, `test_process.py` and
wherever the whole app runs. What the tests below `tests/pipelines/manager` say about deaths, restarts and pauses is the
same for both.
"""

from __future__ import annotations

import os
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any, ClassVar

IMPORTED = ["tests.fake_worker"]


class ForkedProcess(ForkServerProcess):
    """With the environment that its parent has when it is made; the forking process has an older one."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._environment = dict(os.environ)

    def run(self) -> None:
        os.environ.clear()
        os.environ.update(self._environment)
        super().run()


class Forking(ForkServerContext):
    """The context, for `PipelineManager(worker_context=)`."""

    Process: ClassVar[type[ForkedProcess]] = ForkedProcess  # type: ignore[assignment, misc]

    def __init__(self) -> None:
        super().__init__()
        self.set_forkserver_preload(IMPORTED)
