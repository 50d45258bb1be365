"""LoRA files: low-rank additions to layers (Hu et al. 2021, arXiv:2106.09685), read and matched with the networks.

The names are those of kohya's scripts, with underscores for points, or those of diffusers and peft. What fits no layer
is counted, never guessed: the user is told "n of m".
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from pipelines.worker.messages import LoraRef
from pipelines.worker.weights.adapters import Addition
from pipelines.worker.weights.whole_file import read_whole

REPAIR = "Copy or download the LoRA again."
# End of a tensor's name → which part of an addition it is.
ENDS = {
    ".lora_down.weight": "down",
    ".lora_up.weight": "up",
    ".lora_A.weight": "down",
    ".lora_B.weight": "up",
    ".lora.down.weight": "down",
    ".lora.up.weight": "up",
    ".lora_linear_layer.down.weight": "down",
    ".lora_linear_layer.up.weight": "up",
    "_lora.down.weight": "down",
    "_lora.up.weight": "up",
    ".alpha": "alpha",
}
# Beginning of a layer's name → the network that it belongs to.
NETWORKS = {
    "lora_unet_": "denoiser",
    "lora_te1_text_model_": "text_encoder",
    "lora_te2_text_model_": "text_encoder_2",
    "lora_te_text_model_": "text_encoder",
    "unet.": "denoiser",
    "text_encoder_2.text_model.": "text_encoder_2",
    "text_encoder.text_model.": "text_encoder",
    "base_model.model.": "denoiser",
}


@dataclass(frozen=True, eq=False)
class Lora:
    """A file's additions by (network, flat name of the layer), not yet scaled; `total`: how many layers it names."""

    additions: dict[tuple[str, str], Addition]
    total: int


def read(ref: LoraRef) -> Lora:
    """Reads and checks a file. Raises ModelUnreadable, which names the file and the cause."""
    tensors = read_whole(Path(ref.path), REPAIR)
    layers: dict[tuple[str, str], dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        layer, part = parts_of(name)
        layers.setdefault(layer, {})[part] = tensor
    additions = {
        layer: addition for layer, parts in layers.items() if (addition := _addition(parts))
    }
    return Lora(additions, len(layers))


def parts_of(name: str) -> tuple[tuple[str, str], str]:
    """((network, flat name of the layer), down, up or alpha); what is unknown is a layer of its own."""
    end = next((end for end in ENDS if name.endswith(end)), "")
    layer = name.removesuffix(end)
    if end.startswith("_lora"):  # diffusers' first layout: …attn1.processor.to_out_lora.down.weight
        layer = layer.replace(".processor", "")
        layer += ".0" if layer.endswith("to_out") else ""
    begin = next((begin for begin in NETWORKS if layer.startswith(begin)), "")
    flat = layer.removeprefix(begin).replace(".", "_")
    return (NETWORKS.get(begin, "?"), flat), ENDS.get(end, end or name)


def _addition(parts: dict[str, Tensor]) -> Addition | None:
    """None when a part is missing or of no use, or there are parts of another method (DoRA, LoHa, LoKr)."""
    if not {"down", "up"} <= parts.keys() <= {"down", "up", "alpha"}:
        return None
    down, up, alpha = parts["down"], parts["up"], parts.get("alpha")
    if (
        down.ndim < 2
        or up.ndim < 2
        or down.shape[0] != up.shape[1]
        or not down.numel() * up.numel()
    ):
        return None
    if alpha is None:
        return Addition(down, up, 1.0)
    return Addition(down, up, float(alpha) / len(down)) if alpha.numel() == 1 else None
