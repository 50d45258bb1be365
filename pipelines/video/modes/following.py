"""Following: some frames of a movie are drawn, and those between follow from them, moved as the movie moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from pipelines.video.modes.course import Levels
from pipelines.video.modes.footage import frames_from
from pipelines.video.modes.spans import Footage
from pipelines.video.steady.keyframes import Stretch, stretches
from pipelines.video.steady.propagating import propagated

# (number of a frame, what it starts from) → as it was drawn.
Drawn = Callable[[int, Levels], Levels]


def followed(
    footage: Footage,
    keys: Sequence[int],
    first: int,
    fitted: Callable[[Levels], Levels],
    drawn: Drawn,
) -> Iterator[tuple[int, Levels, Levels]]:
    """(number, frame, the movie's own frame) from number `first` on; of the movie only one part lies in memory.

    `keys`: those that are drawn, ascending, with the first one of each shot; `fitted`: a frame of the movie in the
    size of what is drawn.
    """
    looked = footage.looked
    parts = [one for one in stretches(keys, looked.cuts, looked.frames) if one.last >= first]
    frames = frames_from(footage, parts[0].first) if parts else iter(())
    known: Levels | None = None  # a closed part ends with the frame that the next one begins with
    for part in parts:
        sources = [] if known is None else [known]
        while len(sources) <= part.last - part.first and (found := next(frames, None)):
            sources.append(fitted(found[1].pixels))
        for number, pixels in _made(part, sources, drawn):
            if number >= first:
                yield number, pixels, sources[number - part.first]
        known = sources[-1] if part.is_closed else None


def _made(part: Stretch, sources: list[Levels], drawn: Drawn) -> Iterator[tuple[int, Levels]]:
    """The frames of a part; the last one of a closed part is the first one of the next."""
    before = drawn(part.first, sources[0])
    yield part.first, before
    if len(sources) < 2:
        return
    after = drawn(part.last, sources[-1]) if part.is_closed else None
    yield from enumerate(propagated(sources, before, after), part.first + 1)
