"""The 253 keys of Deforum's settings file, in its order, by the tab that they stand on.

Addresses and texts that Deforum has as examples are left out of the defaults.
"""

from __future__ import annotations

from pipelines.video.deforum.keys.controlnet import CONTROLNET
from pipelines.video.deforum.keys.hybrid import GUIDED, HYBRID
from pipelines.video.deforum.keys.motion import MOTION
from pipelines.video.deforum.keys.output import OUTPUT
from pipelines.video.deforum.keys.run import RUN
from pipelines.video.deforum.keys.schedules import SCHEDULED

SETTINGS = (*RUN, *MOTION, *SCHEDULED, *HYBRID, *GUIDED, *CONTROLNET, *OUTPUT)

__all__ = ["SETTINGS"]
