"""The native API for finished pictures, and for pictures that are sent to us."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi import Request as HttpRequest
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from pydantic import BaseModel, BeforeValidator, Field

from api.answers import KEPT, Json, read_json
from api.receiving import sent_file
from api.studio import Owner, Studio, TheStudio
from pipelines import (
    Asset,
    Job,
    PictureRecord,
    Request,
    RequestError,
    adds_noise,
    read_texts,
)

ROUTES = APIRouter(prefix="/api/v1")
PAGE_LENGTH = 200
FAR_FUTURE = 1e11  # seconds since the epoch; also keeps infinity out

Time = Annotated[float, Field(ge=0, le=FAR_FUTURE, allow_inf_nan=False)]
OpenTime = Annotated[Time | None, BeforeValidator(lambda given: given or None)]


class Search(BaseModel):
    """The query of GET /pictures. Times are seconds since the epoch; an empty value is none."""

    q: str = Field("", max_length=1000)
    cursor: str = Field("", max_length=200)
    limit: int = Field(60, ge=1, le=PAGE_LENGTH)
    trash: bool = False
    checkpoint: str = ""
    sampler: str = ""
    after: OpenTime = None
    before: OpenTime = None


@ROUTES.get("/pictures")
async def search(studio: TheStudio, owner: Owner, asked: Annotated[Search, Query()]) -> Response:
    filters = asked.model_dump(exclude={"q"})
    page = await run_in_threadpool(studio.manager.library.search, owner, asked.q, **filters)
    items = [_shown(record) for record in page.items]
    return Json({"items": items, "next_cursor": page.next_cursor, "total": page.total})


@ROUTES.get("/pictures/{picture_id}")
async def one_picture(picture_id: str, studio: TheStudio, owner: Owner) -> Response:
    return Json(_shown(await run_in_threadpool(studio.manager.library.get, picture_id, owner)))


@ROUTES.get("/pictures/{picture_id}/file")
async def file(
    picture_id: str, studio: TheStudio, owner: Owner, download: bool = False
) -> Response:
    path = await run_in_threadpool(studio.manager.library.file, picture_id, owner)
    place = "attachment" if download else "inline"
    return FileResponse(path, headers=KEPT, filename=path.name, content_disposition_type=place)


@ROUTES.get("/pictures/{picture_id}/thumbnail")
async def thumbnail(picture_id: str, studio: TheStudio, owner: Owner) -> Response:
    data = await run_in_threadpool(studio.manager.library.thumbnail, picture_id, owner)
    kind = "image/webp" if data[8:12] == b"WEBP" else "image/jpeg"
    return Response(data, media_type=kind, headers=KEPT)


@ROUTES.get("/pictures/{picture_id}/strip")
async def strip(picture_id: str, studio: TheStudio, owner: Owner) -> Response:
    frames = await run_in_threadpool(studio.manager.library.strip, picture_id, owner)
    return Json([dataclasses.asdict(frame) for frame in frames])


@ROUTES.get("/pictures/{picture_id}/strip/{step}")
async def strip_frame(picture_id: str, step: int, studio: TheStudio, owner: Owner) -> Response:
    jpeg = await run_in_threadpool(studio.manager.library.strip_frame, picture_id, step, owner)
    return Response(jpeg, media_type="image/jpeg", headers=KEPT)


@ROUTES.delete("/pictures/{picture_id}")
async def trash(picture_id: str, studio: TheStudio, owner: Owner) -> Response:
    await run_in_threadpool(studio.manager.library.trash, picture_id, owner)
    return await one_picture(picture_id, studio, owner)


@ROUTES.post("/pictures/{picture_id}/restore")
async def restore(picture_id: str, studio: TheStudio, owner: Owner) -> Response:
    await run_in_threadpool(studio.manager.library.restore, picture_id, owner)
    return await one_picture(picture_id, studio, owner)


@ROUTES.post("/pictures/{picture_id}/verify")
async def verify(picture_id: str, studio: TheStudio, owner: Owner) -> Response:
    found = await run_in_threadpool(studio.manager.verify, picture_id, owner)
    if isinstance(found, Job):
        return Json(found.as_dict(), 201)
    return Json({"id": None, "verdict": found.as_dict()})


@ROUTES.post("/assets")
async def upload(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    if http.headers.get("content-type", "").startswith("application/json"):
        asset = await _asset_of_picture(http, studio, owner)
    else:
        async with sent_file(http) as (file, name):
            asset = await run_in_threadpool(studio.assets.add, file, owner, name)
    return Json(await run_in_threadpool(_told, studio, asset), 201)


@ROUTES.get("/assets/{asset_id}")
async def one_asset(asset_id: str, studio: TheStudio, owner: Owner) -> Response:
    asset = await run_in_threadpool(studio.assets.get, asset_id, owner)
    return Json(await run_in_threadpool(_told, studio, asset))


@ROUTES.get("/assets/{asset_id}/file")
async def asset_file(asset_id: str, studio: TheStudio, owner: Owner) -> Response:
    asset = await run_in_threadpool(studio.assets.get, asset_id, owner)
    return FileResponse(asset.path, headers=KEPT, media_type=f"image/{asset.format}")


@ROUTES.get("/assets/{asset_id}/thumbnail")
async def asset_thumbnail(asset_id: str, studio: TheStudio, owner: Owner) -> Response:
    data = await run_in_threadpool(studio.assets.thumbnail, asset_id, owner)
    return Response(data, media_type="image/webp", headers=KEPT)


@ROUTES.post("/parameters")
async def parameters(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    text = (await read_json(http)).get("text")
    if not isinstance(text, str):
        remedy = 'Send {"text": …} with what stands in a picture, or in a file beside it.'
        raise RequestError("text", text, "is no text", remedy)
    return Json(await run_in_threadpool(_understood, studio, text))


def _shown(record: PictureRecord) -> dict[str, Any]:
    """The record as JSON, with whether another seed could change what is added to it on the way."""
    request = record.request
    return {**record.as_dict(), "adds_noise": adds_noise(request.sampling) if request else None}


def _told(studio: Studio, asset: Asset) -> dict[str, Any]:
    """The asset as JSON."""
    return _named(studio, asset.as_dict(), asset.request, asset.parameters)


def _understood(studio: Studio, text: str) -> dict[str, Any]:
    """What a text says that stands in pictures, or beside them, as JSON."""
    said = read_texts({"parameters": text})
    unmapped = [dataclasses.asdict(one) for one in said.unmapped]
    values = {"request": None, "program": said.program, "unmapped": unmapped}
    return _named(studio, values, said.request, said.parameters)


def _named(
    studio: Studio, values: dict[str, Any], request: Request | None, parameters: str
) -> dict[str, Any]:
    """These values, with the models that the request names under our names."""
    if request is None:
        return values
    named = studio.manager.naming.named(request, parameters)
    missing = [dataclasses.asdict(one) for one in named.missing]
    return {
        **values,
        "request": named.request.as_dict(),
        "unmapped": [*values["unmapped"], *missing],
    }


async def _asset_of_picture(http: HttpRequest, studio: TheStudio, owner: Owner) -> Asset:
    """The asset of a picture in the library. Raises NotFound, RequestError or UploadError."""
    picture_id = (await read_json(http)).get("picture")
    if not isinstance(picture_id, str):
        remedy = 'Send {"picture": …} with the id of one of your pictures, or a picture itself.'
        raise RequestError("picture", picture_id, "is no id of a picture", remedy)
    path = await run_in_threadpool(studio.manager.library.file, picture_id, owner)
    return await run_in_threadpool(studio.assets.add_file, path, owner)
