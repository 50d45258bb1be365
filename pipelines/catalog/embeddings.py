"""Textual inversion embeddings (Gal et al. 2022, arXiv:2208.01618): files of a few vectors that stand for a word."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.catalog.checkpoint import Other
from pipelines.catalog.weights_file import Header
from pipelines.worker.messages import EmbeddingRef

KIND = "embedding"
VECTORS_MAX = 75  # what a chunk of the prompt holds
FIRST, SECOND = 0, 1
# Tensor → which of the family's text encoders its vectors are for. A tensor of any other name stands alone.
ENCODERS = {
    "clip_l": FIRST,
    "clip_g": SECOND,
    "text_encoders_0": FIRST,
    "text_encoders_1": SECOND,
}
FAMILIES = {(768,): "sd15", (1024,): "sd2", (768, 1280): "sdxl"}  # by the widths of the vectors


@dataclass(frozen=True, kw_only=True)
class EmbeddingFile(Other):
    """An embedding that can be used. `family` is "" for widths that no published family has."""

    vectors: int  # so many places of the prompt it takes
    width: int  # of its last ones

    def fits(self, family: str) -> bool:
        return self.family in ("", family)

    @property
    def word(self) -> str:
        """By which it is called in a prompt: the name of its file, as in AUTOMATIC1111."""
        return self.path.stem

    def ref(self) -> EmbeddingRef:
        """What the worker needs to load it. Raises OSError when it is gone."""
        found = self.path.stat()
        return EmbeddingRef(self.word, str(self.path), f"{found.st_mtime_ns}-{found.st_size}")


def encoder_of(tensor: str) -> int:
    """Which text encoder the vectors of this tensor are for, counted from 0."""
    return ENCODERS.get(tensor, FIRST)


def is_one(shapes: dict[str, tuple[int, ...]]) -> bool:
    """Whether a file of an unknown kind is one: a single tensor, of any name, as wide as a family's words."""
    shape = next(iter(shapes.values()), ())
    is_few = len(shape) in (1, 2) and vectors_of(shape) <= VECTORS_MAX
    return len(shapes) == 1 and is_few and (shape[-1],) in FAMILIES


def vectors_of(shape: tuple[int, ...]) -> int:
    """How many vectors a tensor holds; a flat one is a single vector."""
    return shape[0] if len(shape) == 2 else 1


def read(path: Path, header: Header) -> Other:
    """The file; why it cannot be used is its `problem`."""
    by_encoder = {encoder_of(name): shape for name, shape in header.shapes.items()}
    family = FAMILIES.get(tuple(by_encoder[n][-1] for n in sorted(by_encoder) if by_encoder[n]), "")
    words = _why_not(header.shapes, by_encoder)
    if words:
        problem = f"{path.name} {words}."
        return Other(name=path.stem, path=path, kind=KIND, family=family, problem=problem)
    return EmbeddingFile(
        name=path.stem,
        path=path,
        kind=KIND,
        family=family,
        vectors=vectors_of(by_encoder[FIRST]),
        width=by_encoder[max(by_encoder)][-1],
    )


def _why_not(shapes: dict[str, tuple[int, ...]], by_encoder: dict[int, tuple[int, ...]]) -> str:
    """Why it cannot be used, as the end of a sentence that begins with its name; else empty."""
    if len(by_encoder) < len(shapes):
        return f"holds {len(shapes)} tensors where an embedding has one for each text encoder"
    if FIRST not in by_encoder:
        return "has no vectors for the first text encoder (clip_l is missing)"
    if any(len(shape) not in (1, 2) for shape in shapes.values()):
        return "is damaged: an embedding is a list of vectors"
    counts = sorted({vectors_of(shape) for shape in shapes.values()})
    if len(counts) > 1:
        return f"has {counts[0]} vectors for one text encoder and {counts[1]} for the other"
    if not 1 <= counts[0] <= VECTORS_MAX:
        return f"has {counts[0]} vectors; 1 to {VECTORS_MAX} fit into a prompt"
    return ""
