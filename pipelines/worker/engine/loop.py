"""The loop: the call that has waited longest goes first, and takes along all that may share its forward."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from pipelines.errors import Cancelled
from pipelines.worker.engine.forwards import Forwards
from pipelines.worker.engine.task import Task


class Loop:
    """Tasks that sleep, in the order of their calls. Lives on the GPU thread, as everything in this package."""

    def __init__(self, forwards: Forwards) -> None:
        self.make_way: Callable[[], bool] = lambda: False  # see Forwards.run; it may cancel tasks
        self._forwards = forwards
        self._sleeping: deque[Task] = deque()

    def start(self, task: Task) -> None:
        """Runs the task up to its first call. Raises Poisoned when the device is lost."""
        task.wake()
        self._park(task)

    def cancel(self, task: Task) -> None:
        """Ends the task where it sleeps, or waits for the forward that makes way; the others do not notice."""
        if task in self._sleeping:
            self._sleeping.remove(task)
        task.interrupt(Cancelled())
        self._park(task)

    def turn(self) -> bool:
        """One forward, and everybody who waited for it goes on; False when nobody waits for anything."""
        if not self._sleeping:
            return False
        oldest = self._sleeping.popleft()
        twins = self._take(lambda task: _is_same(oldest, task))
        group = [oldest] if twins else [oldest, *self._company(oldest)]
        calls = [task.call for task in group if task.call]
        is_urgent = not all(task.makes_way for task in (*group, *twins, *self._sleeping))
        answers = self._forwards.run(calls, oldest.patch, self.make_way if is_urgent else None)
        for task, answer in zip([*group, *twins], answers + answers * len(twins), strict=True):
            if task.call is None:  # it was cancelled to make way
                continue
            if answer.error:
                task.interrupt(answer.error)
            else:
                task.wake(answer.output)
            self._park(task)
        if not self._sleeping:
            self._forwards.forget()
        return True

    def _company(self, oldest: Task) -> list[Task]:
        """Those who may share the forward of the oldest call, as many as there is room for."""
        assert oldest.call is not None
        room = self._forwards.max_rows(oldest.call) - oldest.call.rows

        def fits(task: Task) -> bool:
            nonlocal room
            if task.call is None or task.call.rows > room or not _may_share(oldest, task):
                return False
            room -= task.call.rows
            return True

        return self._take(fits)

    def _take(self, is_wanted: Callable[[Task], bool]) -> list[Task]:
        """Takes out of the queue those that are wanted, in their order."""
        taken = [task for task in self._sleeping if is_wanted(task)]
        if taken:
            self._sleeping = deque(task for task in self._sleeping if task not in taken)
        return taken

    def _park(self, task: Task) -> None:
        if task.call is not None:
            self._sleeping.append(task)


def _may_share(one: Task, other: Task) -> bool:
    a, b = one.call, other.call
    return (
        a is not None
        and b is not None
        and a.likeness is not None
        and a.component is b.component
        and a.likeness == b.likeness
        and one.patch == other.patch
        and not (one.is_exact or other.is_exact)
    )


def _is_same(one: Task, other: Task) -> bool:
    a, b = one.call, other.call
    return (
        a is not None
        and b is not None
        and a.same_as is not None
        and a.component is b.component
        and a.same_as == b.same_as
        and one.patch == other.patch
    )
