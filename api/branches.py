"""The native API for going on: jobs that are paused and resumed, and pictures from which another one branches off."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest
from fastapi.concurrency import run_in_threadpool

from api.answers import Json, read_json
from api.closing import shutting_down
from api.native import client_id_of
from api.studio import Owner, TheStudio
from pipelines import Branch

ROUTES = APIRouter(prefix="/api/v1")


@ROUTES.post("/jobs/{job_id}/pause")
async def pause(job_id: str, studio: TheStudio, owner: Owner) -> Response:
    return Json((await run_in_threadpool(studio.manager.pause, job_id, owner)).as_dict())


@ROUTES.post("/jobs/{job_id}/resume")
async def resume(job_id: str, studio: TheStudio, owner: Owner) -> Response:
    return Json((await run_in_threadpool(studio.manager.resume, job_id, owner)).as_dict())


@ROUTES.post("/pictures/{picture_id}/branch")
async def branch(picture_id: str, http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    if studio.closing.is_begun:
        raise shutting_down()
    values = await read_json(http)
    client_id = client_id_of(values)
    asked = Branch.from_dict(values)
    job = await run_in_threadpool(studio.manager.branch, picture_id, owner, asked, client_id)
    return Json(job.as_dict(), 201)
