"""Keys of the tabs Run, Init and Prompts: size, seed, sampler, what the clip begins with, its words."""

from __future__ import annotations

from pipelines.asking.noise import ANY_SEED
from pipelines.video.animation import STRENGTH
from pipelines.video.deforum.forms import (
    FROM_SIDE,
    PROMPTS,
    SAMPLER,
    SEAMLESS,
    SIDE,
    STEP_COUNT,
    TEXT,
    choice,
    number,
    whole,
)
from pipelines.video.deforum.settings import Setting, applied, ignored
from pipelines.video.schedules.seeds import BEHAVIOURS, EVERY

CHOOSE_AGAIN = "A file of the computer on which it was made; choose it again."
NO_MASKS = "Masks of animations are not there yet."
NO_BLANKS = "Darkroom does not look for blank frames."

RUN: tuple[Setting, ...] = (
    applied("W", 512, "request.width", SIDE),
    applied("H", 512, "request.height", SIDE),
    *ignored("It says nothing of how frames look.", show_info_on_ui=True),
    applied("tiling", False, "request.seamless", SEAMLESS),
    *ignored("Darkroom does not restore faces.", restore_faces=False),
    applied("seed_resize_from_w", 0, "request.noise.from_width", FROM_SIDE),
    applied("seed_resize_from_h", 0, "request.noise.from_height", FROM_SIDE),
    applied("seed", -1, "request.seed", whole(ANY_SEED)),
    applied("sampler", "Euler a", "request.sampling.sampler", SAMPLER),
    applied("steps", 25, "request.sampling.steps", STEP_COUNT),
    *ignored("Darkroom names its folders itself.", batch_name="Deforum_{timestring}"),
    applied(
        "seed_behavior",
        "iter",
        "animation.seed_behaviour",
        choice({name: name for name in BEHAVIOURS}),
    ),
    applied("seed_iter_N", 1, "animation.seed_every", whole(EVERY)),
    *ignored(CHOOSE_AGAIN, use_init=False),
    applied("strength", 0.8, "animation.init_strength", number(STRENGTH)),
    *ignored("Without a picture the first frame is always made anew.", strength_0_no_init=True),
    *ignored(CHOOSE_AGAIN, init_image=None),
    *ignored(
        NO_MASKS,
        use_mask=False,
        use_alpha_as_mask=False,
        mask_file="",
        invert_mask=False,
        mask_contrast_adjust=1.0,
        mask_brightness_adjust=1.0,
        overlay_mask=True,
        mask_overlay_blur=4,
        fill=1,
        full_res_mask=True,
        full_res_mask_padding=4,
    ),
    *ignored(NO_BLANKS, reroll_blank_frames="ignore", reroll_patience=10.0),
    *ignored("Darkroom shows the motion without making a clip.", motion_preview_mode=False),
    applied("prompts", {"0": ""}, "animation.prompts", PROMPTS),
    applied("positive_prompts", "", "animation.common_prompt", TEXT),
    applied("negative_prompts", "", "animation.common_negative_prompt", TEXT),
)
