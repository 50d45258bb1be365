"""AUTOMATIC1111's texts in pictures, read for its clients: `png-info`, and the field `infotext` of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest
from fastapi.concurrency import run_in_threadpool

from api.a1111_dialect import DialectRoute
from api.a1111_fields import picture_in
from api.answers import Json, read_json
from api.studio import Owner, Studio, TheStudio
from pipelines import Request, RequestError, infotext_to_request, read_infotext

ROUTES = APIRouter(prefix="/sdapi/v1", route_class=DialectRoute)


@ROUTES.post("/png-info")
async def png_info(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    picture = picture_in("image", (await read_json(http)).get("image"))
    _, text = await run_in_threadpool(studio.manager.library.read_request, picture)
    items = {"parameters": text} if text else {}
    return Json({"info": text, "items": items, "parameters": read_infotext(text) if text else {}})


def base_of(studio: Studio, body: Mapping[str, Any]) -> Request | None:
    """What `infotext` says, for the fields that the request leaves open. Raises RequestError."""
    text = body.get("infotext")
    if not text:
        return None
    if not isinstance(text, str):
        raise RequestError("infotext", text, "is no text", "Send the text out of a picture.")
    request = infotext_to_request(text)
    if request is None:
        return None
    named = studio.manager.naming.named(request, text).request
    return replace(named, source=None, inpainting=None)  # which come with the request itself
