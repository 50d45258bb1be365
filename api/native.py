"""The native API for jobs: used by the islands of the page, and by programs that follow a picture as it develops."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi import Request as HttpRequest
from fastapi.concurrency import run_in_threadpool

from api.answers import UNKEPT, Json, read_json
from api.closing import shutting_down, unless_over
from api.studio import Owner, TheStudio
from pipelines import (
    SAMPLERS,
    SCHEDULES,
    VERSION,
    EmbeddingFile,
    NotFound,
    PipelineManager,
    Request,
    RequestError,
    VaeFile,
    licence_row,
)

ROUTES = APIRouter(prefix="/api/v1")
LONGEST_WAIT_SECONDS = 20.0
CLIENT_ID_LENGTH = 64
EXACT = 2**53  # beyond it a JSON client rounds whole numbers
STATUS_BESIDE_JOBS = (
    "worker", "why", "notice", "device", "device_name", "used_bytes", "total_bytes", "loaded", "holders",
    "queue_length", "running", "catalog_version",
)  # fmt: skip


@ROUTES.get("/status")
async def status(studio: TheStudio, owner: Owner) -> Response:
    return Json(await run_in_threadpool(_status, studio.manager, owner))


@ROUTES.get("/jobs")
async def changed_jobs(
    http: HttpRequest,
    studio: TheStudio,
    owner: Owner,
    since: Annotated[int, Query(ge=-EXACT, le=EXACT)] = 0,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT_SECONDS)] = 0.0,
) -> Response:
    waiting = studio.manager.changes(owner, since, wait)
    changes = await unless_over(waiting, http, studio.closing)
    now = dataclasses.asdict(studio.manager.status())
    shown = {name: now[name] for name in STATUS_BESIDE_JOBS}
    answer = {
        "version": changes.version,
        "jobs": [job.as_dict() for job in changes.jobs],
        "removed": list(changes.removed_ids),
        "whole": changes.is_whole,
        "status": {
            **shown,
            "projects_version": studio.manager.projects.version(owner),
            "trainings_version": studio.manager.trainings.version(owner),
            "trainings_open": studio.manager.trainings.unfinished(owner),
            "videos_version": studio.manager.videos.version(owner),
            "videos_open": studio.manager.videos.unfinished(owner),
        },
    }
    return Json(answer)


@ROUTES.post("/jobs")
async def submit(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    if studio.closing.is_begun:
        raise shutting_down()
    values = await read_json(http)
    client_id = client_id_of(values)
    request = Request.from_dict(values)
    job = await run_in_threadpool(studio.manager.submit, request, owner, client_id)
    return Json(job.as_dict(), 201)


@ROUTES.get("/jobs/{job_id}")
async def one_job(job_id: str, studio: TheStudio, owner: Owner) -> Response:
    return Json((await run_in_threadpool(studio.manager.job, job_id, owner)).as_dict())


@ROUTES.post("/jobs/{job_id}/cancel")
async def cancel(job_id: str, studio: TheStudio, owner: Owner) -> Response:
    return Json((await run_in_threadpool(studio.manager.cancel, job_id, owner)).as_dict())


@ROUTES.post("/jobs/{job_id}/requeue")
async def requeue(job_id: str, studio: TheStudio, owner: Owner) -> Response:
    return Json((await run_in_threadpool(studio.manager.requeue, job_id, owner)).as_dict())


@ROUTES.post("/jobs/{job_id}/develop")
async def develop(job_id: str, http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    picked = indices_of(await read_json(http))
    return Json((await run_in_threadpool(studio.manager.develop, job_id, owner, picked)).as_dict())


@ROUTES.delete("/jobs/{job_id}")
async def remove(job_id: str, studio: TheStudio, owner: Owner) -> Response:
    await run_in_threadpool(studio.manager.remove, job_id, owner)
    return Json({"removed": job_id})


@ROUTES.get("/jobs/{job_id}/pictures/{index}/preview")
async def preview(job_id: str, index: int, studio: TheStudio, owner: Owner) -> Response:
    jpeg = studio.manager.preview(job_id, index, owner)
    if jpeg is None:
        raise NotFound("This picture has no preview yet.", "Ask again after its next step.")
    return Response(jpeg, media_type="image/jpeg", headers=UNKEPT)


@ROUTES.get("/loras")
async def loras(studio: TheStudio, owner: Owner) -> Response:
    seen = await run_in_threadpool(studio.manager.catalog.seen_by, owner)
    rows = [one for one in seen.others if one.kind == "lora"]
    return Json(
        [
            {
                "name": row.name,
                "family": row.family,
                "problem": row.problem,
                "weight": row.about.preferred_weight,
            }
            for row in rows
        ]
    )


@ROUTES.get("/vaes")
async def vaes(studio: TheStudio, owner: Owner) -> Response:
    others = await run_in_threadpool(studio.manager.catalog.others)
    rows = [
        {
            "name": one.name,
            "families": one.families if isinstance(one, VaeFile) else (),
            "problem": one.problem,
        }
        for one in others
        if one.kind == "vae"
    ]
    return Json(rows)


@ROUTES.get("/embeddings")
async def embeddings(studio: TheStudio, owner: Owner) -> Response:
    seen = await run_in_threadpool(studio.manager.catalog.seen_by, owner)
    rows = [
        {
            "name": one.name,
            "word": one.path.stem,
            "family": one.family,
            "vectors": one.vectors if isinstance(one, EmbeddingFile) else 0,
            "problem": one.problem,
        }
        for one in seen.others
        if one.kind == "embedding"
    ]
    return Json(rows)


@ROUTES.post("/worker/start")
async def start_worker(studio: TheStudio, owner: Owner) -> Response:
    studio.manager.try_again()
    return Json({"worker": studio.manager.status().worker}, 202)


@ROUTES.post("/models/unload")
async def unload(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    name = (await read_json(http)).get("name")
    if not isinstance(name, str):
        raise RequestError("name", name, "is no text", "Send the name of a checkpoint.")
    studio.manager.unload(name)
    return Json({"name": name}, 202)


@ROUTES.post("/tokens")
async def tokens(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    values = await read_json(http)
    text, checkpoint = values.get("text", ""), values.get("checkpoint")
    if not isinstance(text, str):
        raise RequestError("text", text, "is no text", "Send the prompt as text.")
    if checkpoint is not None and not isinstance(checkpoint, str):
        raise RequestError("checkpoint", checkpoint, "is no text", "Send a name, or leave it out.")
    count = await run_in_threadpool(studio.manager.count_tokens, text, checkpoint, owner)
    return Json(dataclasses.asdict(count))


def _status(manager: PipelineManager, owner: str) -> dict[str, Any]:
    models = manager.catalog.seen_by(owner)
    checkpoints = [
        {
            "name": checkpoint.name,
            "family": checkpoint.family,
            "variant": checkpoint.variant,
            "latents": checkpoint.latents,
            "defaults": dataclasses.asdict(checkpoint.defaults),
            "licence": checkpoint.licence,
            "terms": licence_row(checkpoint.about.licence),
            "starter": checkpoint.is_starter,
            "problem": checkpoint.problem,
        }
        for checkpoint in models.checkpoints
    ]
    return {
        **dataclasses.asdict(manager.status()),
        "samplers": [row._asdict() for row in SAMPLERS],
        "schedules": [row._asdict() for row in SCHEDULES],
        "checkpoints": checkpoints,
        "default_checkpoint": models.default.name if models.default else "",
        "other_models": Counter(model.kind for model in models.others),
        "catalog_version": models.version,
        "version": VERSION,
    }


def client_id_of(values: dict[str, Any]) -> str:
    """Takes `client_request_id` out of what was sent. Raises RequestError."""
    client_id = values.pop("client_request_id", "")
    if not isinstance(client_id, str) or len(client_id) > CLIENT_ID_LENGTH:
        remedy = f"Send a text of at most {CLIENT_ID_LENGTH} characters."
        raise RequestError("client_request_id", client_id, "cannot be used", remedy)
    return client_id


def indices_of(sent: dict[str, Any]) -> tuple[int, ...]:
    """The `pictures` that were sent, which are some of a job's. Raises RequestError."""
    values: Any = sent.get("pictures")
    is_list = isinstance(values, list) and values
    if not is_list or not all(type(value) is int for value in values):
        remedy = 'Send the indices of those that are meant: {"pictures": [0, 2]}.'
        raise RequestError("pictures", values, "is no list of indices", remedy)
    return tuple(values)
