"""Who goes first, who goes along, who is put to sleep and who ends: with networks that only add one."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from pipelines.errors import Cancelled, StudioError
from pipelines.worker.device.memory import Memory
from pipelines.worker.engine.batching import BatchRules, Patch
from pipelines.worker.engine.forwards import CPU_POSITIONS, Forwards
from pipelines.worker.engine.gate import Component, ask
from pipelines.worker.engine.loop import Loop
from pipelines.worker.engine.task import Poisoned, Task
from pipelines.worker.messages import LoraRef
from pipelines.worker.pulse import Pulse
from tests.pipelines.worker.engine.test_forwards import NoRoom
from tests.pipelines.worker.workbench import CPU

RULES = BatchRules(rows=("x",), same=())


class Ledger:
    """A network that adds one and writes down the rows that it was asked for, by their values."""

    def __init__(self, rules: BatchRules | None = RULES) -> None:
        self.forwards: list[list[float]] = []
        self.component = Component("adder", self._forward, 1, rules)

    def _forward(self, x: torch.Tensor) -> torch.Tensor:
        self.forwards.append(x.flatten().tolist())
        return x + 1


class Stage:
    """A loop with its tasks; the nth task counts upward from 100·n."""

    def __init__(self) -> None:
        self.pulse = Pulse()
        forwards = Forwards(CPU, Memory(CPU.torch_device), self.pulse, NoRoom())
        self.loop = Loop(forwards)
        self.ended: list[Task] = []

    def start(self, recipe: Any, **manner: Any) -> Task:
        task = Task(recipe, self.ended.append, **manner)
        self.loop.start(task)
        return task

    def count(self, network: Ledger, start: int, calls: int, **manner: Any) -> Task:
        return self.start(lambda: count(network, start, calls), **manner)

    def run(self) -> None:
        while self.loop.turn():
            pass


def count(network: Ledger, start: int, calls: int) -> float:
    x = torch.tensor([[float(start)]])
    for _ in range(calls):
        x = ask(network.component, x=x)
    return float(x)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_calls_that_wait_together_share_a_forward(stage: Stage) -> None:
    network = Ledger()
    tasks = [stage.count(network, 100 * n, 2) for n in range(3)]

    stage.run()

    assert network.forwards == [[0, 100, 200], [1, 101, 201]]
    assert [task.result for task in tasks] == [2, 102, 202]
    assert (stage.pulse.calls, stage.pulse.forwards) == (6, 2)


def test_one_who_comes_later_joins_at_the_next_call(stage: Stage) -> None:
    network = Ledger()
    stage.count(network, 0, 3)
    stage.loop.turn()

    stage.count(network, 100, 2)
    stage.run()

    assert network.forwards == [[0], [1, 100], [2, 101]]


def test_exact_tasks_take_turns_and_never_share(stage: Stage) -> None:
    network = Ledger()
    stage.count(network, 0, 2, is_exact=True)
    stage.count(network, 100, 2, is_exact=True)
    stage.count(network, 200, 2)

    stage.run()

    assert network.forwards == [[0], [100], [200], [1], [101], [201]]


def test_a_network_without_rules_is_never_shared(stage: Stage) -> None:
    network = Ledger(rules=None)
    stage.count(network, 0, 1)
    stage.count(network, 100, 1)

    stage.run()

    assert network.forwards == [[0], [100]]


def test_different_patches_never_share(stage: Stage) -> None:
    network = Ledger()
    stage.count(network, 0, 1, patch=Patch((LoraRef("red", "/red"),)))
    stage.count(network, 100, 1, patch=Patch((LoraRef("blue", "/blue"),)))
    stage.count(network, 200, 1, patch=Patch((LoraRef("red", "/red"),)))

    stage.run()

    assert network.forwards == [[0, 200], [100]]


def test_different_networks_never_share(stage: Stage) -> None:
    one, other = Ledger(), Ledger()
    stage.count(one, 0, 1)
    stage.count(other, 100, 1)

    stage.run()

    assert one.forwards == [[0]]
    assert other.forwards == [[100]]


def test_the_oldest_call_goes_first_so_that_everybody_gets_an_equal_share(stage: Stage) -> None:
    networks = [Ledger() for _ in range(3)]  # three groups that cannot share
    for n, network in enumerate(networks):
        stage.count(network, 100 * n, 5)
        stage.count(network, 100 * n + 50, 5)

    for turn in range(1, 16):
        stage.loop.turn()
        shares = [len(network.forwards) for network in networks]
        assert max(shares) - min(shares) <= 1, f"after {turn} turns"

    assert shares == [5, 5, 5]


def test_a_forward_has_a_bound(stage: Stage) -> None:
    network = Ledger()
    wide = CPU_POSITIONS // 2  # two such calls fill a forward

    def recipe() -> None:
        ask(network.component, x=torch.zeros(1, 1, 1, wide))

    for _ in range(3):
        stage.start(recipe)
    stage.run()

    assert [len(forward) // wide for forward in network.forwards] == [2, 1]


def test_calls_that_are_the_same_are_computed_once(stage: Stage) -> None:
    network = Ledger(rules=None)

    def recipe() -> float:
        return float(ask(network.component, same_as="five", x=torch.tensor([[5.0]])))

    tasks = [stage.start(recipe, is_exact=True) for _ in range(4)]
    stage.run()

    assert network.forwards == [[5.0]]
    assert [task.result for task in tasks] == [6.0] * 4


def test_a_cancelled_task_ends_where_it_sleeps_and_the_others_go_on(stage: Stage) -> None:
    network, cleaned = Ledger(), []

    def recipe() -> None:
        try:
            count(network, 100, 5)
        except Cancelled:
            cleaned.append("up")
            raise

    other, cancelled = stage.count(network, 0, 3), stage.start(recipe)
    stage.loop.turn()
    stage.loop.cancel(cancelled)
    stage.run()

    assert network.forwards == [[0, 100], [1], [2]]
    assert cleaned == ["up"]
    assert (cancelled.result, cancelled.error, cancelled.fault) == (None, None, None)
    assert other.result == 3
    assert stage.ended == [cancelled, other]


def test_an_error_ends_its_own_task_only(stage: Stage) -> None:
    network = Ledger()

    def recipe() -> None:
        count(network, 100, 1)
        raise StudioError("the paint is dry")

    failed, other = stage.start(recipe), stage.count(network, 0, 2)
    stage.run()

    assert failed.error is not None
    assert failed.error.message == "the paint is dry"
    assert failed.error.__traceback__ is None
    assert other.result == 2


def test_an_unexpected_error_is_a_fault_and_not_the_end_of_the_loop(stage: Stage) -> None:
    def recipe() -> None:
        raise KeyError("no brush")

    failed, other = stage.start(recipe), stage.count(Ledger(), 0, 1)
    stage.run()

    assert failed.fault is not None
    assert "no brush" in failed.fault.message
    assert other.result == 1


def test_a_lost_device_ends_the_loop(stage: Stage) -> None:
    def forward(x: torch.Tensor) -> torch.Tensor:
        raise torch.AcceleratorError("CUDA error: device-side assert triggered")

    lost = Component("denoiser", forward, 1, RULES)
    stage.start(lambda: ask(lost, x=torch.zeros(1, 1)))

    with pytest.raises(Poisoned, match="device-side assert"):
        stage.loop.turn()


def test_a_device_lost_between_two_calls_ends_the_loop_too(stage: Stage) -> None:
    network = Ledger()

    def recipe() -> None:
        count(network, 0, 1)
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    stage.start(recipe)

    with pytest.raises(Poisoned, match="illegal memory access"):
        stage.run()


def test_outside_of_a_task_the_gate_computes_at_once() -> None:
    network = Ledger()

    assert count(network, 5, 2) == 7
    assert network.forwards == [[5], [6]]


def test_a_bad_call_in_company_fails_alone(stage: Stage) -> None:
    def forward(x: torch.Tensor) -> torch.Tensor:
        if (x == 100).any():
            raise ValueError("this one is wrong")
        return x + 1

    picky = Component("denoiser", forward, 1, RULES)
    tasks = [
        stage.start(lambda start=start: float(ask(picky, x=torch.tensor([[float(start)]]))))
        for start in (0, 100, 200)
    ]
    stage.run()

    assert [task.result for task in tasks] == [1, None, 201]
    assert tasks[1].error is not None
    assert "this one is wrong" in tasks[1].error.message
