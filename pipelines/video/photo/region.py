"""Region: what of a photo may move, how motion fades towards its border, and how it is put back into the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.errors import RequestError
from pipelines.video.photo.grid import Flags, Floats, Grid, Pixels, Tile

FADE = 0.027  # width of the fade at the border, in shares of the longer side: 14 px of 512
HEAD_ON = 3.0  # so many times as wide for what runs into the border
INWARD_CELLS = 3.0  # over which the direction of the border is evened out
RIM = 0.004  # of the longer side: so near to the border, colours may be mixed with those beyond
THIN = 0.7  # of the way from the border to the middle of a narrow part over which motion fades in


@dataclass(frozen=True, eq=False)
class Region:
    """alpha: (height, width) of the picture, 0…255; is_inside: (rows, columns) of the grid; tiles: those with alpha."""

    grid: Grid
    alpha: Pixels
    is_inside: Flags
    tiles: tuple[Tile, ...]

    @classmethod
    def read(cls, mask: Any, grid: Grid, field: str) -> Region:
        """From a mask of any size, (height, width) uint8, white where it may move. Raises RequestError that names
        `field` for one that is missing, of another form, empty, or smaller than the grid can tell."""
        remedy = "Paint over what is to move."
        if mask is None:
            raise RequestError(field, None, "no mask is given", remedy)
        plane(mask, field)
        size = grid.picture[::-1]
        # Means keep thin strokes that sampling a large mask would miss.
        shrinks = mask.shape[0] > grid.picture[0]
        way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        alpha = np.asarray(cv2.resize(mask, size, interpolation=way), np.uint8)
        is_inside = grid.reduced(mask) >= 127.5
        if not mask.any():
            raise RequestError(field, "empty", "nothing is painted", remedy)
        if not is_inside.any():
            raise RequestError(field, "tiny", "so little is painted that it cannot move", remedy)
        tiles = tuple(tile for tile in grid.tiles() if alpha[tile].any())
        return cls(grid, alpha, is_inside, tiles)

    def depth(self) -> Floats:
        """How far each cell is from the border, in shares; edges of the picture are no border."""
        inside = self.is_inside.astype(np.uint8)
        if inside.all():
            return np.ones(inside.shape, np.float32)
        cells = cv2.distanceTransform(inside, cv2.DIST_L2, 5) - 0.5
        return np.asarray(np.maximum(cells, 0) / self.grid.cells_a_share.mean(), np.float32)

    def fade(self, width: float = FADE) -> Floats:
        """0 at the border, 1 from `width` shares on: no pixel that is moved by less than `width` leaves the region."""
        return smooth(self.depth() / np.float32(width))

    def slowed(self, velocities: Floats) -> Floats:
        """Velocities, (rows, columns, 2), that come to rest at the border.

        What runs into it is slowed from farther away, since it is pressed together there; what runs along it is not.
        """
        depth = self.depth()
        down, across = np.gradient(cv2.GaussianBlur(depth, (0, 0), INWARD_CELLS))
        # About as long as 1, and shorter in the middle between two borders.
        inward = np.dstack([across, down]) * self.grid.cells_a_share
        head_on = (velocities * inward).sum(axis=-1, keepdims=True) * inward
        held_back = smooth(depth / np.float32(HEAD_ON * FADE))[..., None] - 1
        slowed = (velocities + head_on * held_back) * self._quick_fade(depth)[..., None]
        return np.asarray(slowed, np.float32)

    def _quick_fade(self, depth: Floats) -> Floats:
        """As `fade`, but in narrow parts the middle moves at full speed."""
        reach = 2 * round(FADE * float(self.grid.cells_a_share.mean())) + 1
        round_kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
        middle = np.asarray(cv2.dilate(depth, round_kernel), np.float32)
        return smooth(depth / np.clip(THIN * middle, 1e-6, np.float32(FADE)))

    def without_rim(self) -> Region:
        """The region whose alpha is 0 next to the border and comes up from there as softly."""
        if self.alpha.all():
            return self
        width_px = max(1.0, RIM * self.grid.longer_px)
        depth = cv2.distanceTransform((self.alpha > 0).astype(np.uint8), cv2.DIST_L2, 5)
        share = np.clip((depth - width_px) / width_px, 0, 1, out=depth)
        alpha = np.rint(self.alpha * share).astype(np.uint8)
        return replace(self, alpha=alpha) if alpha.any() else self

    def painted(self, picture: Pixels, draw: Callable[[Tile], NDArray[Any]]) -> Pixels:
        """The picture with what `draw` makes of each tile, (height, width, 3), 0…255, where the region is.

        Where alpha is 0 it is the picture to the bit.
        """
        finished = picture.copy()
        for tile in self.tiles:
            before, alpha = picture[tile], self.alpha[tile]
            made = np.clip(np.asarray(draw(tile), np.float32), 0, 255)
            share = alpha[..., None] * np.float32(1 / 255)
            made = np.asarray(before + (made - before) * share, np.float32)
            levels = np.rint(made).astype(np.uint8)
            finished[tile] = np.where(alpha[..., None] > 0, levels, before)
        return finished


def smooth(values: Floats) -> Floats:
    """0…1 with level ends: 3t² − 2t³."""
    t = np.clip(values, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def plane(given: Any, field: str) -> None:
    """Raises RequestError unless it is a picture of one channel."""
    is_plane = isinstance(given, np.ndarray) and given.ndim == 2 and given.dtype == np.uint8
    if not is_plane or not given.size:
        shape = getattr(given, "shape", type(given).__name__)
        remedy = "Send a picture in shades of grey."
        raise RequestError(field, shape, "is no picture of one channel of 8 bits", remedy)
