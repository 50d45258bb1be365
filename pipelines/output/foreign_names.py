"""Samplers, schedules and checkpoints as ComfyUI and InvokeAI call them, in AUTOMATIC1111's names, which are ours."""

from __future__ import annotations

from pathlib import PureWindowsPath

SAMPLERS = {
    "euler": "Euler",
    "euler_ancestral": "Euler a",
    "euler_a": "Euler a",
    "heun": "Heun",
    "heunpp2": "Heun",
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


def invoke_scheduler(name: str) -> tuple[str, str]:
    """(sampler, schedule type) of what InvokeAI calls a scheduler."""
    plain = name.removesuffix(INVOKE_KARRAS)
    return sampler_name(plain), "Karras" if plain != name else "Automatic"
