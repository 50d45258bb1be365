"""Contact sheets: many small pictures on one, for the eye."""

from pathlib import Path

import numpy as np
from PIL import Image

GAP_PX = 2


def contact_sheet(pictures: np.ndarray, columns: int) -> Image.Image:
    """Pictures (n, h, w, 3) of bytes, row by row."""
    count, height, width, _ = pictures.shape
    rows = -(-count // columns)
    sheet = Image.new("RGB", (columns * (width + GAP_PX), rows * (height + GAP_PX)), (40, 40, 40))
    for i, picture in enumerate(pictures):
        place = (i % columns * (width + GAP_PX), i // columns * (height + GAP_PX))
        sheet.paste(Image.fromarray(picture), place)
    return sheet


def save_sheet(pictures: np.ndarray, columns: int, path: Path) -> None:
    """Write the sheet as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    contact_sheet(pictures, columns).save(path)
