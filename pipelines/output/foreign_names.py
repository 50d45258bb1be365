"""What other programs call samplers, schedules, checkpoints and LoRAs, in the names of AUTOMATIC1111 and ours."""

from __future__ import annotations

import contextlib
import re
from pathlib import PureWindowsPath

SAMPLERS = {
    "euler": "Euler",
    "euler_ancestral": "Euler a",
    "euler_a": "Euler a",
    "heun": "Heun",
    "heunpp2": "HeunPP2",
    "dpm_fast": "DPM fast",
    "dpm_adaptive": "DPM adaptive",
    "dpm_2": "DPM2",
    "dpm_2_ancestral": "DPM2 a",
    "kdpm_2": "DPM2",
    "kdpm_2_a": "DPM2 a",
    "lms": "LMS",
    "dpmpp_2s": "DPM++ 2S a",
    "dpmpp_2s_ancestral": "DPM++ 2S a",
    "dpmpp_sde": "DPM++ SDE",
    "dpmpp_sde_gpu": "DPM++ SDE",
    "dpmpp_2m": "DPM++ 2M",
    "dpmpp_2m_sde": "DPM++ 2M SDE",
    "dpmpp_2m_sde_gpu": "DPM++ 2M SDE",
    "dpmpp_3m_sde": "DPM++ 3M SDE",
    "dpmpp_3m_sde_gpu": "DPM++ 3M SDE",
    "ddim": "DDIM",
    "ddpm": "DDPM",
    "unipc": "UniPC",
    "uni_pc": "UniPC",
    "uni_pc_bh2": "UniPC",
    "lcm": "LCM",
    "pndm": "PLMS",
    "plms": "PLMS",
    "restart": "Restart",
    "deis": "DEIS",
    "ipndm": "IPNDM",
    "ipndm_v": "IPNDM_V",
}
SCHEDULES = {
    "normal": "Uniform",
    "karras": "Karras",
    "exponential": "Exponential",
    "sgm_uniform": "SGM Uniform",
    "simple": "Simple",
    "beta": "Beta",
    "ddim_uniform": "DDIM",
    "kl_optimal": "KL Optimal",
}
NAME_CHARACTERS = 200
TEXT_CHARACTERS = 20_000
NUMBER_MAX = 2**64
WEIGHTS = (".safetensors", ".sft", ".ckpt", ".pt", ".pth", ".bin", ".gguf")
INVOKE_KARRAS = "_k"  # the end of InvokeAI's schedulers with Karras' noise levels


def sampler_name(name: str) -> str:
    """A name that is not in the table stays as it is."""
    return SAMPLERS.get(name, name)


def schedule_name(name: str) -> str:
    """Likewise."""
    return SCHEDULES.get(name, name)


def checkpoint_name(path: str) -> str:
    """What a checkpoint is called here: its file, without the folders and the ending."""
    file = PureWindowsPath(path)  # knows both slashes
    return file.stem if file.suffix.lower() in WEIGHTS else file.name


def clip_skip(layer: str) -> str:
    """ComfyUI counts the text encoder's layers from the end below zero: −2 is clip skip 2."""
    return layer.removeprefix("-")


def lora_tag(path: object, unet_scale: object = 1.0, text_scale: object = None) -> str:
    """`<lora:name:0.8>` as it would stand in a prompt; the scale of the text encoder first where they differ."""
    scales = [
        f"{one:g}" if isinstance(one, (int, float)) else "1"
        for one in (unet_scale if text_scale is None else text_scale, unet_scale)
    ]
    name = re.sub("[<>:]", "", checkpoint_name(str(path)[:NAME_CHARACTERS]))
    return f"<lora:{':'.join([name, *dict.fromkeys(scales)])}>"


def invoke_scheduler(name: str) -> tuple[str, str]:
    """(sampler, schedule type) of what InvokeAI calls a scheduler."""
    plain = name.removesuffix(INVOKE_KARRAS)
    return sampler_name(plain), "Karras" if plain != name else "Automatic"


def words_of(value: object) -> str:
    """A text in somebody's JSON, within bounds; "" for anything else but a number."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)[:NAME_CHARACTERS]
    return value[:TEXT_CHARACTERS].strip() if isinstance(value, str) else ""


def number_of(value: object) -> int | float | None:
    """A number in somebody's JSON, also as text; None for what is none, or beyond every setting."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = float(value[:32])
            value = int(value) if value.is_integer() else value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if abs(value) < NUMBER_MAX else None  # NaN is not less
