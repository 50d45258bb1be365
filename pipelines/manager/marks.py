"""The hashes by which other programs know the files of a picture, under the keys that AUTOMATIC1111 writes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

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


def marks_of(picture: NewPicture, hashes: Hashes, view: View) -> dict[str, str]:
    """As far as they are known by now: "Lora hashes" → "ink: 0123456789ab, …"."""
    marks: dict[str, str] = {}
    if picture.vae:
        path = Path(picture.vae.path)
        marks["VAE hash"] = hashes.of(path)[:AUTO_V2_DIGITS]
        marks["VAE"] = path.name
    if picture.checkpoint:
        marks["Model hash"] = hashes.of(Path(picture.checkpoint.path))[:AUTO_V2_DIGITS]
    for one in view.checkpoints:
        if one.name == picture.request.refiner:
            marks["Refiner"] = title_of(one, hashes.of(one.path))
    loras = {one.name: hashes.of(Path(one.path), AFTER_HEADER) for one in picture.loras}
    embeddings = {one.word: hashes.of(Path(one.path)) for one in picture.embeddings}
    for key, digests in (("Lora hashes", loras), ("TI hashes", embeddings)):
        known = (f"{name}: {digest[:DIGITS]}" for name, digest in digests.items() if digest)
        marks[key] = ", ".join(known)
    return {key: mark for key, mark in marks.items() if mark}
