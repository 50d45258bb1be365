"""Places: which networks lie on the device, within its budget of bytes. Nobody waits here: others make way at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from weakref import WeakSet

from pipelines.worker.engine.gate import Component
from pipelines.worker.weights.network import Network


class Places:
    """`in_order()`: the models' networks, those that are needed last first; all others that were ever brought here may
    leave before them. `held_bytes()`: what else lies here (LoRAs).

    Between two forwards nothing computes, so any network may leave, also one whose picture is under way: that costs
    time and never a bit of the result.
    """

    def __init__(
        self,
        budget_bytes: int,
        in_order: Callable[[], Sequence[Network]],
        held_bytes: Callable[[], int] = lambda: 0,
    ) -> None:
        self.budget_bytes = budget_bytes
        self._in_order, self._held_bytes = in_order, held_bytes
        self._brought: WeakSet[Network] = WeakSet()

    def fit(self, component: Component, work_bytes: int) -> Component:
        """Brings what the component needs, with room to work; or answers another way of computing that needs less."""
        network = component.network
        if network is None or not network.moves:
            return component
        if not self._make_way(network, work_bytes):
            if network.stream():
                self._make_way(network, work_bytes)
            elif component.frugal is not None:
                component = component.frugal
        network.bring()
        self._brought.add(network)
        return component

    def free(self, component: Component) -> bool:
        """After memory ran out under this component: everything else leaves, then it takes the slower way itself."""
        network = component.network
        if any([one.leave() for one in self._others(network)]):
            return True
        return network is not None and network.stream()

    def _make_way(self, network: Network, work_bytes: int) -> bool:
        """Whether network and work fit, now that as many others have left as that takes."""
        others = self._others(network)
        needed = network.needed_bytes + work_bytes + self._held_bytes()
        for other in others:
            if needed + _bytes(others) <= self.budget_bytes:
                break
            other.leave()
        return needed + _bytes(others) <= self.budget_bytes

    def _others(self, network: Network | None) -> list[Network]:
        ranked = self._in_order()
        unranked = self._brought.difference(ranked)
        return [one for one in (*unranked, *ranked) if one is not network]


def _bytes(networks: Iterable[Network]) -> int:
    return sum(network.here_bytes for network in networks)
