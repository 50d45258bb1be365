"""A new picture to a file: its pixels encoded with their metadata, its name, and the order that survives a kill."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from PIL import Image

from pipelines.guiding.preprocessing import opaque
from pipelines.output import disk, metadata
from pipelines.output.record import NewPicture

SUFFIXES = {"png": "png", "webp": "webp", "jpeg": "jpg"}
# PNG: level 1 takes a quarter of the time of the usual 6 and makes files a fifth larger.
ENCODERS: dict[str, dict[str, Any]] = {
    "png": {"compress_level": 1},
    "webp": {"quality": 90, "method": 2},
    "jpeg": {"quality": 92, "subsampling": 0},
}


def encode(picture: NewPicture, texts: dict[str, str]) -> bytes:
    """The whole file, in the format that the request names. Raises ValueError when the pixels do not fit the size."""
    size = (picture.width, picture.height)
    mode = "RGBA" if len(picture.pixels) == 4 * picture.width * picture.height else "RGB"
    image = Image.frombytes(mode, size, picture.pixels)
    file_format = picture.request.format
    stream = io.BytesIO()
    if file_format == "jpeg":
        image = opaque(image)
    image.save(
        stream,
        file_format.upper(),
        **ENCODERS[file_format],
        **metadata.save_arguments(texts, file_format),
    )
    return stream.getvalue()


def names(first_number: int, seed: int, file_format: str) -> Iterator[str]:
    """00012-1234567890.png, 00013-…: digits only, so every file system takes them and none folds two into one."""
    for number in itertools.count(first_number):
        yield f"{number:05d}-{seed}.{SUFFIXES[file_format]}"


def names_like(name: str) -> Iterator[str]:
    """a.png, a-1.png, a-2.png …: where a moved file finds its old name taken."""
    stem, suffix = Path(name).stem, Path(name).suffix
    return (f"{stem}-{n}{suffix}" if n else name for n in itertools.count())


def write(folder: Path, candidates: Iterator[str], data: bytes, at: Callable[[str], None]) -> Path:
    """Writes the bytes under the first free name; they are durable when `at("renamed")` is called."""
    while True:
        final = disk.claim(folder, candidates)
        try:
            disk.write_part(final, data)
            at("written")
            disk.publish(final)
        except FileNotFoundError:
            continue  # another Darkroom that starts over the same folder has swept the part away
        except BaseException:
            disk.part_of(final).unlink(missing_ok=True)
            raise
        at("renamed")
        return final


def day_folder(output_dir: Path, created: float) -> Path:
    """The folder of a day, in the time of this machine."""
    return output_dir / datetime.fromtimestamp(created).strftime("%Y-%m-%d")
