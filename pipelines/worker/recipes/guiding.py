"""All that guides one picture beside its words, and which of it counts in a step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

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

    def at(self, step: int, steps: int) -> Guiding:
        """What counts in this step: that in whose span the step lies whole."""
        return Guiding(_on(self.controls, step, steps), _on(self.prompts, step, steps))

    def within(self, tile: Tile, px_per_cell: int) -> Guiding:
        """Those of a piece of the picture. An image prompt speaks to all of them."""
        controls = (
            replace(one, picture=tile.of(one.picture, px_per_cell)) for one in self.controls
        )
        return Guiding(tuple(controls), self.prompts)


NOTHING = Guiding()


def _on(guides: Iterable[Spanned], step: int, steps: int) -> tuple[Spanned, ...]:
    return tuple(
        guide for guide in guides if guide.start <= step / steps and (step + 1) / steps <= guide.end
    )
