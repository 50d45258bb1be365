"""Embedding files, read: the vectors that stand for a word (textual inversion, Gal et al. 2022, arXiv:2208.01618)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from pipelines.catalog.embeddings import VECTORS_MAX, encoder_of
from pipelines.errors import ModelUnreadable
from pipelines.worker.messages import EmbeddingRef
from pipelines.worker.weights.whole_file import read_whole

REPAIR = "Copy or download the embedding again, or take its name out of the prompt."


@dataclass(frozen=True, eq=False)
class Inversion:
    """`vectors`: (count, width) for each text encoder of the family that it was made for, in float32."""

    ref: EmbeddingRef
    vectors: tuple[Tensor, ...]

    @property
    def count(self) -> int:
        return len(self.vectors[0])


def read(ref: EmbeddingRef) -> Inversion:
    """Reads and checks a file. Raises ModelUnreadable, which names the file and the cause."""
    file = Path(ref.path)
    tensors = read_whole(file, REPAIR)
    found = {encoder_of(name): tensor for name, tensor in tensors.items()}
    vectors = tuple(_as_list(found[number]) for number in sorted(found))
    counts = {len(each) for each in vectors if each.ndim == 2}
    is_list = all(each.ndim == 2 for each in vectors)
    if len(found) < len(tensors) or 0 not in found or not is_list or len(counts) != 1:
        raise ModelUnreadable(
            f"{file} is no embedding: it holds {', '.join(_shown(tensors))}, "
            "not one list of vectors for each text encoder.",
            REPAIR,
        )
    count = counts.pop()
    if not 1 <= count <= VECTORS_MAX:
        why = f"{file} has {count} vectors; 1 to {VECTORS_MAX} fit into a prompt."
        raise ModelUnreadable(why, REPAIR)
    return Inversion(ref, vectors)


def _as_list(tensor: Tensor) -> Tensor:
    return tensor[None] if tensor.ndim == 1 else tensor


def _shown(tensors: dict[str, Tensor]) -> list[str]:
    return [f"{name[:40]} {tuple(tensor.shape)}" for name, tensor in list(tensors.items())[:3]]
