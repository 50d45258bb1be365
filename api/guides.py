"""The native API for what is used beside checkpoints: guides and what a ControlNet will see of one, and upscalers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from api.answers import KEPT, Json
from api.studio import Owner, TheStudio
from pipelines import GUIDE_KINDS, PREPROCESSORS, RESIZES, SIZE_PX, Control, upscaler_rows

ROUTES = APIRouter(prefix="/api/v1")

Pixels = Annotated[int, Field(ge=SIZE_PX[0], le=SIZE_PX[1])]


class Asked(BaseModel):
    """The query of GET /assets/{asset_id}/prepared: the fields of a Control that decide its picture, and a size."""

    width: Pixels = 512
    height: Pixels = 512
    resize: str = "crop"
    preprocessor: str = "none"


@ROUTES.get("/guides")
async def guides(studio: TheStudio, owner: Owner) -> Response:
    others = await run_in_threadpool(studio.manager.catalog.others)
    models = {
        kind: [
            {"name": one.name, "family": one.family, "problem": one.problem}
            for one in others
            if one.kind == kind
        ]
        for kind in GUIDE_KINDS
    }
    return Json({**models, "resizes": RESIZES, "preprocessors": PREPROCESSORS})


@ROUTES.get("/upscalers")
async def upscalers(studio: TheStudio, owner: Owner) -> Response:
    others = await run_in_threadpool(studio.manager.catalog.others)
    return Json({"items": upscaler_rows(others)})


@ROUTES.get("/assets/{asset_id}/prepared")
async def prepared(
    asset_id: str, studio: TheStudio, owner: Owner, asked: Annotated[Asked, Query()]
) -> Response:
    control = Control(image=asset_id, resize=asked.resize, preprocessor=asked.preprocessor)
    size = (asked.width, asked.height)
    png = await run_in_threadpool(studio.manager.guides.preview, control, owner, size)
    return Response(png, media_type="image/png", headers=KEPT)
