"""Counts the memory of a forward without computing it: tensors without numbers, and a ledger of all that are alive.

What is counted is what an allocator is asked for at once, at most. A real one needs somewhat more, for the gaps between
the pieces and for what its kernels borrow. Attention counts as one operation without an inner matrix, as the fused
kernels of GPUs compute it (Dao et al. 2022, arXiv:2205.14135).
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def peak_bytes(forward: Callable[[], Any], known: Iterable[Tensor] = ()) -> int:
    """The most that `forward` has alive at once, beyond what is alive already and the tensors in `known`."""
    ledger = _Ledger(known)
    with torch.no_grad(), ledger, _FusedAttention():
        forward()
    return ledger.peak_bytes


class _Ledger(TorchDispatchMode):
    """Every storage that an operation makes, until it is gone."""

    def __init__(self, known: Iterable[Tensor]) -> None:
        super().__init__()
        self._alive = {_key(tensor): 0 for tensor in known}
        self._bytes = self.peak_bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves((args, kwargs)):  # what came in was made elsewhere
            if isinstance(tensor, Tensor):
                self._alive.setdefault(_key(tensor), 0)
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor) and _key(tensor) not in self._alive:
                self._note(tensor)
        return result

    def _note(self, tensor: Tensor) -> None:
        key, storage = _key(tensor), tensor.untyped_storage()
        self._alive[key] = storage.nbytes()
        self._bytes += storage.nbytes()
        self.peak_bytes = max(self.peak_bytes, self._bytes)
        weakref.finalize(storage, self._gone, key)

    def _gone(self, key: int) -> None:
        self._bytes -= self._alive.pop(key, 0)


class _FusedAttention(TorchFunctionMode):
    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.nn.functional.scaled_dot_product_attention:
            return torch.empty_like(args[0] if args else kwargs["query"])
        return func(*args, **(kwargs or {}))


def _key(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
