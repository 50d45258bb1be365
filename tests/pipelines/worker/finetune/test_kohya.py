"""The keys of the files are those that kohya's `networks.lora` writes, all of them and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.worker.messages import CheckpointRef
from tests.pipelines.worker.finetune.classroom import BenchOf, train, trainer_of

# In a block of a `Transformer2DModel`: two attentions and a feed forward; as kohya takes all its linear layers.
BLOCK = [
    *("attn1_to_q", "attn1_to_k", "attn1_to_v", "attn1_to_out_0"),
    *("attn2_to_q", "attn2_to_k", "attn2_to_v", "attn2_to_out_0"),
    *("ff_net_0_proj", "ff_net_2"),
]
CLIP = [
    *("self_attn_q_proj", "self_attn_k_proj", "self_attn_v_proj", "self_attn_out_proj"),
    *("mlp_fc1", "mlp_fc2"),
]


def transformer(place: str, depth: int) -> list[str]:
    """Its layers, with what stands before and behind its blocks."""
    inner = [f"{place}_transformer_blocks_{n}_{layer}" for n in range(depth) for layer in BLOCK]
    return [f"{place}_proj_in", *inner, f"{place}_proj_out"]


def clip(prefix: str, layers: int) -> list[str]:
    return [f"{prefix}_text_model_encoder_layers_{n}_{one}" for n in range(layers) for one in CLIP]


# The toy of SD 1.x: blocks (with, without attention), one layer in each on the way down and two on the way up.
SD15_UNET = [
    *transformer("lora_unet_down_blocks_0_attentions_0", 1),
    *transformer("lora_unet_mid_block_attentions_0", 1),
    *transformer("lora_unet_up_blocks_1_attentions_0", 1),
    *transformer("lora_unet_up_blocks_1_attentions_1", 1),
]
# That of SDXL: (without, with attention), two transformer blocks where there is one. kohya counts SDXL's blocks through
# as the original code does: input_blocks 0 is the first convolution, 1 the layer of block 0, 2 its downsampler,
# 3 the layer of block 1; output_blocks 0 and 1 are the layers of the first block on the way up.
SDXL_UNET = [
    *transformer("lora_unet_input_blocks_3_1", 2),
    *transformer("lora_unet_middle_block_1", 2),
    *transformer("lora_unet_output_blocks_0_1", 2),
    *transformer("lora_unet_output_blocks_1_1", 2),
]
EXPECTED = {
    "sd15": (SD15_UNET, clip("lora_te", 1)),
    "sd2": (SD15_UNET, clip("lora_te", 1)),
    "sdxl": (SDXL_UNET, clip("lora_te1", 2) + clip("lora_te2", 2)),
}


@pytest.mark.parametrize("trains_text", [False, True])
def test_the_keys_are_exactly_kohyas(
    each_toy: CheckpointRef, tmp_path: Path, trains_text: bool, bench_of: BenchOf
) -> None:
    bench = bench_of(each_toy)
    trainer = trainer_of(bench, train(tmp_path, each_toy, alpha=1.0, trains_text=trains_text))
    tensors = trainer._subject.method.exported()

    unet, text = EXPECTED[each_toy.family]
    layers = unet + text if trains_text else unet
    ends = ("lora_down.weight", "lora_up.weight", "alpha")
    assert sorted(tensors) == sorted(f"{layer}.{end}" for layer in layers for end in ends)


# Of kohya's `conv_dim`: all layers of what diffusers calls ResnetBlock2D. A block with other numbers of channels before
# and after has a `conv_shortcut`.
RESNET = ("conv1", "time_emb_proj", "conv2")
SD15_CONVOLUTIONS = [
    *(f"down_blocks_{n}_resnets_0_{one}" for n in (0, 1) for one in RESNET),
    "down_blocks_1_resnets_0_conv_shortcut",
    *(f"mid_block_resnets_{n}_{one}" for n in (0, 1) for one in RESNET),
    *(
        f"up_blocks_{up}_resnets_{n}_{one}"
        for up in (0, 1)
        for n in (0, 1)
        for one in (*RESNET, "conv_shortcut")
    ),
]
# In the original layout the layers of a ResnetBlock2D are called so.
ORIGINAL = {
    "conv1": "in_layers_2",
    "time_emb_proj": "emb_layers_1",
    "conv2": "out_layers_3",
    "conv_shortcut": "skip_connection",
}
SDXL_CONVOLUTIONS = [
    *(f"input_blocks_{n}_0_{ORIGINAL[one]}" for n in (1, 3) for one in RESNET),
    "input_blocks_3_0_skip_connection",
    *(f"middle_block_{n}_{ORIGINAL[one]}" for n in (0, 2) for one in RESNET),
    *(
        f"output_blocks_{n}_0_{ORIGINAL[one]}"
        for n in range(4)
        for one in (*RESNET, "conv_shortcut")
    ),
]
CONVOLUTIONS = {
    "sd15": SD15_CONVOLUTIONS,
    "sd2": SD15_CONVOLUTIONS,
    "sdxl": SDXL_CONVOLUTIONS,
}


def test_the_keys_of_convolutions_are_kohyas_as_well(
    each_toy: CheckpointRef, tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(each_toy)
    asked = train(tmp_path, each_toy, trains_text=False, trains_convolutions=True)
    tensors = trainer_of(bench, asked)._subject.method.exported()

    more = [f"lora_unet_{one}" for one in CONVOLUTIONS[each_toy.family]]
    layers = {key.split(".")[0] for key in tensors}
    assert sorted(layers) == sorted([*EXPECTED[each_toy.family][0], *more])


def test_alphas_are_those_of_the_plan_and_shapes_those_of_the_layers(
    toys: dict[str, CheckpointRef], tmp_path: Path, bench_of: BenchOf
) -> None:
    bench = bench_of(toys["sd15"])
    trainer = trainer_of(bench, train(tmp_path, toys["sd15"], alpha=0.5, rank=3))
    tensors = trainer._subject.method.exported()

    attention = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
    assert tensors[f"{attention}.lora_down.weight"].shape == (3, 8)
    assert tensors[f"{attention}.lora_up.weight"].shape == (8, 3)
    assert tensors["lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight"].ndim == 4
    assert {float(one) for key, one in tensors.items() if key.endswith("alpha")} == {0.5}
