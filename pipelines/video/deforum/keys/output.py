"""Keys of the tab Output, and what a file says of where it comes from."""

from __future__ import annotations

from pipelines.video.animation import FPS
from pipelines.video.deforum.forms import NOT_GIVEN, Form, Taken, choice, number
from pipelines.video.deforum.keys.run import CHOOSE_AGAIN
from pipelines.video.deforum.settings import Setting, applied, ignored

ALWAYS_VIDEO = "A clip is always made."
AS_EXPORT = "A finished clip can be saved in other formats."
OWN_FILES = "Darkroom keeps and removes the frames of a clip itself."
NO_UPSCALING = "Clips are not enlarged yet; make it larger in the form."
FRAMES_BETWEEN = "More frames can be put between those of a finished clip."
CHOOSE_CHECKPOINT = "Choose the checkpoint in the form."
ORIGIN = "It says where the file comes from."
WITH_TIMES = (
    "Only where frames are those of a movie, and these keep its times, so that both go together."
)
SOUND = Form(
    choice(
        {"None": False},
        {"Init Video": Taken(True, WITH_TIMES), "File": Taken(NOT_GIVEN, CHOOSE_AGAIN)},
    ).read,
    {False: "None", True: "Init Video"}.__getitem__,
)

OUTPUT: tuple[Setting, ...] = (
    *ignored(ALWAYS_VIDEO, skip_video_creation=False),
    applied("fps", 15, "animation.fps", number(FPS)),
    *ignored(AS_EXPORT, make_gif=False),
    *ignored(OWN_FILES, delete_imgs=False, delete_input_frames=False),
    applied("add_soundtrack", "None", "animation.keeps_times", SOUND),
    *ignored(CHOOSE_AGAIN, soundtrack_path=""),
    *ignored(
        NO_UPSCALING,
        r_upscale_video=False,
        r_upscale_factor="x2",
        r_upscale_model="realesr-animevideov3",
        r_upscale_keep_imgs=True,
    ),
    *ignored(OWN_FILES, store_frames_in_ram=False),
    *ignored(
        FRAMES_BETWEEN,
        frame_interpolation_engine="None",
        frame_interpolation_x_amount=2,
        frame_interpolation_slow_mo_enabled=False,
        frame_interpolation_slow_mo_amount=2,
        frame_interpolation_keep_imgs=False,
        frame_interpolation_use_upscaled=False,
    ),
    *ignored(CHOOSE_CHECKPOINT, sd_model_name="", sd_model_hash=""),
    *ignored(ORIGIN, deforum_git_commit_id=""),
)
