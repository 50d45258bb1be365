"""Intake: what is proposed for each picture that was sent to be taught: crop, size, caption, and what is wrong with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import RequestError
from pipelines.finetune.looking import Look
from pipelines.finetune.plan import Plan
from pipelines.output.assets import Asset

Crop = tuple[int, int, int, int]  # x, y, width, height in px of the picture
CountTokens = Callable[[str], int]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A picture that was sent, and what its owner has decided about it. Empty and None: it is proposed."""

    image: str  # the id of its upload
    path: Path
    caption: str = ""
    crop: Crop | None = None
    is_held_out: bool = False
    said: str = ""  # a caption that came along: a text beside it, or the prompt inside it


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """`size`: width, height in px that it is trained at. `duplicate_of`: the place of an earlier one like it.

    `is_left_out`: the same pixels are there already with the same crop and caption, and are taught once.
    """

    image: str
    width: int
    height: int
    crop: Crop
    size: tuple[int, int]
    caption: str
    warnings: tuple[str, ...] = ()
    duplicate_of: int | None = None
    is_held_out: bool = False
    is_left_out: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the API."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, kw_only=True)
class Proposals:
    """For each picture one, in their order; `problems` stop a training, `warnings` do not."""

    items: tuple[Proposal, ...] = ()
    problems: tuple[RequestError, ...] = ()
    warnings: tuple[str, ...] = ()


def sent(asset: Asset, given: dict[str, Any] | None = None) -> Sent:
    """An upload and the JSON object that names it: {"image", "caption"?, "crop"?, "is_held_out"?}.

    Raises RequestError, whose field is that of the object.
    """
    raise NotImplementedError


def examine(
    pictures: Sequence[Sent], plan: Plan, look: Look, count_tokens: CountTokens | None = None
) -> Proposals:
    """Never raises for what is wrong with pictures: that stands in `problems`, e.g. with field "examples.3.crop".

    `plan.resolution` counts, 512 where it is open. `look` is called once a picture. `count_tokens`: of a caption, by
    the checkpoint's tokenizer; None: captions are not measured.
    """
    raise NotImplementedError
