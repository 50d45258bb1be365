"""The native API for what is wanted before a video: formats, curves, sketches that move, Deforum's files, movies sent."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse

from api.answers import Json, read_json
from api.receiving import sent_file
from api.studio import Owner, TheStudio
from pipelines import RequestError

ROUTES = APIRouter(prefix="/api/v1")
SIDE_PX = (64, 4096)


@ROUTES.get("/video/formats")
async def formats(studio: TheStudio, owner: Owner) -> Response:
    return Json(await run_in_threadpool(studio.manager.videos.formats))


@ROUTES.post("/video/curves")
async def curves(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    values = await read_json(http)
    sketch = studio.manager.videos.sketcher(owner).curves
    return Json(await run_in_threadpool(sketch, values.get("settings"), _seed(values)))


@ROUTES.post("/video/curves/edit")
async def edited_curve(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    values = await read_json(http)
    edit = studio.manager.videos.sketcher(owner).edited
    text = await run_in_threadpool(edit, values.get("settings"), _seed(values), values)
    return Json({"text": text})


@ROUTES.post("/video/camera")
async def camera(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    values = await read_json(http)
    size = _side(values, "width"), _side(values, "height")
    sketch = studio.manager.videos.sketcher(owner).camera
    data = await run_in_threadpool(sketch, values.get("settings"), size, _seed(values))
    return Response(data, media_type="image/webp", headers={"cache-control": "no-store"})


@ROUTES.post("/video/photo")
async def photo(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    values = await read_json(http)
    image, masks = values.get("photo"), values.get("masks", [])
    if not isinstance(image, str):
        raise RequestError("photo", image, "is no upload", "Choose a photo.")
    if not isinstance(masks, list) or not all(isinstance(one, str) for one in masks):
        raise RequestError("masks", masks, "is no list of uploads", "Send one of each effect.")
    sketch = studio.manager.videos.sketcher(owner).photo
    data = await run_in_threadpool(sketch, values.get("plan"), image, masks)
    return Response(data, media_type="image/webp", headers={"cache-control": "no-store"})


@ROUTES.post("/video/deforum/read")
async def read_deforum(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    text = (await read_json(http)).get("text")
    if not isinstance(text, str):
        raise RequestError("text", text, "is no text", "Send the text of a settings file.")
    return Json(await run_in_threadpool(studio.manager.videos.read_deforum, text))


@ROUTES.post("/video/deforum/write")
async def write_deforum(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    values = await read_json(http)
    write = studio.manager.videos.write_deforum
    text = await run_in_threadpool(write, values.get("settings"), values.get("request") or {})
    return Json({"text": text})


@ROUTES.post("/movies")
async def send_movie(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    add = studio.manager.videos.movies.add
    async with sent_file(http) as (file, name):
        movie = await run_in_threadpool(add, file, owner, name)
    return Json(movie.as_dict(), 201)


@ROUTES.get("/movies/{movie_id}")
async def one_movie(movie_id: str, studio: TheStudio, owner: Owner) -> Response:
    movie = await run_in_threadpool(studio.manager.videos.movies.get, movie_id, owner)
    return Json(movie.as_dict())


@ROUTES.get("/movies/{movie_id}/file")
async def movie_file(movie_id: str, studio: TheStudio, owner: Owner) -> Response:
    movie = await run_in_threadpool(studio.manager.videos.movies.get, movie_id, owner)
    return FileResponse(movie.path, media_type="application/octet-stream", filename=movie.name)


@ROUTES.post("/movies/{movie_id}/frames/{frame}")
async def frame_of_movie(movie_id: str, frame: int, studio: TheStudio, owner: Owner) -> Response:
    take = studio.manager.videos.take_frame
    asset = await run_in_threadpool(take, movie_id, frame, owner)
    return Json(asset.as_dict(), 201)


def _seed(values: dict[str, Any]) -> int:
    seed = values.get("seed", 0)
    if type(seed) is not int or not 0 <= seed < 2**32:
        raise RequestError("seed", seed, "is no seed", "Send 0 … 4294967295.")
    return seed


def _side(values: dict[str, Any], name: str) -> int:
    side, (low, high) = values.get(name, 512), SIDE_PX
    if type(side) is not int or not low <= side <= high:
        raise RequestError(name, side, "cannot be used", f"Send {low} … {high} px.")
    return side
