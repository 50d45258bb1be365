"""What clients of AUTOMATIC1111's ControlNet extension ask before they send a unit."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.concurrency import run_in_threadpool

from api.a1111_dialect import DialectRoute
from api.a1111_units import IP_ADAPTER, MODULES
from api.answers import Json
from api.studio import Owner, TheStudio

ROUTES = APIRouter(prefix="/controlnet", route_class=DialectRoute)
VERSION = 3  # of the interface, as clients know it
KINDS = ("controlnet", "ip_adapter")


@ROUTES.get("/version")
async def version(owner: Owner) -> Response:
    return Json({"version": VERSION})


@ROUTES.get("/model_list")
async def model_list(studio: TheStudio, owner: Owner) -> Response:
    others = await run_in_threadpool(studio.manager.catalog.others)
    usable = [one.name for one in others if one.kind in KINDS and not one.problem]
    return Json({"model_list": usable})


@ROUTES.get("/module_list")
async def module_list(owner: Owner) -> Response:
    return Json({"module_list": [*MODULES, f"{IP_ADAPTER}-auto"], "module_detail": {}})
