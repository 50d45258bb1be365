"""A request on its way in: each of its pictures is looked up in one view of the models, what they share only once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from pipelines.catalog.catalog import View
from pipelines.catalog.checkpoint import Checkpoint
from pipelines.catalog.hashes import Hashes
from pipelines.editing.source import Inpainting
from pipelines.manager.canvases import Canvases
from pipelines.manager.checkpoints import find_base, find_refiner
from pipelines.manager.extras import extras_of
from pipelines.manager.guides import Guides
from pipelines.manager.marks import want
from pipelines.prompting.chunks import Tokenise
from pipelines.request import Request, resolve


@dataclass(frozen=True)
class Settling:
    """For the pictures of one request of one owner."""

    view: View
    owner: str
    hashes: Hashes
    guides: Guides
    canvases: Canvases
    tokeniser: Callable[[Checkpoint], Tokenise]
    _found: dict[Any, Any] = field(default_factory=dict)

    def settled(self, request: Request) -> Request:
        """With every field filled in; all that it names is there and fits.

        Raises RequestError, ModelUnreadable or DiskFull.
        """
        base = find_base(request, self.view)
        sized = self.canvases.sized(request, self.owner, base.defaults)
        resolved = resolve(sized, base.name, base.defaults)
        named = (resolved.prompt, resolved.negative_prompt, resolved.vae, resolved.refiner)
        models = (base.name, *named, resolved.hires)
        resolved = replace(resolved, vae=self._once(models, lambda: self._models(resolved, base)))
        guides = (resolved.controls, resolved.image_prompts)
        size = (resolved.width, resolved.height)
        if any(guides):
            others = self.view.others
            self._once(
                (base.family, *guides, *size),
                lambda: self.guides.prepare(resolved, self.owner, base.family, others),
            )
        return self._on_canvas(resolved)

    def _models(self, resolved: Request, base: Checkpoint) -> str | None:
        """Finds them and has their hashes worked out; the name of the VAE."""
        self.hashes.want(base.path)
        extras = extras_of(resolved, base, self.view.others, self._tokenise(base))
        want(self.hashes, *extras)
        if refiner := find_refiner(resolved, base, self.view):
            self.hashes.want(refiner.path)
        return extras.vae.name if extras.vae else None

    def _on_canvas(self, resolved: Request) -> Request:
        if resolved.source is None:
            return resolved
        source = replace(resolved.source, strength=0.0, noise_multiplier=1.0)
        canvas = (source, resolved.inpainting, resolved.width, resolved.height)
        seen: Inpainting | None = self._once(
            canvas, lambda: self.canvases.prepare(resolved, self.owner).inpainting
        )
        return replace(resolved, inpainting=seen)

    def _tokenise(self, checkpoint: Checkpoint) -> Tokenise:
        """The names of embeddings are in every prompt's way, and are taken apart once."""
        plain = self.tokeniser(checkpoint)
        return lambda text: self._once((checkpoint.name, text), lambda: plain(text))

    def _once(self, key: Any, find: Callable[[], Any]) -> Any:
        if key not in self._found:
            self._found[key] = find()
        return self._found[key]
