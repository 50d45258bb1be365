"""Drawing: a frame that a video wants becomes a picture of the worker's, among those of everybody else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from PIL import Image

from pipelines.editing.source import Inpainting, Source
from pipelines.guiding.guides import Control
from pipelines.guiding.preprocessing import prepared
from pipelines.manager.needs import Needs
from pipelines.manager.settling import Settled
from pipelines.output.disk import failures_named, rewrite
from pipelines.output.png import png_bytes
from pipelines.request import Request
from pipelines.video.messages import Wanted
from pipelines.video.shooting.folder import Folder
from pipelines.video.video import Video
from pipelines.worker.messages import ControlTask, GuideRef, PictureTask, SourceTask, Submit

SOURCE = "source"


class Finder(Protocol):
    """What a request names among the models, as far as it is needed here."""

    def settle(self, request: Request, owner: str) -> Settled: ...

    def settle_frame(self, request: Request, owner: str) -> Settled: ...

    def needs(self, request: Request, owner: str) -> Needs: ...


@dataclass(frozen=True)
class Drawing:
    """Made on a thread that may wait for the disk."""

    finder: Finder
    folder: Callable[[str], Path]

    def order(self, video: Video, wanted: Wanted, ticket: str) -> Submit:
        """What the worker is told. Raises RequestError, NotFound, ModelUnreadable or DiskFull."""
        request = self.settled(video, wanted)
        needs = self.finder.needs(replace(request, source=None), video.owner)
        loras, vae, embeddings = needs.extras
        folder = Folder(self.folder(video.id))
        return Submit(
            ticket,
            request.as_dict(),
            needs.checkpoint,
            (PictureTask(0, request.seed),),
            loras=loras,
            controls=_followed(needs.controls, request, wanted, folder),
            vae=vae,
            embeddings=embeddings,
            image_prompts=needs.image_prompts,
            source=_source(wanted),
        )

    def settled(self, video: Video, wanted: Wanted) -> Request:
        """The request of this frame alone. It starts from no upload, so that part is put in once it is settled."""
        base = Request.from_dict(video.request or {})
        changes = dict(wanted.changes)
        start = {name: changes.pop(name) for name in tuple(changes) if name.startswith(SOURCE)}
        # exact: the same whatever else is drawn meanwhile, so that a resumed video goes on to the same bytes
        asked = replace(base.changed(changes), exact=True, batch_size=1, batch_count=1)
        if not wanted.start:
            return self.finder.settle(asked, video.owner).request
        request = self.finder.settle_frame(asked, video.owner).request
        where = Inpainting(is_soft=True) if wanted.mask else None
        return replace(request, source=Source(), inpainting=where).changed(start)


def _source(wanted: Wanted) -> SourceTask | None:
    if not wanted.start:
        return None
    mask = _sample("where it may change", wanted.mask) if wanted.mask else None
    return SourceTask(_sample("the frame before", wanted.start), mask)


def _sample(name: str, path: str) -> GuideRef:
    return GuideRef("sample", name, path, _version(Path(path).read_bytes()))


def _followed(
    tasks: tuple[ControlTask, ...], request: Request, wanted: Wanted, folder: Folder
) -> tuple[ControlTask, ...]:
    """Those of the request that count; who has no picture of its own is shown the frame. Raises DiskFull."""
    counting = [one for one in request.controls if one.weight]
    size = (request.width or 0, request.height or 0)
    return tuple(
        task
        if control.image
        else replace(task, picture=_guide(control, Path(wanted.start), size, path))
        for task, control, path in zip(tasks, counting, folder.guide_paths, strict=False)
    )


def _guide(control: Control, start: Path, size: tuple[int, int], path: Path) -> GuideRef:
    """What a ControlNet sees of a frame."""
    with Image.open(start) as picture:
        data = png_bytes(prepared(picture, control, size))
    with failures_named(path.parent):
        rewrite(path, data)
    return GuideRef("picture", path.stem, str(path), _version(data))


def _version(data: bytes) -> str:
    """The same file holds one picture after the other; equal ones are known again."""
    return hashlib.sha256(data).hexdigest()[:16]
