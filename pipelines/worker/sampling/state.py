"""State: all that a picture remembers between two steps, as a frozen value and as bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import safetensors.torch
import torch
from torch import Tensor

from pipelines.errors import StateDamaged

MAGIC = b"darkroom state 1"
DIGEST_BYTES = 16


@dataclass(frozen=True)
class State:
    """A picture after `step` steps. Equal states go on to equal pictures, on any worker."""

    x: Tensor  # (1, channels, height/8, width/8), float32
    step: int = 0
    history: tuple[Tensor, ...] = ()  # what a multistep sampler looks back at, latest first
    draws: int = 0  # noise tensors that this picture has drawn so far
    stage: int = 0  # which pass it is in, by whose plan steps count; each pass draws its noise anew

    def after(self, x: Tensor, history: tuple[Tensor, ...] = (), draws: int = 0) -> State:
        """The state one step later; `draws`: how many noise tensors that step has used."""
        return replace(self, x=x, step=self.step + 1, history=history, draws=self.draws + draws)

    def to_bytes(self) -> bytes:
        """A mark, a digest, then safetensors; exact to the bit."""
        tensors = {f"history.{age}": past for age, past in enumerate(self.history)} | {
            "x": self.x,
            "counters": torch.tensor([self.step, self.draws, self.stage]),
        }
        body = safetensors.torch.save({name: t.contiguous() for name, t in tensors.items()})
        return MAGIC + _digest(body) + body

    @classmethod
    def from_bytes(cls, data: bytes, device: torch.device | str = "cpu") -> State:
        """The inverse of `to_bytes`. Raises StateDamaged when the bytes are not exactly what was written."""
        mark, rest = data[: len(MAGIC)], data[len(MAGIC) :]
        digest, body = rest[:DIGEST_BYTES], rest[DIGEST_BYTES:]
        if mark != MAGIC or digest != _digest(body):
            raise StateDamaged(
                f"The kept state of this picture ({len(data):,} bytes) is damaged.",
                "Queue the job again: it begins anew, and the same seed gives the same picture.",
            )
        tensors = safetensors.torch.load(body)
        step, draws, *others = tensors.pop("counters").tolist()
        stage = others[0] if others else 0  # older versions knew of one pass alone
        x = tensors.pop("x").to(device)
        history = tuple(tensors[f"history.{age}"].to(device) for age in range(len(tensors)))
        return cls(x=x, step=step, history=history, draws=draws, stage=stage)


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=DIGEST_BYTES).digest()
