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
    ledger = Ledger(known)
    with torch.no_grad(), ledger, _FusedAttention():
        forward()
    return ledger.peak_bytes


class Ledger(TorchDispatchMode):
    """Every storage that an operation makes, until it is gone; not what lay there before, or is in `known`.

    `is_of_numbers`: tensors without numbers take nothing; else they stand for some that have them.
    """

    def __init__(self, known: Iterable[Tensor] = (), *, is_of_numbers: bool = False) -> None:
        super().__init__()
        self._is_of_numbers = is_of_numbers
        self._alive = {_key(tensor): 0 for tensor in known}
        self.alive_bytes = self.peak_bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves((args, kwargs)):  # what came in was made elsewhere
            if isinstance(tensor, Tensor) and _key(tensor) not in self._alive:
                self._note(tensor, 0)
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor) and _key(tensor) not in self._alive:
                self._note(tensor, self._size(tensor))
        return result

    def _note(self, tensor: Tensor, size_bytes: int) -> None:
        """Until its storage is gone: another one may have its address then."""
        key, storage = _key(tensor), tensor.untyped_storage()
        self._alive[key] = size_bytes
        self.alive_bytes += size_bytes
        self.peak_bytes = max(self.peak_bytes, self.alive_bytes)
        weakref.finalize(storage, self._gone, key)

    def _size(self, tensor: Tensor) -> int:
        if self._is_of_numbers and tensor.is_meta:
            return 0
        return tensor.untyped_storage().nbytes()

    def _gone(self, key: int) -> None:
        self.alive_bytes -= self._alive.pop(key, 0)


def storage_bytes(tensors: Iterable[Tensor]) -> int:
    """What they take together; what several of them share counts once."""
    return sum({_key(one): one.untyped_storage().nbytes() for one in tensors}.values())


class _FusedAttention(TorchFunctionMode):
    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.nn.functional.scaled_dot_product_attention:
            return torch.empty_like(args[0] if args else kwargs["query"])
        return func(*args, **(kwargs or {}))


def _key(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
