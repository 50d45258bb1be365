"""Finds what a request names among the models: when it is submitted, and for the worker when its turn comes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.asking.sampling import STEPS
from pipelines.catalog.catalog import Catalog, View
from pipelines.catalog.checkpoint import Checkpoint
from pipelines.catalog.hashes import Hashes
from pipelines.grids.cells import Varied
from pipelines.manager.canvases import Canvases
from pipelines.manager.embeddings import Known
from pipelines.manager.explaining import Explainer, PromptQuestion
from pipelines.manager.extras import Extras, extras_of
from pipelines.manager.guides import Guides
from pipelines.manager.loras import Loras
from pipelines.manager.needs import Needs
from pipelines.manager.settling import Settled, Settling
from pipelines.manager.tokens import TokenCount, TokenCounter, count
from pipelines.manager.upscalers import upscaler_of
from pipelines.manager.words import Words
from pipelines.prompting.chunks import Tokenise
from pipelines.prompting.explaining import Values
from pipelines.prompting.reading import read
from pipelines.prompting.schedules import Timing
from pipelines.request import Request
from pipelines.worker.messages import CheckpointRef


@dataclass(frozen=True)
class Finder:
    """May be asked from any thread. `needs` and `checkpoint` go by the last look, so that the desk never waits."""

    catalog: Catalog
    hashes: Hashes
    guides: Guides
    canvases: Canvases
    tokens: TokenCounter
    words: Words

    def settle(self, request: Request, owner: str) -> Settled:
        """The request with every field filled in, and its pictures; all that each names is there and fits.

        Raises RequestError, ModelUnreadable or DiskFull.
        """
        return self._settling(owner).settled(request)

    def settle_frame(self, request: Request, owner: str) -> Settled:
        """Likewise, for frames that are drawn over: a control without a picture of its own follows the frame."""
        following = replace(self, guides=replace(self.guides, follows_frames=True))
        return following.settle(request, owner)

    def plan(self, request: Request, owner: str) -> tuple[Varied, ...]:
        """The axes of a grid; each of their values can be used, as far as that is seen without reading any file.

        Raises RequestError, e.g. of "grid.x.values".
        """
        return self._settling(owner).planned(request)

    def _settling(self, owner: str) -> Settling:
        parts = (self.words.of(owner), self.hashes, self.guides, self.canvases, self._tokenise)
        return Settling(self.catalog.seen_by(owner), owner, *parts)

    def needs(self, request: Request, owner: str) -> Needs:
        """What the worker loads for this one of this owner. Raises RequestError, NotFound or ModelUnreadable."""
        controls, image_prompts = self.catalog.recall(
            lambda view: self.guides.tasks(request, view.others)
        )
        second = request.hires.checkpoint if request.hires else None
        return Needs(
            checkpoint=self.checkpoint(request.checkpoint),
            extras=self.catalog.recall(
                lambda view: self._extras(request, self.catalog.shown(view, owner))
            ),
            controls=controls,
            image_prompts=image_prompts,
            refiner=self.checkpoint(request.refiner) if request.refiner else None,
            source=self.canvases.task(request),
            hires_checkpoint=self.checkpoint(second) if second else None,
            upscaler=self.catalog.recall(lambda view: upscaler_of(request, view.others)),
        )

    def checkpoint(self, name: str | None) -> CheckpointRef:
        """Raises NotFound or ModelUnreadable."""
        ref = self.catalog.recall(lambda view: view.find(name).ref())
        is_known = bool(ref.sha256) and self.hashes.of(Path(ref.path)) == ref.sha256
        return replace(ref, sha256="") if is_known else ref

    def count_tokens(self, text: str, checkpoint: str | None, owner: str) -> TokenCount:
        """Raises NotFound or ModelUnreadable."""
        found = self.catalog.find(checkpoint)
        embeddings = Known(self.catalog.seen_by(owner).others, found.family, self._tokenise(found))
        return count(read(text, Timing(STEPS[1])).texts, embeddings.vocabulary)

    def explain(self, question: PromptQuestion, owner: str) -> Values:
        """Raises NotFound or ModelUnreadable."""
        found, others = self.catalog.find(question.checkpoint), self.catalog.seen_by(owner).others
        known = Known(others, found.family, self._tokenise(found))
        path = found.tokenizer_path or found.path
        explainer = Explainer(Loras(others), known, lambda text: self.tokens.spans(text, path))
        told = explainer.explain(question)
        for name in told:  # prompt, negative prompt
            told[name]["warnings"] += self.words.warnings(getattr(question, name))
        return told

    def _extras(self, request: Request, view: View) -> Extras:
        checkpoint = view.find(request.checkpoint)
        return extras_of(request, checkpoint, view.others, self._tokenise(checkpoint))

    def _tokenise(self, checkpoint: Checkpoint) -> Tokenise:
        return lambda text: self.tokens.ids(text, checkpoint.tokenizer_path or checkpoint.path)
