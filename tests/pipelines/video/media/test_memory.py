"""Memory: a movie is never in it, neither in ours nor in that of the child."""

from __future__ import annotations

from pathlib import Path

import av
import psutil

from pipelines.video.media.encoders import Form, available, choose
from pipelines.video.media.reading import open_source
from pipelines.video.media.writing import SegmentWriter
from tests.pipelines.video.media.clips import numbered

SIZE = (320, 180)
FRAMES, WARM_FRAMES, WRITTEN = 2_000, 100, 7  # one in seven is written
GROWTH_BYTES_MAX = 60_000_000


def make_still(path: Path) -> Path:
    """Many frames, made quickly."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mpeg4", rate=30)
        stream.width, stream.height = SIZE
        frame = av.VideoFrame.from_ndarray(numbered(0, SIZE)).reformat(format="yuv420p")
        for number in range(FRAMES):
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def resident_bytes() -> int:
    """Of this process and its children together."""
    me = psutil.Process()
    return sum(process.memory_info().rss for process in (me, *me.children()))


def test_two_thousand_frames_take_no_more_memory_than_a_hundred(tmp_path: Path) -> None:
    path = make_still(tmp_path / "film.mp4")
    seen = []
    with open_source(path) as source:
        clip = source.clip
        encoder = choose("h264", available())
        form = Form(encoder, *SIZE, clip.time_base, clip.average_rate)
        with SegmentWriter(tmp_path / "segments", form) as writer:
            for number, frame in enumerate(source.frames()):
                if number % WRITTEN == 0:
                    writer.write(frame.pixels, frame.pts, frame.duration)
                if number >= WARM_FRAMES and number % 50 == 0:
                    seen.append(resident_bytes())

    assert number + 1 == FRAMES
    assert max(seen) - seen[0] <= GROWTH_BYTES_MAX
    assert max(seen[len(seen) // 2 :]) - max(seen[: len(seen) // 2]) <= GROWTH_BYTES_MAX / 6
