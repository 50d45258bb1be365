"""Output: how a video is written in the end."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from pipelines.errors import RequestError
from pipelines.fields import typed
from pipelines.video.media.encoders import ENCODERS, QUALITIES, Encoder, choose
from pipelines.video.media.loops import FRAMES_MAX, KINDS

FORMATS = (*(row.name for row in ENCODERS), *KINDS)


@dataclass(frozen=True, kw_only=True)
class Output:
    """`format`: a row of ENCODERS; where this machine lacks it, the first one that it has is taken. Or one of KINDS:

    short clips without sound, which are made of a film of the best quality in the end.
    """

    format: str = "h264"
    quality: str = "good"

    @property
    def is_loop(self) -> bool:
        """Whether it is one of KINDS."""
        return self.format in KINDS

    def encoder(self, among: Collection[Encoder]) -> tuple[Encoder, str]:
        """With what frames are written at first, and how well. Raises RequestError where there is nothing."""
        if self.is_loop:
            return choose(ENCODERS[0].name, among), QUALITIES[-1]
        return choose(self.format, among), self.quality

    def check(self, frames: int) -> None:
        """Raises RequestError for more frames than the format is for."""
        if self.is_loop and frames > FRAMES_MAX:
            why = f"is for clips of at most {FRAMES_MAX:,} frames, and this one has {frames:,}"
            raise RequestError("output.format", self.format, why, "Choose MP4 or WebM.")

    @classmethod
    def from_dict(cls, values: Any) -> Output:
        """Raises RequestError that names e.g. "output.format"."""
        if not isinstance(values, dict):
            raise RequestError("output", values, "is no object of fields", "Send a JSON object.")
        output = cls(**typed(cls, values, "output."))
        for name, known in (("format", FORMATS), ("quality", QUALITIES)):
            value = getattr(output, name)
            if value not in known:
                remedy = f"Choose from: {', '.join(known)}."
                raise RequestError(f"output.{name}", value, "is not known", remedy)
        return output

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)
