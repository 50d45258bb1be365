"""What a request with a source needs: its canvas made ready on disk for the worker, and the result put back into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipelines.editing.canvas import Canvas, lay, put_back
from pipelines.editing.geometry import extended, size_like
from pipelines.editing.masks import Levels
from pipelines.editing.source import sources_of
from pipelines.editing.transparency import is_transparent, transparent_again
from pipelines.errors import NotFound, RequestError
from pipelines.guiding.prepared import Prepared, is_used
from pipelines.output.assets import Assets
from pipelines.output.record import NewPicture
from pipelines.request import SIZE_PX, Defaults, Request
from pipelines.worker.messages import GuideRef, SourceTask

AGAIN = "Choose the picture again."
EDITION = 2  # another one when the same request gives other pixels
INIT, MASK = "init", "mask"


@dataclass(frozen=True)
class Canvases:
    """May be asked from any thread."""

    assets: Assets
    prepared: Prepared

    def sized(self, request: Request, owner: str, defaults: Defaults) -> Request:
        """With sides in the proportions of its source, where they are open. Raises RequestError."""
        source = request.source
        if source is None or (request.width and request.height):
            return request
        if request.inpainting is not None and request.inpainting.area == "masked":
            return request  # a piece of any proportions is cut out
        with _named("source.image", source.image):
            asset = self.assets.get(source.image, owner)
        picture = extended((asset.width, asset.height), source.extension)
        width, height = size_like(picture, defaults.width * defaults.height, SIZE_PX)
        return replace(request, width=request.width or width, height=request.height or height)

    def prepare(self, request: Request, owner: str) -> Request:
        """Makes the canvas of a resolved request ready, so that the worker needs no upload; names what it sees.

        Raises RequestError or DiskFull.
        """
        if request.source is None:
            return request
        canvas = self._canvas(request, owner)
        if request.inpainting is not None:
            seen = replace(request.inpainting, region=canvas.region)
            request = replace(request, inpainting=seen)
        for name, picture in ((INIT, canvas.init), (MASK, canvas.mask)):
            path = self._place(request, name)
            if picture is not None and not is_used(path):
                self.prepared.keep(path, picture)
        return request

    def task(self, request: Request) -> SourceTask | None:
        """For the worker. Raises RequestError when the prepared pictures were swept."""
        if request.source is None:
            return None
        init = self._ref(request, INIT, "source.image")
        mask = self._ref(request, MASK, "inpainting.mask") if request.inpainting else None
        return SourceTask(init, mask)

    def finish(self, picture: NewPicture) -> NewPicture:
        """What the worker has made, put back into its source. Raises RequestError when that is gone."""
        request = picture.request
        if request.source is None:
            return picture
        paths = [self.assets.get(one, picture.owner).path for one in sources_of(request)]
        sources = tuple(zip(sources_of(request), paths, strict=True))
        if request.inpainting is None:
            return replace(picture, sources=sources)
        shape = (picture.height, picture.width, 3)
        result = np.frombuffer(picture.pixels, np.uint8).reshape(shape)
        done = self._put_back(request, picture.owner, result)
        height, width, _ = done.shape
        return replace(picture, pixels=done.tobytes(), width=width, height=height, sources=sources)

    def _put_back(self, request: Request, owner: str, result: Levels) -> Levels:
        """(height, width, 3), or 4 where the source has transparency and keeps its size."""
        source, inpainting = request.source, request.inpainting
        assert source is not None
        assert inpainting is not None
        canvas = self._canvas(request, owner)
        done = put_back(canvas, result, hides_seams=inpainting.hides_seams)
        with self._upload(source.image, owner, "source.image") as picture:
            if inpainting.area == "whole" or canvas.alpha is None or not is_transparent(picture):
                return done
            return transparent_again(done, canvas.alpha, picture, source.extension[:2])

    def _canvas(self, request: Request, owner: str) -> Canvas:
        source, inpainting = request.source, request.inpainting
        assert source is not None
        with self._upload(source.image, owner, "source.image") as picture:
            if inpainting is None or not inpainting.mask:
                return lay(request, picture, None)
            with self._upload(inpainting.mask, owner, "inpainting.mask") as mask:
                return lay(request, picture, mask)

    @contextmanager
    def _upload(self, image: str, owner: str, field: str) -> Iterator[Image.Image]:
        with _named(field, image), Image.open(self.assets.get(image, owner).path) as picture:
            yield picture

    def _place(self, request: Request, name: str) -> Path:
        """Made of all that decides the pixels of a canvas."""
        size = (request.width, request.height)
        facts: dict[str, Any] = {"canvas": EDITION, "name": name, "size": size}
        assert request.source is not None
        # How far it is changed decides nothing of what is there before.
        source = replace(request.source, strength=0.0, noise_multiplier=1.0)
        parts = {"source": source, "inpainting": request.inpainting}
        return self.prepared.place(facts | {key: repr(part) for key, part in parts.items()})

    def _ref(self, request: Request, name: str, field: str) -> GuideRef:
        path = self._place(request, name)
        if not is_used(path):
            why = "its picture was removed, since no job had used it for a month"
            raise RequestError(field, "", why, AGAIN)
        return GuideRef("sample", field, str(path))


@contextmanager
def _named(field: str, image: str) -> Iterator[None]:
    """A picture that cannot be read is an error of its field."""
    try:
        yield
    except NotFound:
        raise RequestError(field, image, "there is no such upload", AGAIN) from None
    except (OSError, ValueError) as error:
        raise RequestError(field, image, f"it cannot be read ({error})", AGAIN) from error
