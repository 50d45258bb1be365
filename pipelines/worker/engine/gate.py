"""The gate: where a picture hands over what it wants a network to compute, and sleeps until it is done."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from diffusers.hooks.hooks import HookRegistry, ModelHook
from greenlet import getcurrent, greenlet
from torch import Tensor, nn

from pipelines.worker.engine.batching import NO_PATCH, BatchRules, Patch, likeness
from pipelines.worker.weights.network import Network

HOOK_NAME = "darkroom_gate"


@dataclass(frozen=True, eq=False)
class Component:
    """A network, or one way of using it, that pictures share. Without `rules` its calls never share a forward."""

    name: str  # for messages: "denoiser", "text encoder", "VAE"
    forward: Callable[..., Any]
    parameters: int = 0
    rules: BatchRules | None = None
    positions_per_cell: int = 1  # a VAE computes 8 × 8 pixels for each cell of the latents
    wear: Callable[[Patch], None] | None = None  # makes the next forwards those under a patch
    network: Network | None = None  # must be on the device while this computes; None: it always is
    work_bytes: int = 0  # for each position, while it computes; a first guess until it was measured
    frugal: Component | None = None  # the same, slower and in less memory

    def run(self, inputs: dict[str, Any], patch: Patch = NO_PATCH) -> Any:
        """One forward under the patch."""
        if self.wear is not None:
            self.wear(patch)
        return self.forward(**inputs)


@dataclass(frozen=True, eq=False)
class Call:
    """One forward asked by one picture."""

    component: Component
    inputs: dict[str, Any]
    rows: int
    positions: int  # rows × height × width; times `parameters` it is a measure of the work
    likeness: Hashable | None  # calls that are alike may share a forward; None: never
    same_as: Hashable | None = None  # calls that are the same share the output, too


class Sleeper(greenlet):  # type: ignore[misc]
    """A coroutine that may sleep at the gate; its parent is the loop."""


def ask(component: Component, *, same_as: Hashable | None = None, **inputs: Any) -> Any:
    """The network's output for these inputs. A picture sleeps here; called from elsewhere it is computed at once.

    `same_as`: calls of a component that give the same value here have the same inputs, and one output is enough.
    Raises Cancelled when the picture is not wanted any more, and OutOfMemory or another StudioError when the
    device cannot do it.
    """
    current = getcurrent()
    if not isinstance(current, Sleeper) or current.parent is None:
        return component.run(inputs)
    return current.parent.switch(_call(component, inputs, same_as))


def _call(component: Component, inputs: dict[str, Any], same_as: Hashable | None) -> Call:
    rules = component.rules
    first = inputs[rules.rows[0]] if rules else next(v for v in inputs.values() if _is_tensor(v))
    cells = first.numel() // first.shape[1] if first.ndim > 2 else first.numel()
    return Call(
        component=component,
        inputs=inputs,
        rows=len(first),
        positions=cells * component.positions_per_cell,
        likeness=likeness(inputs, rules),
        same_as=same_as,
    )


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor)


class GateHook(ModelHook):
    """Sends every call of a network through the gate, so that a pipeline of diffusers runs here as it is.

    Hooks that lie beneath (offload, LoRA) stay at work: the shared forward goes on to the original one.
    """

    def __init__(self, name: str, rules: BatchRules | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name, self._rules = name, rules

    def initialize_hook(self, module: nn.Module) -> nn.Module:
        self._signature = inspect.signature(module.forward)
        parameters = sum(parameter.numel() for parameter in module.parameters())
        self._component = Component(self._name, self._forward, parameters, self._rules)
        return module

    def new_forward(self, module: nn.Module, *args: Any, **kwargs: Any) -> Any:
        return ask(self._component, **self._signature.bind(*args, **kwargs).arguments)

    def _forward(self, **inputs: Any) -> Any:
        return self.fn_ref.original_forward(**inputs)  # type: ignore[misc]


def put_gate(module: nn.Module, name: str, rules: BatchRules | None) -> None:
    """From now on every forward of `module` asks at the gate."""
    HookRegistry.check_if_exists_or_initialize(module).register_hook(
        GateHook(name, rules), HOOK_NAME
    )
