"""When memory is short: smaller batches, then room from idle models, then single rows, then the figures."""

from __future__ import annotations

import pytest
import torch

from pipelines.errors import OutOfMemory
from pipelines.worker.device.choice import Device
from pipelines.worker.device.faults import Fault
from pipelines.worker.device.memory import Memory
from pipelines.worker.engine.batching import BatchRules
from pipelines.worker.engine.forwards import Forwards
from pipelines.worker.engine.gate import Call, Component
from pipelines.worker.pulse import Pulse
from tests.pipelines.worker.workbench import CPU

MESSAGE = "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 8.00 GiB"


class NoRoom:
    """Everything is where it computes, and nothing can be freed."""

    def fit(self, component: Component, work_bytes: int) -> Component:
        return component

    def free(self, component: Component) -> bool:
        return False


class Tight(NoRoom):
    """A network that doubles, on a device that holds `room` rows; each idle model that goes gives `gain` more."""

    def __init__(self, room: int, idle_models: int = 0, gain: int = 0) -> None:
        self.room, self.idle_models, self.gain = room, idle_models, gain
        self.tried: list[int] = []
        self.component = Component("denoiser", self._forward, 1, BatchRules(rows=("x",), same=()))

    def free(self, component: Component) -> bool:
        if not self.idle_models:
            return False
        self.idle_models -= 1
        self.room += self.gain
        return True

    def call(self, value: float, rows: int = 1) -> Call:
        return Call(self.component, {"x": torch.full((rows, 1), value)}, rows, rows, "alike")

    def _forward(self, x: torch.Tensor) -> torch.Tensor:
        self.tried.append(len(x))
        if len(x) > self.room:
            raise torch.OutOfMemoryError(MESSAGE)
        return x * 2


def forwards(room: NoRoom | None = None, device: Device = CPU) -> Forwards:
    return Forwards(device, Memory(torch.device("cpu")), Pulse(), room or NoRoom())


def test_a_batch_that_does_not_fit_is_halved_until_it_does() -> None:
    tight = Tight(room=2)

    answers = forwards().run([tight.call(value) for value in range(7)])

    assert [float(answer.output) for answer in answers] == [0, 2, 4, 6, 8, 10, 12]
    assert tight.tried == [7, 4, 2, 2, 3, 2, 1]


def test_what_did_not_fit_is_not_tried_again_while_anybody_is_at_work() -> None:
    tight, device = Tight(room=2), forwards()
    assert device.max_rows(tight.call(0)) > 4

    device.run([tight.call(value) for value in range(4)])
    assert device.max_rows(tight.call(0)) == 2

    device.forget()
    assert device.max_rows(tight.call(0)) > 4


def test_a_call_that_does_not_fit_alone_gets_the_room_of_idle_models() -> None:
    tight = Tight(room=1, idle_models=3, gain=1)

    (answer,) = forwards(tight).run([tight.call(5, rows=3)])

    assert answer.output.flatten().tolist() == [10, 10, 10]
    assert tight.idle_models == 1, "no more was evicted than was needed"


def test_a_failure_that_does_not_come_back_needs_no_eviction() -> None:
    tight = Tight(room=4)
    full = iter([True, False])

    def forward(x: torch.Tensor) -> torch.Tensor:
        if next(full):
            raise torch.OutOfMemoryError(MESSAGE)
        return x * 2

    object.__setattr__(tight.component, "forward", forward)

    (answer,) = forwards(tight).run([tight.call(5)])

    assert float(answer.output) == 10


def test_when_nothing_can_be_evicted_rows_go_one_by_one() -> None:
    tight = Tight(room=1)

    (answer,) = forwards().run([tight.call(5, rows=2)])

    assert answer.output.flatten().tolist() == [10, 10]
    assert tight.tried[-2:] == [1, 1]


def test_when_not_even_one_row_fits_the_figures_are_told() -> None:
    tight = Tight(room=0)

    answers = forwards().run([tight.call(5, rows=2), tight.call(6)])

    for answer in answers:
        assert isinstance(answer.error, OutOfMemory)
        assert "the denoiser asked for 2.0 GB more" in answer.error.message
        assert answer.error.details["needed_bytes"] == 2 * 2**30
        assert answer.error.details["free_bytes"] > 0
        assert answer.error.remedy


class MeasuredMemory(Memory):
    """A GPU with `free` bytes, of which each row of a forward takes ten."""

    def free_bytes(self) -> int:
        return 1000

    def begin_peak(self) -> None: ...

    def peak_bytes(self) -> int:
        return 20

    def error(self, fault: Fault, what: str) -> OutOfMemory:
        return OutOfMemory(what)


@pytest.mark.parametrize(("rows_at_first", "room"), [(2, 80), (1, 40)])
def test_on_a_gpu_the_first_forward_is_measured_and_bounds_the_next(
    rows_at_first: int, room: int
) -> None:
    gpu = Device(torch.device("cuda"), "a GPU")
    device = Forwards(gpu, MeasuredMemory(torch.device("cuda")), Pulse(), NoRoom())
    tight = Tight(room=100)
    assert device.max_rows(tight.call(0, rows_at_first)) == rows_at_first

    device.run([tight.call(0, rows_at_first)])

    assert device.max_rows(tight.call(0, rows_at_first)) == room
