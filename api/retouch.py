"""The native API for retouching: its presets, and what can be found in a picture to be masked."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest
from fastapi.concurrency import run_in_threadpool

from api.answers import Json, read_json
from api.studio import Owner, TheStudio
from pipelines import PRESETS, PROPOSALS, RequestError

ROUTES = APIRouter(prefix="/api/v1")


@ROUTES.get("/retouch")
async def presets(studio: TheStudio, owner: Owner) -> Response:
    says = {name: row.says for name, row in PROPOSALS.items()}
    return Json({"presets": [row.as_dict() for row in PRESETS], "proposals": says})


@ROUTES.post("/assets/{asset_id}/proposals")
async def propose(asset_id: str, http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    kind = (await read_json(http)).get("kind")
    if not isinstance(kind, str) or kind not in PROPOSALS:
        remedy = f"Use one of: {', '.join(PROPOSALS)}."
        raise RequestError("kind", kind, "is nothing that can be found", remedy)
    found = await run_in_threadpool(studio.proposals.find, kind, asset_id, owner)
    return Json({"kind": kind, "masks": [one.as_dict() for one in found]}, 201)
