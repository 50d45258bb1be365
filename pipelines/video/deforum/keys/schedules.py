"""Keys of the tab Keyframes that say how each frame is diffused: strength, noise, colours, cadence, depth."""

from __future__ import annotations

from pipelines.video.animation import CADENCE, NOISES, OCTAVES, PERSISTENCE
from pipelines.video.deforum.forms import NAMES, SCHEDULE, Taken, choice, number, whole
from pipelines.video.deforum.keys.motion import NO_CAMERA
from pipelines.video.deforum.keys.run import CHOOSE_AGAIN, NO_MASKS
from pipelines.video.deforum.settings import Setting, applied, ignored

NO_INSTRUCTIONS = "Darkroom has no models that edit by instruction."
ONE_CHECKPOINT = "A clip keeps one checkpoint."
OWN_RESUME = "Darkroom goes on with a clip by itself, from the frame at which it stopped."
ONE_ETA = "Eta is one number for the whole clip; set it in the form."
NO_FLOW = "Frames between two diffused ones are moved by the schedules alone."
UNRECORDED = "It diffuses frames again with seeds that are not in the file."
ONE_MATCH = "Darkroom has one order of matching colours and adding noise."
FROM_FIRST = Taken("lab", "Colours are held to the first frame; choose the picture again.")
SEEDS = '0: (s), 1: (-1), "max_f-2": (-1), "max_f-1": (s)'

COHERENCE = choice(
    {"None": "none", "HSV": "hsv", "LAB": "lab", "RGB": "rgb"},
    {"Image": FROM_FIRST, "Video Input": FROM_FIRST},
)


def _switched(switch: str, key: str, default: str, field: str) -> Setting:
    return applied(key, default, f"animation.{field}", SCHEDULE, switch)


def _switch(key: str, is_on: bool = False) -> Setting:
    """Whether the schedules that name it are there; they see to it themselves."""
    return Setting(key=key, default=is_on, fate="applied")


SCHEDULED: tuple[Setting, ...] = (
    applied("noise_schedule", "0: (0.065)", "animation.noise", SCHEDULE),
    applied("strength_schedule", "0: (0.65)", "animation.strength", SCHEDULE),
    applied("contrast_schedule", "0: (1.0)", "animation.contrast", SCHEDULE),
    applied("cfg_scale_schedule", "0: (7)", "animation.guidance_scale", SCHEDULE),
    _switch("enable_steps_scheduling"),
    _switched("enable_steps_scheduling", "steps_schedule", "0: (25)", "steps"),
    *ignored(
        NO_CAMERA,
        fov_schedule="0: (70)",
        aspect_ratio_schedule="0: (1)",
        aspect_ratio_use_old_formula=False,
        near_schedule="0: (200)",
        far_schedule="0: (10000)",
    ),
    applied("seed_schedule", SEEDS, "animation.seed_schedule", SCHEDULE),
    *ignored(NO_INSTRUCTIONS, pix2pix_img_cfg_scale_schedule="0: (1.5)"),
    _switch("enable_subseed_scheduling"),
    _switched("enable_subseed_scheduling", "subseed_schedule", "0: (1)", "variation_seed"),
    _switched(
        "enable_subseed_scheduling", "subseed_strength_schedule", "0: (0)", "variation_strength"
    ),
    _switch("enable_sampler_scheduling"),
    applied(
        "sampler_schedule",
        '0: ("Euler a")',
        "animation.sampler",
        NAMES,
        "enable_sampler_scheduling",
    ),
    *ignored(
        NO_MASKS,
        use_noise_mask=False,
        mask_schedule='0: ("{video_mask}")',
        noise_mask_schedule='0: ("{video_mask}")',
    ),
    *ignored(
        ONE_CHECKPOINT,
        enable_checkpoint_scheduling=False,
        checkpoint_schedule='0: ("model1.ckpt"), 100: ("model2.safetensors")',
    ),
    _switch("enable_clipskip_scheduling"),
    _switched("enable_clipskip_scheduling", "clipskip_schedule", "0: (2)", "clip_skip"),
    _switch("enable_noise_multiplier_scheduling", True),
    _switched(
        "enable_noise_multiplier_scheduling",
        "noise_multiplier_schedule",
        "0: (1.05)",
        "noise_multiplier",
    ),
    *ignored(OWN_RESUME, resume_from_timestring=False, resume_timestring=""),
    *ignored(
        ONE_ETA,
        enable_ddim_eta_scheduling=False,
        ddim_eta_schedule="0: (0)",
        enable_ancestral_eta_scheduling=False,
        ancestral_eta_schedule="0: (1)",
    ),
    applied("amount_schedule", "0: (0.1)", "animation.unsharp_amount", SCHEDULE),
    applied("kernel_schedule", "0: (5)", "animation.unsharp_kernel", SCHEDULE),
    applied("sigma_schedule", "0: (1)", "animation.unsharp_sigma", SCHEDULE),
    applied("threshold_schedule", "0: (0)", "animation.unsharp_threshold", SCHEDULE),
    applied("color_coherence", "LAB", "animation.colour_coherence", COHERENCE),
    *ignored(CHOOSE_AGAIN, color_coherence_image_path=""),
    *ignored("Colours are held to one picture.", color_coherence_video_every_N_frames=1),
    *ignored("Darkroom has no such setting.", color_force_grayscale=False),
    *ignored(ONE_MATCH, legacy_colormatch=False),
    applied("diffusion_cadence", 2, "animation.diffusion_cadence", whole(CADENCE)),
    *ignored(NO_FLOW, optical_flow_cadence="None", cadence_flow_factor_schedule="0: (1)"),
    *ignored(
        UNRECORDED,
        optical_flow_redo_generation="None",
        redo_flow_factor_schedule="0: (1)",
        diffusion_redo="0",
    ),
    applied("noise_type", "perlin", "animation.noise_type", choice({n: n for n in NOISES})),
    applied("perlin_octaves", 4, "animation.perlin_octaves", whole(OCTAVES)),
    applied("perlin_persistence", 0.5, "animation.perlin_persistence", number(PERSISTENCE)),
    *ignored(
        NO_CAMERA,
        use_depth_warping=True,
        depth_algorithm="Midas-3-Hybrid",
        midas_weight=0.2,
        padding_mode="border",
        sampling_mode="bicubic",
        save_depth_maps=False,
    ),
)
