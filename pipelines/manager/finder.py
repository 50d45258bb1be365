"""Finds what a request names among the models: when it is submitted, and for the worker when its turn comes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.catalog.catalog import Catalog, View
from pipelines.catalog.checkpoint import Checkpoint
from pipelines.catalog.hashes import Hashes
from pipelines.manager.canvases import Canvases
from pipelines.manager.checkpoints import find_base, find_refiner
from pipelines.manager.embeddings import Known, Tokenise
from pipelines.manager.extras import Extras, extras_of
from pipelines.manager.guides import Guides, Tasks
from pipelines.manager.marks import want
from pipelines.manager.tokens import TokenCount, TokenCounter, count
from pipelines.prompting.networks import split
from pipelines.request import Request, resolve
from pipelines.worker.messages import CheckpointRef


@dataclass(frozen=True)
class Finder:
    """May be asked from any thread. `checkpoint`, `extras` and `tasks` go by the last look, so the desk never waits."""

    catalog: Catalog
    hashes: Hashes
    guides: Guides
    canvases: Canvases
    tokens: TokenCounter

    def settle(self, request: Request, owner: str) -> Request:
        """The request with every field filled in; all that it names is there and fits.

        Raises RequestError, ModelUnreadable or DiskFull.
        """
        base = find_base(request, self.catalog)
        self.hashes.want(base.path)
        sized = self.canvases.sized(request, owner, base.defaults)
        resolved = resolve(sized, base.name, base.defaults)
        extras = self._extras(resolved, self.catalog.look())
        want(self.hashes, *extras)
        resolved = replace(resolved, vae=extras.vae.name if extras.vae else None)
        if refiner := find_refiner(resolved, base, self.catalog):
            self.hashes.want(refiner.path)
        if resolved.controls or resolved.image_prompts:
            self.guides.prepare(resolved, owner, base.family, self.catalog.others())
        return self.canvases.prepare(resolved, owner)

    def checkpoint(self, name: str | None) -> CheckpointRef:
        """Raises NotFound or ModelUnreadable."""
        ref = self.catalog.recall(lambda view: view.find(name).ref())
        is_known = bool(ref.sha256) and self.hashes.of(Path(ref.path)) == ref.sha256
        return replace(ref, sha256="") if is_known else ref

    def extras(self, request: Request) -> Extras:
        """Raises RequestError, NotFound or ModelUnreadable."""
        return self.catalog.recall(lambda view: self._extras(request, view))

    def tasks(self, request: Request) -> Tasks:
        """What guides its pictures. Raises RequestError."""
        return self.catalog.recall(lambda view: self.guides.tasks(request, view.others))

    def count_tokens(self, text: str, checkpoint: str | None = None) -> TokenCount:
        """Raises NotFound or ModelUnreadable."""
        found = self.catalog.find(checkpoint)
        embeddings = Known(self.catalog.others(), found.family, self._tokenise(found))
        return count(embeddings.items(split(text)[0]))

    def _extras(self, request: Request, view: View) -> Extras:
        checkpoint = view.find(request.checkpoint)
        return extras_of(request, checkpoint, view.others, self._tokenise(checkpoint))

    def _tokenise(self, checkpoint: Checkpoint) -> Tokenise:
        return lambda text: self.tokens.ids(text, checkpoint.tokenizer_path or checkpoint.path)
