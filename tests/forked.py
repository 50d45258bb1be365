"""Worker processes forked from one that has imported everything: they start in hundredths of a second, not in seconds.

As new interpreters, which is how the app starts them, they are tested in `test_supervisor.py`, `test_process.py` and
wherever the whole app runs. What the other tests say about deaths, restarts and pauses is the same for both.
"""

from __future__ import annotations

import functools
import os
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any, ClassVar

FAKE, REAL = "tests.fake_worker", "tests.real_worker"


class ForkedProcess(ForkServerProcess):
    """With the environment that its parent has when it is made; the process that forks has an older one."""

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


def prepare(*, is_real_wanted: bool) -> None:
    """What the one process that forks will import at its start, which is when it is first asked for."""
    Forking().set_forkserver_preload([FAKE, REAL] if is_real_wanted else [FAKE])


@functools.cache
def forking() -> Forking:
    """The context, once all is imported: no test waits for that with a watch in its hand."""
    context = Forking()
    first = context.Process(target=int)
    first.start()
    first.join()
    return context
