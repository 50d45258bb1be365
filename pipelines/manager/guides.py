"""What a request's guides need: their models among the files under the models, and their pictures made ready."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PIL import Image

from pipelines.catalog.checkpoint import Other
from pipelines.errors import NotFound, RequestError
from pipelines.guiding.guides import Control, ImagePrompt, check_look
from pipelines.guiding.prepared import Prepared, is_used
from pipelines.guiding.preprocessing import prepared
from pipelines.manager.loras import version_of
from pipelines.output.assets import Assets
from pipelines.output.png import png_bytes
from pipelines.request import Request
from pipelines.worker.messages import ControlTask, GuideRef, ImagePromptTask

SHOWN_MAX = 8
CONTROLNET = "controlnet"
IP_ADAPTER, ENCODER = "ip_adapter", "image_encoder"
CALLED = {CONTROLNET: "ControlNet", IP_ADAPTER: "IP-Adapter"}
AGAIN = "Choose the picture again."
CHOOSE = "Choose one; programs send the id of an upload."
# What an IP-Adapter reads of a picture → the published encoder that writes it.
ENCODERS = {
    "pooled 1024": "CLIP ViT-H/14 (models/image_encoder of h94/IP-Adapter)",
    "states 1280": "CLIP ViT-H/14 (models/image_encoder of h94/IP-Adapter)",
    "pooled 1280": "CLIP ViT-bigG/14 (sdxl_models/image_encoder of h94/IP-Adapter)",
    "states 1664": "CLIP ViT-bigG/14 (sdxl_models/image_encoder of h94/IP-Adapter)",
}

Guide = Control | ImagePrompt
AnyGuide = TypeVar("AnyGuide", Control, ImagePrompt)
Tasks = tuple[tuple[ControlTask, ...], tuple[ImagePromptTask, ...]]


@dataclass(frozen=True)
class Guides:
    """May be asked from any thread. `others` are the files under the models; the pictures lie in `prepared`.

    `follows_frames`: a control without a picture of its own follows the frame of a video that is drawn over.
    """

    assets: Assets
    prepared: Prepared
    follows_frames: bool = False

    def prepare(self, request: Request, owner: str, family: str, others: Sequence[Other]) -> None:
        """Checks the guides of a resolved request and makes their pictures ready, so that the job needs no upload.

        Raises RequestError, or DiskFull.
        """
        for place, control in _named(request.controls, "controls"):
            _file(CONTROLNET, control.model, f"{place}.model", others, family)
            if self.follows_frames and not control.image:
                continue
            with self._upload(control, owner, place) as path:
                self.prepared.make_control(path, control, _size(request))
        for place, prompt in _named(request.image_prompts, "image_prompts"):
            adapter = _file(IP_ADAPTER, prompt.model, f"{place}.model", others, family)
            _encoder(adapter, others, f"{place}.model")
            with self._upload(prompt, owner, place) as path:
                self.prepared.make_prompt(path, prompt.image)

    def preview(self, control: Control, owner: str, size: tuple[int, int]) -> bytes:
        """A PNG of what the ControlNet will see. Raises NotFound for the upload, or RequestError."""
        check_look(control, "")
        with Image.open(self.assets.get(control.image, owner).path) as picture:
            return png_bytes(prepared(picture, control, size))

    def tasks(self, request: Request, others: Sequence[Other]) -> Tasks:
        """For the worker: those that count. Raises RequestError when a file is not there any more.

        The picture of one that follows frames has no path: who draws them knows it.
        """
        controls = tuple(
            ControlTask(
                _ref(_file(CONTROLNET, control.model, f"{place}.model", others), place),
                self._seen(place, control, _size(request)),
                *(control.weight, control.start, control.end),
            )
            for place, control in _named(request.controls, "controls")
            if control.weight
        )
        prompts = tuple(
            self._prompt(place, prompt, others)
            for place, prompt in _named(request.image_prompts, "image_prompts")
            if prompt.weight
        )
        return controls, prompts

    def _seen(self, place: str, control: Control, size: tuple[int, int]) -> GuideRef:
        if not control.image:
            return GuideRef("picture", f"of {place}", "")
        return _picture("picture", self.prepared.control(control, size), place, control)

    def _prompt(self, place: str, prompt: ImagePrompt, others: Sequence[Other]) -> ImagePromptTask:
        adapter = _file(IP_ADAPTER, prompt.model, f"{place}.model", others)
        return ImagePromptTask(
            _ref(adapter, place),
            _ref(_encoder(adapter, others, f"{place}.model"), place),
            _picture("sample", self.prepared.prompt(prompt.image), place, prompt),
            *(prompt.weight, prompt.start, prompt.end),
        )

    @contextmanager
    def _upload(self, guide: Guide, owner: str, place: str) -> Iterator[Path]:
        """The guide's upload, for as long as it is read. Raises RequestError when it cannot be."""
        field = f"{place}.image"
        if not guide.image:
            raise RequestError(field, "", "no picture is chosen", CHOOSE)
        try:
            yield self.assets.get(guide.image, owner).path
        except NotFound:
            raise RequestError(field, guide.image, "there is no such upload", AGAIN) from None
        except (OSError, ValueError) as error:
            why = f"its picture cannot be read ({error})"
            raise RequestError(field, guide.image, why, AGAIN) from error


def _picture(kind: str, path: Path, place: str, guide: Guide) -> GuideRef:
    """A prepared picture. Raises RequestError when it was swept."""
    if not is_used(path):
        why = "its picture was removed, since no job had used it for a month"
        raise RequestError(f"{place}.image", guide.image, why, AGAIN)
    return GuideRef(kind, f"of {place}", str(path))


def _named(guides: Iterable[AnyGuide], field: str) -> Iterator[tuple[str, AnyGuide]]:
    """Each with its place, by which errors name it."""
    return ((f"{field}.{number}", guide) for number, guide in enumerate(guides))


def _size(request: Request) -> tuple[int, int]:
    assert request.width is not None
    assert request.height is not None
    return request.width, request.height


def _file(kind: str, name: str, field: str, others: Iterable[Other], family: str = "") -> Other:
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
    return file


def _encoder(adapter: Other, others: Iterable[Other], field: str) -> Other:
    """An image encoder that the adapter can look through. Raises RequestError when there is none."""
    encoders = [one for one in others if one.kind == ENCODER and not one.problem]
    for one in encoders:
        if set(adapter.marks) <= set(one.marks):
            return one
    wanted = next((ENCODERS[mark] for mark in adapter.marks if mark in ENCODERS), "its own")
    why = "it looks at pictures through an image encoder that is not there"
    remedy = f"Put that encoder, {wanted}, into a folder of its own under models/clip_vision/."
    raise RequestError(field, adapter.name, why, remedy)


def _ref(file: Other, place: str) -> GuideRef:
    try:
        return GuideRef(file.kind, file.name, str(file.path), version_of(file.path))
    except OSError as error:
        why = f"{file.path} cannot be read ({error.strerror})"
        raise RequestError(f"{place}.model", file.name, why, "Choose another one.") from error


def _there(files: dict[str, Other], called: str) -> str:
    usable = sorted((one.name for one in files.values() if not one.problem), key=str.casefold)
    more = f" and {len(usable) - SHOWN_MAX} more" if len(usable) > SHOWN_MAX else ""
    there = f"{', '.join(usable[:SHOWN_MAX])}{more}" if usable else "none"
    return f"Choose another {called}, or put the file under models/. Those that are there: {there}."
