"""What lies behind the subjects: plain backdrops of every colour, and landscapes by day, at sunset and at night."""

import numpy as np
from PIL import Image, ImageDraw

from training.starter.scenes import COLOURS, RGB, SCENERY, Scene

# top and bottom of the sky; how much of which colour the light lays over the ground
SKIES: dict[str, tuple[RGB, RGB]] = {
    "day": ((112, 182, 238), (206, 232, 248)),
    "sunset": ((122, 66, 140), (252, 160, 84)),
    "night": ((10, 14, 48), (36, 46, 104)),
}
LIGHT_ON_GROUND: dict[str, tuple[RGB, float]] = {
    "day": ((255, 255, 255), 0.0),
    "sunset": ((200, 96, 70), 0.42),
    "night": ((16, 20, 66), 0.58),
}
GROUND_COLOURS: dict[str, RGB] = {
    "meadow": (104, 178, 74),
    "sea": (34, 116, 172),
    "snow": (238, 242, 250),
    "desert": (228, 186, 110),
}


def mix(a: RGB, b: RGB, share: float) -> RGB:
    """`a` with a share of `b`."""
    return tuple(round(p + (q - p) * share) for p, q in zip(a, b, strict=True))


def vary(rng: np.random.Generator, colour: RGB, each: float, all_: float) -> RGB:
    """The colour with each channel moved a little, and all of them together."""
    moved = np.array(colour) + rng.normal(0, each, 3) + rng.normal(0, all_)
    return tuple(int(v) for v in np.clip(moved, 0, 255))


def gradient(top: RGB, bottom: RGB, size_px: int) -> Image.Image:
    """A square that runs from one colour to the other."""
    return Image.fromarray(np.array([[top], [bottom]], dtype=np.uint8)).resize(
        (size_px, size_px), Image.Resampling.BILINEAR
    )


def paint_backdrop(scene: Scene, size_px: int, rng: np.random.Generator) -> Image.Image:
    """The picture before its subjects are painted."""
    if scene.backdrop in COLOURS:
        return paint_plain(COLOURS[scene.backdrop], size_px, rng)
    ground, light = SCENERY[scene.backdrop]
    return paint_landscape(ground, light, scene.horizon, size_px, rng)


def paint_plain(colour: RGB, size_px: int, rng: np.random.Generator) -> Image.Image:
    """A wall of one colour: its tint, its light and sometimes a floor differ from picture to picture."""
    base = vary(rng, colour, 8, 14)
    depth = rng.uniform(0, 0.16)
    top, bottom = mix(base, (255, 255, 255), depth * 0.6), mix(base, (0, 0, 0), depth)
    image = gradient(*((top, bottom) if rng.random() < 0.6 else (bottom, top)), size_px)
    if rng.random() < 0.25:
        floor = int(size_px * rng.uniform(0.68, 0.84))
        image.paste(mix(base, (0, 0, 0), rng.uniform(0.12, 0.2)), (0, floor, size_px, size_px))
    return image


def paint_landscape(
    ground: str, light: str, horizon: float, size_px: int, rng: np.random.Generator
) -> Image.Image:
    """Sky and ground, and what belongs to the hour: a low sun, or stars."""
    top, bottom = (vary(rng, colour, 7, 9) for colour in SKIES[light])
    image = gradient(top, bottom, size_px)
    draw = ImageDraw.Draw(image)
    level = horizon * size_px
    if light == "sunset" and rng.random() < 0.6:
        x, r = size_px * rng.uniform(0.1, 0.9), size_px * rng.uniform(0.09, 0.16)
        draw.ellipse((x - r, level - r, x + r, level + r), fill=vary(rng, (255, 226, 130), 5, 5))
    if light == "night":
        r = size_px * 0.011
        for x, y in rng.random((int(rng.integers(7, 14)), 2)) * size_px:
            draw.ellipse((x - r, y - r, x + r, y + r), fill=(236, 236, 200))
    if ground or light == "sunset":
        paint_ground(draw, ground, light, level, rng)
    return image


def paint_ground(
    draw: ImageDraw.ImageDraw, ground: str, light: str, level: float, rng: np.random.Generator
) -> None:
    """The lower part: waves, tufts, drifts or dunes; a bare sunset has a dark rim of land."""
    size_px = draw.im.size[0]
    xs = np.linspace(0, size_px, 25)
    if not ground:
        level = size_px * rng.uniform(0.84, 0.92)
        rim = level + size_px * 0.02 * np.sin(xs / size_px * rng.uniform(4, 8) + rng.uniform(0, 6))
        draw.polygon(
            [*zip(xs, rim, strict=True), (size_px, size_px), (0, size_px)],
            fill=vary(rng, (70, 36, 76), 5, 6),
        )
        return
    overlay, share = LIGHT_ON_GROUND[light]
    base = mix(vary(rng, GROUND_COLOURS[ground], 6, 10), overlay, share)
    swell = {"meadow": 0.025, "sea": 0.0, "snow": 0.03, "desert": 0.045}[ground]
    for depth in (0.0, 0.2):
        wave = swell * np.sin(xs / size_px * rng.uniform(4, 9) + rng.uniform(0, 6))
        edge = level + size_px * (depth + wave)
        shade = mix(base, (0, 0, 0), 0.13) if (depth == 0.0) == (ground != "snow") else base
        draw.polygon([*zip(xs, edge, strict=True), (size_px, size_px), (0, size_px)], fill=shade)
    if ground in ("sea", "meadow"):
        paint_marks(draw, ground, mix(base, (255, 255, 255), 0.32), level, rng)


def paint_marks(
    draw: ImageDraw.ImageDraw, ground: str, colour: RGB, level: float, rng: np.random.Generator
) -> None:
    """Wave crests on the sea, tufts on the meadow."""
    size_px = draw.im.size[0]
    long, high = (0.08, 0.0) if ground == "sea" else (0.0, 0.035)
    width = max(1, round(size_px * 0.016))
    for _ in range(int(rng.integers(4, 8))):
        x, y = rng.uniform(0, size_px), rng.uniform(level + 0.05 * size_px, size_px)
        draw.line(
            (x - long * size_px, y, x + long * size_px, y - high * size_px),
            fill=colour,
            width=width,
        )
