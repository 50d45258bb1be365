"""The native API for prompts: how one is read, for whoever writes it."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest
from fastapi.concurrency import run_in_threadpool

from api.answers import Json, read_json
from api.studio import Owner, TheStudio
from pipelines import PromptQuestion

ROUTES = APIRouter(prefix="/api/v1")


@ROUTES.post("/prompts/explain")
async def explain(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    question = PromptQuestion.from_dict(await read_json(http))
    return Json(await run_in_threadpool(studio.manager.explain, question, owner))
