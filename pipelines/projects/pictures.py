"""The pictures of projects: results become uploads of their owner, by which steps name them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from PIL import Image

from pipelines.errors import NotFound
from pipelines.output.assets import Assets
from pipelines.output.library import Library
from pipelines.output.png import png_bytes


@dataclass(frozen=True)
class Pictures:
    """May be asked from any thread. Raises NotFound, UploadError, Refused or DiskFull."""

    library: Library
    assets: Assets

    def take(self, picture_id: str, owner: str) -> str:
        """The asset of a picture in the library."""
        return self.assets.add_file(self.library.file(picture_id, owner), owner).id

    def add(self, picture: Image.Image, owner: str) -> str:
        """The asset of a picture of our own making."""
        return self.assets.add(png_bytes(picture), owner).id

    def upload(self, data: bytes, owner: str) -> str:
        """The asset of a picture from anywhere, decoded in the child."""
        return self.assets.add(data, owner).id

    def is_there(self, asset_id: str, owner: str) -> bool:
        try:
            self.assets.get(asset_id, owner)
        except NotFound:
            return False
        return True

    def png(self, asset_id: str, owner: str) -> bytes:
        """The picture of an asset as a file."""
        asset = self.assets.get(asset_id, owner)
        return (
            asset.path.read_bytes()
            if asset.format == "png"
            else png_bytes(self.open(asset_id, owner))
        )

    def open(self, asset_id: str, owner: str) -> Image.Image:
        with Image.open(self.assets.get(asset_id, owner).path) as picture:
            picture.load()
            return picture

    def made_by(self, job_id: str) -> tuple[str, ...]:
        """The ids of the pictures that a job has left in the library, up to the first that is missing."""
        found = (self.library.find(job_id, index) for index in itertools.count())
        return tuple(record.id for record in itertools.takewhile(bool, found) if record)
