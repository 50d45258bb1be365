"""Keys of the tab ControlNet: five units of the same seventeen."""

from __future__ import annotations

from pipelines.video.deforum.settings import Setting, ignored

UNITS = (1, 2, 3, 4, 5)
NO_CONTROLS = "ControlNets of animations are not there yet."
UNIT = {
    "overwrite_frames": True,
    "vid_path": "",
    "mask_vid_path": "",
    "enabled": False,
    "low_vram": False,
    "pixel_perfect": False,
    "module": "none",
    "model": "None",
    "weight": "0: (1)",
    "guidance_start": "0: (0.0)",
    "guidance_end": "0: (1.0)",
    "processor_res": 64,
    "threshold_a": 64,
    "threshold_b": 64,
    "resize_mode": "Inner Fit (Scale to Fit)",
    "control_mode": "Balanced",
    "loopback_mode": False,
}
CONTROLNET: tuple[Setting, ...] = ignored(
    NO_CONTROLS, **{f"cn_{unit}_{name}": value for unit in UNITS for name, value in UNIT.items()}
)
