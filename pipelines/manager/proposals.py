"""Proposals: what is found in an upload and offered as masks, which a person looks over before anything changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from pipelines.editing.masks import bounds
from pipelines.editing.source import Region
from pipelines.errors import NotFound, RequestError
from pipelines.output.assets import Assets
from pipelines.output.png import png_bytes
from pipelines.retouch.faces import FOLDER, face_mask, faces
from pipelines.retouch.scratches import scratches

Masks = list[Image.Image]  # of mode L, each as large as the picture


class Proposal(NamedTuple):
    """What can be found. `find(picture, folder)`: where a detector of the user's own may lie."""

    says: str
    find: Callable[[Image.Image, Path | None], Masks]


def _scratches(picture: Image.Image, folder: Path | None) -> Masks:
    return [scratches(picture)]


def _faces(picture: Image.Image, folder: Path | None) -> Masks:
    return [face_mask([face], picture.size) for face in faces(picture, folder)]


PROPOSALS: Mapping[str, Proposal] = {
    "scratches": Proposal(
        "scratches, hairs and dust of an old photograph, as one mask", _scratches
    ),
    "faces": Proposal("faces, the largest first, a soft mask each", _faces),
}


class Found(NamedTuple):
    """One mask, as an upload, and the rectangle that holds all that is marked in it."""

    mask: str
    box: Region

    def as_dict(self) -> dict[str, Any]:
        left, top, right, bottom = self.box.box
        return {
            "mask": self.mask,
            "box": {"left": left, "top": top, "right": right, "bottom": bottom},
        }


@dataclass(frozen=True)
class Proposals:
    """May be asked from any thread."""

    assets: Assets
    models: tuple[Path, ...] = ()  # folders

    def find(self, kind: str, asset_id: str, owner: str) -> list[Found]:
        """A row for each mask in which something is marked.

        Raises NotFound, RequestError, DiskFull, or NoFaceDetector.
        """
        picture = self._open(asset_id, owner)
        own = (folder / FOLDER for folder in self.models)
        found = []
        for mask in PROPOSALS[kind].find(picture, next(filter(Path.is_dir, own), None)):
            box = bounds(np.asarray(mask))
            if box is not None:
                found.append(Found(self.assets.add(png_bytes(mask), owner).id, box))
        return found

    def _open(self, asset_id: str, owner: str) -> Image.Image:
        path = self.assets.get(asset_id, owner).path
        try:
            with Image.open(path) as picture:
                picture.load()
                return picture
        except FileNotFoundError:
            raise NotFound("There is no such upload.", "Send the picture again.") from None
        except (OSError, ValueError) as error:
            remedy = "Send the picture again."
            raise RequestError("asset", asset_id, f"it cannot be read ({error})", remedy) from error
