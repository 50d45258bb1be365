"""Cuts a flat graphic off its plain ground: true alpha, soft at the edges, without the ground's colour in them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.errors import NotPlain
from pipelines.graphics.ground import (
    Floats,
    Ground,
    Mask,
    distance,
    find_ground,
    followed,
    grown,
    lab_of,
    spread,
)

# Which enclosed places of the ground's colour are ground: those that take this share of what encloses them.
# A ring, the bowl of an O are mostly hole; an eye, a spot on a mushroom are details of a thing.
HOLES = {"large": 0.12, "all": 0.0, "none": 2.0}
HOLE_SHARE = 0.015  # of the picture: so large an enclosed place is ground unless none is
ROUNDS = 4  # of finding: the ground is another one inside a ring, and is followed there as well
SPECK_SHARE = 0.0004  # of the picture: smaller islands in the ground are noise
STAIN_SHARE, STAIN_CONTRAST = (
    0.01,
    1.7,
)  # so are stains: at most so large, at most so many tolerances off
GRAPHIC_SHARE = 0.001  # of the picture: less than that is no graphic
LOOK_PX = 512  # longest side of the copy in which the ground is looked for
EDGE_PX = 3.0  # how far an edge may be mixed with the ground
CORE_PX = 2.5  # that far inside, colours are the graphic's own
RIM_PX = 1.6  # that far inside, every colour is a mixture: what looks otherwise is a fault of the picture
STRAY = 0.25  # of the way from ground to graphic: farther off the line is no mixture
FAINT = 0.06  # less alpha than that is noise
ALREADY_SHARE = 0.02  # of the pixels transparent: the picture has been cut out before


@dataclass(frozen=True)
class Edge:
    """What is known around edges. `own`, `ground`: (h, w, 3) RGB of the graphic and of the ground, 0…255."""

    own: Floats
    ground: Floats
    depth_px: Floats  # how deep inside the graphic; 0 on the ground


def cut_out(picture: Image.Image, holes: str = "large") -> Image.Image:
    """RGBA, of the same size. `holes` is a key of HOLES. Raises NotPlain.

    A picture that is transparent already is returned as it is.
    """
    layered = np.asarray(picture.convert("RGBA"))
    if (layered[..., 3] < 128).mean() > ALREADY_SHARE:
        return Image.fromarray(layered)
    rgb = np.ascontiguousarray(layered[..., :3])
    edge = _edge(rgb, ground_of(rgb, HOLES[holes]))
    alpha = _alpha(rgb, edge)
    cut = np.dstack([_clean(rgb, edge, alpha), alpha * 255])
    return Image.fromarray(np.round(cut).astype(np.uint8))


def ground_of(rgb: NDArray[np.uint8], hole_share: float) -> Mask:
    """Where the ground is seen, enclosed places included. Raises NotPlain.

    It is looked for in a small copy; of a large picture, its edge is then drawn at full size.
    """
    height, width = rgb.shape[:2]
    factor = min(1.0, LOOK_PX / max(height, width))
    if factor == 1:
        return _look(lab_of(cv2.medianBlur(rgb, 3)), hole_share)[0]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    region, ground = _look(lab_of(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)), hole_share)
    full = (width, height)
    lab = np.asarray(cv2.resize(ground.lab, full), np.float32)
    near = distance(lab_of(rgb), lab) < ground.tolerance
    wide, slim = (
        cv2.resize(
            shape(region.astype(np.uint8), np.ones((3, 3))), full, interpolation=cv2.INTER_NEAREST
        )
        for shape in (cv2.dilate, cv2.erode)
    )
    return np.asarray((slim > 0) | (near & (wide > 0)), bool)


def _look(lab: Floats, hole_share: float) -> tuple[Mask, Ground]:
    ground = find_ground(lab)
    region = np.zeros(lab.shape[:2], bool)
    for _ in range(ROUNDS):
        region = grown(lab, ground, region)
        ground = followed(lab, ground, region)
        strays = distance(lab, ground.lab)
        region = region | _holes(~region, strays < ground.tolerance, hole_share)
    region = ~_without_specks(~region, strays / ground.tolerance)
    if 1 - region.mean() < GRAPHIC_SHARE:
        raise NotPlain(
            "There is nothing on the background that could be cut out.",
            "Say in the prompt what should be seen.",
        )
    return region, ground


def _holes(solid: Mask, near: Mask, share: float) -> Mask:
    """The enclosed places of the ground's colour that take at least this share of what encloses them."""
    enclosed = solid & near
    places, place_of = _filled_areas(enclosed)
    things, thing_of = _filled_areas(solid & ~near)
    touching = cv2.dilate(place_of.astype(np.float32), np.ones((3, 3))).astype(np.int32)
    around = (touching > 0) & (thing_of > 0)
    enclosing = np.full(len(places), 1e12)
    pairs = np.unique(np.stack([touching[around], thing_of[around]]), axis=1)
    for place in np.unique(pairs[0]):  # what lies in it touches it too, and is smaller
        enclosing[place] = things[pairs[1][pairs[0] == place]].max()
    is_large = (places >= HOLE_SHARE * solid.size) & (share <= 1)
    return (is_large | (places >= share * enclosing))[place_of] & enclosed


def _filled_areas(mask: Mask) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """(area of each part with all that it encloses, the number of the part at each pixel: 0 where there is none)."""
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    areas = np.zeros(count)
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    for contour in contours:
        x, y = contour[0, 0]
        # The outline runs through the middles of its pixels.
        area = cv2.contourArea(contour) + len(contour) / 2 + 1
        areas[labels[y, x]] = max(areas[labels[y, x]], area)
    return areas, np.asarray(labels, np.int32)


def _without_specks(solid: Mask, strays: Floats) -> Mask:
    """Without small islands, and larger ones if they hardly differ from the ground; `strays` in its tolerance."""
    count, labels, facts, _ = cv2.connectedComponentsWithStats(
        solid.astype(np.uint8), connectivity=8
    )
    areas = facts[:, cv2.CC_STAT_AREA] / solid.size
    contrast = np.bincount(labels.ravel(), strays.ravel(), count) / facts[:, cv2.CC_STAT_AREA]
    is_speck = (areas < SPECK_SHARE) | ((areas < STAIN_SHARE) & (contrast < STAIN_CONTRAST))
    return np.asarray(solid & ~is_speck[labels], bool)


def _edge(rgb: NDArray[np.uint8], region: Mask) -> Edge:
    """Each pixel's own colour is that of the nearest place that lies deep enough; of a thin line, its middle."""
    pixels = rgb.astype(np.float32)
    inside = (~region).astype(np.uint8)
    depth = np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, 5), np.float32)
    is_ridge = (depth >= cv2.dilate(depth, np.ones((3, 3)))) & (depth > 0)
    core = (depth >= CORE_PX) | is_ridge
    _, nearest = cv2.distanceTransformWithLabels(
        (~core).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    places = np.flatnonzero(core)
    order = np.empty(nearest.max() + 1, np.int64)
    order[nearest.ravel()[places]] = places
    own = pixels.reshape(-1, 3)[order[nearest]]
    far = cv2.distanceTransform(region.astype(np.uint8), cv2.DIST_L2, 5) > CORE_PX
    everywhere = np.broadcast_to(pixels[region].mean(axis=0), pixels.shape)
    return Edge(own, spread(pixels, far if far.any() else region, everywhere), depth)


def _alpha(rgb: NDArray[np.uint8], edge: Edge) -> Floats:
    """How much of each pixel is the graphic's: 0…1. Only what is a mixture of both colours is between."""
    way = edge.own - edge.ground
    length = np.maximum(np.linalg.norm(way, axis=-1), 1.0)
    offset = rgb - edge.ground
    share = np.clip((offset * way).sum(axis=-1) / length**2, 0, 1)
    stray = np.linalg.norm(offset - share[..., None] * way, axis=-1) / length
    is_mixture = (stray < STRAY) | (edge.depth_px < RIM_PX)
    inner = np.clip((edge.depth_px - 1) / EDGE_PX, 0, 1)
    alpha = np.where(edge.depth_px > 0, np.maximum(np.where(is_mixture, share, 1), inner), share)
    beside = cv2.dilate((edge.depth_px > 0).astype(np.uint8), np.ones((3, 3))) > 0
    alpha = np.where(beside & (alpha >= FAINT), alpha, 0)
    return np.asarray(np.where(alpha > 1 - FAINT, 1, alpha), np.float32)


def _clean(rgb: NDArray[np.uint8], edge: Edge, alpha: Floats) -> Floats:
    """RGB without the ground's part; where little of a pixel is the graphic's, its own colour instead."""
    share = alpha[..., None]
    unmixed = (rgb - (1 - share) * edge.ground) / np.maximum(share, FAINT)
    mixed = share * np.clip(unmixed, 0, 255) + (1 - share) * edge.own
    return np.asarray(np.where(share == 1, rgb, np.where(share > 0, mixed, edge.own)), np.float32)
