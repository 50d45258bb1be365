"""Words: a text as the denoiser is told it."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Words(NamedTuple):
    """In the model's number format."""

    hidden: Tensor  # (1, 77 · chunks, width): the states of all text encoders, side by side
    pooled: Tensor | None = None  # (1, width): the end of the first chunk, projected
    is_negative: bool = False
