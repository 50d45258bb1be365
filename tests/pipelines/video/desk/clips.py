"""Videos for tests: short ones of a small photo, and waiting for what becomes of them."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image, ImageDraw

from pipelines import PipelineManager, Video
from tests.studio import OWNER, until

SIZE = (96, 64)


def png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def river() -> Image.Image:
    """Stripes between two banks."""
    picture = Image.new("RGB", SIZE, (90, 70, 40))
    draw = ImageDraw.Draw(picture)
    for y in range(16, 48):
        for x in range(0, SIZE[0], 6):
            draw.rectangle((x, y, x + 2, y), fill=(40, 90 + (x * y) % 90, 200))
    return picture


def water() -> Image.Image:
    """The mask of the river."""
    mask = Image.new("L", SIZE, 0)
    ImageDraw.Draw(mask).rectangle((0, 16, SIZE[0], 47), fill=255)
    return mask


def photo(
    manager: PipelineManager, owner: str = OWNER, *, seconds: float = 1.0, fps: float = 12.0
) -> dict[str, Any]:
    """What is sent for a photo whose water flows."""
    picture = manager.assets.add(png(river()), owner).id
    mask = manager.assets.add(png(water()), owner).id
    flow = {"kind": "flow", "arrows": [{"points": [[0.1, 0.5], [0.9, 0.5]]}]}
    plan = {"effects": [flow], "loop_seconds": seconds, "fps": fps}
    return {"mode": "photo", "settings": {"photo": picture, "plan": plan, "masks": [mask]}}


def in_state(manager: PipelineManager, video: Video, is_so: Callable[[Video], bool] | str) -> Video:
    """Waits until the video is in this state, or until this is so of it."""

    def look() -> Video | None:
        now = manager.videos.get(video.id, video.owner)
        is_there = now.state == is_so if isinstance(is_so, str) else is_so(now)
        return now if is_there else None

    found = until(manager, video.owner, look)
    assert isinstance(found, Video)
    return found


def kill_crew(manager: PipelineManager, video: Video) -> None:
    """The process that makes it, at once. Waits until there is one, unless it was too quick and is done."""

    def kill() -> bool:
        if manager.videos.get(video.id, video.owner).state == "done":
            return True
        entry = manager.videos._roster.get(video.id)
        crew = entry.crew if entry is not None else None
        process = crew._process if crew is not None else None
        if process is None or process.pid is None:
            return False
        os.kill(process.pid, signal.SIGKILL)
        return True

    until(manager, video.owner, kill)


def film(manager: PipelineManager, video: Video) -> Path:
    return manager.videos.film(video.id, video.owner)[0]


def frames(path: Path) -> list[np.ndarray[Any, np.dtype[np.uint8]]]:
    """All frames of a movie, (height, width, 3)."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def animation(*, frames: int = 12, prompt: str = "a red circle", **settings: Any) -> dict[str, Any]:
    """What is sent for a short clip that zooms in."""
    asked = {"max_frames": frames, "fps": 12.0, "zoom": "0: (1.02)", "guidance_scale": ""}
    request = {"prompt": prompt, "width": 64, "height": 64, "seed": 5, "sampling": {"steps": 4}}
    return {"mode": "animate", "settings": asked | settings, "request": request}
