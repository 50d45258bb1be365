"""The child process that turns a pickle of weights into safetensors: `python pipelines/worker/unpickle.py FROM TO`.

It reads with `weights_only`, which builds tensors and plain containers and runs nothing else. What a trainer left
beside the numbers (PyTorch Lightning's objects) is read as empty shells of the same name. Every other foreign name
ends it. The process has its own limits, since it reads what came from strangers.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

REFUSED = 3  # exit code; why is on stderr, as the end of a sentence about the file
CPU_SECONDS = 900
INERT = ("pytorch_lightning.", "lightning.")  # whose names may be read as shells
WRAPPERS = ("state_dict", "model", "params_ema", "params", "module")
EMBEDDING = "string_to_param"  # of AUTOMATIC1111's textual inversions


class Refused(Exception):
    """Why the file cannot be converted."""


def convert(source: Path, target: Path) -> int:
    """Writes the tensors of `source` to `target`; how many there are. Raises Refused."""
    unsafe = _unsafe_names(source)
    strange = [name for name in unsafe if not name.startswith(INERT)]
    if strange:
        raise Refused(f"names {strange[0]}, which is no part of weights and could run code")
    shells: list[Any] = [(type(name.rpartition(".")[2], (), {}), name) for name in unsafe]
    with torch.serialization.safe_globals(shells):
        loaded = _loaded(source)
    tensors = _tensors(loaded)
    if not tensors:
        raise Refused("holds no tensors by name")
    # A copy each: tensors may share their numbers, which safetensors do not.
    copies = {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
    save_file(copies, target, metadata={"format": "pt"})
    return len(copies)


def _unsafe_names(source: Path) -> list[str]:
    try:
        return sorted(torch.serialization.get_unsafe_globals_in_checkpoint(source))
    except Exception:  # of a file from before torch 1.6, which is read in one go
        return []


def _loaded(source: Path) -> Any:
    for is_mapped in (True, False):  # old files cannot be mapped
        try:
            return torch.load(source, map_location="cpu", weights_only=True, mmap=is_mapped)
        except Exception as error:
            why = str(error).strip().partition("\n")[0]
    raise Refused(f"cannot be read as weights ({why})")


def _tensors(loaded: Any) -> dict[str, Tensor]:
    if isinstance(loaded, dict) and isinstance(loaded.get(EMBEDDING), dict):
        vectors = [one for one in loaded[EMBEDDING].values() if isinstance(one, Tensor)]
        return {"emb_params": vectors[0]} if vectors else {}
    for name in WRAPPERS:
        if isinstance(loaded, dict) and isinstance(loaded.get(name), dict):
            loaded = loaded[name]
    if not isinstance(loaded, dict):
        return {}
    return {k: v for k, v in loaded.items() if isinstance(k, str) and isinstance(v, Tensor)}


def _set_limits(file_bytes: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))


def main() -> int:
    """0 and the number of tensors on stdout, or REFUSED and the reason on stderr."""
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    _set_limits(3 * source.stat().st_size + 2**24)
    torch.set_num_threads(1)
    try:
        print(convert(source, target))
    except Refused as why:
        print(why, file=sys.stderr)
        return REFUSED
    except OSError as error:
        print(f"cannot be converted ({error.strerror or error})", file=sys.stderr)
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
