"""Looking at a picture once, for all that its intake must know of it; nothing here depends on a plan."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.errors import UploadError
from pipelines.finetune.pictures.duplicates import fingerprint
from pipelines.finetune.pictures.flattening import RGB, SEEN_ALPHA, flattened, ground_for
from pipelines.finetune.pictures.focus import box_of, focus_of
from pipelines.finetune.pictures.sharpness import blur
from pipelines.finetune.pictures.sizes import Box
from pipelines.output.decoder import FORMATS

KEPT_MAX = 2000


@dataclass(frozen=True)
class Seen:
    """`focus`: what matters, in px. `blur`: 0 sharp … 1. `ground`: what a transparent picture is laid on; None: it is
    opaque. `is_empty`: it is of one colour, so there is nothing to be learned from it.
    """

    width: int
    height: int
    focus: Box
    has_face: bool
    blur: float
    ground: RGB | None
    is_empty: bool
    fingerprint: bytes  # of how it looks: see duplicates.py


Look = Callable[[str, Path], Seen]  # (id of the upload, its file); raises UploadError


def opened(image: str, path: Path) -> Image.Image:
    """An upload, decoded: upright, sRGB, 8 bits, as pipelines/output has kept it. Raises UploadError."""
    try:
        with Image.open(path, formats=FORMATS) as picture:
            picture.load()
            return picture
    except Exception as error:  # decoders raise SyntaxError, struct.error and more
        why = f"The picture {image} cannot be read any more ({type(error).__name__}: {error})."
        raise UploadError(why, "Send it again.", image=image) from error


def look(image: str, path: Path, face_folder: Path | None = None) -> Seen:
    """All that there is to be known of it. Raises UploadError for a file that is gone or damaged."""
    picture = opened(image, path)
    ground = ground_for(picture)
    flat = flattened(picture, ground)
    focus, has_face = focus_of(flat, face_folder)
    if ground is not None and not has_face:
        focus = _visible(picture) or focus
    pixels = np.asarray(flat)
    return Seen(
        width=flat.width,
        height=flat.height,
        focus=focus,
        has_face=has_face,
        blur=blur(pixels),
        ground=ground,
        is_empty=all(low == high for low, high in _extrema(flat)),
        fingerprint=fingerprint(pixels),
    )


class Looks:
    """Looks at each picture once and keeps what was seen, by its id. May be used from any thread: `looks(id, path)`.

    `face_folder`: where a detector of the user's own may lie, see retouch/faces.py.
    """

    def __init__(self, face_folder: Path | None = None) -> None:
        self._face_folder = face_folder
        self._lock = threading.Lock()
        self._looking = threading.Lock()  # one takes hundreds of megabytes
        self._seen: OrderedDict[str, Seen] = OrderedDict()

    def __call__(self, image: str, path: Path) -> Seen:
        seen = self._known(image)
        if seen is None:
            with self._looking:
                seen = self._known(image) or look(image, path, self._face_folder)
            with self._lock:
                self._seen[image] = seen
                while len(self._seen) > KEPT_MAX:
                    self._seen.popitem(last=False)
        return seen

    def _known(self, image: str) -> Seen | None:
        with self._lock:
            if image in self._seen:
                self._seen.move_to_end(image)
            return self._seen.get(image)


def _visible(picture: Image.Image) -> Box | None:
    mask = np.asarray(picture.convert("RGBA").getchannel("A")) >= SEEN_ALPHA
    return box_of(mask) if mask.any() else None


def _extrema(flat: Image.Image) -> list[tuple[int, int]]:
    return [flat.getchannel(band).getextrema() for band in flat.getbands()]  # type: ignore[misc]
