"""Health and login: `/livez` and the login page answer to everybody, `/readyz` and the way out to who is in."""

from __future__ import annotations

from html import escape

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest
from fastapi.responses import HTMLResponse, RedirectResponse

from api.answers import UNKEPT, Json
from api.guard import address_of, too_many_guesses
from api.studio import Studio, TheStudio

ROUTES = APIRouter()
TO_THE_STUDIO = "./"  # relative: the page may live under a prefix


@ROUTES.api_route("/livez", methods=["GET", "HEAD"])
async def lives() -> Response:
    return Json({"status": "alive"})


@ROUTES.api_route("/readyz", methods=["GET", "HEAD"])
async def is_ready(studio: TheStudio) -> Response:
    why = await studio.readiness.why_not()
    return Json({"status": "not ready", "why": why}, 503) if why else Json({"status": "ready"})


@ROUTES.api_route("/login", methods=["GET", "HEAD"])
async def login_page(http: HttpRequest, studio: TheStudio) -> Response:
    if studio.identity.is_signed_in(http.headers):
        return RedirectResponse(TO_THE_STUDIO, 303, UNKEPT)
    return _page(studio, "", 200)


@ROUTES.post("/login")
async def log_in(http: HttpRequest, studio: TheStudio) -> Response:
    address = address_of(http.scope)
    wait_seconds = studio.throttle.wait_seconds(address)
    if wait_seconds:
        said = too_many_guesses(wait_seconds)
        response = _page(studio, f"{said.message} {said.remedy}", 429)
        response.headers["Retry-After"] = str(wait_seconds)
        return response
    async with http.form(max_files=0, max_fields=4) as form:
        given = form.get("password")
    if not isinstance(given, str) or not studio.identity.is_password(given):
        studio.throttle.wrong(address)
        return _page(studio, "That is not the password.", 401)
    response = RedirectResponse(TO_THE_STUDIO, 303, UNKEPT)
    for cookie in studio.identity.cookies(http.headers, is_https(http)):
        response.headers.append("set-cookie", cookie)
    return response


@ROUTES.post("/logout")
async def log_out(http: HttpRequest, studio: TheStudio) -> Response:
    response = RedirectResponse("./login", 303, UNKEPT)
    response.headers.append("set-cookie", studio.identity.farewell(is_https(http)))
    return response


def is_https(http: HttpRequest) -> bool:
    return http.url.scheme == "https"


def _page(studio: Studio, message: str, status: int) -> Response:
    html = studio.login_page.substitute(message=escape(message))
    return HTMLResponse(html, status, UNKEPT)
