"""Morph: a picture between two prompts. What both mean is blended: a series of shares leads from one to the other."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.fields import within

SHARE = (0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Morph:
    """The other prompt, and how much of what is meant is its: 0 the request's own alone, 1 the other alone."""

    prompt: str = ""
    negative_prompt: str = ""
    share: float = 0.5


def check_morph(morph: Morph) -> None:
    """Raises RequestError that names "morph.share"."""
    within("morph.share", morph.share, SHARE, "of the way")
