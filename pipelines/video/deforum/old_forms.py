"""Old forms: keys and values of settings files from 2022 and 2023 as Deforum writes them today.

Deforum itself reads them in the same way. Numbers where schedules stand today are seen to where values are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

# The old key → today's; None: it is not there any more.
RENAMED: Mapping[str, str | None] = MappingProxyType(
    {
        "flip_2d_perspective": "enable_perspective_flip",
        "skip_video_for_run_all": "skip_video_creation",
        "animation_prompts": "prompts",
        "animation_prompts_positive": "positive_prompts",
        "animation_prompts_negative": "negative_prompts",
        "use_zoe_depth": "depth_algorithm",
        "histogram_matching": None,
    }
)
FLOWS = {False: "None", True: "DIS Fine"}
# Key → the old value → today's.
REWORDED: Mapping[str, Mapping[Any, Any]] = MappingProxyType(
    {
        "color_coherence": {f"Match Frame 0 {space}": space for space in ("HSV", "LAB", "RGB")},
        "hybrid_composite": {False: "None", True: "Normal"},
        "optical_flow_cadence": FLOWS,
        "optical_flow_redo_generation": FLOWS,
        "add_soundtrack": {False: "None", True: "File"},
        "depth_algorithm": {
            **{False: "Midas", True: "Zoe"},
            **{"False": "Midas", "True": "Zoe"},
        },
        # Settings files of the first notebooks had the samplers of k-diffusion by short names.
        "sampler": {
            "klms": "LMS",
            "dpm2": "DPM2",
            "dpm2_ancestral": "DPM2 a",
            "heun": "Heun",
            "euler": "Euler",
            "euler_ancestral": "Euler a",
        },
    }
)


def renewed(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """(the settings by today's keys, the old key of each that had one). A key of today counts more than an old one."""
    found: dict[str, Any] = {}
    was: dict[str, str] = {}
    for key, value in given.items():
        today = RENAMED.get(key, key)
        if today is None or (today != key and today in given):
            continue
        if today != key:
            was[today] = key
        found[today] = _reworded(today, value)
    return found, was


def dropped(given: Mapping[str, Any]) -> tuple[str, ...]:
    """The old keys in a file that say nothing any more, or that a key of today overrules."""
    return tuple(
        key for key in given if key in RENAMED and (RENAMED[key] is None or RENAMED[key] in given)
    )


def _reworded(key: str, value: Any) -> Any:
    is_plain = isinstance(value, bool | str)
    return REWORDED.get(key, {}).get(value, value) if is_plain else value
