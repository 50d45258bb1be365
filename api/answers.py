"""How the API reads JSON and answers it: one form for data, one for errors, and never a 500 for what was sent."""

from __future__ import annotations

import json
import math
from typing import Any

from fastapi import FastAPI, Response
from fastapi import Request as HttpRequest
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.closing import ClientLeft
from pipelines import RequestError, StudioError

KEPT = {"Cache-Control": "private, max-age=31536000, immutable"}  # what an id names never changes
UNKEPT = {"Cache-Control": "no-store"}
WHOLE_MAX = 2**63  # beyond it no field has a use and SQLite has no column


class BadJson(StudioError):
    """The body cannot be read as JSON."""

    code = "bad_json"
    http_status = 400


class Json(Response):
    """Compact JSON; data change at any time, so nobody may keep them."""

    media_type = "application/json"

    def __init__(self, content: Any, status_code: int = 200, headers: dict[str, str] | None = None):
        super().__init__(content, status_code, {**UNKEPT, **(headers or {})})

    def render(self, content: Any) -> bytes:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")


def of_error(error: StudioError) -> Json:
    """{"error": {"code", "message", "remedy", …}} with the status of the error."""
    return Json({"error": error.as_dict()}, error.http_status, headers_of(error))


def headers_of(error: StudioError) -> dict[str, str]:
    seconds = getattr(error, "retry_after_seconds", None)
    return {"Retry-After": str(seconds)} if seconds else {}


async def read_json(http: HttpRequest) -> dict[str, Any]:
    """The body, a JSON object. Raises BadJson, or RequestError for a number that no field can take."""
    body = await http.body()
    if not body.strip():
        return {}
    try:
        values = json.loads(body)
    except RecursionError:
        raise BadJson("The body is nested too deeply.", "Send a flat JSON object.") from None
    except (
        ValueError
    ) as error:  # JSONDecodeError, UnicodeDecodeError, and whole numbers of 4300 digits
        raise BadJson(f"The body is no JSON: {error}.", "Send a JSON object.") from None
    if not isinstance(values, dict):
        raise BadJson("The body is no JSON object.", 'Send fields in braces: {"prompt": "…"}.')
    _check_numbers(values)
    return values


def _check_numbers(values: dict[str, Any]) -> None:
    """NaN and infinity are no JSON, yet Python's reader takes them, and 1e999 turns into one."""
    waiting: list[tuple[str, Any]] = list(values.items())
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{name}.{key}", part) for key, part in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{name}[{index}]", part) for index, part in enumerate(value)]
        elif isinstance(value, float) and not math.isfinite(value):
            raise RequestError(name, value, "is no finite number", "Send a finite number.")
        elif isinstance(value, int) and abs(value) > WHOLE_MAX:
            raise RequestError(name, value, "is too large", "Send a smaller number.")


def install(app: FastAPI) -> None:
    """Every error of `app` leaves in our form."""
    app.add_exception_handler(StudioError, _studio_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientLeft, _client_left)
    app.add_exception_handler(Exception, _unexpected)


async def _studio_error(http: HttpRequest, error: Exception) -> Response:
    assert isinstance(error, StudioError)
    return of_error(error)


async def _validation_error(http: HttpRequest, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = str(first["loc"][-1])
    why = str(first["msg"]).casefold()
    return of_error(RequestError(field, first.get("input"), why, "Correct it, or leave it out."))


async def _http_error(http: HttpRequest, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "wrong_method"}.get(error.status_code, "error")
    content = {"error": {"code": code, "message": str(error.detail), "remedy": ""}}
    return Json(content, error.status_code, dict(error.headers or {}))


async def _client_left(http: HttpRequest, error: Exception) -> Response:
    return Response(status_code=499)  # nobody reads it


async def _unexpected(http: HttpRequest, error: Exception) -> Response:
    """Starlette raises the error again after this answer, so uvicorn writes it to the log."""
    content = {
        "code": "internal",
        "message": "Something went wrong inside the server; its log says what.",
        "remedy": "Try again. If it happens again, report it with the lines of the log.",
    }
    return Json({"error": content}, 500)
