"""A grid as one page that needs nothing beside itself: its pictures are in it, and a click enlarges them."""

from __future__ import annotations

import base64
import io
from html import escape
from pathlib import Path

from PIL import Image

from pipelines.grids.table import Place, Table

PAGE_BYTES_MAX = 96 * 2**20  # of all pictures in it, before base64
SMALLER_PX = (2048, 1024, 512, 256)  # longer sides that a picture gets, until it fits its share
QUALITY = 85
MEDIA = {".png": "image/png", ".webp": "image/webp", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
STYLE = """
:root { color-scheme: light dark; font: 14px/1.4 system-ui, sans-serif; }
body { margin: 1rem; } h1 { font-size: 1.2rem; } h2 { font-size: 1rem; }
table { border-collapse: collapse; }
th, td { padding: 4px; vertical-align: top; max-width: 24rem; overflow-wrap: anywhere; }
th { text-align: left; position: sticky; top: 0; background: Canvas; z-index: 1; }
tbody th { left: 0; min-width: 7rem; }
td img { display: block; width: 16rem; max-width: 100%; height: auto; cursor: zoom-in; }
input { position: absolute; opacity: 0; }
input:focus-visible + img { outline: 3px solid Highlight; }
input:checked + img { position: fixed; inset: 0; width: 100vw; height: 100vh; max-width: none; object-fit: contain;
  background: #000d; z-index: 2; cursor: zoom-out; }
.empty { display: grid; place-items: center; width: 16rem; height: 10rem; background: #8883; }
details { font-size: 12px; max-width: 16rem; } pre { white-space: pre-wrap; }
"""


def page(table: Table) -> str:
    """The whole page. Every text in it is escaped."""
    made = sum(place.picture is not None for place in table.places)
    share = PAGE_BYTES_MAX // max(1, made)
    sheets = "\n".join(_sheet(table, number, share) for number in range(len(table.sheets)))
    title = escape(table.title)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{title}</h1>
{sheets}
</body>
</html>
"""


def _sheet(table: Table, number: int, share: int) -> str:
    label = table.sheets[number]
    head = f"<h2>{escape(label)}</h2>\n" if label else ""
    return (
        f"{head}<table>\n{_columns(table)}<tbody>\n{_rows(table, number, share)}\n</tbody></table>"
    )


def _columns(table: Table) -> str:
    if not any(table.columns):
        return ""
    corner = "<td></td>" if any(table.rows) else ""
    cells = "".join(f'<th scope="col">{escape(label)}</th>' for label in table.columns)
    return f"<thead><tr>{corner}{cells}</tr></thead>\n"


def _rows(table: Table, number: int, share: int) -> str:
    lines = []
    for row, label in enumerate(table.rows):
        head = f'<th scope="row">{escape(label)}</th>' if label else ""
        places = (table.place(column, row, number) for column in range(len(table.columns)))
        lines.append(f"<tr>{head}{''.join(_cell(place, share) for place in places)}</tr>")
    return "\n".join(lines)


def _cell(place: Place, share: int) -> str:
    source = _source(place.picture, share) if place.picture else None
    if source is None:
        return f'<td><div class="empty">{escape(place.word or "not there")}</div></td>'
    words = escape(place.settings)
    return (
        f'<td><label><input type="checkbox" aria-label="Enlarge"><img alt="" src="{source}"></label>'
        f"<details><summary>Settings</summary><pre>{words}</pre></details></td>"
    )


def _source(path: Path, share: int) -> str | None:
    """The file itself where it is no larger than its share, else a smaller picture of it; None: it is gone."""
    try:
        data, media = path.read_bytes(), MEDIA[path.suffix.lower()]
        for side in SMALLER_PX:
            if len(data) <= share:
                break
            data, media = _smaller(path, side), MEDIA[".webp"]
    except (OSError, KeyError):
        return None
    return f"data:{media};base64,{base64.b64encode(data).decode()}"


def _smaller(path: Path, side: int) -> bytes:
    stream = io.BytesIO()
    with Image.open(path) as picture:
        picture.thumbnail((side, side))
        picture.convert("RGBA" if "A" in picture.getbands() else "RGB").save(
            stream, "WEBP", quality=QUALITY
        )
    return stream.getvalue()
