"""Keys of the tab Keyframes that say how the clip moves."""

from __future__ import annotations

from pipelines.video.animation import FRAMES
from pipelines.video.deforum.forms import CLAIM, SCHEDULE, Taken, choice, whole
from pipelines.video.deforum.settings import Setting, applied, ignored

NO_CAMERA = "The 3D camera is not there yet; it needs a model that tells depth."
IN_2D = "The clip moves in 2D, as zoom, angle and translation in the file say."
ZERO = "0: (0)"

MODE = choice(
    {"2D": "2d", "Interpolation": "morph", "Video Input": "movie"},
    {
        "3D": Taken("2d", f"{NO_CAMERA} {IN_2D}"),
        "None": Taken("2d", "Darkroom makes a clip of it."),
    },
)
BORDER = choice({"replicate": "replicate", "wrap": "wrap"})


def _schedule(name: str, default: str = ZERO) -> Setting:
    return applied(name, default, f"animation.{name}", SCHEDULE)


MOTION: tuple[Setting, ...] = (
    applied("animation_mode", "2D", "animation.mode", MODE),
    applied("max_frames", 120, "animation.max_frames", whole(FRAMES)),
    applied("border", "replicate", "animation.border", BORDER),
    _schedule("angle"),
    _schedule("zoom", "0: (1.0025+0.002*sin(1.25*3.14*t/30))"),
    _schedule("translation_x"),
    _schedule("translation_y"),
    *ignored(NO_CAMERA, translation_z="0: (1.75)"),
    _schedule("transform_center_x", "0: (0.5)"),
    _schedule("transform_center_y", "0: (0.5)"),
    *ignored(NO_CAMERA, rotation_3d_x=ZERO, rotation_3d_y=ZERO, rotation_3d_z=ZERO),
    applied("enable_perspective_flip", False, "animation.flips_perspective", CLAIM),
    _schedule("perspective_flip_theta"),
    _schedule("perspective_flip_phi"),
    _schedule("perspective_flip_gamma"),
    _schedule("perspective_flip_fv", "0: (53)"),
)
