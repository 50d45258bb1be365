"""How many pictures a training takes, and what is honestly said of few."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.errors import RequestError
from pipelines.finetune.plan import PICTURES_MAX

ENOUGH = 5


def check_count(pictures: int, held_out: int = 0) -> Iterator[RequestError]:
    """What stops a training of so many, of which `held_out` are only measured."""
    if not pictures:
        yield RequestError(
            "examples", 0, "there is no picture to learn from", f"Add {ENOUGH} or more."
        )
    elif pictures > PICTURES_MAX:
        remedy = f"Choose the best {PICTURES_MAX} or fewer; more of them do not make it better."
        yield RequestError("examples", pictures, "are too many pictures", remedy)
    elif held_out >= pictures:
        why = "all pictures are held out, so that none is left to learn from"
        yield RequestError("examples", pictures, why, "Hold fewer out.")


def count_warnings(pictures: int, left_out: int = 0) -> Iterator[str]:
    """Sentences about a training of so many."""
    if pictures == 1:
        yield (
            "From one picture a model learns that picture: its background, pose and light will come again. "
            f"Add some more, {ENOUGH} if you can."
        )
    elif 1 < pictures < ENOUGH:
        yield (
            f"From {pictures} pictures backgrounds and poses are learned along with what you mean. "
            f"{ENOUGH} or more in different surroundings work better."
        )
    if left_out:
        what = "One picture was sent" if left_out == 1 else f"{left_out} pictures were sent"
        yield f"{what} twice and {'is' if left_out == 1 else 'are'} taught once."
