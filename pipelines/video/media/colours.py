"""Colours: YUV to RGB by what the movie says of itself, and RGB to BT.709, so that both ways agree.

The default conversion of FFmpeg is off by 3 of 255; with exact rounding and full chroma it is off by 2 at most, which
is what eight bits allow.
"""

from __future__ import annotations

from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

BT709, BT601, BT2020 = 1, 6, 9  # matrices, by their numbers in ISO/IEC 23091-2
LIMITED, FULL = 1, 2
UNSAID = 2
MATRICES = {1: BT709, 4: 4, 5: BT601, 6: BT601, 7: 7, 9: BT2020, 10: BT2020}
HD_WIDTH_PX, HD_HEIGHT_PX = 1280, 720
# Bilinear, exact rounding, full chroma, and the same bits whatever the processor.
EXACT = 2 | 0x2000 | 0x40000 | 0x80000


def to_rgb(frame: VideoFrame, size: tuple[int, int], converter: VideoReformatter) -> VideoFrame:
    """The frame as rgb24 of this (width, height). Where nothing is said of its colours its size tells: SD or HD."""
    matrix = colour_range = None
    if not frame.format.is_rgb:
        is_hd = frame.width >= HD_WIDTH_PX or frame.height >= HD_HEIGHT_PX
        matrix = MATRICES.get(frame.colorspace, BT709 if is_hd else BT601)
        is_full = frame.color_range == FULL or frame.format.name.startswith("yuvj")
        colour_range = FULL if is_full else LIMITED
    return converter.reformat(
        frame,
        *size,
        "rgb24",
        src_colorspace=matrix,
        src_color_range=colour_range,
        dst_color_range=FULL,
        interpolation=EXACT,
    )


def to_bt709(frame: VideoFrame, pixel_format: str, converter: VideoReformatter) -> VideoFrame:
    """An rgb24 frame as YUV of limited range."""
    return converter.reformat(
        frame,
        format=pixel_format,
        interpolation=EXACT,
        src_color_range=FULL,
        dst_colorspace=BT709,
        dst_color_range=LIMITED,
    )
