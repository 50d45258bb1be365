"""Networks that see a picture as if it were laid beside itself, so that edges which meet have no seam.

Where edges meet, every convolution that would see zeros beyond an edge sees what lies at the opposite one; all else in
these networks looks at each place alike. It is done to the calls of torch and not to the layers, so the networks that
pictures share stay as they are, and what LoRAs add is convolved in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode


class Meeting(NamedTuple):
    """`across`: left and right meet; `down`: top and bottom do."""

    across: bool = False
    down: bool = False


# The rows of SEAMLESS in pipelines/request.py, and none of them.
MEETINGS: Mapping[str | None, Meeting] = {
    None: Meeting(),
    "both": Meeting(True, True),
    "x": Meeting(across=True),
    "y": Meeting(down=True),
}


@contextmanager
def edges_meeting(seamless: str | None) -> Iterator[None]:
    """Forwards of networks in here see pictures so. It belongs to the thread: no call at the gate may lie in it."""
    if seamless is None:
        yield
        return
    with _Around(MEETINGS[seamless]):
        yield


def laid_around(x: Tensor, seamless: str | None, margin: int) -> Tensor:
    """(…, h, w) with what lies beyond its edges, `margin` wide, where they meet; at most a whole picture of it."""
    meeting = MEETINGS[seamless]
    if meeting.across:
        x = torch.cat([x[..., x.shape[-1] - margin :], x, x[..., :margin]], dim=-1)
    if meeting.down:
        height = x.shape[-2]
        x = torch.cat([x[..., height - margin :, :], x, x[..., :margin, :]], dim=-2)
    return x


def without_margin(x: Tensor, seamless: str | None, margin: int) -> Tensor:
    """Takes off what `laid_around` has put on."""
    meeting = MEETINGS[seamless]
    if meeting.across:
        x = x[..., margin : x.shape[-1] - margin]
    return x[..., margin : x.shape[-2] - margin, :] if meeting.down else x


class _Around(TorchFunctionMode):
    def __init__(self, meeting: Meeting) -> None:
        super().__init__()
        self._meeting = meeting

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func is torch.conv2d:
            return self._convolved(*args, **(kwargs or {}))
        if func is functional.pad:
            return self._padded(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))

    def _convolved(
        self,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Any = 1,
        padding: Any = 0,
        *more: Any,
        **others: Any,
    ) -> Tensor:
        if isinstance(padding, str):
            raise NotImplementedError(f"a convolution with padding {padding!r}")
        down, across = padding if isinstance(padding, tuple | list) else (padding, padding)
        x = self._padded(x, (across, across, down, down))
        return torch.conv2d(x, weight, bias, stride, 0, *more, **others)

    def _padded(
        self, x: Tensor, pad: Any, mode: str = "constant", value: float | None = None
    ) -> Tensor:
        """Zeros beside a picture, as some layers put them there before they convolve."""
        if mode != "constant" or value or x.ndim != 4 or len(pad) not in (2, 4):
            return functional.pad(x, pad, mode, value)
        left, right, top, bottom = (*pad, 0, 0)[:4]
        if self._meeting.across and (left or right):
            x, left, right = functional.pad(x, (left, right, 0, 0), "circular"), 0, 0
        if self._meeting.down and (top or bottom):
            x, top, bottom = functional.pad(x, (0, 0, top, bottom), "circular"), 0, 0
        return (
            functional.pad(x, (left, right, top, bottom)) if left or right or top or bottom else x
        )
