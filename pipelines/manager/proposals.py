"""Proposals: what is found in an upload and offered as masks, which a person looks over before anything changes."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from pipelines.editing.masks import bounds
from pipelines.editing.source import Region
from pipelines.errors import NotFound, RequestError
from pipelines.output.assets import Assets
from pipelines.retouch.scratches import scratches

Masks = list[Image.Image]  # of mode L, each as large as the picture


class Proposal(NamedTuple):
    """What can be found."""

    says: str
    find: Callable[[Image.Image], Masks]


def _scratches(picture: Image.Image) -> Masks:
    return [scratches(picture)]


PROPOSALS: Mapping[str, Proposal] = {
    "scratches": Proposal(
        "scratches, hairs and dust of an old photograph, as one mask", _scratches
    ),
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

    def find(self, kind: str, asset_id: str, owner: str) -> list[Found]:
        """A row for each mask in which something is marked. Raises NotFound, RequestError or DiskFull."""
        picture = self._open(asset_id, owner)
        found = []
        for mask in PROPOSALS[kind].find(picture):
            box = bounds(np.asarray(mask))
            if box is not None:
                found.append(Found(self.assets.add(_png(mask), owner).id, box))
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


def _png(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "PNG", compress_level=1)
    return data.getvalue()
