"""Preparing: the pictures of a training are put into its folder, each as it came and as it is trained."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from pipelines.errors import UploadError
from pipelines.finetune.pictures.flattening import flattened
from pipelines.finetune.pictures.intake import Proposal, Proposals, Sent
from pipelines.finetune.pictures.looking import Look, opened
from pipelines.finetune.training import Example
from pipelines.output.disk import failures_named, sync_file, sync_folder

ORIGINALS, CROPS = "originals", "crops"


def crop_path(folder: Path, index: int) -> Path:
    return folder / CROPS / f"{index:03}.png"


def original_path(folder: Path, index: int) -> Path:
    return folder / ORIGINALS / f"{index:03}.png"


def prepare(
    folder: Path, pictures: Sequence[Sent], proposals: Proposals, look: Look
) -> tuple[Example, ...]:
    """Writes `originals/{index:03}.png` and `crops/{index:03}.png` into the folder, which is made; all or nothing.

    What is left out gets no index. Raises the first of the problems, DiskFull, or UploadError for a file that is gone
    or damaged.
    """
    for problem in proposals.problems:
        raise problem
    chosen = [
        pair for pair in zip(pictures, proposals.items, strict=True) if not pair[1].is_left_out
    ]
    is_new = not folder.exists()
    try:
        with failures_named(folder):
            for name in (ORIGINALS, CROPS):
                (folder / name).mkdir(parents=True)
        examples = tuple(_put(folder, n, *pair, look) for n, pair in enumerate(chosen))
        with failures_named(folder):
            for place in (folder / ORIGINALS, folder / CROPS, folder, folder.parent):
                sync_folder(place)
        return examples
    except BaseException:
        for place in [folder] if is_new else [folder / ORIGINALS, folder / CROPS]:
            shutil.rmtree(place, ignore_errors=True)
        raise


def _put(folder: Path, index: int, picture: Sent, item: Proposal, look: Look) -> Example:
    seen = look(picture.image, picture.path)
    cut = _cut(flattened(opened(picture.image, picture.path), seen.ground), item)
    stream = io.BytesIO()
    cut.save(stream, "PNG", compress_level=1)
    crop = crop_path(folder, index)
    with failures_named(folder):
        _keep(picture, original_path(folder, index))
        crop.write_bytes(stream.getvalue())
        sync_file(crop)
    return Example(
        index=index,
        caption=item.caption,
        crop=item.crop,
        size=item.size,
        is_held_out=item.is_held_out,
    )


def _cut(picture: Image.Image, item: Proposal) -> Image.Image:
    x, y, width, height = item.crop
    box = (x, y, x + width, y + height)
    return picture.resize(item.size, Image.Resampling.LANCZOS, box=box)


def _keep(picture: Sent, target: Path) -> None:
    """The upload under a second name where the disk allows that, for it is never written again; else a copy."""
    try:
        os.link(picture.path, target)
        return
    except FileNotFoundError as error:
        raise UploadError("A picture is gone.", "Send it again.", image=picture.image) from error
    except OSError:
        shutil.copyfile(picture.path, target)
    sync_file(target)
