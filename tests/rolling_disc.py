"""A movie whose meaning is known: a red disc rolls over paper; and whether a blue one does so in its place."""

from __future__ import annotations

import io
import math
from fractions import Fraction
from typing import Any

import av
import numpy as np
from PIL import Image, ImageDraw

SIDE_PX, RADIUS_PX, FRAMES, FPS = 128, 27, 24, 12
NEAR_PX = 8.0


def place(number: int) -> tuple[int, int]:
    """Where the disc is: x, y in px."""
    return 38 + 2 * number, 64 + int(16 * math.sin(number / 5))


def rolling_disc(frames: int = FRAMES) -> bytes:
    """An MP4 (H.264)."""
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as output:
        video = output.add_stream("libx264", rate=Fraction(FPS))
        video.width = video.height = SIDE_PX
        video.pix_fmt, video.options = "yuv420p", {"crf": "12"}
        for number in range(frames):
            picture = Image.new("RGB", (SIDE_PX, SIDE_PX), (235, 235, 235))
            x, y = place(number)
            box = (x - RADIUS_PX, y - RADIUS_PX, x + RADIUS_PX, y + RADIUS_PX)
            ImageDraw.Draw(picture).ellipse(box, fill=(205, 40, 40))
            frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    return stream.getvalue()


def is_on_track(picture: np.ndarray[Any, np.dtype[np.uint8]], number: int) -> bool:
    """Whether something blue is where the red disc was, and of about its size."""
    pixels = picture.astype(int)
    is_blue = pixels[..., 2] - pixels[..., 0] > 60
    if not 0.4 < is_blue.sum() / (math.pi * RADIUS_PX**2) < 2:
        return False
    y, x = np.nonzero(is_blue)
    return math.dist((x.mean(), y.mean()), place(number)) < NEAR_PX
