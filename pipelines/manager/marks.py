"""The hashes by which other programs know the files of a picture, under the keys that AUTOMATIC1111 writes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipelines.catalog.catalog import View
from pipelines.catalog.hashes import AFTER_HEADER, Hashes
from pipelines.catalog.titles import AUTO_V2_DIGITS, title_of
from pipelines.output.record import NewPicture
from pipelines.worker.messages import EmbeddingRef, LoraRef, VaeRef

DIGITS = 12  # of LoRAs and embeddings


def want(
    hashes: Hashes,
    loras: Iterable[LoraRef],
    vae: VaeRef | None,
    embeddings: Iterable[EmbeddingRef],
) -> None:
    """Has them worked out in the background."""
    for one in (*((vae,) if vae else ()), *embeddings):
        hashes.want(Path(one.path))
    for lora in loras:
        hashes.want(Path(lora.path), AFTER_HEADER)
        hashes.want(Path(lora.path))


def marks_of(picture: NewPicture, hashes: Hashes, view: View) -> dict[str, Any]:
    """As far as they are known by now: "Lora hashes" → "ink: 0123456789ab, …"."""
    marks: dict[str, Any] = {"Hashes": _for_civitai(picture, hashes)}
    if picture.vae:
        path = Path(picture.vae.path)
        marks["VAE hash"] = hashes.of(path)[:AUTO_V2_DIGITS]
        marks["VAE"] = path.name
    if picture.checkpoint:
        marks["Model hash"] = hashes.of(Path(picture.checkpoint.path))[:AUTO_V2_DIGITS]
    second = picture.request.hires.checkpoint if picture.request.hires else None
    others = {"Refiner": picture.request.refiner, "Hires checkpoint": second}
    for one in view.checkpoints:
        keys = [key for key, name in others.items() if name == one.name]
        marks |= {key: title_of(one, hashes.of(one.path)) for key in keys}
    loras = {one.name: hashes.of(Path(one.path), AFTER_HEADER) for one in picture.loras}
    embeddings = {one.word: hashes.of(Path(one.path)) for one in picture.embeddings}
    for key, digests in (("Lora hashes", loras), ("TI hashes", embeddings)):
        known = (f"{name}: {digest[:DIGITS]}" for name, digest in digests.items() if digest)
        marks[key] = ", ".join(known)
    return {key: mark for key, mark in marks.items() if mark}


def _for_civitai(picture: NewPicture, hashes: Hashes) -> dict[str, str]:
    """The first digits of all files (AutoV2), under the names by which CivitAI links a picture to its models."""
    files = {f"lora:{one.name}": one.path for one in picture.loras}
    files |= {f"embed:{one.word}": one.path for one in picture.embeddings}
    files |= {"model": picture.checkpoint.path} if picture.checkpoint else {}
    files |= {"vae": picture.vae.path} if picture.vae else {}
    known = {name: hashes.of(Path(path))[:AUTO_V2_DIGITS] for name, path in files.items()}
    return {name: digest for name, digest in known.items() if digest}
