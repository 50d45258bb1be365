"""What the GPU process is started with: the settings that are its own, and the checkpoint that it warms up with."""

from __future__ import annotations

from pipelines.errors import StudioError
from pipelines.manager.finder import Finder
from pipelines.settings import Settings
from pipelines.worker.messages import Launch


def launch_of(settings: Settings, finder: Finder, *, is_warm: bool) -> Launch:
    """`is_warm`: with the checkpoint that is taken when nobody chooses, if there is one."""
    try:
        warm_up = finder.checkpoint(None) if is_warm else None
    except StudioError:
        warm_up = None
    return Launch(
        device=settings.device,
        dtype=settings.dtype,
        attention=settings.attention,
        exact=settings.exact,
        offline=settings.offline,
        vram_bytes=settings.vram_bytes,
        ram_bytes=settings.ram_bytes,
        tier=settings.tier,
        max_active_pictures=settings.max_active_pictures,
        warm_up=warm_up,
    )
