"""State: all that a training goes on from after any kind of stop, in one file that is replaced as a whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from pipelines.errors import StateDamaged
from pipelines.finetune.training import Mark
from pipelines.output.disk import failures_named, rewrite

FILE = "state.training"
LAYOUT = 1  # of the file; another one is not read


@dataclass(frozen=True, eq=False)
class State:
    """After `step` steps. `taught`: what the method gave; `optimizer`: its tensors by "{parameter}.{name}".

    `plan`: a hash of all that the steps depend on. `numbers`: what the optimizer keeps beside tensors.
    """

    plan: str
    step: int
    taught: dict[str, Tensor]
    optimizer: dict[str, Tensor]
    numbers: dict[str, Any] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    is_sampled_untrained: bool = False  # the samples of step 0 were told
    untrained: float | None = None  # how like the pictures they were; see likeness.py


def write(folder: Path, state: State) -> None:
    """Replaces the file; whoever stops at any moment finds the old one or the new one. Raises DiskFull."""
    tensors = {f"taught.{name}": one for name, one in state.taught.items()}
    tensors |= {f"optimizer.{name}": one for name, one in state.optimizer.items()}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    facts = {
        "plan": state.plan,
        "step": state.step,
        "numbers": state.numbers,
        "marks": [asdict(mark) for mark in state.marks],
        "is_sampled_untrained": state.is_sampled_untrained,
        "untrained": state.untrained,
    }
    said = json.dumps(facts)
    header = {"layout": str(LAYOUT), "facts": said, "sha256": _sum(said, tensors)}
    replace(folder / FILE, save(tensors, metadata=header))


def read(folder: Path) -> State | None:
    """The state that lies there; None when there is none. Raises StateDamaged."""
    path = folder / FILE
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            header: Mapping[str, str] = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if header.get("layout") != str(LAYOUT) or header["sha256"] != _sum(
            header["facts"], tensors
        ):
            raise ValueError("it is not what was written")
        facts = json.loads(header["facts"])
        facts["marks"] = tuple(Mark(**mark) for mark in facts["marks"])
        return State(
            taught=_under("taught.", tensors), optimizer=_under("optimizer.", tensors), **facts
        )
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        why = f"{path} cannot be read: {type(error).__name__}: {error}."
        raise StateDamaged(why, "Begin the training anew.") from None


def replace(path: Path, content: bytes) -> None:
    """Writes beside it, to the disk, and renames. Raises DiskFull, which names the folder."""
    with failures_named(path.parent):
        rewrite(path, content)


def _under(beginning: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(beginning): tensor
        for name, tensor in tensors.items()
        if name.startswith(beginning)
    }


def _sum(said: str, tensors: Mapping[str, Tensor]) -> str:
    """Of every bit that counts."""
    whole = hashlib.sha256(said.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        whole.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        whole.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return whole.hexdigest()
