"""The native API for videos: what one would be, those of the asker, what is done with them, and their frames."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi import Request as HttpRequest
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse

from api.answers import Json, read_json
from api.closing import shutting_down
from api.native import EXACT, client_id_of
from api.studio import Owner, TheStudio
from pipelines import RequestError, Video

ROUTES = APIRouter(prefix="/api/v1")
NOT_KEPT = {"cache-control": "no-cache"}  # it may be made again


@ROUTES.get("/videos")
async def changed_videos(
    studio: TheStudio, owner: Owner, since: Annotated[int, Query(ge=-EXACT, le=EXACT)] = 0
) -> Response:
    news = await run_in_threadpool(studio.manager.videos.news, owner, since)
    items = [one.as_dict() for one in news.works]
    return Json({"version": news.version, "items": items, "ids": news.ids})


@ROUTES.post("/videos/draft")
async def draft(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    values = await read_json(http)
    return Json(await run_in_threadpool(studio.manager.videos.draft, values, owner))


@ROUTES.post("/videos")
async def create(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    if studio.closing.is_begun:
        raise shutting_down()
    values: dict[str, Any] = dict(await read_json(http))
    client_id = client_id_of(values)
    values.pop("client_request_id", None)
    create = studio.manager.videos.create
    return _told(await run_in_threadpool(create, values, owner, client_id), 201)


@ROUTES.get("/videos/{video_id}")
async def one_video(video_id: str, studio: TheStudio, owner: Owner) -> Response:
    return _told(await run_in_threadpool(studio.manager.videos.get, video_id, owner))


@ROUTES.delete("/videos/{video_id}")
async def delete(video_id: str, studio: TheStudio, owner: Owner) -> Response:
    await run_in_threadpool(studio.manager.videos.delete, video_id, owner)
    return Response(status_code=204)


@ROUTES.post("/videos/{video_id}/pause")
async def pause(video_id: str, studio: TheStudio, owner: Owner) -> Response:
    return _told(await run_in_threadpool(studio.manager.videos.pause, video_id, owner))


@ROUTES.post("/videos/{video_id}/resume")
async def resume(video_id: str, studio: TheStudio, owner: Owner) -> Response:
    return _told(await run_in_threadpool(studio.manager.videos.resume, video_id, owner))


@ROUTES.post("/videos/{video_id}/finish")
async def finish(video_id: str, studio: TheStudio, owner: Owner) -> Response:
    return _told(await run_in_threadpool(studio.manager.videos.finish, video_id, owner))


@ROUTES.post("/videos/{video_id}/remake")
async def remake(video_id: str, http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    values = await read_json(http)
    frame, seed = values.get("frame"), values.get("seed")
    if type(frame) is not int:
        raise RequestError("frame", frame, "is no whole number", "Send the number of a frame.")
    if seed is not None and type(seed) is not int:
        raise RequestError("seed", seed, "is no whole number", "Send one, or -1 for any.")
    ask = studio.manager.videos.remake
    return _told(await run_in_threadpool(ask, video_id, owner, frame, seed))


@ROUTES.get("/videos/{video_id}/film")
async def film(video_id: str, studio: TheStudio, owner: Owner) -> Response:
    path, name, media_type = await run_in_threadpool(studio.manager.videos.film, video_id, owner)
    return FileResponse(
        path,
        headers=NOT_KEPT,
        media_type=media_type,
        filename=name,
        content_disposition_type="inline",
    )


@ROUTES.post("/videos/{video_id}/movie")
async def as_movie(video_id: str, studio: TheStudio, owner: Owner) -> Response:
    movie = await run_in_threadpool(studio.manager.videos.as_movie, video_id, owner)
    return Json(movie.as_dict(), 201)


@ROUTES.get("/videos/{video_id}/preview")
async def preview(video_id: str, studio: TheStudio, owner: Owner) -> Response:
    data = await run_in_threadpool(studio.manager.videos.preview, video_id, owner)
    return Response(data, media_type="image/jpeg", headers={"cache-control": "no-store"})


@ROUTES.get("/videos/{video_id}/strip")
async def strip(video_id: str, studio: TheStudio, owner: Owner) -> Response:
    frames = await run_in_threadpool(studio.manager.videos.strip, video_id, owner)
    return Json({"frames": list(frames)})


@ROUTES.get("/videos/{video_id}/strip/{frame}")
async def strip_picture(video_id: str, frame: int, studio: TheStudio, owner: Owner) -> Response:
    find = studio.manager.videos.strip_path
    path = await run_in_threadpool(find, video_id, frame, owner)
    return FileResponse(path, headers=NOT_KEPT, media_type="image/webp")


@ROUTES.get("/videos/{video_id}/keys/{frame}")
async def key(video_id: str, frame: int, studio: TheStudio, owner: Owner) -> Response:
    path = await run_in_threadpool(studio.manager.videos.key_path, video_id, frame, owner)
    return FileResponse(path, headers=NOT_KEPT, media_type="image/png")


def _told(video: Video, status_code: int = 200) -> Json:
    return Json(video.as_dict(), status_code)
