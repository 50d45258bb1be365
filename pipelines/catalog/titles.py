"""Checkpoints by the titles of AUTOMATIC1111, "name [0123456789]", and by all that its clients make of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from pipelines.catalog.checkpoint import Checkpoint

AUTO_V2_DIGITS = 10  # of the SHA-256
HASH = re.compile(r"[0-9a-f]{8,64}")
SUFFIXES = (".safetensors", ".ckpt")

DigestOf = Callable[[Path], str]


def title_of(checkpoint: Checkpoint, digest: str) -> str:
    """The title; `digest` is the SHA-256 of its file, or "" while that is unknown."""
    return f"{checkpoint.name} [{digest[:AUTO_V2_DIGITS]}]" if digest else checkpoint.name


def find_title(title: str, checkpoints: Iterable[Checkpoint], digest_of: DigestOf) -> str | None:
    """The name of the checkpoint that is meant, by its name, file or hash; None when there is none."""
    title, known = title.strip(), tuple(checkpoints)
    name, bracket, rest = title.rpartition(" [")
    name, digest = (name, rest.rstrip("]")) if bracket else (title, title)
    digest = digest.lower() if HASH.fullmatch(digest.lower()) else ""
    same: tuple[Callable[[Checkpoint], bool], ...] = (
        lambda one: one.name in (title, name),
        lambda one: plain_title(one.name) == plain_title(name),
        lambda one: (
            plain_title(one.path.name) == plain_title(name.replace("\\", "/").rpartition("/")[2])
        ),
        lambda one: bool(digest) and digest_of(one.path).startswith(digest),
    )
    return next((one.name for is_same in same for one in known if is_same(one)), None)


def plain_title(name: str) -> str:
    """A name or file name as it is compared: in small letters, without the ending."""
    name = name.casefold()
    return next((name.removesuffix(s) for s in SUFFIXES if name.endswith(s)), name)
