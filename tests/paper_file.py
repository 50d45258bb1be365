"""A single-file checkpoint of paper: the names that real ones have, a few of each network, and zeros of toy size."""

from __future__ import annotations

from pathlib import Path

from tests.paper_checkpoint import safetensors

Shapes = dict[str, tuple[int, ...]]

UNET: Shapes = {
    "input_blocks.0.0.weight": (4, 4, 3, 3),
    "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (4, 6),
    "time_embed.0.weight": (8, 4),
    "middle_block.0.in_layers.0.weight": (4,),
    "output_blocks.0.0.in_layers.0.weight": (8,),
    "out.2.weight": (4, 4, 3, 3),
}
VAE: Shapes = {
    "encoder.conv_in.weight": (4, 3, 3, 3),
    "encoder.conv_out.weight": (8, 4, 3, 3),
    "quant_conv.weight": (8, 8, 1, 1),
    "post_quant_conv.weight": (4, 4, 1, 1),
    "decoder.conv_in.weight": (4, 4, 3, 3),
    "decoder.conv_out.weight": (3, 4, 3, 3),
}
CLIP: Shapes = {
    "embeddings.token_embedding.weight": (9, 6),
    "embeddings.position_embedding.weight": (7, 6),
    "encoder.layers.0.self_attn.q_proj.weight": (6, 6),
    "final_layer_norm.weight": (6,),
}
OPEN_CLIP: Shapes = {
    "token_embedding.weight": (9, 6),
    "positional_embedding": (7, 6),
    "transformer.resblocks.0.attn.in_proj_weight": (18, 6),
    "ln_final.weight": (6,),
    "text_projection": (6, 6),
}


def below(prefix: str, shapes: Shapes) -> Shapes:
    return {prefix + name: shape for name, shape in shapes.items()}


BODY = below("model.diffusion_model.", UNET) | below("first_stage_model.", VAE)
LABELS: Shapes = {"model.diffusion_model.label_emb.0.0.weight": (4, 4)}
SD15 = BODY | below("cond_stage_model.transformer.text_model.", CLIP)
SD2 = BODY | below("cond_stage_model.model.", OPEN_CLIP)
SDXL = (
    BODY
    | LABELS
    | below("conditioner.embedders.0.transformer.text_model.", CLIP)
    | below("conditioner.embedders.1.model.", OPEN_CLIP)
)
REFINER = BODY | LABELS | below("conditioner.embedders.0.model.", OPEN_CLIP)


def write(path: Path, shapes: Shapes = SD15, metadata: dict[str, str] | None = None) -> Path:
    """Writes it and returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(safetensors(shapes, metadata))
    return path
