"""Folder: what lies on the disk of a video that is being made. All of it is whole, and says how far the video is.

keys/000123.png      frames that the model drew: from them all others are made, so they are kept to the bit
segments/00007.*     64 frames each, encoded for good
carried/00007.npz    what the next segment begins with, where frames depend on the ones before
strip/000120.webp    small pictures to look through
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from safetensors.numpy import load, save

from pipelines.guiding.guides import GUIDES_MAX
from pipelines.output.disk import PART, failures_named, rewrite
from pipelines.video.media.writing import SEGMENT_FRAMES, segments, whole_frames
from pipelines.video.modes.course import Arrays, Levels

KEYS, SEGMENTS, CARRIED, STRIP = "keys", "segments", "carried", "strip"
START, MASK = "start.png", "mask.png"
GUIDES = tuple(f"guide-{number}.png" for number in range(GUIDES_MAX))
STRIP_PX = 160
PNG: dict[str, Any] = {"format": "PNG", "compress_level": 1}
WEBP: dict[str, Any] = {"format": "WEBP", "quality": 80, "method": 2}


@dataclass(frozen=True)
class Folder:
    """Its writers raise DiskFull; then everything is as it was."""

    path: Path

    # ---- drawn frames --------------------------------------------------------------------------------

    def key_path(self, frame: int) -> Path:
        return self.path / KEYS / f"{frame:06}.png"

    def key(self, frame: int) -> Levels | None:
        """A frame as the model drew it; None: it has not."""
        path = self.key_path(frame)
        if not path.exists():
            return None
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"))

    def keep_key(self, frame: int, pixels: Levels) -> None:
        self._write(self.key_path(frame), pixels, PNG)

    @property
    def keys_count(self) -> int:
        return sum(1 for _ in (self.path / KEYS).glob("*.png"))

    def keep_start(self, pixels: Levels) -> Path:
        """The picture that the next drawn frame starts from."""
        path = self.path / START
        self._write(path, pixels, PNG)
        return path

    def keep_mask(self, levels: Levels) -> Path:
        """Where the next drawn frame may change: (height, width), white there."""
        path = self.path / MASK
        self._write(path, levels, PNG)
        return path

    @property
    def guide_paths(self) -> tuple[Path, ...]:
        """Where what ControlNets see of the next drawn frame lies, in their order."""
        return tuple(self.path / name for name in GUIDES)

    # ---- segments ------------------------------------------------------------------------------------

    @property
    def segments(self) -> Path:
        """Where media/writing.py puts them."""
        return self.path / SEGMENTS

    def carried(self, frame: int) -> Arrays:
        """What this frame, the first of a segment, begins with; nothing for the first one of all."""
        path = self._carried_path(frame)
        if not path.exists():
            return {}
        return dict(load(path.read_bytes()))

    def keep_carried(self, frame: int, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Before the segment that ends there becomes whole itself."""
        with failures_named(self.path):
            rewrite(self._carried_path(frame), save(dict(arrays)))

    def forget_from(self, frame: int) -> int:
        """Drops what is of this frame and later; returns how many frames are left."""
        whole = min(whole_frames(self.segments), frame // SEGMENT_FRAMES * SEGMENT_FRAMES)
        for path in segments(self.segments)[whole // SEGMENT_FRAMES :]:
            path.unlink()
        for folder, first in ((KEYS, frame), (STRIP, frame), (CARRIED, whole + 1)):
            for path in (self.path / folder).glob("*.*"):
                if path.suffix != PART and int(path.stem) >= first:
                    path.unlink()
        return whole

    def clear_away(self) -> None:
        """The film is whole: what it was joined from goes. Drawn frames stay, from which it can be made again."""
        for folder in (SEGMENTS, CARRIED):
            shutil.rmtree(self.path / folder, ignore_errors=True)
        for name in (START, MASK, *GUIDES):
            (self.path / name).unlink(missing_ok=True)

    # ---- what is looked at ---------------------------------------------------------------------------

    def strip_path(self, frame: int) -> Path:
        return self.path / STRIP / f"{frame:06}.webp"

    def show(self, frame: int, pixels: Levels) -> None:
        """Puts a small picture of it into the strip."""
        height, width = pixels.shape[:2]
        scale = STRIP_PX / max(height, width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = Image.fromarray(pixels).resize(size, Image.Resampling.BOX)
        self._write(self.strip_path(frame), np.asarray(small), WEBP)

    def shown(self) -> list[int]:
        """The frames in the strip."""
        return sorted(int(path.stem) for path in (self.path / STRIP).glob("*.webp"))

    def _carried_path(self, frame: int) -> Path:
        return self.path / CARRIED / f"{frame:06}.safetensors"

    def _write(self, path: Path, pixels: Levels, form: dict[str, Any]) -> None:
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, **form)
        with failures_named(self.path):
            rewrite(path, stream.getvalue())
