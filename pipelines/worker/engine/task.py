"""A picture under way: a coroutine that sleeps at the gate while its call waits for a forward."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from pipelines.errors import Cancelled, StudioError
from pipelines.worker.device.faults import POISONED, Fault
from pipelines.worker.engine.batching import NO_PATCH, Patch
from pipelines.worker.engine.gate import Call, Sleeper


class Poisoned(Exception):
    """The device's context is lost: nothing that this process asks of it will work again."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class Task:
    """Runs `recipe`; between two calls the recipe owns the GPU, across a call nothing but its own objects.

    When it has ended, `on_end` is called with it once, and exactly one of `result`, `error` and `fault` is set,
    or none of them when it was cancelled.
    """

    def __init__(
        self,
        recipe: Callable[[], Any],
        on_end: Callable[[Task], None],
        *,
        is_exact: bool = False,
        patch: Patch = NO_PATCH,
        makes_way: bool = False,
    ) -> None:
        self.is_exact = is_exact  # its calls never share a forward
        self.patch = patch  # what its calls want of the network; only equal ones share a forward
        self.makes_way = makes_way  # it is a training's: pictures go first where memory is short
        self.call: Call | None = None
        self.result: Any = None
        self.error: StudioError | None = None
        self.fault: Fault | None = None
        self._recipe: Callable[[], Any] | None = recipe
        self._on_end = on_end
        self._sleeper = Sleeper(self._run)

    def wake(self, answer: Any = None) -> None:
        """Runs on until the next call or the end; the first time from the start."""
        self.call = None
        self._rest(self._sleeper.switch(answer) if self._sleeper else self._sleeper.switch())

    def interrupt(self, error: BaseException) -> None:
        """Raises `error` where the recipe sleeps."""
        self.call = None
        if self._sleeper:
            self._rest(self._sleeper.throw(error))
        else:  # it never began
            self._rest(None)

    def _rest(self, call: Call | None) -> None:
        self.call = call
        if call is None:
            self._recipe = None
            self._on_end(self)

    def _run(self) -> None:
        assert self._recipe is not None
        try:
            self.result = self._recipe()
        except Cancelled as cancelled:
            traceback.clear_frames(cancelled.__traceback__)
        except StudioError as error:
            # Its frames would keep the tensors of the picture alive.
            traceback.clear_frames(error.__traceback__)
            self.error = error.with_traceback(None)
            self.error.__context__ = None
        except Exception as error:
            self.fault = Fault.of(error)
        if self.fault and self.fault.kind == POISONED:
            raise Poisoned(self.fault)
