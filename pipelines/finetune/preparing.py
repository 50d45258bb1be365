"""Preparing: the pictures of a training are put into its folder, each as it came and as it is trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipelines.finetune.intake import Proposals, Sent
from pipelines.finetune.looking import Look
from pipelines.finetune.training import Example

ORIGINALS, CROPS = "originals", "crops"


def crop_path(folder: Path, index: int) -> Path:
    return folder / CROPS / f"{index:03}.png"


def prepare(
    folder: Path, pictures: Sequence[Sent], proposals: Proposals, look: Look
) -> tuple[Example, ...]:
    """Writes `originals/{index:03}.png` and `crops/{index:03}.png` into the folder, which is made; all or nothing.

    What is left out gets no index. Raises the first of the problems, DiskFull, or UploadError for a file that is gone
    or damaged.
    """
    raise NotImplementedError
