"""Names of LoRA tensors as kohya's scripts write them, which every program reads.

`convert_state_dict_to_kohya` of diffusers cannot be used: it names the text encoder of SD 1.x as one of two
(`lora_te1`), those of transformers 5 without their `text_model`, SDXL's blocks as diffusers does, and says that every
alpha is the rank.
"""

from __future__ import annotations

from pipelines.worker.weights.adapters import original_name
from pipelines.worker.weights.families import Family

SDXL = "sdxl"  # whose UNet kohya has in the original layout; all others as diffusers has them


def layer_key(family: Family, network: str, name: str, layers_per_block: int) -> str:
    """The key of a layer without its end. `network`: "unet" or the folder of a text encoder; `name`: in diffusers."""
    if network == "unet":
        is_original = family.name == SDXL
        flat = original_name(name, layers_per_block) if is_original else name
        return f"lora_unet_{flat.replace('.', '_')}"
    number = ""
    if len(family.text_encoders) > 1:
        number = str([row.folder for row in family.text_encoders].index(network) + 1)
    flat = name.removeprefix("text_model.").replace(".", "_")
    return f"lora_te{number}_text_model_{flat}"
