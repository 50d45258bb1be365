"""Drawing: a frame that a video wants becomes a picture of the worker's, among those of everybody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from pipelines.editing.source import Source
from pipelines.manager.needs import Needs
from pipelines.manager.settling import Settled
from pipelines.request import Request
from pipelines.video.messages import Wanted
from pipelines.video.video import Video
from pipelines.worker.messages import GuideRef, PictureTask, SourceTask, Submit

SOURCE = "source"


class Finder(Protocol):
    """What a request names among the models, as far as it is needed here."""

    def settle(self, request: Request, owner: str) -> Settled: ...

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
        return Submit(
            ticket,
            request.as_dict(),
            needs.checkpoint,
            (PictureTask(0, request.seed),),
            loras=loras,
            controls=needs.controls,
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
        request = self.finder.settle(asked, video.owner).request
        if not wanted.start:
            return request
        return replace(request, source=Source()).changed(start)


def _source(wanted: Wanted) -> SourceTask | None:
    if not wanted.start:
        return None
    found = Path(wanted.start).stat()
    version = f"{found.st_mtime_ns}-{found.st_size}"
    return SourceTask(GuideRef("sample", "the frame before", wanted.start, version))
