"""Where the networks run: which device, in which number format, on how many threads, and what to tell the user."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch

from pipelines.worker.device.memory import Memory
from pipelines.worker.messages import Hello, Launch

# Below this float32 costs little and gives the same picture everywhere.
SMALL_PARAMETERS = 100_000_000
# Parameters × positions that are worth a thread of their own, measured.
WORK_PER_THREAD = 10_000_000_000

# Signs that a GPU is there although this torch cannot use it: (a file or a program, whose GPU)
GPU_SIGNS = (
    ("/proc/driver/nvidia/version", "NVIDIA"),
    ("nvidia-smi", "NVIDIA"),
    ("/dev/kfd", "AMD"),
)
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
# These cards compute NaN in float16, which shows as black pictures.
NO_HALF = ("GTX 16",)


@dataclass(frozen=True)
class Device:
    """The device of this process. `dtype` is None where each model gets the format that suits it."""

    torch_device: torch.device
    name: str
    dtype: torch.dtype | None = None
    large_dtype: torch.dtype = torch.float32  # for models of more than SMALL_PARAMETERS
    attention: str = "sdpa"
    max_threads: int = 1
    notice: str = ""
    has_own_memory: bool = False  # networks that it does not need now can wait in the RAM

    def dtype_for(self, parameters: int) -> torch.dtype:
        """The number format for a model of this size."""
        if self.dtype is not None:
            return self.dtype
        return torch.float32 if parameters < SMALL_PARAMETERS else self.large_dtype

    def use_threads(self, parameters: int, positions: int) -> None:
        """On a CPU: as many threads as this forward is worth.

        Threads wait for one another some thousand times in a forward, so a small picture is faster on one. The
        number depends on nothing but the forward, and so do the rounding errors: alone or in company, same bits.
        """
        if self.torch_device.type != "cpu":
            return
        threads = min(max(1, parameters * positions // WORK_PER_THREAD), self.max_threads)
        if threads != torch.get_num_threads():
            torch.set_num_threads(threads)


def pick_device(launch: Launch) -> Device:
    """The device that was asked for, or the best there is; what could not be had is said in `notice`."""
    torch_device, notices = _available(launch.device)
    fast, name = _large_dtype(torch_device), _name(torch_device)
    if any(mark in name for mark in NO_HALF):
        fast = torch.float32
    dtype = DTYPES.get(launch.dtype)
    if torch_device.type == "cpu" and dtype is torch.float16:
        dtype = fast
        notices.append(f"float16 is very slow on a processor; {str(fast)[6:]} is used instead.")
    attention = "sdpa"
    if launch.attention == "xformers":
        why_not = _xformers_problem(torch_device)
        attention = "sdpa" if why_not else "xformers"
        if why_not:
            notices.append(f"xformers cannot be used: {why_not}. torch's own attention is used.")
    return Device(
        torch_device,
        name,
        dtype,
        fast,
        attention,
        torch.get_num_threads(),
        " ".join(notices),
        has_own_memory=torch_device.type == "cuda",
    )


def settle(device: Device) -> None:
    """Once, on the GPU thread: these settings of torch belong to the thread and hold for its life."""
    torch.set_grad_enabled(False)
    torch.set_flush_denormal(True)  # numbers near 0 would cost a processor a hundred times more
    if device.torch_device.type == "cuda":
        torch.cuda.set_device(device.torch_device)


def greeting(device: Device, launch: Launch, memory: Memory) -> Hello:
    """What the web process is told first. The number format is that of the checkpoint it will start with."""
    parameters = _parameters(Path(launch.warm_up.path)) if launch.warm_up else SMALL_PARAMETERS
    return Hello(
        pid=os.getpid(),
        device=str(device.torch_device),
        device_name=device.name,
        dtype=str(device.dtype_for(parameters)).removeprefix("torch."),
        torch_version=str(
            torch.__version__
        ),  # a TorchVersion would bring torch into the web process
        total_bytes=memory.used_and_total_bytes()[1],
        notice=device.notice,
    )


def _available(wanted: str) -> tuple[torch.device, list[str]]:
    best = "cuda" if torch.cuda.is_available() else "mps" if _has_mps() else "cpu"
    if wanted == "auto":
        return _numbered(best), _unused_gpu() if best == "cpu" else []
    if wanted.startswith("cuda") and torch.cuda.is_available():
        number = int(wanted.partition(":")[2] or 0)
        if number < torch.cuda.device_count():
            return torch.device("cuda", number), []
    elif wanted == "cpu" or (wanted == "mps" and _has_mps()):
        return torch.device(wanted), []
    why = f"There is no device {wanted} that torch {torch.__version__} can use; {best} is used instead."
    return _numbered(best), [why, *_unused_gpu()]


def _numbered(kind: str) -> torch.device:
    return torch.device("cuda", 0) if kind == "cuda" else torch.device(kind)


def _has_mps() -> bool:
    return torch.backends.mps.is_available()


def _parameters(checkpoint: Path) -> int:
    """About how many parameters a denoiser has, from the size of its files in float16 or float32."""
    files = list((checkpoint / "unet").glob("*.safetensors"))
    return min((file.stat().st_size // 4 for file in files), default=SMALL_PARAMETERS)


def _unused_gpu() -> list[str]:
    """A sentence when the machine has a GPU that this torch cannot use."""
    for sign, maker in GPU_SIGNS:
        if not (Path(sign).exists() or shutil.which(sign)):
            continue
        if torch.version.cuda is None and torch.version.hip is None:
            return [
                f"This machine has an {maker} GPU, but torch {torch.__version__} is the build for "
                "processors. Install torch with GPU support (docs/install.md) and start again."
            ]
        return [
            f"This machine has an {maker} GPU, but torch {torch.__version__} cannot reach it. "
            "Update its driver, or take the build of torch that fits it (docs/install.md)."
        ]
    return []


def _name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return "Apple GPU"
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "processor")


def _large_dtype(device: torch.device) -> torch.dtype:
    if device.type != "cpu":
        return torch.float16
    has_bfloat16 = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if has_bfloat16 else torch.float32


def _xformers_problem(device: torch.device) -> str:
    """Why xformers cannot be used here; empty when it can."""
    if importlib.util.find_spec("xformers") is None:
        return "it is not installed"
    try:
        attention = importlib.import_module("xformers.ops").memory_efficient_attention
        q = torch.zeros((1, 1, 1, 8), device=device, dtype=_large_dtype(device))
        attention(q, q, q)
    except (ImportError, OSError, RuntimeError, NotImplementedError) as error:
        return f"{type(error).__name__} on {device.type}"
    return ""
