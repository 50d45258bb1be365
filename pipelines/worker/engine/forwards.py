"""One forward for one or several calls; when memory is short, smaller ones, until it works or is explained."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch

from pipelines.errors import StudioError
from pipelines.worker.device.choice import Device
from pipelines.worker.device.faults import BAD_INPUT, OOM, POISONED, Fault
from pipelines.worker.device.memory import Memory
from pipelines.worker.engine.batching import NO_PATCH, Joiner, Patch, part, row_of
from pipelines.worker.engine.gate import Call, Component
from pipelines.worker.engine.task import Poisoned
from pipelines.worker.pulse import Pulse

CPU_POSITIONS = 65_536  # in one forward; more rows are no faster there, and cost memory
FREE_SHARE = 0.8  # of the free memory that a batch may be expected to fill


@dataclass(frozen=True)
class Answer:
    """What a call is answered: an output, or the error that its picture ends with."""

    output: Any = None
    error: StudioError | None = None


class Room(Protocol):
    """Who sees to it that networks are where they compute, with memory to work in."""

    def fit(self, component: Component, work_bytes: int) -> Component:
        """The component, ready; or another way of computing the same that needs less."""

    def free(self, component: Component) -> bool:
        """After memory ran out: frees some for this component; False when there is nothing left to free."""


class Forwards:
    """Runs the networks."""

    def __init__(self, device: Device, memory: Memory, pulse: Pulse, room: Room) -> None:
        self._device, self._memory, self._pulse, self._room = device, memory, pulse, room
        self._joiner = Joiner()
        self._patch = NO_PATCH  # of the calls that are being answered
        self._measured_rows: dict[Hashable, int] = {}  # what the device's memory has room for
        self._work_bytes: dict[Hashable, float] = {}  # for each position, as measured
        self._failed_rows: dict[Hashable, int] = {}  # what it did not take, halved

    def max_rows(self, call: Call) -> int:
        """How many rows a forward of calls like this one may have."""
        kind = _kind(call)
        if self._device.torch_device.type == "cpu":
            room = max(1, CPU_POSITIONS * call.rows // call.positions)
        else:
            room = self._measured_rows.get(kind, call.rows)  # the first time alone, to be measured
        return min(room, self._failed_rows.get(kind, room))

    def run(
        self,
        calls: Sequence[Call],
        patch: Patch = NO_PATCH,
        make_way: Callable[[], bool] | None = None,
    ) -> list[Answer]:
        """Answers in the order of the calls, which are alike. Raises Poisoned when the device is lost.

        `make_way()`: when memory ran out, before anything slower is tried, who has less of a right to it gives back
        what it holds; False when there is nobody. None: nobody is asked.
        """
        self._patch = patch
        self._pulse.calls += len(calls)
        answers: list[Answer] = []
        groups = [list(calls)]
        while groups:
            group = groups.pop(0)
            outputs, fault = self._attempt(group)
            if fault is None:
                answers += [Answer(output) for output in outputs]
            elif fault.kind == OOM and make_way is not None and make_way():
                groups.insert(0, group)
            elif len(group) > 1:
                half = (len(group) + 1) // 2
                groups[:0] = [group[:half], group[half:]]
                self._note_failure(group, fault)
            else:
                answers.append(self._alone(group[0], fault))
        return answers

    def forget(self) -> None:
        """Nobody is at work: what was remembered for the pictures of the past goes."""
        self._joiner.forget()
        self._failed_rows.clear()

    def explain(self, fault: Fault, what: str = "the picture") -> StudioError:
        """The error for the user."""
        if fault.kind == OOM:
            return self._memory.error(fault, what)
        why = "It does not fit this model" if fault.kind == BAD_INPUT else "It failed"
        return StudioError(
            f"{why}: {what}: {fault.message}", "Please report this with the request."
        )

    def _attempt(self, calls: Sequence[Call]) -> tuple[list[Any], Fault | None]:
        """(outputs, None), or (nothing, what went wrong) with everything of the attempt let go."""
        rules = calls[0].component.rules
        if len(calls) == 1 or rules is None:
            return self._forward(calls[0], calls[0].inputs, [calls[0].rows])
        try:
            inputs = self._joiner.join([call.inputs for call in calls], rules)
        except Exception as error:
            return [], self._let_go(Fault.of(error))
        return self._forward(calls[0], inputs, [call.rows for call in calls])

    def _forward(
        self, call: Call, inputs: dict[str, Any], rows: list[int]
    ) -> tuple[list[Any], Fault | None]:
        positions = call.positions // call.rows * sum(rows)
        self._device.use_threads(call.component.parameters, positions)
        is_new = _kind(call) not in self._work_bytes
        self._pulse.begin()
        try:
            work = self._work_bytes.get(_kind(call), call.component.work_bytes) * positions
            component = self._room.fit(call.component, int(work))
            if is_new:
                self._memory.begin_peak()
            output = component.run(inputs, self._patch)
            outputs = part(output, rows) if len(rows) > 1 else [output]
        except Exception as error:
            return [], self._let_go(Fault.of(error))
        finally:
            self._pulse.end()
            self._pulse.forwards += 1
        if is_new and component is call.component:
            self._note_success(call, sum(rows), positions)
        if component.network is not None and component.network.is_parked:
            component.network.leave()
        return outputs, None

    def _let_go(self, fault: Fault) -> Fault:
        if fault.kind == POISONED:
            raise Poisoned(fault)
        return fault

    def _alone(self, call: Call, fault: Fault) -> Answer:
        """A call that failed by itself gets the room of everything idle, and then one row at a time."""
        is_first_try = True
        while fault.kind == OOM and (self._room.free(call.component) or is_first_try):
            is_first_try = False
            self._joiner.forget()
            self._memory.release_cached()
            outputs, again = self._attempt([call])
            if again is None:
                return Answer(outputs[0])
            fault = again
        if fault.kind == OOM and call.component.frugal is not None:
            return self._alone(replace(call, component=call.component.frugal), fault)
        if fault.kind == OOM and call.rows > 1 and call.likeness is not None:
            return self._row_by_row(call)
        return Answer(error=self.explain(fault, f"the {call.component.name}"))

    def _row_by_row(self, call: Call) -> Answer:
        rules = call.component.rules
        assert rules is not None
        rows = []
        for number in range(call.rows):
            outputs, fault = self._forward(call, row_of(call.inputs, rules, number), [1])
            if fault is not None:
                return Answer(error=self.explain(fault, f"the {call.component.name}"))
            rows.append(outputs[0])
        return Answer(_stack(rows))

    def _note_success(self, call: Call, rows: int, positions: int) -> None:
        """How many such rows the free memory would hold, from what these have taken at their peak."""
        peak_bytes = self._memory.peak_bytes()
        if peak_bytes > 0:
            self._work_bytes[_kind(call)] = peak_bytes / positions
            room = int(self._memory.free_bytes() * FREE_SHARE)
            self._measured_rows[_kind(call)] = max(rows, room * rows // peak_bytes)

    def _note_failure(self, calls: Sequence[Call], fault: Fault) -> None:
        self._joiner.forget()
        self._memory.release_cached()
        if fault.kind == OOM:
            rows = sum(call.rows for call in calls)
            self._failed_rows[_kind(calls[0])] = max(calls[0].rows, rows // 2)


def _kind(call: Call) -> Hashable:
    component = call.component
    return component.name, component.parameters, component.work_bytes, call.likeness


def _stack(rows: list[Any]) -> Any:
    """The outputs of single rows as the output of all."""
    first = rows[0]
    if isinstance(first, torch.Tensor):
        return torch.cat(rows)
    if isinstance(first, tuple):
        return tuple(_stack(list(column)) for column in zip(*rows, strict=True))
    return type(first)(**{name: _stack([row[name] for row in rows]) for name in first})
