"""By which tensors a weights file is known: one row a kind of file. The first row whose marks are all there wins.

A mark is a regular expression for the beginning of a tensor's name. Those of other families are the ones by which
ComfyUI tells them, too (`comfy/model_detection.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

CHECKPOINT, OTHER = "checkpoint", "other"
WHOLE = "choose the whole checkpoint that it belongs to"


@dataclass(frozen=True)
class Signature:
    """`words` say what the file is and why it cannot be used, after its name; empty: it may be usable."""

    kind: str
    marks: tuple[str, ...]
    family: str = ""
    words: str = ""


def _lora(*marks: str, words: str = "") -> Signature:
    return Signature("lora", marks, words=words)


def _guide(kind: str, name: str, *marks: str) -> Signature:
    return Signature(kind, marks, words=f"is {name}, which guides a checkpoint; not supported yet")


def _upscaler(*marks: str) -> Signature:
    return Signature("upscaler", marks)


def _foreign(family: str, name: str, mark: str) -> Signature:
    """A denoiser of another family, in its checkpoint or alone."""
    words = f"is a model of the family {name}, which is not supported yet"
    return Signature(
        CHECKPOINT, (f"(model\\.|diffusion_model\\.|transformer\\.)*{mark}",), family, words
    )


def _stable_diffusion(family: str, text_encoder: str) -> Signature:
    return Signature(CHECKPOINT, (UNET, text_encoder), family)


UNET = r"model\.diffusion_model\."
IP_LAYERS = r"ip_adapter\.1\.to_k_ip\."
VAE = r"(first_stage_model\.|vae\.)?decoder\.(conv_in|mid_block|mid)\."

SIGNATURES = (
    _lora(r".*\.lora_(up|down|mid|A|B)\b"),
    _lora(r".*[._]lora\.(up|down)\."),
    _lora(r".*\.lora_linear_layer\b"),
    _lora(
        r".*\.(hada_w1_a|lokr_w[12]|oft_blocks|dora_scale)\b",
        words="is a LoRA of a kind that is not supported yet (LoHa, LoKr, OFT or DoRA)",
    ),
    _lora(r"(lora|lycoris)_(unet|te\d?|transformer)_"),
    Signature(
        OTHER,
        (r"(.*\.)?motion_modules\.",),
        words="is a motion module of AnimateDiff, which moves a checkpoint; not supported yet",
    ),
    _guide("controlnet", "a ControlLoRA", r"lora_controlnet$"),
    _guide("controlnet", "a ControlNet-LLLite", r"lllite_"),
    _guide("controlnet", "a T2I-Adapter", r"(adapter\.)?body\.0\.(block1|resnets)\."),
    _guide(
        "controlnet",
        "a ControlNet for several kinds of maps (union)",
        r"(control_model\.)?(task_embedding$|control_add_embedding\.)",
    ),
    _guide("controlnet", "a ControlNet-XS", r"(control_to_base_for_conv_in|up_connections)\."),
    _guide(
        "controlnet",
        "a ControlNet for another family, such as FLUX or SD 3",
        r"controlnet_(x_embedder|blocks|single_blocks)\.",
    ),
    Signature("controlnet", (r"(control_model\.)?input_hint_block\.",)),
    Signature("controlnet", (r"controlnet_cond_embedding\.",)),
    Signature("ip_adapter", (r"image_proj\.proj\.3\.", IP_LAYERS)),
    _guide(
        "ip_adapter",
        "an IP-Adapter that looks at faces alone (FaceID)",
        r"image_proj\.(proj\.0|perceiver_resampler)\.",
    ),
    Signature("ip_adapter", (r"image_proj\.(proj\.weight|latents)$", IP_LAYERS)),
    _guide(
        "ip_adapter",
        "an IP-Adapter of another kind",
        r"(ip_adapter|image_proj|image_proj_model)\.",
    ),
    _upscaler(r"model\.1\.sub\.\d+\.RDB1\."),  # ESRGAN
    _upscaler(r"conv_first\.weight$"),  # later ESRGANs, SwinIR and their kin
    _upscaler(r"body\.0\.weight$", r"body\.1\.weight$", r"body\.2\.weight$"),  # compact ESRGANs
    # ---- denoisers of other families
    _foreign("hunyuan_video", "HunyuanVideo", r"txt_in\.individual_token_refiner\."),
    _foreign("chroma", "Chroma", r"distilled_guidance_layer\."),
    _foreign("flux", "FLUX", r"double_blocks\.\d+\.img_"),
    _foreign("flux", "FLUX", r"single_transformer_blocks\.\d+\.proj_mlp\."),
    _foreign("sd3", "Stable Diffusion 3", r"joint_blocks\.\d+\."),
    _foreign("aura_flow", "AuraFlow", r"double_layers\.\d+\.attn\.w1q\."),
    _foreign("hunyuan_dit", "Hunyuan-DiT", r"mlp_t5\.0\."),
    _foreign("cascade", "Stable Cascade", r"clf\.1\."),
    _foreign("mochi", "Mochi", r"t5_yproj\."),
    _foreign("ltx", "LTX-Video", r"adaln_single\.emb\.timestep_embedder\."),
    _foreign("pixart", "PixArt", r"t_block\.1\."),
    _foreign("wan", "Wan", r"head\.modulation$"),
    _foreign("lumina", "Lumina", r"cap_embedder\.1\."),
    _foreign("svd", "Stable Video Diffusion", r"input_blocks\.\d+\.\d+\.time_stack\."),
    # ---- Stable Diffusion in the original layout: the text encoders tell the family
    _stable_diffusion("sdxl", r"conditioner\.embedders\.0\.transformer\."),
    _stable_diffusion("sdxl_refiner", r"conditioner\.embedders\.0\.model\."),
    _stable_diffusion("sdxl", r"conditioner\.embedders\.1\.model\."),
    _stable_diffusion("sd2", r"cond_stage_model\.model\."),
    _stable_diffusion("sd15", r"cond_stage_model\.transformer\."),
    Signature(CHECKPOINT, (UNET,)),
    # ---- what is left of one
    Signature(
        CHECKPOINT,
        (r"model_ema\.diffusion_model",),
        words=f"holds only EMA weights, which are copies for training; {WHOLE}",
    ),
    Signature(
        CHECKPOINT,
        (r"(diffusion_model\.)?input_blocks\.0\.0\.weight$",),
        words=f"is a UNet alone, without VAE and text encoder; {WHOLE}",
    ),
    Signature(
        CHECKPOINT,
        (r"unet\.conv_in\.weight$", r"unet\.(down|up)_blocks\."),
        words="has the names of diffusers, which belong into a folder; convert it to the original layout",
    ),
    Signature(
        CHECKPOINT,
        (r"conv_in\.weight$", r"(down|up)_blocks\.", r"time_embedding\."),
        words="is the UNet of a diffusers folder, without VAE and text encoder; copy the whole folder",
    ),
    Signature("vae", (VAE,)),
    # ---- tiny autoencoders (https://github.com/madebyollin/taesd), as diffusers names them and as they were published
    Signature("vae", (r"(vae\.)?decoder\.layers\.0\.weight$",)),
    Signature(
        "vae", (r"((taesd_)?decoder\.)?1\.weight$", r"((taesd_)?decoder\.)?3\.conv\.0\.weight$")
    ),
    Signature(
        "vae",
        (
            r"(taesd_encoder\.|encoder\.)?0\.weight$",
            r"(taesd_encoder\.|encoder\.)?1\.conv\.0\.weight$",
        ),
        words="is the encoder of a tiny autoencoder; what decodes pictures is its decoder, a file of its own",
    ),
    Signature(
        OTHER,
        (r"vision_model\.", r"text_decoder\."),
        words="describes pictures: in models/captioner/ it does so for those that are to be taught",
    ),
    Signature(
        "image_encoder", (r"vision_model\.embeddings\.class_embedding$", r"visual_projection\.")
    ),
    Signature(
        "image_encoder",
        (r"(vision_model|visual)\.",),
        words="is an image encoder of another layout than that of transformers' CLIP; not supported yet",
    ),
    Signature(
        OTHER,
        (r"(.*\.)?(embeddings\.token_embedding\.weight$|transformer\.resblocks\.)",),
        words=f"is a text encoder alone; {WHOLE}",
    ),
    Signature(
        OTHER,
        (r"(.*\.)?encoder\.block\.0\.layer\.0\.SelfAttention\.",),
        words="is a T5 text encoder, which belongs to models of other families; not supported yet",
    ),
)
EMBEDDING = Signature(
    "embedding",
    (r"(emb_params|clip_l|clip_g|text_encoders_[01]|string_to_param.*|<.*>)$",),
)
EMBEDDING_TENSORS_MAX = 4
UNKNOWN = Signature(OTHER, (), words="holds no model that is known here")

# What makes a checkpoint another thing than its family says.
VARIANTS = (
    (
        r"edm_(mean|std|vpred)",
        "was trained with EDM noise (as Playground 2.5), which is not supported yet",
    ),
    (r"depth_model\.", "is a depth-to-image checkpoint, which is not supported yet"),
    (r"(embedder|noise_augmentor)\.", "is an unCLIP checkpoint, which is not supported yet"),
    (
        r".*\.(quant_state|absmax)\b",
        "is quantised, which is not supported yet; choose its fp16 file",
    ),
)
# Input channels of the UNet → what a checkpoint is that cannot be run.
CHANNELS = {
    5: "is a depth-to-image checkpoint",
    7: "is an upscaling checkpoint",
    8: "is an InstructPix2Pix checkpoint",
}
CHANNELS_RUN = {4: "", 9: "inpainting"}  # → the variant
# Width of what the cross-attention reads → family, where no text encoder tells it.
WIDTHS = {768: "sd15", 1024: "sd2", 2048: "sdxl", 1280: "sdxl_refiner"}


def find_signature(names: Iterable[str]) -> Signature:
    """The row that fits the names of a file's tensors; UNKNOWN when none does."""
    text = "\n".join(names)
    if text.count("\n") < EMBEDDING_TENSORS_MAX and _is_in(EMBEDDING.marks[0], text):
        return EMBEDDING
    fits = (row for row in SIGNATURES if all(_is_in(mark, text) for mark in row.marks))
    return next(fits, UNKNOWN)


def find_variant(names: Iterable[str]) -> str:
    """What makes a checkpoint another thing than its family, as the end of a sentence; else empty."""
    text = "\n".join(names)
    return next((words for mark, words in VARIANTS if _is_in(mark, text)), "")


def _is_in(mark: str, text: str) -> bool:
    return re.search(f"^{mark}", text, re.M) is not None
