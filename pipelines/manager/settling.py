"""A request on its way in: each of its pictures is looked up in one view of the models, what they share only once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from pipelines.asking.grid import Grid
from pipelines.catalog.catalog import View
from pipelines.catalog.checkpoint import Checkpoint
from pipelines.catalog.hashes import Hashes
from pipelines.editing.source import Inpainting
from pipelines.errors import ModelUnreadable, RequestError, StudioError
from pipelines.grids.cells import Cell, Varied, cells, one_picture, pinned, varied
from pipelines.manager.canvases import Canvases
from pipelines.manager.checkpoints import find_base, find_refiner, find_second
from pipelines.manager.extras import extras_of
from pipelines.manager.guides import Guides
from pipelines.manager.marks import want
from pipelines.manager.upscalers import with_upscaler
from pipelines.manager.words import Wording
from pipelines.prompting.chunks import Tokenise
from pipelines.request import BATCH, Request, resolve, rolled
from pipelines.variants import Variant, variant_of, variants


class Settled(NamedTuple):
    """A resolved request, and its pictures."""

    request: Request
    variants: tuple[Variant, ...]


@dataclass(frozen=True)
class Settling:
    """For the pictures of one request of one owner."""

    view: View
    owner: str
    wording: Wording
    hashes: Hashes
    guides: Guides
    canvases: Canvases
    tokeniser: Callable[[Checkpoint], Tokenise]
    _found: dict[Any, Any] = field(default_factory=dict)

    def settled(self, request: Request) -> Settled:
        """With every field filled in, for each of its pictures; all that they name is there and fits.

        Raises RequestError, ModelUnreadable or DiskFull.
        """
        request = rolled(request)
        if request.grid is not None:
            return self._settled_grid(request, request.grid)
        resolved = self._alone(request)
        if not self.wording.varies(request):
            return Settled(resolved, variants(resolved))
        rest = variants(request)[1:]
        own = [self._alone(request.changed({**one.changes, "seed": one.seed})) for one in rest]
        return Settled(resolved, tuple(variant_of(resolved, one) for one in (resolved, *own)))

    def planned(self, request: Request) -> tuple[Varied, ...]:
        """The axes of a grid, each of whose values can be used alone. Raises RequestError or ModelUnreadable."""
        axes = varied(request.grid or Grid())
        plain = one_picture(rolled(request))
        self._resolved(plain)
        for axis in axes:
            for value in axis.values:
                try:
                    self._resolved(value.change(plain))
                except (RequestError, ModelUnreadable) as error:
                    raise axis.refused(value, error) from error
        return axes

    def _settled_grid(self, request: Request, grid: Grid) -> Settled:
        """A picture for each cell; as many as can be develop together."""
        grid = pinned(grid)
        axes = varied(grid)
        plain = one_picture(request)
        resolved = self._alone(plain)
        own = [self._cell(plain, axes, cell) for cell in cells(axes)]
        size = min(BATCH[1], len(own))
        whole = replace(
            resolved, grid=grid, batch_size=size, batch_count=math.ceil(len(own) / size)
        )
        return Settled(whole, tuple(variant_of(whole, one) for one in own))

    def _cell(self, request: Request, axes: Sequence[Varied], cell: Cell) -> Request:
        try:
            return self._alone(cell.of(request))
        except (RequestError, ModelUnreadable) as error:
            raise self._blamed(request, axes, cell, error) from error

    def _blamed(
        self, request: Request, axes: Sequence[Varied], cell: Cell, error: StudioError
    ) -> RequestError:
        """The error of a cell, as one of the axis whose value cannot be used alone; else, of the last one."""
        for axis, value in zip(axes, cell.values, strict=True):
            try:
                self._alone(value.change(request))
            except (RequestError, ModelUnreadable) as own:
                return axis.refused(value, own)
        return axes[-1].refused(cell.values[-1], error)

    def _alone(self, request: Request) -> Request:
        """One picture's request, settled."""
        resolved, base = self._resolved(request)
        named = (resolved.prompt, resolved.negative_prompt, resolved.vae, resolved.refiner)
        read = (resolved.wording, resolved.beginnings, resolved.sampling.steps)
        models = (base.name, *named, resolved.hires, *read)
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

    def _resolved(self, request: Request) -> tuple[Request, Checkpoint]:
        """With its words and the defaults of its checkpoint."""
        request = self.wording.worded(request)
        base = find_base(request, self.view)
        sized = self.canvases.sized(request, self.owner, base.defaults)
        resolved = resolve(sized, base.name, base.defaults)
        return with_upscaler(resolved, self.view.others), base

    def _models(self, resolved: Request, base: Checkpoint) -> str | None:
        """Finds them and has their hashes worked out; the name of the VAE."""
        self.hashes.want(base.path)
        extras = extras_of(resolved, base, self.view.others, self._tokenise(base))
        want(self.hashes, *extras)
        for find in (find_refiner, find_second):
            if successor := find(resolved, base, self.view):
                self.hashes.want(successor.path)
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
