"""The REST API of AUTOMATIC1111 as far as Darkroom has what it asks for, so that its clients work as they are."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest
from fastapi.concurrency import run_in_threadpool

from api.a1111_dialect import DialectRoute
from api.a1111_fields import Chosen, checkpoint_in, styles_in, to_request, vae_in
from api.a1111_hires import with_hires
from api.a1111_img2img import with_source
from api.a1111_infotext import base_of
from api.a1111_told import Made, echo, info, progress_of
from api.a1111_units import with_units
from api.answers import Json, read_json
from api.closing import ClientLeft, shutting_down, unless_over
from api.studio import Owner, Studio, TheStudio
from pipelines import (
    AUTO_V2_DIGITS,
    ENDED_STATES,
    FAILED,
    RUNNING,
    Checkpoint,
    Job,
    NotFound,
    NothingMasked,
    Other,
    PipelineManager,
    Request,
    StudioError,
    find_title,
    find_vae,
    is_own_vae,
    title_of,
)

Keep = Callable[[bytes], str]  # stores a picture and answers its id
Start = Callable[[Request, Mapping[str, Any], Keep], Request]

LOOK_SECONDS = 20.0
OWNERS_REMEMBERED = 1000

ROUTES = APIRouter(prefix="/sdapi/v1", route_class=DialectRoute)


@ROUTES.post("/txt2img")
async def text_to_image(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    return await _generate(http, studio, owner, with_hires)


@ROUTES.post("/img2img")
async def image_to_image(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    return await _generate(http, studio, owner, with_source)


async def _generate(http: HttpRequest, studio: Studio, owner: str, start: Start) -> Response:
    """Answers when the pictures are there; a client that leaves meanwhile takes its job with it."""
    if studio.closing.is_begun:
        raise shutting_down()
    body = await read_json(http)
    chosen = Chosen(studio.a1111_checkpoints.get(owner), studio.a1111_vaes.get(owner))
    base = await run_in_threadpool(base_of, studio, body)
    request = to_request(body, chosen, base)
    if body.get("styles"):
        book = studio.manager.words.styles
        names = await run_in_threadpool(book.chosen, styles_in(body), owner)
        request = dataclasses.replace(request, styles=names)
    keep = partial(_keep, studio, owner)
    request = await run_in_threadpool(with_units, request, body, keep)
    request = await run_in_threadpool(start, request, body, keep)
    request = await run_in_threadpool(_with_names, studio, request)
    job = await run_in_threadpool(_submit, studio, request, owner)
    try:
        job = await unless_over(_ended(studio, job), http, studio.closing)
    except ClientLeft:
        await run_in_threadpool(studio.manager.cancel, job.id, owner)
        raise
    if job.state == FAILED:
        raise _failure(job)
    made = await run_in_threadpool(_made, studio, job)
    wants_images = body.get("send_images") is not False
    images = [base64.b64encode(one.data).decode() for one in made] if wants_images else []
    hashes = await run_in_threadpool(_hashes_of, studio, job)
    told = info(job, made, hashes)
    return Json({"images": images, "parameters": echo(body, job), "info": told})


@ROUTES.get("/progress")
async def progress(studio: TheStudio, owner: Owner, skip_current_image: bool = False) -> Response:
    jobs = await run_in_threadpool(studio.manager.jobs, owner)
    running = next((job for job in reversed(jobs) if job.state == RUNNING), None)
    image = None if skip_current_image or running is None else _preview(studio, running)
    return Json(progress_of(running, image))


@ROUTES.post("/interrupt")
async def interrupt(studio: TheStudio, owner: Owner) -> Response:
    for job in await run_in_threadpool(studio.manager.jobs, owner):
        if job.state == RUNNING:
            await run_in_threadpool(studio.manager.cancel, job.id, owner)
    return Json({})


@ROUTES.post("/skip")
async def skip(studio: TheStudio, owner: Owner) -> Response:
    await interrupt(studio, owner)
    return Json(None)


@ROUTES.get("/options")
async def options(studio: TheStudio, owner: Owner) -> Response:
    chosen = studio.a1111_checkpoints.get(owner)
    found = await run_in_threadpool(studio.manager.catalog.find, chosen)
    digest = await run_in_threadpool(studio.manager.hashes.of, found.path)
    return Json(
        {
            "sd_model_checkpoint": title_of(found, digest),
            "sd_checkpoint_hash": digest,
            "sd_vae": studio.a1111_vaes.get(owner, "Automatic"),
            "CLIP_stop_at_last_layers": found.defaults.clip_skip,
            "send_seed": True,
            "samples_format": "png",
            "img2img_color_correction": False,
            "face_restoration_model": None,
            "inpainting_mask_weight": 1.0,
        }
    )


@ROUTES.post("/options")
async def set_options(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    """Of all options only checkpoint and VAE are taken, for this owner alone and until the server ends."""
    values = await read_json(http)
    title, vae = checkpoint_in(values), vae_in(values)
    if title:
        name = await run_in_threadpool(_named, studio, title)
        found = await run_in_threadpool(studio.manager.catalog.find, name)
        _remember(studio.a1111_checkpoints, owner, found.name)
    if vae:
        await run_in_threadpool(_check_vae, studio, owner, vae)
        _remember(studio.a1111_vaes, owner, vae)
    return Json(None)


@ROUTES.post("/unload-checkpoint")
async def unload(studio: TheStudio, owner: Owner) -> Response:
    for name in studio.manager.status().loaded:
        studio.manager.unload(name)
    return Json({})


@ROUTES.post("/reload-checkpoint")
async def reload(owner: Owner) -> Response:
    return Json(None)  # the next picture does it


def _remember(choices: dict[str, str], owner: str, name: str) -> None:
    choices.pop(owner, None)
    choices[owner] = name
    while len(choices) > OWNERS_REMEMBERED:
        del choices[next(iter(choices))]


def _check_vae(studio: Studio, owner: str, name: str) -> None:
    """Raises RequestError for a VAE that this owner's checkpoint cannot use."""
    if not is_own_vae(name):
        catalog = studio.manager.catalog
        find_vae(name, catalog.find(studio.a1111_checkpoints.get(owner)), catalog.others())


async def _ended(studio: Studio, job: Job) -> Job:
    """The job once nothing more will happen to it."""
    version = job.version
    while job.state not in ENDED_STATES:
        changes = await studio.manager.changes(job.owner, version, LOOK_SECONDS)
        version = changes.version
        found = next((one for one in changes.jobs if one.id == job.id), None)
        if job.id in changes.removed_ids or (changes.is_whole and found is None):
            raise NotFound("The job was removed while it was being waited for.")
        job = found or job
    return job


def _keep(studio: Studio, owner: str, picture: bytes) -> str:
    """Stores a picture that came with a request, and answers its id. Raises UploadError."""
    return studio.assets.add(picture, owner).id


def _submit(studio: Studio, request: Request, owner: str) -> Job:
    """Without a mask that marks nothing, as there."""
    try:
        return studio.manager.submit(request, owner)
    except NothingMasked:
        return studio.manager.submit(dataclasses.replace(request, inpainting=None), owner)


def _failure(job: Job) -> StudioError:
    said = job.error or {"code": "error", "message": "The job failed.", "remedy": ""}
    failure = StudioError(said["message"], said["remedy"])
    failure.code = said["code"]
    return failure


def _made(studio: Studio, job: Job) -> list[Made]:
    library = studio.manager.library
    made = []
    for picture in job.pictures:
        if picture.picture_id:
            record = library.get(picture.picture_id, job.owner)
            data = Path(library.file(record.id, job.owner)).read_bytes()
            made.append(Made(job.request_of(picture.index), data, record.parameters))
    return made


def _usable(studio: Studio) -> list[Checkpoint]:
    return [one for one in studio.manager.catalog.checkpoints() if not one.problem]


def _with_names(studio: Studio, request: Request) -> Request:
    checkpoint = _named(studio, request.checkpoint) if request.checkpoint else None
    refiner = _named(studio, request.refiner) if request.refiner else None
    hires = request.hires
    if hires is not None and hires.checkpoint:
        hires = dataclasses.replace(hires, checkpoint=_named(studio, hires.checkpoint))
    return dataclasses.replace(request, checkpoint=checkpoint, refiner=refiner, hires=hires)


def _named(studio: Studio, title: str) -> str:
    """The name of the checkpoint that a client calls by this title; the title when there is none."""
    found = find_title(title, studio.manager.catalog.checkpoints(), studio.manager.hashes.of)
    return found or title


def _hashes_of(studio: Studio, job: Job) -> tuple[str, str]:
    """AutoV2 of the files of checkpoint and VAE; "" while one is unknown, or for one that is gone."""
    manager = studio.manager
    vaes = [one for one in manager.catalog.others() if one.kind == "vae"]
    return (
        _hash_of(manager, _usable(studio), job.request.checkpoint),
        _hash_of(manager, vaes, job.request.vae),
    )


def _hash_of(
    manager: PipelineManager, models: Sequence[Checkpoint | Other], name: str | None
) -> str:
    paths = (one.path for one in models if one.name == name)
    return next((manager.hashes.of(path)[:AUTO_V2_DIGITS] for path in paths), "")


def _preview(studio: Studio, job: Job) -> str | None:
    for picture in job.pictures:
        jpeg = studio.manager.preview(job.id, picture.index, job.owner)
        if jpeg and picture.picture_id is None:
            return base64.b64encode(jpeg).decode()
    return None
