"""Which files of a repository are wanted: one set of weights a network, in half precision if that is complete."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pipelines.downloads.names import is_plain_path
from pipelines.errors import SourceFailed

INDEX = "model_index.json"
SAFETENSORS = ".safetensors"
# Parts of published pipelines that Darkroom does not run.
LEFT_OUT = frozenset(("safety_checker", "feature_extractor", "image_encoder"))
HALF = "fp16"
WEIGHTS = re.compile(
    r"(diffusion_pytorch_model|model)(?:\.(\w+))?(?:-\d{5}-of-\d{5})?\.safetensors"
)
SHARDS = re.compile(r"(?:diffusion_pytorch_model|model)\.safetensors\.index(?:\.(\w+))?\.json")
NOTICE = re.compile(r"(?:licen[sc]e|copying|notice)[\w.\-]{0,40}", re.I | re.A)
READABLE = (".json", ".txt", ".md", "")
PICKLES = (".bin", ".ckpt", ".pt", ".pth")


def folder_files(paths: Iterable[str], index: Mapping[str, Any]) -> list[str]:
    """The files of a diffusers folder. Raises SourceFailed when a network has no safetensors."""
    folders = _components(index)
    plain = sorted(path for path in paths if is_plain_path(path))
    within = {f: [p for p in plain if p.startswith(f"{f}/")] for f in folders}
    networks = {f: names for f, names in within.items() if any(_is_weights(p) for p in names)}
    for folder, names in within.items():
        if folder not in networks and any(p.endswith(PICKLES) for p in names):
            raise SourceFailed(
                f"The weights in {folder}/ are a pickle, which could run code; there are no safetensors.",
                "Look for another repository of this model, or for a .safetensors file.",
            )
    if not networks:
        raise SourceFailed("There are no weights in this repository.", "Check its name.")
    is_half = all(any(_variant(p) == HALF for p in names) for names in networks.values())
    variant = HALF if is_half else None
    for folder, names in networks.items():
        if not any(_is_weights(p) and _variant(p) == variant for p in names):
            raise SourceFailed(f"The weights in {folder}/ are not complete in any one precision.")
    chosen = [p for names in within.values() for p in names if _is_wanted(p, variant)]
    tops = [p for p in plain if "/" not in p and (p in (INDEX, "README.md") or NOTICE.fullmatch(p))]
    return sorted([*tops, *chosen])


def single_files(paths: Iterable[str]) -> list[str]:
    """The files that are whole models by themselves, as far as their place tells."""
    found = [path for path in paths if path.endswith(SAFETENSORS)]
    return sorted(
        path for path in found if not WEIGHTS.fullmatch(path.rpartition("/")[2]) or "/" not in path
    )


def notices(paths: Iterable[str]) -> list[str]:
    """Licence texts at the top of a repository."""
    return sorted(path for path in paths if is_plain_path(path) and NOTICE.fullmatch(path))


def _components(index: Mapping[str, Any]) -> list[str]:
    """The folders that the index names, without those that are left out or empty."""
    return [
        name
        for name, value in index.items()
        if isinstance(value, list) and value and value[0] and name not in LEFT_OUT
    ]


def _is_weights(path: str) -> bool:
    return bool(WEIGHTS.fullmatch(path.rpartition("/")[2]))


def _variant(path: str) -> str | None:
    """fp16, another one, or None for the plain weights, or for what is none."""
    name = path.rpartition("/")[2]
    found = WEIGHTS.fullmatch(name)
    if found:
        return found[2]
    shards = SHARDS.fullmatch(name)
    return shards[1] if shards else None


def _is_wanted(path: str, variant: str | None) -> bool:
    name = path.rpartition("/")[2]
    if WEIGHTS.fullmatch(name) or SHARDS.fullmatch(name):
        return _variant(path) == variant
    suffix = name[name.rfind(".") :] if "." in name else ""
    return suffix in READABLE
