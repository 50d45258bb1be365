"""A small safetensors file, read whole: its tensors in float32, each number looked at."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from pipelines.errors import ModelUnreadable
from pipelines.worker.weights import copying


def read_whole(file: Path, remedy: str) -> dict[str, Tensor]:
    """The tensors by name. Raises ModelUnreadable, which names the file and the cause."""
    try:
        with safe_open(file, framework="pt", device="cpu") as opened:
            names = list(opened.keys())
            return copying.copied({n: opened.get_tensor(n) for n in names}, torch.float32)
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelUnreadable(f"{file} is damaged: {error}.", remedy) from None
    except copying.NotANumber as error:
        raise ModelUnreadable(
            f"{file} is damaged: {error} holds NaN or infinity.", remedy
        ) from None
