"""Files that are no checkpoint to draw with: each kind is known by its tensors and called by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.catalog import single_file
from pipelines.catalog.checkpoint import Checkpoint, Other
from pipelines.errors import ModelUnreadable
from tests import paper_file
from tests.paper_file import BODY, LABELS, OPEN_CLIP, SD2, SD15, SDXL, Shapes, below


def without(shapes: Shapes, *prefixes: str) -> Shapes:
    return {name: shape for name, shape in shapes.items() if not name.startswith(prefixes)}


def of_width(width: int, shapes: Shapes = BODY) -> Shapes:
    layer = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
    return shapes | {layer: (4, width)}


def of_channels(channels: int) -> Shapes:
    return SD15 | {"model.diffusion_model.input_blocks.0.0.weight": (4, channels, 3, 3)}


TO_K = "down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
FLUX = {"double_blocks.0.img_attn.qkv.weight": (6, 2)}
DIFFUSERS_UNET: Shapes = {
    "conv_in.weight": (4, 4, 3, 3),
    "time_embedding.linear_1.weight": (8, 4),
    "down_blocks.0.resnets.0.conv1.weight": (4, 4, 3, 3),
}
LONE_TEXT = {"text_model.embeddings.token_embedding.weight": (9, 6)}
LORAS: list[tuple[str, Shapes, str, str]] = [
    ("kohya lora", {f"lora_unet_{TO_K}.lora_down.weight": (4, 768)}, "lora", "sd15"),
    ("sd2 lora", {f"lora_unet_{TO_K}.lora_down.weight": (4, 1024)}, "lora", "sd2"),
    ("xl lora", {f"lora_unet_{TO_K}.lora_down.weight": (4, 2048)}, "lora", "sdxl"),
    ("up comes first", {f"lora_unet_{TO_K}.lora_up.weight": (8, 768), f"lora_unet_{TO_K}.lora_down.weight": (4, 2048)},
     "lora", "sdxl"),
    ("peft lora", {"unet.down_blocks.1.attn2.to_k.lora_A.weight": (4, 768)}, "lora", "sd15"),
    ("flux lora", {"transformer.double_blocks.0.img_attn.lora_A.weight": (4, 8)}, "lora", ""),
    ("old lora", {"unet.mid_block.attn1.processor.to_q_lora.down.weight": (4, 8)}, "lora", ""),
]  # fmt: skip
# What lies about in folders of models: tensors → (kind, family, words of its sentence).
FOREIGN: list[tuple[str, Shapes, str, str, str]] = [
    ("loha", {"lora_unet_mid_block_attn1_to_q.hada_w1_a": (4, 8)}, "lora", "", "is a LoRA"),
    ("lokr", {"lycoris_unet_mid_block_attn1_to_q.lokr_w1": (4, 8)}, "lora", "", "is a LoRA"),
    ("control lora", {"lora_controlnet": (), "input_hint_block.0.weight": (4, 3, 3, 3)}, "controlnet", "", "Contr"),
    ("t2i adapter", {"adapter.body.0.block1.weight": (4, 4, 3, 3)}, "controlnet", "", "is a T2I-Adapter"),
    ("lllite", {"lllite_unet_input_blocks_1_1_attn1_to_q.conditioning1.0.weight": (4, 3, 4, 4)}, "controlnet", "",
     "is a ControlNet-LLLite"),
    ("union", {"task_embedding": (6, 4), "controlnet_cond_embedding.conv_in.weight": (4, 3, 3, 3)}, "controlnet", "",
     "is a ControlNet for several kinds of maps (union)"),
    ("flux controlnet", {"controlnet_x_embedder.weight": (4, 4)}, "controlnet", "", "for another family"),
    ("xs", {"up_connections.0.weight": (4, 4), "controlnet_cond_embedding.conv_in.weight": (4, 3, 3, 3)}, "controlnet",
     "", "is a ControlNet-XS"),
    ("refiner's controlnet", {"controlnet_cond_embedding.conv_in.weight": (4, 3, 3, 3),
     "down_blocks.1.attn2.to_k.weight": (4, 1280)}, "controlnet", "sdxl_refiner", "of the family sdxl_refiner"),
    ("inpaint controlnet", {"input_hint_block.0.weight": (4, 4, 3, 3)}, "controlnet", "", "looks at no RGB picture"),
    ("face id", {"image_proj.proj.0.weight": (8, 4), "ip_adapter.1.to_k_ip.weight": (4, 4)}, "ip_adapter", "",
     "looks at faces alone"),
    ("half an ip adapter", {"image_proj.proj.weight": (8, 4)}, "ip_adapter", "", "is an IP-Adapter of another kind"),
    ("motion", {"down_blocks.0.motion_modules.0.temporal_transformer.norm.weight": (4,)}, "other", "",
     "is a motion module"),
    ("clip", LONE_TEXT, "other", "", "is a text encoder alone"),
    ("open clip", below("model.", OPEN_CLIP), "other", "", "is a text encoder alone"),
    ("t5", {"encoder.block.0.layer.0.SelfAttention.q.weight": (4, 4)}, "other", "", "is a T5 text encoder"),
    ("siglip", {"vision_model.embeddings.position_embedding.weight": (4,)}, "image_encoder", "", "is an image encoder"),
    ("open clip vision", {"visual.class_embedding": (4,)}, "image_encoder", "", "of another layout"),
    ("anything", {"layers.0.weight": (4, 4)}, "other", "", "holds no model that is known"),
    ("nothing", {}, "other", "", "holds no model that is known"),
    ("flux", FLUX, "checkpoint", "flux", "family FLUX"),
    ("flux in full", below("model.diffusion_model.", FLUX) | LONE_TEXT, "checkpoint", "flux", "not supported yet"),
    ("sd3", {"model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight": (6, 2)}, "checkpoint", "sd3",
     "Stable Diffusion 3"),
    ("aura", {"double_layers.0.attn.w1q.weight": (4, 4)}, "checkpoint", "aura_flow", "AuraFlow"),
    ("hunyuan video", below("model.diffusion_model.", FLUX | {"txt_in.individual_token_refiner.blocks.0.norm1.weight":
     (4,)}), "checkpoint", "hunyuan_video", "HunyuanVideo"),
    ("cascade", {"clf.1.weight": (4, 4, 1, 1)}, "checkpoint", "cascade", "Stable Cascade"),
    ("pixart", {"t_block.1.weight": (4, 4)}, "checkpoint", "pixart", "PixArt"),
    ("svd", BODY | {"model.diffusion_model.input_blocks.1.1.time_stack.0.attn1.to_q.weight": (4, 4)}, "checkpoint",
     "svd", "Stable Video Diffusion"),
    ("no words, refiner", without(paper_file.REFINER, "conditioner.embedders.0.model.ln"), "checkpoint",
     "sdxl_refiner", "ln_final.weight is missing"),
    ("pix2pix", of_channels(8), "checkpoint", "sd15", "is an InstructPix2Pix checkpoint (8 input channels)"),
    ("odd channels", of_channels(6), "checkpoint", "sd15", "of an unknown kind (6 input channels)"),
    ("depth", SD2 | {"depth_model.model.weight": (4,)}, "checkpoint", "sd2", "is a depth-to-image checkpoint"),
    ("unclip", SD2 | {"embedder.model.visual.proj": (4,)}, "checkpoint", "sd2", "is an unCLIP checkpoint"),
    ("playground", SDXL | {"edm_mean": (4,)}, "checkpoint", "sdxl", "was trained with EDM noise"),
    ("nf4", SD15 | {"model.diffusion_model.out.2.weight.quant_state.bitsandbytes__nf4": (4,)}, "checkpoint", "sd15",
     "is quantised"),
    ("ema only", {"model_ema.diffusion_modeltime_embed0weight": (4, 4)}, "checkpoint", "", "holds only EMA weights"),
    ("bare unet", below("", paper_file.UNET), "checkpoint", "", "is a UNet alone"),
    ("hf unet", DIFFUSERS_UNET, "checkpoint", "", "is the UNet of a diffusers folder"),
    ("hf in one file", below("unet.", DIFFUSERS_UNET) | below("vae.", paper_file.VAE), "checkpoint", "",
     "has the names of diffusers"),
    ("no vae", without(SD15, "first_stage"), "checkpoint", "sd15", "has no VAE"),
    ("no text", of_width(768), "checkpoint", "sd15", "has no text encoder"),
    ("no text, 2", of_width(1024), "checkpoint", "sd2", "has no text encoder"),
    ("no text, xl", of_width(2048, BODY | LABELS), "checkpoint", "sdxl", "has no first text encoder"),
    ("no text, toy", BODY, "checkpoint", "", "no text encoder"),
    ("one of two", without(SDXL, "conditioner.embedders.1"), "checkpoint", "sdxl", "has no second text encoder"),
    ("other of two", without(SDXL, "conditioner.embedders.0"), "checkpoint", "sdxl", "has no first text encoder"),
    ("no labels", without(SDXL, "model.diffusion_model.label_emb"), "checkpoint", "sdxl", "0.0.weight is missing"),
    ("no last layer", without(SD15, "model.diffusion_model.out."), "checkpoint", "sd15", "out.2.weight is missing"),
    ("no decoder", without(SD15, "first_stage_model.decoder"), "checkpoint", "sd15", "conv_in.weight is missing"),
    ("no words", without(SD2, "cond_stage_model.model.token"), "checkpoint", "sd2", "embedding.weight is missing"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("shapes", "kind", "family"), [row[1:] for row in LORAS], ids=[row[0] for row in LORAS]
)
def test_loras_are_known_by_their_tensors(
    tmp_path: Path, shapes: Shapes, kind: str, family: str
) -> None:
    path = paper_file.write(tmp_path / "found it.safetensors", shapes)

    found = single_file.read(path, tmp_path)

    assert found == Other(name="found it", path=path, kind=kind, family=family)


UPSCALERS = [
    ("esrgan", {"model.0.weight": (4, 3, 3, 3), "model.1.sub.0.RDB1.conv1.0.weight": (4, 4, 3, 3)}),
    ("real esrgan", {"conv_first.weight": (4, 3, 3, 3), "body.0.rdb1.conv1.weight": (4, 4, 3, 3)}),
    ("compact", {f"body.{n}.weight": (4, 4, 3, 3) if n % 2 == 0 else (4,) for n in range(5)}),
]


@pytest.mark.parametrize(("name", "shapes"), UPSCALERS, ids=[row[0] for row in UPSCALERS])
def test_upscalers_are_known_by_their_tensors(tmp_path: Path, name: str, shapes: Shapes) -> None:
    path = paper_file.write(tmp_path / f"{name}.safetensors", shapes)

    assert single_file.read(path, tmp_path) == Other(name=name, path=path, kind="upscaler")


@pytest.mark.parametrize(
    ("shapes", "kind", "family", "words"),
    [row[1:] for row in FOREIGN],
    ids=[row[0] for row in FOREIGN],
)
def test_what_cannot_be_used_is_called_by_its_name(
    tmp_path: Path, shapes: Shapes, kind: str, family: str, words: str
) -> None:
    path = paper_file.write(tmp_path / "found it.safetensors", shapes)

    found = single_file.read(path, tmp_path)

    assert (found.kind if isinstance(found, Other) else "checkpoint") == kind
    assert found.family == family
    assert found.problem.startswith("found it.safetensors ")
    assert words in found.problem
    assert found.problem.endswith(".")
    if isinstance(found, Checkpoint):
        with pytest.raises(ModelUnreadable, match=r"found it\.safetensors"):
            found.ref()
