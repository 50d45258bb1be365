"""Output: how a video is written in the end."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from pipelines.errors import RequestError
from pipelines.fields import typed
from pipelines.video.media.encoders import ENCODERS, QUALITIES


@dataclass(frozen=True, kw_only=True)
class Output:
    """`format`: a row of ENCODERS; where this machine lacks it, the first one that it has is taken."""

    format: str = "h264"
    quality: str = "good"

    @classmethod
    def from_dict(cls, values: Any) -> Output:
        """Raises RequestError that names e.g. "output.format"."""
        if not isinstance(values, dict):
            raise RequestError("output", values, "is no object of fields", "Send a JSON object.")
        output = cls(**typed(cls, values, "output."))
        for name, known in (("format", [row.name for row in ENCODERS]), ("quality", QUALITIES)):
            value = getattr(output, name)
            if value not in known:
                remedy = f"Choose from: {', '.join(known)}."
                raise RequestError(f"output.{name}", value, "is not known", remedy)
        return output

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)
