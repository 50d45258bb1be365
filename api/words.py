"""The native API for what is put into prompts and forms: styles, wildcards and presets."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest
from fastapi.concurrency import run_in_threadpool

from api.answers import Json, read_json
from api.studio import Owner, Studio, TheStudio
from pipelines import RequestError, Style

ROUTES = APIRouter(prefix="/api/v1")
EXAMPLES = 5  # values of a wildcard that are shown


@ROUTES.get("/styles")
async def styles(studio: TheStudio, owner: Owner) -> Response:
    return Json(await run_in_threadpool(_styles, studio, owner))


@ROUTES.put("/styles/{name:path}")
async def put_style(name: str, http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    values = await read_json(http)
    style = Style(name, _text(values, "prompt"), _text(values, "negative_prompt"))
    kept = await run_in_threadpool(studio.manager.words.styles.put, owner, style)
    return Json(_style(kept, is_own=True))


@ROUTES.delete("/styles/{name:path}")
async def delete_style(name: str, studio: TheStudio, owner: Owner) -> Response:
    await run_in_threadpool(studio.manager.words.styles.remove, owner, name)
    return Json({"removed": name})


@ROUTES.get("/wildcards")
async def wildcards(studio: TheStudio, owner: Owner) -> Response:
    return Json(await run_in_threadpool(_wildcards, studio))


@ROUTES.post("/wildcards/try")
async def try_wildcards(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    values = await read_json(http)
    prompts = (_text(values, "prompt"), _text(values, "negative_prompt"))
    numbers = (_whole(values, "seed", -1), _whole(values, "count", 1))
    found = await run_in_threadpool(studio.manager.words.tried, *prompts, *numbers)
    return Json({"items": [one._asdict() for one in found]})


@ROUTES.get("/presets")
async def presets(studio: TheStudio, owner: Owner) -> Response:
    found = await run_in_threadpool(studio.manager.presets.all, owner)
    return Json({"items": [one.as_dict() for one in found]})


@ROUTES.put("/presets/{name:path}")
async def put_preset(name: str, http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    settings = (await read_json(http)).get("settings")
    kept = await run_in_threadpool(studio.manager.presets.put, owner, name, settings)
    return Json(kept.as_dict())


@ROUTES.delete("/presets/{name:path}")
async def delete_preset(name: str, studio: TheStudio, owner: Owner) -> Response:
    await run_in_threadpool(studio.manager.presets.remove, owner, name)
    return Json({"removed": name})


def _styles(studio: Studio, owner: str) -> dict[str, Any]:
    book = studio.manager.words.styles
    own = {style.name for style in book.own(owner)}
    items = [_style(style, is_own=style.name in own) for style in book.all(owner)]
    return {"items": items, "version": book.version(owner)}


def _style(style: Style, *, is_own: bool) -> dict[str, Any]:
    return {
        "name": style.name,
        "prompt": style.prompt,
        "negative_prompt": style.negative_prompt,
        "editable": is_own,
    }


def _wildcards(studio: Studio) -> dict[str, Any]:
    files = studio.manager.words.wildcards
    items = [
        {
            "name": one.name,
            "count": len(one.values),
            "examples": [text[:200] for text, _ in one.values[:EXAMPLES]],
        }
        for one in files.all().values()
    ]
    return {"items": items, "folder": str(files.folders[0]) if files.folders else ""}


def _text(values: dict[str, Any], name: str) -> str:
    text = values.get(name) or ""
    if not isinstance(text, str):
        raise RequestError(name, text, "is no text", "Send text.")
    return text


def _whole(values: dict[str, Any], name: str, default: int) -> int:
    number = values.get(name)
    if number is None:
        return default
    if type(number) is not int:
        raise RequestError(name, number, "is no whole number", "Send a whole number.")
    return number
