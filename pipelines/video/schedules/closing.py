"""Closing: how much of the first frame there is in each of the last ones, so that a clip leads into its beginning.

The share rises with the square of the way, since frames are made of those before: what one of them takes from the
first frame, the next one has already. So the change goes evenly, and ends near the first frame itself.
"""

from __future__ import annotations

import numpy as np

from pipelines.video.schedules.functions import Floats

LONGEST = 60  # frames
PART = 1 / 3  # of a shorter clip


def closing(frame_count: int) -> Floats:
    """Shares 0…1, float64 (frame_count,); 1 would be reached at the frame behind the last one."""
    length = min(LONGEST, frame_count * PART)
    ways = 1 - (frame_count - np.arange(frame_count)) / length
    return np.asarray(np.clip(ways, 0, 1) ** 2, np.float64)
