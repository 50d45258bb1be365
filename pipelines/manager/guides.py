"""What a request's guides need: their models among the files under the models, and their pictures made ready."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from pipelines.catalog.checkpoint import Other
from pipelines.errors import NotFound, RequestError
from pipelines.guiding.guides import Control, check_look
from pipelines.guiding.prepared import Prepared, is_used
from pipelines.guiding.preprocessing import prepared
from pipelines.manager.loras import version_of
from pipelines.output.assets import Asset, Assets
from pipelines.request import Request
from pipelines.worker.messages import ControlTask, GuideRef

SHOWN_MAX = 8
CONTROLNET = "controlnet"
CALLED = {CONTROLNET: "ControlNet"}


@dataclass(frozen=True)
class Guides:
    """May be asked from any thread. `others` are the files under the models; the pictures lie in `prepared`."""

    assets: Assets
    prepared: Prepared

    def prepare(self, request: Request, owner: str, family: str, others: Sequence[Other]) -> None:
        """Checks the guides of a resolved request and makes their pictures ready, so that the job needs no upload.

        Raises RequestError, or DiskFull.
        """
        for place, control in _named(request.controls, "controls"):
            _file(CONTROLNET, control.model, f"{place}.model", others, family)
            upload = self._upload(control.image, owner, f"{place}.image")
            try:
                self.prepared.make_control(upload.path, control, _size(request))
            except (OSError, ValueError) as error:
                why = f"its picture cannot be read ({error})"
                raise RequestError(f"{place}.image", control.image, why, AGAIN) from error

    def preview(self, control: Control, owner: str, size: tuple[int, int]) -> bytes:
        """A PNG of what the ControlNet will see. Raises NotFound for the upload, or RequestError."""
        check_look(control, "")
        with Image.open(self.assets.get(control.image, owner).path) as picture:
            data = io.BytesIO()
            prepared(picture, control, size).save(data, "PNG", compress_level=1)
        return data.getvalue()

    def controls(self, request: Request, others: Sequence[Other]) -> tuple[ControlTask, ...]:
        """For the worker: those that count. Raises RequestError when a file is not there any more."""
        return tuple(
            ControlTask(
                _file(CONTROLNET, control.model, f"{place}.model", others),
                self._picture(place, control, request),
                control.weight,
                control.start,
                control.end,
            )
            for place, control in _named(request.controls, "controls")
            if control.weight
        )

    def _picture(self, place: str, control: Control, request: Request) -> GuideRef:
        path = self.prepared.control(control, _size(request))
        if not is_used(path):
            why = "its picture was removed, since no job had used it for a month"
            raise RequestError(f"{place}.image", control.image, why, AGAIN)
        return GuideRef("picture", f"of {place}", str(path))

    def _upload(self, image: str, owner: str, field: str) -> Asset:
        try:
            return self.assets.get(image, owner)
        except NotFound:
            raise RequestError(field, image, "there is no such upload", AGAIN) from None


AGAIN = "Choose the picture again."


def _named(guides: Iterable[Control], field: str) -> Iterator[tuple[str, Control]]:
    """Each with its place, by which errors name it."""
    return ((f"{field}.{number}", guide) for number, guide in enumerate(guides))


def _size(request: Request) -> tuple[int, int]:
    assert request.width is not None
    assert request.height is not None
    return request.width, request.height


def _file(kind: str, name: str, field: str, others: Iterable[Other], family: str = "") -> GuideRef:
    """The file of that name. Raises RequestError when it is not there, is damaged, or is for another family."""
    files = {one.name: one for one in others if one.kind == kind}
    file = files.get(name) or {known.casefold(): one for known, one in files.items()}.get(
        name.casefold()
    )
    called = CALLED[kind]
    if file is None:
        raise RequestError(field, name, f"there is no {called} of this name", _there(files, called))
    if file.problem:
        raise RequestError(field, name, file.problem, f"Choose another {called}.")
    if family and file.family not in ("", family):
        why = (
            f"it is made for checkpoints of the family {file.family}, the chosen one is of {family}"
        )
        remedy = f"Choose a {called} for {family}, or another checkpoint."
        raise RequestError(field, name, why, remedy)
    return GuideRef(kind, file.name, str(file.path), _version(file.path, field))


def _version(path: Path, field: str) -> str:
    try:
        return version_of(path)
    except OSError as error:
        why = f"{path} cannot be read ({error.strerror})"
        raise RequestError(field, path.stem, why, "Choose another one.") from error


def _there(files: dict[str, Other], called: str) -> str:
    usable = sorted((one.name for one in files.values() if not one.problem), key=str.casefold)
    more = f" and {len(usable) - SHOWN_MAX} more" if len(usable) > SHOWN_MAX else ""
    there = f"{', '.join(usable[:SHOWN_MAX])}{more}" if usable else "none"
    return f"Choose another {called}, or put the file under models/. Those that are there: {there}."
