"""Grid: the coarse cells on which motion is computed; as many for a preview as for the large picture.

Motion is smooth, so it is known at a few cells and interpolated between them. All fields are in shares of the photo's
longer side, which makes them the same at every size of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Tile = tuple[slice, slice]

CELLS = 256  # along the longer side: about an eighth of a large photo's pixels
TILE_PX = 128
# Linear, remap of OpenCV 5.0 reads beyond the picture at its edges, and hangs where it is to be mirrored there.
WAY = cv2.INTER_CUBIC
NO_SECOND = np.empty(0, np.float32)  # map of remap: the first one holds both coordinates


@dataclass(frozen=True)
class Grid:
    """`shape`: (rows, columns) of cells; `picture`: (height, width) in px of what is drawn."""

    shape: tuple[int, int]
    picture: tuple[int, int]

    @classmethod
    def of(cls, photo: tuple[int, ...], picture: tuple[int, ...]) -> Grid:
        """The cells follow the photo's shape (height, width, …), whatever size is drawn."""
        rows, columns = (max(1, round(side * CELLS / max(photo[:2]))) for side in photo[:2])
        return cls((rows, columns), (picture[0], picture[1]))

    @property
    def longer_px(self) -> int:
        return max(self.picture)

    @property
    def cells_a_share(self) -> Floats:
        """(x, y): how many cells the longer side is long, across and down."""
        height, width = self.picture
        rows, columns = self.shape
        across, down = columns / width, rows / height
        return np.array([across, down], np.float32) * np.float32(self.longer_px)

    def places(self) -> Floats:
        """(rows, columns, 2): column and row of each cell."""
        rows, columns = self.shape
        across, down = np.meshgrid(np.arange(columns), np.arange(rows))
        return np.stack([across, down], axis=-1).astype(np.float32)

    def reduced(self, values: NDArray[Any]) -> Floats:
        """Means over the cells of a picture of any size: (rows, columns[, channels])."""
        shrinks = values.shape[0] > self.shape[0]
        way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        small = cv2.resize(values.astype(np.float32), self.shape[::-1], interpolation=way)
        return np.asarray(small, np.float32)

    def enlarged(self, field: Floats, tile: Tile) -> Floats:
        """A field of up to four channels as it lies over this part of the picture."""
        across, down = (self.shape[axis] / self.picture[axis] for axis in (1, 0))
        to_grid = np.array(
            [
                [across, 0, (tile[1].start + 0.5) * across - 0.5],
                [0, down, (tile[0].start + 0.5) * down - 0.5],
            ]
        )
        size = (tile[1].stop - tile[1].start, tile[0].stop - tile[0].start)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        large = cv2.warpAffine(field, to_grid, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(large, np.float32)

    def sampled(self, field: Floats, moves: Floats) -> Floats:
        """The field where each cell comes from: `moves`, (rows, columns, 2), in shares. It goes on beyond the edges."""
        places = self.places() + moves * self.cells_a_share
        found = cv2.remap(field, places, NO_SECOND, WAY, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(found, np.float32)

    def warped(self, picture: Pixels, moves: Floats, tile: Tile) -> Pixels:
        """This part of the picture, each pixel fetched from as far away as `moves`, (height, width, 2) in shares, says.

        Beyond its edges the picture is mirrored.
        """
        top, left = tile[0].start, tile[1].start
        height, width = moves.shape[:2]
        places = moves * np.float32(self.longer_px)
        places[..., 0] += np.arange(left, left + width, dtype=np.float32)
        places[..., 1] += np.arange(top, top + height, dtype=np.float32)[:, None]
        found = cv2.remap(picture, places, NO_SECOND, WAY, borderMode=cv2.BORDER_REFLECT_101)
        return np.asarray(found, np.uint8)

    def tiles(self) -> tuple[Tile, ...]:
        """The picture in parts, so that what is computed on the way needs little memory."""
        height, width = self.picture
        return tuple(
            (slice(top, min(height, top + TILE_PX)), slice(left, min(width, left + TILE_PX)))
            for top in range(0, height, TILE_PX)
            for left in range(0, width, TILE_PX)
        )
