"""All that guides one picture beside its words, and which of it counts in a step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from torch import Tensor

from pipelines.worker.recipes.controlling import Controlled
from pipelines.worker.recipes.image_prompting import Prompting
from pipelines.worker.recipes.tiling import Tile


class Span(Protocol):
    """`start` and `end` are shares of the steps."""

    @property
    def start(self) -> float: ...

    @property
    def end(self) -> float: ...


Spanned = TypeVar("Spanned", bound=Span)


@dataclass(frozen=True)
class Guiding:
    controls: tuple[Controlled, ...] = ()
    prompts: tuple[Prompting, ...] = ()
    seamless: str | None = None  # which edges of it meet

    def at(self, step: int, steps: int) -> Guiding:
        """What counts in this step: that in whose span the step lies whole."""
        return replace(
            self, controls=_on(self.controls, step, steps), prompts=_on(self.prompts, step, steps)
        )

    def within(self, tile: Tile, px_per_cell: int) -> Guiding:
        """Those of a piece of the picture. An image prompt speaks to all of them."""
        own = self.seeing(lambda picture: tile.of(picture, px_per_cell))
        return replace(own, seamless=tile.seamless)

    def seeing(self, look: Callable[[Tensor], Tensor]) -> Guiding:
        """With ControlNets that look at something else than their pictures (1, 3, height, width)."""
        controls = tuple(replace(one, picture=look(one.picture)) for one in self.controls)
        return replace(self, controls=controls)


NOTHING = Guiding()


def _on(guides: Iterable[Spanned], step: int, steps: int) -> tuple[Spanned, ...]:
    return tuple(
        guide for guide in guides if guide.start <= step / steps and (step + 1) / steps <= guide.end
    )
