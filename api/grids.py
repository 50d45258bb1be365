"""The native API for grids: what can vary, what would be made, the pictures side by side, and some of them again."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest
from fastapi.concurrency import run_in_threadpool

from api.answers import UNKEPT, Json, read_json
from api.native import indices_of
from api.studio import Owner, Studio, TheStudio
from pipelines import Request, RequestError

ROUTES = APIRouter(prefix="/api/v1")
# What is opened from here may show its own pictures, and nothing else; scripts least of all.
LOCKED = {
    "Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"
}


@ROUTES.get("/grids/axes")
async def axes(studio: TheStudio, owner: Owner) -> Response:
    return Json({"items": await run_in_threadpool(studio.manager.grids.axes, owner)})


@ROUTES.post("/grids/plan")
async def plan(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    values = await read_json(http)
    values.pop("client_request_id", None)
    request = Request.from_dict(values)
    return Json(await run_in_threadpool(studio.manager.grids.plan, request, owner))


@ROUTES.get("/jobs/{job_id}/grid")
async def layout(job_id: str, studio: TheStudio, owner: Owner) -> Response:
    return Json(await run_in_threadpool(_layout, studio, job_id, owner))


@ROUTES.get("/jobs/{job_id}/grid.png")
async def picture(job_id: str, studio: TheStudio, owner: Owner) -> Response:
    png = await run_in_threadpool(_png, studio, job_id, owner)
    return Response(png, media_type="image/png", headers={**UNKEPT, **_named(job_id, "png")})


@ROUTES.get("/jobs/{job_id}/grid.html")
async def page(job_id: str, studio: TheStudio, owner: Owner) -> Response:
    html = await run_in_threadpool(_html, studio, job_id, owner)
    headers = {**UNKEPT, **LOCKED, **_named(job_id, "html")}
    return Response(html, media_type="text/html; charset=utf-8", headers=headers)


@ROUTES.post("/jobs/{job_id}/again")
async def again(job_id: str, http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    values = await read_json(http)
    pictures, seed = indices_of(values), values.get("seed")
    if seed is not None and type(seed) is not int:
        remedy = "Send null for the same one, -1 for a new one, or a whole number."
        raise RequestError("seed", seed, "is no seed", remedy)
    job = await run_in_threadpool(studio.manager.again, job_id, owner, pictures, seed)
    return Json(job.as_dict())


def _layout(studio: Studio, job_id: str, owner: str) -> dict[str, Any]:
    return studio.manager.grids.layout(studio.manager.job(job_id, owner))


def _png(studio: Studio, job_id: str, owner: str) -> bytes:
    return studio.manager.grids.png(studio.manager.job(job_id, owner))


def _html(studio: Studio, job_id: str, owner: str) -> str:
    return studio.manager.grids.html(studio.manager.job(job_id, owner))


def _named(job_id: str, suffix: str) -> dict[str, str]:
    """How the file is called when it is saved. The id was found, so it is one of ours."""
    return {"Content-Disposition": f'inline; filename="grid-{job_id[:16]}.{suffix}"'}
