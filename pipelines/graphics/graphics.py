"""Pictures of the library as graphics: what the API asks for, a few at a time, each at most so large."""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from pipelines.errors import NotFound, Refused, RequestError
from pipelines.graphics.cutout import HOLES, cut_out
from pipelines.graphics.flatten import COLOURS, COLOURS_DEFAULT, flat
from pipelines.graphics.vector import to_svg
from pipelines.output.decoder import FORMATS

PIXELS_MAX = 4 * 2**20
AT_ONCE = 2  # each takes up to 0.6 GB
WAITING = (
    8  # the others are asked to come again, so that they do not hold every thread of the server
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How a picture is to become a graphic. `colours`: how many at most; 0 leaves them as they are (not for SVG)."""

    cutout: bool = True
    holes: str = "large"
    colours: int = 0

    def check(self) -> None:
        """Raises RequestError."""
        if self.holes not in HOLES:
            remedy = f"Use one of: {', '.join(HOLES)}."
            raise RequestError("holes", self.holes, "is not known", remedy)
        if self.colours and not COLOURS[0] <= self.colours <= COLOURS[1]:
            remedy = f"Use {COLOURS[0]} to {COLOURS[1]}, or 0 to leave the colours as they are."
            raise RequestError("colours", self.colours, "is out of range", remedy)


class Graphics:
    """May be asked from any thread."""

    def __init__(self) -> None:
        self._line = threading.BoundedSemaphore(WAITING)
        self._work = threading.BoundedSemaphore(AT_ONCE)

    def png(self, path: Path, wanted: Wanted) -> bytes:
        """RGBA. Raises NotPlain, NotFound, RequestError or Refused."""
        wanted.check()
        with self._turn():
            picture = _made(path, wanted)
            if wanted.colours:
                picture = flat(picture, wanted.colours)
            stream = io.BytesIO()
            picture.save(stream, "PNG")
        return stream.getvalue()

    def svg(self, path: Path, wanted: Wanted, title: str) -> bytes:
        """A document without scripts. Raises as `png` does."""
        wanted.check()
        with self._turn():
            return to_svg(_made(path, wanted), wanted.colours or COLOURS_DEFAULT, title).encode()

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._line.acquire(blocking=False):
            raise Refused("Other graphics are being made.", "Try again in a few seconds.", 5)
        try:
            with self._work:
                yield
        finally:
            self._line.release()


def _made(path: Path, wanted: Wanted) -> Image.Image:
    try:
        with Image.open(path, formats=FORMATS) as image:
            _check_size(image)
            picture = image.convert("RGBA")
    except (OSError, ValueError, SyntaxError) as error:
        remedy = "It may be damaged; look at the file itself."
        raise NotFound(f"{path.name} cannot be read.", remedy) from error
    return cut_out(picture, wanted.holes) if wanted.cutout else picture


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > PIXELS_MAX:
        limit = f"{PIXELS_MAX / 2**20:g} megapixels"
        size = f"{image.width} × {image.height}"
        remedy = f"Use a picture of at most {limit}, such as 2048 × 2048; an SVG can be enlarged."
        raise RequestError("picture", size, f"has more than {limit}", remedy)
