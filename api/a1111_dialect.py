"""The form in which errors leave by the routes that speak AUTOMATIC1111's dialect."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request as HttpRequest
from fastapi import Response
from fastapi.routing import APIRoute

from api.a1111_told import error_body
from api.answers import Json, headers_of
from pipelines import StudioError


class DialectRoute(APIRoute):
    """A route whose errors leave in the form that clients of that API read."""

    def get_route_handler(self) -> Callable[[HttpRequest], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_in_dialect(http: HttpRequest) -> Response:
            try:
                return await handle(http)
            except StudioError as error:
                return Json(error_body(error), error.http_status, headers_of(error))

        return handle_in_dialect
