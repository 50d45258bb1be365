"""The table of modes."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.video.modes import animate, deflicker, photo, recut, restyle
from pipelines.video.modes.mode import Mode

MODES: Mapping[str, Mode] = {
    "animate": animate.MODE,
    "photo": photo.MODE,
    "restyle": restyle.MODE,
    "deflicker": deflicker.MODE,
    "recut": recut.MODE,
}
