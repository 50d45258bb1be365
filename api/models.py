"""The native API for models: their cards, and what their owner writes on them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi import Request as HttpRequest
from fastapi.concurrency import run_in_threadpool

from api.answers import Json, read_json
from api.studio import Owner, TheStudio

ROUTES = APIRouter(prefix="/api/v1/models")
QUERY_CHARACTERS = 200
# A picture may be replaced by another one under the same name: its address then has another `v`.
KEPT_A_WHILE = {"Cache-Control": "private, max-age=86400"}


@ROUTES.get("")
async def listing(
    http: HttpRequest,
    studio: TheStudio,
    owner: Owner,
    kind: Annotated[str, Query(max_length=40)] = "",
    q: Annotated[str, Query(max_length=QUERY_CHARACTERS)] = "",
) -> Response:
    models = studio.manager.models
    version = await run_in_threadpool(models.version)
    tag = {"ETag": f'"{version}"'}
    if http.headers.get("if-none-match") == tag["ETag"]:
        return Response(status_code=304, headers=tag)
    found = await run_in_threadpool(models.listing, kind, q, owner)
    answer = {"version": found.version, "items": found.rows, "folders": models.folders}
    return Json(answer, headers={"ETag": f'"{found.version}"'})


@ROUTES.post("/refresh")
async def refresh(studio: TheStudio, owner: Owner) -> Response:
    return Json({"version": await run_in_threadpool(studio.manager.models.version)})


@ROUTES.get("/trash")
async def trash(studio: TheStudio, owner: Owner) -> Response:
    items = await run_in_threadpool(studio.manager.models.trash.entries)
    return Json({"items": items})


@ROUTES.post("/trash/{trashed_id}/restore")
async def restore(trashed_id: str, studio: TheStudio, owner: Owner) -> Response:
    found = await run_in_threadpool(studio.manager.models.trash.restore, trashed_id)
    return Json(found.as_dict())


@ROUTES.delete("/trash/{trashed_id}")
async def delete(trashed_id: str, studio: TheStudio, owner: Owner) -> Response:
    freed_bytes = await run_in_threadpool(studio.manager.models.trash.empty, trashed_id)
    return Json({"freed_bytes": freed_bytes})


@ROUTES.delete("/trash")
async def empty_trash(studio: TheStudio, owner: Owner) -> Response:
    return Json({"freed_bytes": await run_in_threadpool(studio.manager.models.trash.empty)})


@ROUTES.get("/conversions")
async def conversions(studio: TheStudio, owner: Owner) -> Response:
    pickles = studio.manager.pickles
    return Json({"is_allowed": pickles.is_allowed, "items": pickles.rows()})


@ROUTES.post("/{model_id}/convert")
async def convert(model_id: str, studio: TheStudio, owner: Owner) -> Response:
    manager = studio.manager
    card = await run_in_threadpool(manager.models.card, model_id)
    return Json(await run_in_threadpool(manager.pickles.convert, card.model.path), 202)


@ROUTES.get("/{model_id}")
async def one_model(model_id: str, studio: TheStudio, owner: Owner) -> Response:
    return Json(await run_in_threadpool(studio.manager.models.details, model_id))


@ROUTES.patch("/{model_id}")
async def edit(model_id: str, http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    changes = await read_json(http)
    return Json(await run_in_threadpool(studio.manager.models.edit, model_id, changes))


@ROUTES.delete("/{model_id}")
async def throw_away(model_id: str, studio: TheStudio, owner: Owner) -> Response:
    models = studio.manager.models
    found = await run_in_threadpool(lambda: models.trash.trash(models.card(model_id)))
    return Json(found.as_dict())


@ROUTES.get("/{model_id}/preview")
async def preview(model_id: str, studio: TheStudio, owner: Owner) -> Response:
    webp = await run_in_threadpool(studio.manager.models.preview, model_id)
    return Response(webp, media_type="image/webp", headers=KEPT_A_WHILE)


@ROUTES.get("/{model_id}/settings")
async def settings(model_id: str, studio: TheStudio, owner: Owner) -> Response:
    data = await run_in_threadpool(studio.manager.models.picture, model_id)
    request, parameters = await run_in_threadpool(studio.manager.library.read_request, data)
    return Json({"request": request.as_dict() if request else None, "parameters": parameters})
