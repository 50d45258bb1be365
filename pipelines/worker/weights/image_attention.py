"""A second cross-attention beside that to the words: to a picture (IP-Adapter, Ye et al. 2023, arXiv:2308.06721).

Nothing hangs on the layers between two forwards, and their weights are never touched: hooks stand only while a forward
runs that is told of a picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


def prompt_layers(unet: Any) -> list[Any]:
    """The attentions to the prompt, in the order in which IP-Adapters count them."""
    names = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
    return [unet.get_submodule(name.removesuffix(".processor")) for name in names]


@contextmanager
def looking(unet: Any, states: Sequence[Tensor]) -> Iterator[None]:
    """Forwards in here look at pictures, too.

    states: for each picture and layer (rows, tokens, 2 · width): keys, then values that are weighted already.
    """
    handles: list[Any] = []
    if states:
        layers = prompt_layers(unet)
        for place, layer in enumerate(layers):
            glance = _Glance(layer.heads, states[place :: len(layers)])
            # Registered last, so after what LoRAs add to the query.
            handles.append(layer.to_q.register_forward_hook(glance.see))
            handles.append(layer.to_out[0].register_forward_pre_hook(glance.add))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class _Glance:
    """One layer during one forward: takes its query, and adds to its answer what the pictures say to that."""

    def __init__(self, heads: int, states: Sequence[Tensor]) -> None:
        self._heads, self._states = heads, states
        self._query: Tensor | None = None

    def see(self, layer: nn.Module, inputs: tuple[Any, ...], query: Tensor) -> None:
        self._query = query

    def add(self, layer: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        assert self._query is not None
        answer, query = inputs[0], self._in_heads(self._query)
        for state in self._states:
            keys, values = (self._in_heads(half) for half in state.chunk(2, dim=-1))
            said = scaled_dot_product_attention(query, keys, values)
            answer = answer + said.transpose(1, 2).flatten(2).to(answer.dtype)
        return (answer, *inputs[1:])

    def _in_heads(self, states: Tensor) -> Tensor:
        """(rows, heads, tokens, width of a head)."""
        return states.reshape(*states.shape[:2], self._heads, -1).transpose(1, 2)
