"""One frame: what its values mean for the request, for the camera, and for the picture that it is drawn over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipelines.video.animation import Animation
from pipelines.video.frame_values import FrameValues
from pipelines.video.grading.noise import Noise
from pipelines.video.grading.prepare import Grading
from pipelines.video.grading.sharpen import Sharpening
from pipelines.video.motion.camera import Move, Tilt

WIDEST_KERNEL_PX = 99


def changes_of(at: FrameValues) -> dict[str, Any]:
    """What of the request is another one in this frame: see Request.changed."""
    said = {
        "seed": at.seed,
        "sampling.steps": at.steps,
        "sampling.guidance_scale": at.guidance_scale,
        "clip_skip": at.clip_skip,
        "noise.variation_seed": at.variation_seed,
        "noise.variation_strength": at.variation_strength,
        "source.noise_multiplier": at.noise_multiplier,
        "sampling.sampler": at.sampler.name if at.sampler else None,
        "sampling.schedule": at.sampler.schedule if at.sampler else None,
    }
    changes: dict[str, Any] = {name: one for name, one in said.items() if one is not None}
    if at.prompt is None:
        return changes
    first, second, share = at.prompt
    changes |= {"prompt": first.positive, "negative_prompt": first.negative}
    if share:
        morph = {"prompt": second.positive, "negative_prompt": second.negative, "share": share}
        changes["morph"] = morph
    return changes


def move_of(animation: Animation, at: FrameValues) -> Move:
    """What the camera does on its way to this frame."""
    tilt = Tilt(
        theta_degrees=at.perspective_flip_theta,
        phi_degrees=at.perspective_flip_phi,
        gamma_degrees=at.perspective_flip_gamma,
        field_of_view_degrees=at.perspective_flip_fv,
    )
    return Move(
        zoom=at.zoom,
        angle_degrees=at.angle,
        translation_x_px=at.translation_x,
        translation_y_px=at.translation_y,
        centre_x=at.transform_center_x,
        centre_y=at.transform_center_y,
        tilt=tilt if animation.flips_perspective else Tilt(),
    )


def grading_of(animation: Animation, at: FrameValues) -> Grading:
    """What is done to a frame before it is drawn over."""
    noise = Noise(amount=at.noise, kind="uniform")
    if animation.noise_type == "perlin":
        noise = replace(
            noise,
            kind="perlin",
            cells_x=max(1, round(animation.perlin_width)),
            cells_y=max(1, round(animation.perlin_height)),
            octaves=animation.perlin_octaves,
            persistence=animation.perlin_persistence,
        )
    kernel_px = min(max(1, at.unsharp_kernel | 1), WIDEST_KERNEL_PX)
    has_kernel = at.unsharp_kernel > 0
    sharpening = Sharpening(
        kernel_px=kernel_px,
        sigma_px=at.unsharp_sigma,
        amount=at.unsharp_amount if has_kernel else 0.0,
        threshold=at.unsharp_threshold,
    )
    return Grading(contrast=at.contrast, sharpening=sharpening, noise=noise)
