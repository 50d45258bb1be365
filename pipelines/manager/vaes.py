"""The VAE that a request names, found among the files under the models."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.catalog.checkpoint import Checkpoint, Other
from pipelines.catalog.titles import plain_title
from pipelines.catalog.vaes import KIND, VaeFile
from pipelines.errors import RequestError

SHOWN_MAX = 8
LEAVE_OUT = "Choose another, or Automatic for the checkpoint's own."


def find_vae(name: str | None, checkpoint: Checkpoint, others: Iterable[Other]) -> VaeFile | None:
    """None: the checkpoint's own. It is found by its name or its file's, with or without the ending.

    Raises RequestError for one that is not there, cannot be used, or decodes other latents than the checkpoint's.
    """
    if name is None:
        return None
    vaes = [one for one in others if one.kind == KIND]
    plain = plain_title(name.replace("\\", "/").rpartition("/")[2])
    same = [one for one in vaes if one.name == name] or [
        one for one in vaes if plain in (plain_title(one.name), plain_title(one.path.name))
    ]
    if not same:
        known = [one.name for one in vaes if isinstance(one, VaeFile)]
        more = f" and {len(known) - SHOWN_MAX} more" if len(known) > SHOWN_MAX else ""
        there = f"{', '.join(known[:SHOWN_MAX])}{more}" if known else "none"
        raise RequestError(
            "vae",
            name,
            "is not there",
            f"{LEAVE_OUT} Those that are there: {there}.",
        )
    found = min(same, key=lambda one: bool(one.problem))
    if not isinstance(found, VaeFile):
        raise RequestError("vae", name, found.problem, LEAVE_OUT)
    if checkpoint.family not in found.families:
        why = f"was made for {found.family}, {checkpoint.name} is {checkpoint.family}"
        raise RequestError("vae", name, why, LEAVE_OUT)
    return found
