"""What is done with a finished picture off the desk: it goes into the library, or is compared with one there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.hashes import Hashes
from pipelines.catalog.verdict import verdict_of
from pipelines.manager.canvases import Canvases
from pipelines.manager.marks import marks_of
from pipelines.manager.used import used_by
from pipelines.manager.verifying import Comparison, Verifier
from pipelines.output.edits import Edits
from pipelines.output.library import Library
from pipelines.output.record import NewPicture, PictureRecord


@dataclass(frozen=True)
class Saver:
    """`edits(owner, client_request_id)`: what the pictures of a job build on."""

    canvases: Canvases
    library: Library
    hashes: Hashes
    catalog: Catalog
    verifier: Verifier
    edits: Callable[[str, str], Edits | None]

    def save(self, picture: NewPicture) -> PictureRecord:
        """With the hashes of its files, as far as they are known by now, and their licences."""
        picture = self.canvases.finish(picture)
        files = [one.path for one in picture.embeddings]
        licences = verdict_of(used_by(picture.request, self.catalog.view, files))
        marks = marks_of(picture, self.hashes, self.catalog.view)
        edits = self.edits(picture.owner, picture.client_request_id)
        whole = replace(picture, marks=marks, licences=licences, edits=edits)
        return self.library.save(whole)

    def compare(self, picture: NewPicture, picture_id: str) -> Comparison:
        """With the picture of this id."""
        return self.verifier.compare(self.canvases.finish(picture), picture_id)
