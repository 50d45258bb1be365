"""What enlarges pictures between the passes of hires fix: the rows of the table, and networks under the models."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from pipelines.catalog.checkpoint import Other
from pipelines.errors import RequestError
from pipelines.manager.loras import version_of
from pipelines.request import Request
from pipelines.upscalers import LIBRARY, REMEDY, UPSCALERS, find_upscaler
from pipelines.worker.messages import GuideRef

KIND = "upscaler"
FIELD = "hires.upscaler"
SHOWN_MAX = 4


def with_upscaler(request: Request, others: Iterable[Other]) -> Request:
    """A resolved request with the upscaler's name as its file has it. Raises RequestError if it cannot be used."""
    file = _file(request, others)
    if file is None or request.hires is None:
        return request
    return replace(request, hires=replace(request.hires, upscaler=file.name))


def upscaler_of(request: Request, others: Iterable[Other]) -> GuideRef | None:
    """For the worker; None where no network is needed. Raises RequestError."""
    file = _file(request, others)
    if file is None:
        return None
    try:
        return GuideRef(KIND, file.name, str(file.path), version_of(file.path))
    except OSError as error:
        why = f"{file.path} cannot be read ({error.strerror})"
        raise RequestError(FIELD, file.name, why, "Choose another one.") from error


def upscaler_rows(others: Iterable[Other]) -> list[dict[str, Any]]:
    """All that can be chosen, as JSON; `file` is empty for those of the table, `problem` why one cannot be used."""
    rows = [_row(row.name, row.hint, is_latent=row.is_latent) for row in UPSCALERS]
    return rows + [
        _row(one.name, "network", file=one.path.name, problem=_problem(one))
        for one in sorted(others, key=lambda one: one.name.casefold())
        if one.kind == KIND
    ]


def _row(
    name: str, hint: str, *, is_latent: bool = False, file: str = "", problem: str = ""
) -> dict[str, Any]:
    own = {"name": name, "hint": hint, "is_latent": is_latent}
    return {**own, "file": file, "problem": problem}


def _file(request: Request, others: Iterable[Other]) -> Other | None:
    """The network that the request names; None when it names none. Raises RequestError."""
    if request.hires is None or find_upscaler(request.hires.upscaler):
        return None
    name = request.hires.upscaler
    files = {one.name.casefold(): one for one in others if one.kind == KIND}
    files |= {one.path.name.casefold(): one for one in files.values()}
    file = files.get(name.strip().casefold())
    if file is None:
        why = "there is no upscaler of this name"
        raise RequestError(FIELD, name, why, _near(name, [one.name for one in files.values()]))
    if problem := _problem(file):
        remedy = REMEDY if not file.problem else "Choose another one."
        raise RequestError(FIELD, name, problem, remedy)
    return file


def _problem(file: Other) -> str:
    """Why it cannot be used; empty when it can, as far as its file tells."""
    if file.problem:
        return file.problem
    if importlib.util.find_spec(LIBRARY) is None:
        return f"it is a network, and {LIBRARY}, which builds those, is not installed"
    return ""


def _near(name: str, files: Iterable[str]) -> str:
    known = list(dict.fromkeys([*(row.name for row in UPSCALERS), *files]))
    folded = {one.casefold(): one for one in known}
    close = get_close_matches(name.casefold(), folded, SHOWN_MAX, cutoff=0.4)
    shown = [folded[one] for one in close] or known
    lead = "The nearest ones are" if close else "Those that are there:"
    return f"{lead} {', '.join(shown)}. Networks belong under models/ESRGAN/."
