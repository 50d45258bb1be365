"""Optimizers: the rows of OPTIMIZERS in Plan, and what they remember as plain tensors and numbers."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import AdamW, Optimizer

from pipelines.errors import RequestError, StateDamaged
from pipelines.worker.finetune.method import Group

BITSANDBYTES = "bitsandbytes"


def optimizer_of(name: str, groups: Iterable[Group], device: torch.device) -> Optimizer:
    """It moves each group at its own rate. Raises RequestError when it cannot be had here."""
    rows = [{"params": [*one.parameters], "lr": one.learning_rate} for one in groups]
    return MAKERS[name](rows, device)


def remembered(optimizer: Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """(tensors, numbers) by "{parameter}.{name}": all that `remind` needs."""
    tensors: dict[str, Tensor] = {}
    numbers: dict[str, Any] = {}
    for parameter, own in optimizer.state_dict()["state"].items():
        for name, value in own.items():
            kind: dict[str, Any] = tensors if isinstance(value, Tensor) else numbers
            kind[f"{parameter}.{name}"] = value
    return tensors, numbers


def remind(optimizer: Optimizer, tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]) -> None:
    """Takes over what `remembered` gave. Raises StateDamaged when it is of other parameters."""
    own: dict[int, dict[str, Any]] = {}
    for key, value in [*tensors.items(), *numbers.items()]:
        parameter, _, name = key.partition(".")
        own.setdefault(int(parameter), {})[name] = value
    plain = optimizer.state_dict()
    count = sum(len(group["params"]) for group in plain["param_groups"])
    if own and max(own) >= count:
        why = f"The optimizer remembers {max(own) + 1} parameters, this training has {count}."
        raise StateDamaged(why, "Begin the training anew.")
    optimizer.load_state_dict({"state": own, "param_groups": plain["param_groups"]})


def _adamw(rows: Sequence[Mapping[str, Any]], device: torch.device) -> Optimizer:
    """Loshchilov and Hutter 2019, arXiv:1711.05101. One kernel for hundreds of small tensors."""
    return AdamW([dict(row) for row in rows], fused=device.type in ("cpu", "cuda"))


def _adamw_8bit(rows: Sequence[Mapping[str, Any]], device: torch.device) -> Optimizer:
    """Dettmers et al. 2022, arXiv:2110.02861."""
    name, remedy = "AdamW 8-bit", 'Choose "AdamW", or install bitsandbytes and start again.'
    if device.type != "cuda":
        raise RequestError("optimizer", name, f"works on CUDA only, not on {device.type}", remedy)
    if importlib.util.find_spec(BITSANDBYTES) is None:
        raise RequestError("optimizer", name, "needs bitsandbytes, which is not installed", remedy)
    try:
        kind = importlib.import_module(f"{BITSANDBYTES}.optim").AdamW8bit
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        why = f"bitsandbytes cannot be used: {type(error).__name__}: {error}"
        raise RequestError("optimizer", name, why, remedy) from None
    made: Optimizer = kind([dict(row) for row in rows])
    return made


MAKERS: Mapping[str, Callable[[Sequence[Mapping[str, Any]], torch.device], Optimizer]] = {
    "AdamW": _adamw,
    "AdamW 8-bit": _adamw_8bit,
}
