"""All that a request names beside its checkpoint, as what the worker needs to load it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, TypeVar

from pipelines.catalog.checkpoint import Checkpoint, Other
from pipelines.errors import RequestError
from pipelines.manager.embeddings import Known
from pipelines.manager.loras import loras_of
from pipelines.manager.prompts import check_prompts
from pipelines.manager.vaes import find_vae
from pipelines.prompting.chunks import Tokenise
from pipelines.request import Request
from pipelines.worker.messages import EmbeddingRef, LoraRef, VaeRef

Ref = TypeVar("Ref")


class Extras(NamedTuple):
    loras: tuple[LoraRef, ...] = ()
    vae: VaeRef | None = None  # None: the checkpoint's own
    embeddings: tuple[EmbeddingRef, ...] = ()


def extras_of(
    request: Request, checkpoint: Checkpoint, others: Iterable[Other], tokenise: Tokenise
) -> Extras:
    """Raises RequestError for what is not there, cannot be used, or does not fit the checkpoint."""
    others = tuple(others)
    check_prompts(request)
    vae = find_vae(request.vae, checkpoint, others)
    embeddings = Known(others, checkpoint.family, tokenise).in_request(request)
    return Extras(
        loras_of(request, others),
        _ref(vae.ref, "vae", vae.path) if vae else None,
        tuple(_ref(one.ref, "prompt", one.path) for one in embeddings),
    )


def _ref(ref: Callable[[], Ref], field: str, path: Path) -> Ref:
    try:
        return ref()
    except OSError as error:
        why = f"it cannot be read ({error.strerror})"
        raise RequestError(field, str(path), why, "Leave it out.") from error
