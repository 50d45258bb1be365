"""A grid as one picture: labels above and beside, sheets below one another, empty places with a word. Pillow alone."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from pipelines.grids.table import Place, Table

PIXELS_MAX = 100_000_000
SIDE_MAX = 60_000  # px
EMPTY_PX = 256  # sides of a place when there is no picture at all
TEXT_PX = (12, 48)
LABEL_SHARE = 0.45  # of a picture's width, for the labels beside it
MARGIN_PX = 8
PAPER, INK, FAINT, EMPTY = "white", "black", "#777777", "#eeeeee"
LINES_MAX = 12

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class Layout:
    """Where everything stands, in px."""

    width: int  # of a place
    height: int
    left: int  # for the labels of rows
    top: int  # for the labels of columns, on every sheet
    head: int  # for the label of a sheet
    foot: int  # for the note

    def size(self, table: Table) -> tuple[int, int]:
        sheet = self.head + self.top + self.height * len(table.rows)
        return (
            self.left + self.width * len(table.columns),
            sheet * len(table.sheets) + self.foot,
        )


def draw(table: Table) -> Image.Image:
    """All of it, scaled down where it would have more than PIXELS_MAX pixels; then a note says so."""
    full = _largest(table)
    scale = 1.0
    layout = _layout(table, full, scale)
    while not _fits(layout.size(table)):
        scale *= 0.9
        layout = _layout(table, full, scale)
    picture = Image.new("RGB", layout.size(table), PAPER)
    for number, label in enumerate(table.sheets):
        _draw_sheet(picture, table, layout, number, label)
    if layout.foot:
        said = f"Pictures are shown at {scale:.0%} of their size."
        ink = ImageDraw.Draw(picture)
        ink.text((MARGIN_PX, picture.height - layout.foot), said, FAINT, _font(TEXT_PX[0]))
    return picture


def _fits(size: tuple[int, int]) -> bool:
    return size[0] * size[1] <= PIXELS_MAX and max(size) <= SIDE_MAX


def _largest(table: Table) -> tuple[int, int]:
    """Of the pictures; each place is as large."""
    sizes = []
    for place in table.places:
        if place.picture is not None:
            try:
                with Image.open(place.picture) as picture:
                    sizes.append(picture.size)
            except OSError:
                continue
    widths, heights = zip(*sizes, strict=True) if sizes else ((EMPTY_PX,), (EMPTY_PX,))
    return max(widths), max(heights)


def _layout(table: Table, full: tuple[int, int], scale: float) -> Layout:
    width, height = (max(1, round(side * scale)) for side in full)
    has_columns, has_rows, has_sheets = (
        any(labels) for labels in (table.columns, table.rows, table.sheets)
    )
    text = _text_px(width)
    return Layout(
        width=width,
        height=height,
        left=max(64, round(width * LABEL_SHARE)) if has_rows else 0,
        top=text * 4 if has_columns else 0,
        head=text * 3 if has_sheets else 0,
        foot=0 if scale == 1.0 else TEXT_PX[0] * 2,
    )


def _draw_sheet(
    picture: Image.Image, table: Table, layout: Layout, number: int, label: str
) -> None:
    ink = ImageDraw.Draw(picture)
    top = number * (layout.head + layout.top + layout.height * len(table.rows))
    if layout.head:
        _write(ink, label, (0, top, picture.width, top + layout.head))
    top += layout.head
    for column, words in enumerate(table.columns):
        left = layout.left + column * layout.width
        _write(ink, words, (left, top, left + layout.width, top + layout.top))
    top += layout.top
    for row, words in enumerate(table.rows):
        y = top + row * layout.height
        _write(ink, words, (0, y, layout.left, y + layout.height))
        for column in range(len(table.columns)):
            corner = (layout.left + column * layout.width, y)
            _put(picture, table.place(column, row, number), corner, layout)


def _put(picture: Image.Image, place: Place, corner: tuple[int, int], layout: Layout) -> None:
    """The picture in the middle of its place, or a grey one with a word."""
    size = (layout.width, layout.height)
    try:
        if place.picture is None:
            raise FileNotFoundError(place.word)
        with Image.open(place.picture) as file:
            file.draft("RGB", size)
            one = file.convert("RGB")
    except OSError:
        left, top = corner
        box = (left, top, left + size[0], top + size[1])
        ink = ImageDraw.Draw(picture)
        ink.rectangle((box[0] + 1, box[1] + 1, box[2] - 2, box[3] - 2), EMPTY)
        _write(ink, place.word or "not there", box, FAINT)
        return
    if one.width > size[0] or one.height > size[1] or layout.foot:
        share = min(size[0] / one.width, size[1] / one.height, 1.0)
        sides = (max(1, round(one.width * share)), max(1, round(one.height * share)))
        one = one.resize(sides, Image.Resampling.LANCZOS)
    left, top = ((whole - own) // 2 for whole, own in zip(size, one.size, strict=True))
    picture.paste(one, (corner[0] + left, corner[1] + top))


def _write(
    ink: ImageDraw.ImageDraw, text: str, box: tuple[int, int, int, int], fill: str = INK
) -> None:
    """The text in the middle of a box, in as large letters as fit, broken between words."""
    width, height = box[2] - box[0] - 2 * MARGIN_PX, box[3] - box[1] - MARGIN_PX
    if not text or width <= 0 or height <= 0:
        return
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    for px in range(_text_px(box[2] - box[0]), 5, -2):
        font = _font(px)
        lines = "\n".join(_broken(ink, text, font, width))
        left, top, right, bottom = ink.multiline_textbbox((0, 0), lines, font)
        if (right - left <= width and bottom - top <= height) or px <= 7:
            ink.multiline_text(middle, lines, fill, font, anchor="mm", align="center")
            return


def _broken(ink: ImageDraw.ImageDraw, text: str, font: Font, width: int) -> list[str]:
    """Lines that are not wider, of whole words where these fit."""
    lines: list[str] = []
    line = ""
    for word in text.split()[:200]:
        longer = f"{line} {word}".strip()
        if ink.textlength(longer, font) <= width:
            line = longer
            continue
        lines += [line] if line else []
        while ink.textlength(word, font) > width and len(word) > 1:
            fits = max(1, int(len(word) * width / ink.textlength(word, font)))
            lines.append(word[:fits])
            word = word[fits:]
        line = word
    lines.append(line)
    return [*lines[:LINES_MAX], "…"] if len(lines) > LINES_MAX else lines


def _text_px(width: int) -> int:
    return min(TEXT_PX[1], max(TEXT_PX[0], width // 18))


def _font(px: int) -> Font:
    return ImageFont.load_default(px)
