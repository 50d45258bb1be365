"""Colours: what the movie says of them is heeded, and what is written comes back."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from pipelines.video.media.colours import to_rgb
from pipelines.video.media.encoders import Form, available, choose
from pipelines.video.media.joining import join
from pipelines.video.media.writing import SegmentWriter, segments

PATCH_PX = 32
PRIMARIES = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255)]
GREYS = [(grey, grey, grey) for grey in (0, 16, 128, 235, 255)]
SKINS = [(224, 172, 105), (141, 85, 36), (90, 120, 200), (33, 66, 99), (200, 180, 190)]


def chart(width: int, height: int) -> NDArray[np.uint8]:
    """Patches of plain colours, (height, width, 3)."""
    colours = np.array(PRIMARIES + GREYS + SKINS, np.uint8)
    rows, columns = np.indices((height, width)) // PATCH_PX
    return colours[(rows * 5 + columns) % len(colours)]


def patches(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The middle of each patch: at their borders 4:2:0 mixes colours."""
    height, width = (side // PATCH_PX for side in pixels.shape[:2])
    cells = pixels[: height * PATCH_PX, : width * PATCH_PX].astype(int)
    cells = cells.reshape(height, PATCH_PX, width, PATCH_PX, 3)
    return cells[:, 12:20, :, 12:20]


def read(path: Path) -> list[NDArray[np.uint8]]:
    """All frames as a child turns them into RGB."""
    with av.open(str(path)) as movie:
        frames = list(movie.decode(video=0))
    size = (frames[0].width, frames[0].height)
    return [to_rgb(frame, size, VideoReformatter()).to_ndarray() for frame in frames]


@pytest.mark.parametrize("name", ["h264", "vp9", "av1"])
def test_a_chart_comes_back(tmp_path: Path, name: str) -> None:
    encoder = choose(name, available())
    pixels = chart(256, 128)
    form = Form(encoder, 256, 128, Fraction(1, 25), Fraction(25), "best")
    with SegmentWriter(tmp_path, form) as writer:
        writer.write(pixels, 0, 1)
        writer.write(pixels, 1, 1)
    target = tmp_path / f"chart{encoder.suffix}"
    join(segments(tmp_path), target, encoder)

    for frame in read(target):
        errors = np.abs(patches(frame) - patches(pixels))
        assert errors.max() <= 2
        assert errors.mean() < 0.9
        assert abs((patches(frame) - patches(pixels)).mean()) < 0.3, "FFmpeg by default darkens"


BT709, BT601, UNSAID = 1, 6, 2
LIMITED, FULL = 1, 2


@pytest.mark.parametrize(
    ("said", "meant", "colour_range", "size"),
    [
        (BT709, BT709, LIMITED, (256, 128)),
        (BT601, BT601, LIMITED, (256, 128)),
        (BT709, BT709, FULL, (256, 128)),
        (BT601, BT601, FULL, (1280, 720)),
        (UNSAID, BT601, LIMITED, (256, 128)),
        (UNSAID, BT709, LIMITED, (1280, 720)),
    ],
)
def test_matrix_and_range_of_the_movie_are_heeded(
    tmp_path: Path, said: int, meant: int, colour_range: int, size: tuple[int, int]
) -> None:
    pixels = chart(*size)
    path = tmp_path / "chart.mkv"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("ffv1", rate=25)
        (stream.width, stream.height), stream.pix_fmt = size, "yuv444p"
        stream.colorspace, stream.color_range = said, colour_range
        frame = VideoFrame.from_ndarray(pixels).reformat(
            format="yuv444p",
            dst_colorspace=meant,
            src_color_range=FULL,
            dst_color_range=colour_range,
        )
        frame.colorspace = said
        output.mux([*stream.encode(frame), *stream.encode(None)])

    assert np.abs(read(path)[0].astype(int) - pixels).max() <= 3, (
        "one of them of the writer's own rounding"
    )
