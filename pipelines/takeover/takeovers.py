"""Takeovers: everything that was taken over at this start, as the other parts of the house want to have it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines.output.foreign import Source
from pipelines.prompting.styles import Style, read_styles
from pipelines.takeover.takeover import Takeover, outermost, recognise


@dataclass(frozen=True)
class Takeovers:
    """In the order of their flags; what two of them share counts once."""

    found: tuple[Takeover, ...] = ()

    @classmethod
    def at(cls, paths: Iterable[Path]) -> Takeovers:
        """Raises SettingsError for a path at which there is no installation that we know."""
        return cls(tuple(recognise(path) for path in dict.fromkeys(paths)))

    def lines(self) -> list[str]:
        """What is said of them at the start."""
        return [line for one in self.found for line in one.lines()]

    @property
    def models(self) -> tuple[Path, ...]:
        """Folders, and single files, of models and embeddings."""
        return outermost(path for one in self.found for path in one.models + one.embeddings)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Folders of pictures; one that two programs share belongs to the first."""
        rows = [(path, one) for one in self.found for path in one.outputs]
        owners = dict(reversed(rows))
        return tuple(
            Source(owners[path].program, path.resolve(), owners[path].left_out)
            for path in outermost(path for path, _ in rows)
        )

    @property
    def wildcards(self) -> tuple[Path, ...]:
        """Folders of wildcards."""
        return outermost(path for one in self.found for path in one.wildcards)

    def styles(self) -> tuple[Style, ...]:
        """As their files are now."""
        return read_styles(path for one in self.found for path in one.styles)
