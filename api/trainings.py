"""The native API for trainings: a checkpoint is taught a subject, a style or a concept with a few pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi import Request as HttpRequest
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse

from api.answers import KEPT, Json, read_json
from api.closing import shutting_down
from api.native import EXACT, client_id_of
from api.studio import Owner, TheStudio
from pipelines import RequestError, Training, training_as_dict

ROUTES = APIRouter(prefix="/api/v1")
LIST_MAX = 1000
PROMPT_CHARACTERS = 2000


@ROUTES.get("/trainings")
async def changed_trainings(
    studio: TheStudio, owner: Owner, since: Annotated[int, Query(ge=-EXACT, le=EXACT)] = 0
) -> Response:
    news = await run_in_threadpool(studio.manager.trainings.news, owner, since)
    items = [training_as_dict(one) for one in news.works]
    return Json({"version": news.version, "items": items, "ids": news.ids})


@ROUTES.post("/trainings/draft")
async def draft(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    values = await read_json(http)
    plan, images = values.get("plan", {}), _list(values, "images")
    found = await run_in_threadpool(studio.manager.trainings.draft, plan, images, owner)
    return Json(found)


@ROUTES.post("/trainings")
async def create(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    if studio.closing.is_begun:
        raise shutting_down()
    values = await read_json(http)
    client_id = client_id_of(values)
    plan, examples = values.get("plan", {}), _list(values, "examples")
    create = studio.manager.trainings.create
    return _told(await run_in_threadpool(create, plan, examples, owner, client_id), 201)


@ROUTES.post("/trainings/describe")
async def describe(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    image = (await read_json(http)).get("image")
    if not isinstance(image, str):
        raise RequestError("image", image, "is no upload", "Send the id of one.")
    text = await run_in_threadpool(studio.manager.trainings.describe, image, owner)
    return Json({"text": text})


@ROUTES.get("/trainings/{training_id}")
async def one_training(training_id: str, studio: TheStudio, owner: Owner) -> Response:
    return _told(await run_in_threadpool(studio.manager.trainings.get, training_id, owner))


@ROUTES.delete("/trainings/{training_id}")
async def delete(training_id: str, studio: TheStudio, owner: Owner) -> Response:
    await run_in_threadpool(studio.manager.trainings.delete, training_id, owner)
    return Response(status_code=204)


@ROUTES.post("/trainings/{training_id}/pause")
async def pause(training_id: str, studio: TheStudio, owner: Owner) -> Response:
    return _told(await run_in_threadpool(studio.manager.trainings.pause, training_id, owner))


@ROUTES.post("/trainings/{training_id}/resume")
async def resume(training_id: str, studio: TheStudio, owner: Owner) -> Response:
    return _told(await run_in_threadpool(studio.manager.trainings.resume, training_id, owner))


@ROUTES.post("/trainings/{training_id}/finish")
async def finish(training_id: str, studio: TheStudio, owner: Owner) -> Response:
    return _told(await run_in_threadpool(studio.manager.trainings.finish, training_id, owner))


@ROUTES.post("/trainings/{training_id}/publish")
async def publish(training_id: str, http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    step = (await read_json(http)).get("step")
    if type(step) is not int:
        raise RequestError("step", step, "is no whole number", "Send the step of one of `marks`.")
    trainings = studio.manager.trainings
    return _told(await run_in_threadpool(trainings.publish, training_id, owner, step))


@ROUTES.post("/trainings/{training_id}/compare")
async def compare(training_id: str, http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    if studio.closing.is_begun:
        raise shutting_down()
    values, trainings = await read_json(http), studio.manager.trainings
    steps = _numbers(values, "steps", lambda one: type(one) is int)
    strengths = _numbers(values, "strengths", lambda one: type(one) in (int, float))
    prompt = values.get("prompt") or ""
    if not isinstance(prompt, str) or len(prompt) > PROMPT_CHARACTERS:
        remedy = f"Send a text of at most {PROMPT_CHARACTERS} characters."
        raise RequestError("prompt", prompt, "cannot be used", remedy)
    asked = (training_id, owner, steps, strengths, prompt)
    return Json((await run_in_threadpool(trainings.compare, *asked)).as_dict(), 201)


@ROUTES.get("/trainings/{training_id}/examples/{index}")
async def example(training_id: str, index: int, studio: TheStudio, owner: Owner) -> Response:
    find = studio.manager.trainings.example_path
    path = await run_in_threadpool(find, training_id, index, owner)
    return FileResponse(path, headers=KEPT, media_type="image/png")


@ROUTES.get("/trainings/{training_id}/samples/{step}/{index}")
async def sample(
    training_id: str, step: int, index: int, studio: TheStudio, owner: Owner
) -> Response:
    find = studio.manager.trainings.sample_path
    path = await run_in_threadpool(find, training_id, step, index, owner)
    return FileResponse(path, headers=KEPT, media_type="image/webp")


def _told(training: Training, status_code: int = 200) -> Json:
    return Json(training_as_dict(training), status_code)


def _list(values: dict[str, Any], field: str) -> list[Any]:
    found = values.get(field, [])
    if not isinstance(found, list):
        raise RequestError(field, found, "is no list", f"Send a list as {field}.")
    if len(found) > LIST_MAX:
        raise RequestError(field, len(found), "are too many", f"Send at most {LIST_MAX}.")
    return found


def _numbers(values: dict[str, Any], field: str, is_right: Callable[[Any], bool]) -> list[Any]:
    found = _list(values, field)
    for one in found:
        if not is_right(one):
            raise RequestError(field, one, "is no number that can be used", "Send numbers.")
    return found
