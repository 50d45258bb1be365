"""How each style of graphics looks on a heart of the starter model: pure drawing, no model."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from scripts.style_motif import (
    PAPER,
    RGB,
    SIDE,
    Motif,
    drawn,
    grown,
    lit,
    moved,
    paint,
    paper,
    rim,
    scaled,
    where,
    within,
    without,
)

GRID = 32  # pixels of the pixel art along a side
HEIGHT = 64  # of the isometric heart
INK, WHITE = (24, 24, 26), (255, 255, 255)
RED, DEEP, ROSE = (214, 44, 48), (150, 24, 34), (244, 120, 124)
BLUE, SAND = (44, 96, 190), (240, 208, 150)


def minimal_mark(motif: Motif) -> Image.Image:
    slit = drawn(lambda d: d.rectangle((246, 0, 266, SIDE), fill=255))
    return paint(paper(), RED, without(motif.shape, slit))


def silhouette(motif: Motif) -> Image.Image:
    return paint(paper(), INK, motif.shape)


def line_icon(motif: Motif) -> Image.Image:
    return paint(paper(), INK, rim(motif, 26))


def one_line(motif: Motif) -> Image.Image:
    """A thin stroke around the heart that comes in from the left and leaves to the right."""
    start = int(np.argmax(motif.outline[:, 1]))
    line = [(int(x), int(y)) for x, y in np.roll(motif.outline, -start, axis=0)]
    x, y = line[0]
    left = [(round(x * t / 20), round(y + 22 * np.sin(t / 20 * 6.28))) for t in range(21)]
    right = [(SIDE - round((SIDE - x) * t / 20), y) for t in range(20, -1, -1)]
    whole = [*left, *line, *right]
    return paint(paper(), INK, drawn(lambda d: d.line(whole, fill=255, width=9, joint="curve")))


def emblem(motif: Motif) -> Image.Image:
    points = [(96, 60), (416, 60), (416, 250), (380, 350), (256, 460), (132, 350), (96, 250)]
    shield = drawn(lambda d: d.polygon(points, fill=255)).filter(ImageFilter.GaussianBlur(12))
    shield = shield.point(lambda value: 255 * (value > 127))
    image = paint(paint(paper(), BLUE, shield), SAND, grown(shield, -14))
    return paint(
        paint(image, BLUE, grown(shield, -26)), SAND, moved(scaled(motif.shape, 0.62), 0, -22)
    )


def mascot(motif: Motif) -> Image.Image:
    image = cartoon(motif)
    draw = ImageDraw.Draw(image)
    for x in (205, 307):
        draw.ellipse((x - 30, 205, x + 30, 275), fill=PAPER, outline=INK, width=7)
        draw.ellipse((x - 11, 228, x + 15, 262), fill=INK)
    draw.arc((215, 255, 297, 325), 15, 165, fill=INK, width=10)
    return image


def cartoon(motif: Motif) -> Image.Image:
    image = paint(paint(paper(), INK, grown(motif.shape, 14)), DEEP, motif.shape)
    image = paint(image, RED, within(motif.shape, moved(motif.shape, -24, -18)))
    return paint(image, (255, 214, 214), lit(motif))


def app_icon(motif: Motif) -> Image.Image:
    square = drawn(lambda d: d.rounded_rectangle((46, 46, 466, 466), 96, fill=255))
    return paint(paint(paper(), RED, square), (255, 255, 255), scaled(motif.shape, 0.78))


def sticker(motif: Motif) -> Image.Image:
    image = paper((176, 180, 184))
    shadow = moved(grown(motif.shape, 34), 8, 12).filter(ImageFilter.GaussianBlur(8))
    image = paint(image, (120, 124, 128), shadow)
    image = paint(
        paint(image, (255, 255, 255), grown(motif.shape, 34)), DEEP, grown(motif.shape, 4)
    )
    return paint(paint(image, RED, grown(motif.shape, -6)), ROSE, lit(motif))


def stencil(motif: Motif) -> Image.Image:
    bridges = drawn(lambda d: [d.rectangle((x, 0, x + 16, SIDE), fill=255) for x in (190, 306)])
    inner = rim(Motif(grown(motif.shape, -46), motif.outline), 16)
    return paint(paper((206, 178, 138)), INK, without(without(motif.shape, inner), bridges))


def stamp(motif: Motif) -> Image.Image:
    rings = drawn(
        lambda d: [
            d.ellipse((r, r, SIDE - r, SIDE - r), outline=255, width=w)
            for r, w in ((30, 18), (62, 7))
        ]
    )
    noise = np.random.default_rng(3).normal(size=(SIDE, SIDE)).astype(np.float32)
    worn = where(cv2.GaussianBlur(noise, (0, 0), 3.0) > 0.13)
    both = Image.fromarray(np.maximum(np.asarray(rings), np.asarray(scaled(motif.shape, 0.75))))
    return paint(paper(), (176, 32, 44), without(both, worn))


def woodcut(motif: Motif) -> Image.Image:
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    wave = np.sin((y + 0.35 * x + 9 * np.sin(x / 34)) * 2 * np.pi / 27)
    light = np.clip((420 - x - 0.6 * (y - 120)) / 360, 0, 1)
    cuts = within(where(wave < 2.1 * light - 1.15), grown(motif.shape, -12))
    return paint(paint(paper((240, 230, 208)), INK, motif.shape), (240, 230, 208), cuts)


def paper_cut(motif: Motif) -> Image.Image:
    image = paper((250, 228, 214))
    for by_px, colour in ((40, (248, 178, 158)), (8, (232, 104, 96)), (-26, RED), (-62, DEEP)):
        sheet = grown(motif.shape, by_px)
        shade = moved(sheet, 5, 9).filter(ImageFilter.GaussianBlur(6)).point(lambda v: v // 3)
        image = paint(paint(image, INK, shade), colour, sheet)
    return image


def pixel_art(motif: Motif) -> Image.Image:
    small = cartoon(motif).resize((GRID, GRID), Image.Resampling.NEAREST)
    return small.resize((SIDE, SIDE), Image.Resampling.NEAREST)


def isometric(motif: Motif) -> Image.Image:
    lying = motif.shape.transform(
        (SIDE, SIDE), Image.Transform.AFFINE, (0.82, 1.0, -210, -0.62, 1.05, 150)
    )
    left, top, right, bottom = lying.getbbox()
    lying = moved(lying, (SIDE - left - right) // 2, (SIDE - top - bottom - HEIGHT) // 2)
    image = paper()
    for depth in range(HEIGHT, 0, -2):
        image = paint(image, DEEP, moved(lying, 0, depth))
    return paint(image, RED, lying)


def geometric(motif: Motif) -> Image.Image:
    image = paper()
    draw = ImageDraw.Draw(image)
    draw.polygon([(106, 232), (256, 232), (256, 420)], fill=RED)
    draw.polygon([(406, 232), (256, 232), (256, 420)], fill=DEEP)
    draw.pieslice((106, 150, 256, 314), 180, 360, fill=ROSE)
    draw.pieslice((256, 150, 406, 314), 180, 360, fill=RED)
    return image


def low_poly(motif: Motif) -> Image.Image:
    rng = np.random.default_rng(5)
    around = motif.outline[:: len(motif.outline) // 22]
    inside = np.argwhere(np.asarray(grown(motif.shape, -30)) > 0)[:, ::-1]
    points = np.concatenate([around, inside[rng.integers(len(inside), size=14)]]).astype(np.float32)
    mesh = cv2.Subdiv2D((0, 0, SIDE, SIDE))
    mesh.insert([(float(x), float(y)) for x, y in points])
    image = paper()
    facets = paper()
    draw = ImageDraw.Draw(facets)
    for corners in mesh.getTriangleList().reshape(-1, 3, 2):
        middle = corners.mean(axis=0)
        light = float(
            np.clip(1.25 - (middle[0] + middle[1]) / SIDE * 0.62 + rng.normal(0, 0.08), 0.5, 1.15)
        )
        draw.polygon([(float(x), float(y)) for x, y in corners], fill=_toned(RED, light))
    image.paste(facets, (0, 0), motif.shape)
    return image


def retro(motif: Motif) -> Image.Image:
    image = paper((244, 232, 208))
    for radius, colour in (
        (228, (122, 66, 50)),
        (190, (206, 94, 52)),
        (152, (234, 150, 62)),
        (114, (246, 200, 104)),
    ):
        disc = drawn(lambda d, r=radius: d.ellipse((256 - r, 256 - r, 256 + r, 256 + r), fill=255))
        image = paint(image, colour, disc)
    return paint(image, (122, 40, 40), scaled(motif.shape, 0.62))


def comic(motif: Motif) -> Image.Image:
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    u, v = (x + y) / 2**0.5, (x - y) / 2**0.5
    apart = np.hypot((u + 13) % 26 - 13, (v + 13) % 26 - 13)
    dots = within(where(apart < 2 + 9 * np.clip((x + y - 330) / 420, 0, 1)), motif.shape)
    image = paint(
        paint(paper((250, 222, 84)), INK, grown(motif.shape, 13)), (236, 64, 72), motif.shape
    )
    return paint(paint(image, DEEP, dots), (255, 255, 255), lit(motif))


def stained_glass(motif: Motif) -> Image.Image:
    rng = np.random.default_rng(11)
    seeds = np.stack(np.meshgrid(range(5), range(5)), axis=-1).reshape(-1, 2) * 128
    seeds = seeds + rng.uniform(-42, 42, seeds.shape)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    squares = np.stack([(x - a) ** 2 + (y - b) ** 2 for a, b in seeds])
    cell = squares.argmin(axis=0)
    heart = np.asarray(motif.shape) > 0
    light = rng.uniform(0.72, 1.2, len(seeds))
    panes = (
        np.where(heart[..., None], np.array(RED), np.array((70, 140, 196))) * light[cell][..., None]
    )
    pieces = (cell * 2 + heart).astype(np.float32)
    lead = cv2.dilate(pieces, np.ones((11, 11))) != cv2.erode(pieces, np.ones((11, 11)))
    return paint(Image.fromarray(panes.clip(0, 255).astype(np.uint8)), INK, where(lead))


def _toned(colour: RGB, light: float) -> RGB:
    r, g, b = (int(np.clip(value * light + max(0, light - 1) * 120, 0, 255)) for value in colour)
    return r, g, b


DRAWINGS: dict[str, Callable[[Motif], Image.Image]] = {
    "minimal-mark": minimal_mark,
    "silhouette": silhouette,
    "line-icon": line_icon,
    "one-line": one_line,
    "emblem": emblem,
    "mascot": mascot,
    "cartoon": cartoon,
    "app-icon": app_icon,
    "sticker": sticker,
    "stencil": stencil,
    "stamp": stamp,
    "woodcut": woodcut,
    "paper-cut": paper_cut,
    "pixel-art": pixel_art,
    "isometric": isometric,
    "geometric": geometric,
    "low-poly": low_poly,
    "retro": retro,
    "comic": comic,
    "stained-glass": stained_glass,
}
