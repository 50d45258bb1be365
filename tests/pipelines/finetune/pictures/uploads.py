"""Pictures to be taught, as uploads that pipelines/output has taken in."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from pipelines.finetune.pictures.intake import Sent, sent
from pipelines.output.assets import Asset, Assets


def drawing(seed: int, size: tuple[int, int] = (128, 128)) -> Image.Image:
    """A creature of its own colours somewhere on a plain ground; another seed, another picture."""
    lot = np.random.default_rng(seed)
    ground, body, eye = (tuple(int(v) for v in lot.integers(0, 256, 3)) for _ in range(3))
    picture = Image.new("RGB", size, ground)
    pen = ImageDraw.Draw(picture)
    radius = min(size) * lot.uniform(0.2, 0.32)
    x, y = (lot.uniform(radius, side - radius) for side in size)
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=body)
    pen.rectangle((x - radius / 3, y - radius / 2, x + radius / 4, y), fill=eye)
    return picture


def texture(seed: int, size: tuple[int, int] = (160, 160)) -> Image.Image:
    """Something everywhere, as in a photograph."""
    lot = np.random.default_rng(seed)
    coarse = Image.fromarray(lot.integers(0, 256, (12, 12, 3), np.uint8)).resize(size, 0)
    fine = lot.integers(-30, 31, (size[1], size[0], 3))
    return Image.fromarray(np.clip(np.asarray(coarse) + fine, 0, 255).astype(np.uint8))


def encoded(picture: Image.Image, file_format: str = "PNG", **arguments: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, file_format, **arguments)
    return stream.getvalue()


class Uploads:
    """What `owner` has sent, through the real intake of pictures in a child process."""

    def __init__(self, data_dir: Path) -> None:
        self._assets = Assets(data_dir)

    def add(self, data: bytes | Image.Image) -> Asset:
        given = encoded(data) if isinstance(data, Image.Image) else data
        return self._assets.add(given, "owner")

    def sent(self, pictures: Iterable[Image.Image | bytes]) -> list[Sent]:
        return [sent(self.add(one)) for one in pictures]


def written(folder: Path, pictures: Iterable[Image.Image]) -> list[Sent]:
    """The same without the child process, which takes its time: files as it would have made them."""
    folder.mkdir(exist_ok=True)
    found = []
    for number, picture in enumerate(pictures):
        path = folder / f"{number:032x}"
        picture.save(path, "PNG", compress_level=1)
        found.append(Sent(image=path.name, path=path))
    return found
