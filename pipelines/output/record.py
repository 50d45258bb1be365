"""The data of this folder: a picture to be saved, a picture that was, a page of them, a frame of a strip."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, TypedDict

from pipelines.catalog.verdict import Verdict
from pipelines.output.edits import Edits
from pipelines.request import Request
from pipelines.worker.messages import (
    Applied,
    CheckpointRef,
    EmbeddingRef,
    KeptStep,
    LoraRef,
    VaeRef,
)

FOREIGN = ".from"  # begins the `file` of a picture that lies in a folder of another program
LOCAL_OWNER = "local"  # who owns a file that nobody is known to have made


@dataclass(frozen=True, kw_only=True)
class NewPicture:
    """What a worker has made. `request` is the resolved Request of this picture alone."""

    owner: str
    job_id: str
    index: int
    number: int | None = None  # see Job.number_of; None: the index
    request: Request
    pixels: bytes  # RGB, or RGBA, row by row
    width: int
    height: int
    checkpoint: CheckpointRef | None = None
    loras: tuple[LoraRef, ...] = ()
    vae: VaeRef | None = None  # None: the checkpoint's own
    embeddings: tuple[EmbeddingRef, ...] = ()
    # By which other programs know these files, under AUTOMATIC1111's keys: "Model hash", "TI hashes" …
    marks: Mapping[str, Any] = field(default_factory=dict)
    kept: tuple[KeptStep, ...] = ()
    seconds: float = 0.0
    device: str = ""
    dtype: str = ""
    applied: tuple[Applied, ...] = ()  # how much of each LoRA
    licences: Verdict | None = None
    # The pictures that it started from, by the ids that its request names, and where they lie.
    sources: tuple[tuple[str, Path], ...] = ()
    client_request_id: str = ""  # of the job
    edits: Edits | None = None  # that it builds on


@dataclass(frozen=True, kw_only=True)
class PictureRecord:
    """A picture on disk. `file` is its path inside the output folder, with `/`; times are seconds since the epoch."""

    id: str  # 32 hex digits
    owner: str
    job_id: str = ""  # "" for a file that no job of ours has made
    index: int = 0
    file: str
    width: int
    height: int
    bytes: int
    created: float
    seed: int | None = None
    prompt: str = ""
    negative_prompt: str = ""
    checkpoint: str = ""
    sampler: str = ""
    request: Request | None = None  # of this picture alone: its own seed, 1 × 1
    parameters: str = ""  # the text that AUTOMATIC1111 would have written
    seconds: float = 0.0
    device: str = ""
    dtype: str = ""
    applied: str = ""  # "ink 0.8: 192 of 192 layers", of each LoRA
    licences: Verdict | None = None  # of its models when it was made, and what they allow together
    trashed: float | None = None

    @property
    def file_name(self) -> str:
        return PurePosixPath(self.file).name

    @property
    def program(self) -> str:
        """The other program in whose folder the file lies, never to be touched; "" for files of our own."""
        parts = PurePosixPath(self.file).parts
        return parts[1] if parts[0] == FOREIGN else ""

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the API; the owner and the place on disk stay out of it."""
        values = dataclasses.asdict(self)
        del values["owner"], values["file"]
        return {**values, "file_name": self.file_name, "program": self.program}


@dataclass(frozen=True)
class Page:
    """Newest first. `next_cursor` is "" on the last page; `total` counts all that match."""

    items: tuple[PictureRecord, ...]
    next_cursor: str
    total: int


@dataclass(frozen=True)
class Holding:
    """The pictures of one owner, those in the trash included; the last one so that a person knows whose they are."""

    owner: str
    pictures: int
    last_created: float
    last_prompt: str


class Filters(TypedDict, total=False):
    """What narrows a search beside its words; `after` and `before` are seconds since the epoch."""

    trash: bool
    checkpoint: str
    sampler: str
    after: float | None
    before: float | None


@dataclass(frozen=True)
class StripFrame:
    """One kept step of a picture; `sigma` is the noise that it started from."""

    step: int
    sigma: float
