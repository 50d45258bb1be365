"""The native API for graphics: the styles to choose from, and pictures cut out and as SVG."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from api.answers import Json
from api.studio import Owner, TheStudio
from pipelines import GRAPHIC_STYLES, Wanted

ROUTES = APIRouter(prefix="/api/v1")
HOUR = {"Cache-Control": "private, max-age=3600"}  # a later version may do better
# Beside the guard's own policy: an SVG that is opened as a page may do nothing.
LOCKED = {"Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'"}


class Asked(BaseModel):
    """The query of both: see Wanted."""

    holes: str = "large"
    colours: int = 0
    download: bool = False


class AskedSvg(Asked):
    """`download` is true: an SVG is made for other programs."""

    cutout: bool = True
    download: bool = True


@ROUTES.get("/graphics/styles")
async def styles(owner: Owner) -> Response:
    return Json({"items": [style.as_dict() for style in GRAPHIC_STYLES]})


@ROUTES.get("/pictures/{picture_id}/cutout")
async def cutout(
    picture_id: str, studio: TheStudio, owner: Owner, asked: Annotated[Asked, Query()]
) -> Response:
    wanted = Wanted(holes=asked.holes, colours=asked.colours)
    path = await run_in_threadpool(studio.manager.library.file, picture_id, owner)
    png = await run_in_threadpool(studio.graphics.png, path, wanted)
    return Response(png, media_type="image/png", headers=_headers(f"{path.stem}.png", asked))


@ROUTES.get("/pictures/{picture_id}/svg")
async def svg(
    picture_id: str, studio: TheStudio, owner: Owner, asked: Annotated[AskedSvg, Query()]
) -> Response:
    wanted = Wanted(cutout=asked.cutout, holes=asked.holes, colours=asked.colours)
    record = await run_in_threadpool(studio.manager.library.get, picture_id, owner)
    path = await run_in_threadpool(studio.manager.library.file, picture_id, owner)
    drawing = await run_in_threadpool(studio.graphics.svg, path, wanted, record.prompt)
    headers = {**_headers(f"{path.stem}.svg", asked), **LOCKED}
    return Response(drawing, media_type="image/svg+xml", headers=headers)


def _headers(name: str, asked: Asked) -> dict[str, str]:
    plain = re.sub(r"[^\w.-]", "_", name, flags=re.ASCII)
    place = "attachment" if asked.download else "inline"
    return {**HOUR, "Content-Disposition": f'{place}; filename="{plain}"'}
