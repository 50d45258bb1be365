"""The native API for downloads of models: what one would bring, those under way, and the models that are offered."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest
from fastapi.concurrency import run_in_threadpool

from api.answers import Json, read_json
from api.closing import shutting_down
from api.studio import Owner, Studio, TheStudio
from pipelines import Order, RequestError, offers_for

ROUTES = APIRouter(prefix="/api/v1")
LONGEST = {"source": 500, "file": 200, "name": 100, "licence": 200}


@ROUTES.get("/downloads")
async def listed(studio: TheStudio, owner: Owner) -> Response:
    return Json(await run_in_threadpool(_listed, studio))


@ROUTES.post("/downloads/plan")
async def plan(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    order = _order(await read_json(http), owner)
    return Json((await run_in_threadpool(studio.downloads.plan, order)).as_dict())


@ROUTES.post("/downloads")
async def begin(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    if studio.closing.is_begun:
        raise shutting_down()
    order = _order(await read_json(http), owner)
    return Json((await run_in_threadpool(studio.downloads.begin, order)).as_dict(), 201)


@ROUTES.post("/downloads/{download_id}/pause")
async def pause(download_id: str, studio: TheStudio, owner: Owner) -> Response:
    return Json((await run_in_threadpool(studio.downloads.pause, download_id)).as_dict())


@ROUTES.post("/downloads/{download_id}/resume")
async def resume(download_id: str, studio: TheStudio, owner: Owner) -> Response:
    return Json((await run_in_threadpool(studio.downloads.resume, download_id)).as_dict())


@ROUTES.delete("/downloads/{download_id}")
async def remove(download_id: str, studio: TheStudio, owner: Owner) -> Response:
    await run_in_threadpool(studio.downloads.remove, download_id)
    return Json({"removed": download_id})


def _listed(studio: Studio) -> dict[str, Any]:
    status = studio.manager.status()
    return {
        "downloads": [one.as_dict() for one in studio.downloads.all()],
        "offers": offers_for(status.device, status.total_bytes),
        "folder": str(studio.downloads.folder),
        "is_offline": studio.downloads.is_offline,
    }


def _order(values: dict[str, Any], owner: str) -> Order:
    """Raises RequestError for a field that is no text or too long."""
    fields = {name: values.get(name, "") for name in LONGEST}
    for name, value in fields.items():
        if not isinstance(value, str) or len(value) > LONGEST[name]:
            remedy = f"Send a text of at most {LONGEST[name]} characters."
            raise RequestError(name, value, "cannot be used", remedy)
    return Order(**fields, owner=owner)
