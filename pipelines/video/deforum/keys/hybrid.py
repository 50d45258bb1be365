"""Keys of the tab Hybrid, of videos to begin with, of Parseq, and of guided images."""

from __future__ import annotations

from pipelines.video.animation import MOVIE_END, MOVIE_FRAME
from pipelines.video.deforum.forms import whole
from pipelines.video.deforum.keys.run import CHOOSE_AGAIN, NO_MASKS
from pipelines.video.deforum.settings import Setting, applied, ignored
from pipelines.video.schedules.seeds import EVERY

NO_HYBRID = "Animations that follow a video are not there yet."
NO_GUIDES = "Guided images are not there yet."
NO_PARSEQ = "Manifests of Parseq are not read yet; what it overrode is taken from the other keys."
NO_EXTRACTION = "Frames are read from the movie as they are needed; no folder is filled with them."
HALF, ONE = "0: (0.5)", "0: (1)"

HYBRID: tuple[Setting, ...] = (
    *ignored(CHOOSE_AGAIN, video_init_path=""),
    applied("extract_nth_frame", 1, "animation.extract_nth_frame", whole(EVERY)),
    applied("extract_from_frame", 0, "animation.extract_from_frame", whole(MOVIE_FRAME)),
    applied("extract_to_frame", -1, "animation.extract_to_frame", whole(MOVIE_END)),
    *ignored(NO_EXTRACTION, overwrite_extracted_frames=False),
    *ignored(NO_MASKS, use_mask_video=False, video_mask_path=""),
    *ignored(
        NO_HYBRID,
        hybrid_comp_alpha_schedule=HALF,
        hybrid_comp_mask_blend_alpha_schedule=HALF,
        hybrid_comp_mask_contrast_schedule=ONE,
        hybrid_comp_mask_auto_contrast_cutoff_high_schedule="0: (100)",
        hybrid_comp_mask_auto_contrast_cutoff_low_schedule="0: (0)",
        hybrid_flow_factor_schedule=ONE,
        hybrid_generate_inputframes=False,
        hybrid_generate_human_masks="None",
        hybrid_use_first_frame_as_init_image=True,
        hybrid_motion="None",
        hybrid_motion_use_prev_img=False,
        hybrid_flow_consistency=False,
        hybrid_consistency_blur=2,
        hybrid_flow_method="RAFT",
        hybrid_composite="None",
        hybrid_use_init_image=False,
        hybrid_comp_mask_type="None",
        hybrid_comp_mask_inverse=False,
        hybrid_comp_mask_equalize="None",
        hybrid_comp_mask_auto_contrast=False,
        hybrid_comp_save_extra_frames=False,
    ),
    *ignored(
        NO_PARSEQ,
        parseq_manifest="",
        parseq_use_deltas=True,
        parseq_non_schedule_overrides=True,
    ),
)
GUIDED: tuple[Setting, ...] = ignored(
    NO_GUIDES,
    use_looper=False,
    init_images="{}",
    image_strength_schedule="0: (0.75)",
    blendFactorMax="0: (0.35)",
    blendFactorSlope="0: (0.25)",
    tweening_frames_schedule="0: (20)",
    color_correction_factor="0: (0.075)",
)
