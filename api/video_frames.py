"""The native API for frames of finished videos and of movies that were sent: one as a PNG, or a stretch as a zip."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from api.answers import UNKEPT
from api.studio import Owner, Studio, TheStudio
from pipelines import Stills

ROUTES = APIRouter(prefix="/api/v1")

First = Annotated[int, Query()]
Last = Annotated[int | None, Query()]


@ROUTES.get("/videos/{video_id}/frames.zip")
async def frames_of_video(
    video_id: str, studio: TheStudio, owner: Owner, first: First = 0, last: Last = None
) -> Response:
    stills = await run_in_threadpool(studio.manager.videos.stills, video_id, owner)
    return await run_in_threadpool(_packed, stills, first, last)


@ROUTES.get("/videos/{video_id}/frames/{frame}")
async def frame_of_video(video_id: str, frame: int, studio: TheStudio, owner: Owner) -> Response:
    stills = await run_in_threadpool(studio.manager.videos.stills, video_id, owner)
    return await run_in_threadpool(_one, stills, frame)


@ROUTES.get("/movies/{movie_id}/frames.zip")
async def frames_of_movie(
    movie_id: str, studio: TheStudio, owner: Owner, first: First = 0, last: Last = None
) -> Response:
    stills = await run_in_threadpool(_of_movie, studio, movie_id, owner)
    return await run_in_threadpool(_packed, stills, first, last)


@ROUTES.get("/movies/{movie_id}/frames/{frame}")
async def frame_of_movie(movie_id: str, frame: int, studio: TheStudio, owner: Owner) -> Response:
    stills = await run_in_threadpool(_of_movie, studio, movie_id, owner)
    return await run_in_threadpool(_one, stills, frame)


def _of_movie(studio: Studio, movie_id: str, owner: str) -> Stills:
    return studio.manager.videos.movies.get(movie_id, owner).stills


def _one(stills: Stills, frame: int) -> Response:
    headers = UNKEPT | _named("inline", f"{stills.name}-frame-{frame:06}.png")
    return Response(stills.png(frame), media_type="image/png", headers=headers)


def _packed(stills: Stills, first: int, last: int | None) -> Response:
    end = stills.frames - 1 if last is None else last
    parts = stills.packed(first, end)
    headers = UNKEPT | _named("attachment", f"{stills.name}-frames-{first}-{end}.zip")
    return StreamingResponse(parts, media_type="application/zip", headers=headers)


def _named(place: str, name: str) -> dict[str, str]:
    return {"Content-Disposition": f"{place}; filename*=utf-8''{quote(name)}"}
