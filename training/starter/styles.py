"""How a scene becomes a picture: flat, pixel art, pencil line art, watercolour, logo."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from training.starter.backdrops import mix, paint_backdrop, vary
from training.starter.scenes import COLOURS, RGB, Scene, Subject
from training.starter.unseen import DRAWABLE

BLACK, WHITE = (0, 0, 0), (255, 255, 255)
PAPER = (250, 248, 242)
TONES: dict[str, RGB] = {
    "ink": (24, 22, 28),
    "white": (250, 250, 250),
    "cream": (244, 234, 208),
    "wood": (112, 70, 40),
    "gold": (252, 222, 110),
    "leaf": (50, 130, 60),
    "rose": (236, 120, 140),
    "eye": (232, 244, 190),
}


@dataclass(frozen=True)
class Style:
    """What a style does with the same drawing. Lengths are fractions of the picture's width."""

    grid: float  # drawn at this multiple of the final size
    wobble: float = 0.0  # how unsteady the hand is
    fill: float = 1.0  # how much of the colour the inside gets, the rest is paper
    outline: float = 0.0  # width of the dark line around every part
    finish: Callable[[Image.Image, np.random.Generator], Image.Image] | None = None


def tones_of(colour: str, rng: np.random.Generator) -> dict[str, RGB]:
    """The colours of one subject: its own in three tones, and fixed ones that never vanish in the main colour."""
    main = vary(rng, COLOURS[colour], 7, 8)
    dark = sum(main) < 200
    shade = mix(main, WHITE, 0.22) if dark else mix(main, BLACK, 0.28)
    tint = mix(main, WHITE, 0.3) if sum(main) < 690 else mix(main, BLACK, 0.16)
    spot = mix(main, BLACK, 0.35) if colour == "white" else TONES["white"]
    heart = TONES["wood"] if colour in ("yellow", "orange") else TONES["gold"]
    wood = (184, 140, 96) if colour in ("brown", "black") else TONES["wood"]
    cream = mix(TONES["cream"], BLACK, 0.14) if colour == "white" else TONES["cream"]
    eye = mix(TONES["eye"], (120, 190, 120), 0.8) if colour in ("white", "yellow") else TONES["eye"]
    own = {"main": main, "shade": shade, "tint": tint, "spot": spot, "heart": heart}
    return {**TONES, **own, "wood": wood, "cream": cream, "eye": eye}


def outlines(
    subject: Subject, size_px: int, wobble: float, rng: np.random.Generator
) -> list[tuple[list, str]]:
    """The subject's parts in pixels, ready for PIL."""
    angle = np.radians(subject.tilt_degrees)
    turn = (
        np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        * subject.reach
        * size_px
    )
    turn[0] *= -1 if subject.mirrored else 1
    centre = np.array([subject.x, subject.y]) * size_px
    placed = []
    for points, tone in DRAWABLE[subject.thing].draw(rng):
        if wobble:
            phase = rng.uniform(0, 6.28, 2)
            points = points + wobble * np.sin(points[:, ::-1] * 5 + phase)
        placed.append(((points @ turn + centre).ravel().tolist(), tone))
    return placed


def paint_subject(
    image: Image.Image, subject: Subject, style: Style, rng: np.random.Generator
) -> None:
    """Paint one subject; where it would drown in its backdrop it gets a thin rim."""
    size_px = image.width
    draw = ImageDraw.Draw(image)
    tones = tones_of(subject.colour, rng)
    parts = outlines(subject, size_px, style.wobble, rng)
    behind = np.array(image.getpixel((subject.x * size_px * 0.99, subject.y * size_px * 0.99)))
    if np.abs(behind - np.array(tones["main"])).sum() < 130:
        rim = (
            mix(tones["main"], WHITE, 0.75)
            if sum(tones["main"]) < 380
            else mix(tones["main"], BLACK, 0.5)
        )
        for points, _ in parts:
            draw.line(
                points + points[:4], fill=rim, width=max(2, round(0.045 * size_px)), joint="curve"
            )
    for points, tone in parts:
        draw.polygon(points, fill=mix(PAPER, tones[tone], style.fill))
        if style.outline:
            line = mix(tones[tone], TONES["ink"], 0.6) if sum(tones[tone]) > 170 else TONES["ink"]
            draw.line(
                points + points[:4], fill=line, width=round(style.outline * size_px), joint="curve"
            )


def paint_badge(image: Image.Image, subject: Subject, rng: np.random.Generator) -> None:
    """The ring that makes a logo."""
    size_px = image.width
    colour = mix(vary(rng, COLOURS[subject.colour], 5, 5), BLACK, 0.12)
    draw = ImageDraw.Draw(image)
    outer, width = rng.uniform(0.4, 0.45) * size_px, rng.uniform(0.045, 0.06) * size_px
    x, y = subject.x * size_px, subject.y * size_px
    draw.ellipse((x - outer, y - outer, x + outer, y + outer), outline=colour, width=round(width))


def clouded(
    size_px: int, cells: int, low: float, high: float, rng: np.random.Generator
) -> Image.Image:
    """Soft random blotches between two levels (0..1), as a grey picture."""
    noise = rng.uniform(low * 255, high * 255, (cells, cells)).astype(np.uint8)
    return Image.fromarray(noise).resize((size_px, size_px), Image.Resampling.BICUBIC)


def as_watercolour(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Soft edges, blotches, and ragged paper around the paint."""
    size_px = image.width
    image = image.filter(ImageFilter.GaussianBlur(size_px * 0.006))
    wash = clouded(size_px, int(rng.integers(5, 9)), 0.0, 0.3, rng)
    image = Image.composite(Image.new("RGB", image.size, PAPER), image, wash)
    ramp = np.minimum(np.arange(size_px), np.arange(size_px)[::-1]) / size_px
    edge = np.minimum(ramp[:, None], ramp[None]) * 255
    ragged = np.asarray(clouded(size_px, 10, 0.01, 0.1, rng), dtype=float)
    mask = Image.fromarray((np.clip((edge - ragged) / 6, 0, 1) * 255).astype(np.uint8))
    return Image.composite(image, Image.new("RGB", image.size, PAPER), mask)


def as_pencil(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Slanted strokes all over, as of a coloured pencil."""
    size_px = image.width
    y, x = np.mgrid[0:size_px, 0:size_px]
    slope, pitch = rng.uniform(0.5, 1.2), size_px / rng.uniform(20, 26)
    strokes = np.sin((x + y * slope) * (2 * np.pi / pitch) + rng.uniform(0, 6))
    grain = Image.fromarray((238 + 17 * strokes).astype(np.uint8))
    return ImageChops.multiply(image, Image.merge("RGB", (grain, grain, grain)))


PAINTERS: dict[str, Style] = {
    "flat": Style(grid=2),
    "pixel art": Style(grid=0.25),
    "pencil": Style(grid=2, wobble=0.03, fill=0.6, outline=0.02, finish=as_pencil),
    "watercolour": Style(grid=2, wobble=0.035, fill=0.92, finish=as_watercolour),
    "logo": Style(grid=2, outline=0.03),
}


def render(scene: Scene, size_px: int, rng: np.random.Generator) -> Image.Image:
    """The picture of a scene, square, RGB; the same scene and generator state give the same picture."""
    style = PAINTERS[scene.style]
    image = paint_backdrop(scene, round(size_px * style.grid), rng)
    if scene.style == "pencil":
        image = Image.blend(image, Image.new("RGB", image.size, PAPER), 0.16)
    if scene.style == "logo":
        paint_badge(image, scene.subjects[0], rng)
    for subject in scene.subjects:
        paint_subject(image, subject, style, rng)
    if style.grid > 1:
        image = image.reduce(round(style.grid))
    elif style.grid < 1:
        image = image.resize((size_px, size_px), Image.Resampling.NEAREST)
    return style.finish(image, rng) if style.finish else image
