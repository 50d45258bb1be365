"""Who may ask at all: stands outside the finished application, page included, and lets nothing through by default.

In this order: the Host must be one of ours (against DNS rebinding), the page that asks must be ours (against other
web sites in the same browser), the asker must have logged in where a password is set, and the body must not be
too large.
Every answer, also a refusal, leaves with the security headers.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import answers
from api.body_limit import limited
from api.identity import Identity, credentials
from api.throttle import Throttle
from pipelines import LoginNeeded, Refused, Settings, StudioError

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
OPEN_PATHS = frozenset({"/login", "/livez"})
SAFE_METHODS = frozenset({"GET", "HEAD"})
EMBEDS = frozenset({"object", "embed", "iframe", "frame"})
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Tells other sites nothing. "no-referrer" would also turn the Origin of our own login form into "null".
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
CORS_PREFIX = "access-control-"


class ForeignHost(StudioError):
    """Asked for by a name that is not ours."""

    code = "foreign_host"
    http_status = 400


class ForeignPage(StudioError):
    """Asked by a page of another web site."""

    code = "foreign_page"
    http_status = 403


@dataclass(frozen=True)
class Guard:
    """The outermost application. `app` is the rest of the house."""

    app: ASGIApp
    settings: Settings
    identity: Identity
    throttle: Throttle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_websocket = scope["type"] == "websocket"
        if not is_websocket:
            send = _with_headers(send)
        try:
            self._check_host(headers)
            self._check_page(headers, "GET" if is_websocket else scope["method"])
            self._check_login(scope, headers)
            if not is_websocket:
                receive = await limited(scope["path"], headers, receive)
        except StudioError as error:
            if is_websocket:
                await send({"type": "websocket.close", "code": 1008})
            else:
                await self._refusal(scope, headers, error)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _check_host(self, headers: Headers) -> None:
        hosts = headers.getlist("host")
        name = _name_and_port(hosts[0])[0] if len(hosts) == 1 else ""
        if name in LOOPBACK_NAMES or name in self._own_names():
            return
        if _is_ip(name) and not self.settings.is_loopback:
            return
        remedy = "Open it by its address, or start it with --allowed-host and this name."
        raise ForeignHost(f"{name[:100] or 'This'} is no name of this server.", remedy)

    def _own_names(self) -> set[str]:
        bound = self.settings.host.strip("[]").casefold()
        return {bound, *(name.casefold() for name in self.settings.allowed_host)}

    def _check_page(self, headers: Headers, method: str) -> None:
        for origin in headers.getlist("origin"):
            if not self._is_own_origin(origin, headers["host"]):
                raise ForeignPage(
                    f"A page of {origin[:100]} may not use this server.", "Use its own page."
                )
        if headers.get("sec-fetch-site", "none") in ("same-origin", "none"):
            return
        is_link = headers.get("sec-fetch-mode") == "navigate" and method in SAFE_METHODS
        if not is_link or headers.get("sec-fetch-dest") in EMBEDS:
            raise ForeignPage("Another web site may not use this server.", "Use its own page.")

    def _is_own_origin(self, origin: str, host: str) -> bool:
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        if parts.scheme not in ("http", "https"):
            return False
        is_same = _name_and_port(parts.netloc) == _name_and_port(host)
        return is_same or _name_and_port(parts.netloc)[0] in {
            name.casefold() for name in self.settings.allowed_host
        }

    def _check_login(self, scope: Scope, headers: Headers) -> None:
        if scope["path"] in OPEN_PATHS or self.identity.is_signed_in(headers):
            return
        given = credentials(headers)
        if given is not None:
            address = address_of(scope)
            wait_seconds = self.throttle.wait_seconds(address)
            if wait_seconds:
                raise too_many_guesses(wait_seconds)
            if self.identity.is_password(given[1]):
                return
            self.throttle.wrong(address)
        raise LoginNeeded(
            "This needs a login." if given is None else "The password is wrong.",
            "Log in, or send the password as Bearer or Basic authorization.",
        )

    def _refusal(self, scope: Scope, headers: Headers, error: StudioError) -> Response:
        if not isinstance(error, LoginNeeded):
            return answers.of_error(error)
        is_page = scope["method"] in SAFE_METHODS and "text/html" in headers.get("accept", "")
        if is_page:
            return RedirectResponse(f"{self.settings.root_path}/login", 303, answers.UNKEPT)
        response = answers.of_error(error)
        if "sec-fetch-mode" not in headers:  # a browser would open its own box over our page
            response.headers["WWW-Authenticate"] = 'Basic realm="Darkroom"'
        return response


def address_of(scope: Scope) -> str:
    """The address that a request comes from, as far as it is known."""
    return str(scope["client"][0]) if scope.get("client") else ""


def too_many_guesses(wait_seconds: int) -> Refused:
    remedy = f"Wait {wait_seconds} seconds."
    return Refused("Too many wrong passwords from here.", remedy, retry_after_seconds=wait_seconds)


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message.get("headers", ())))
            for name in {name for name in headers if name.startswith(CORS_PREFIX)}:
                del headers[
                    name
                ]  # Gradio would let every web site in as soon as the Host is no loopback name
            own = headers.getlist("content-security-policy")
            for name, value in HEADERS.items():
                headers[name] = value
            for policy in own:  # browsers keep to all of them, so an answer can only be stricter
                headers.append("Content-Security-Policy", policy)
            message = {**message, "headers": headers.raw}
        await send(message)

    return sending


def _name_and_port(host: str) -> tuple[str, str]:
    """("studio.lan", "7860"); the ports that browsers leave out are left out."""
    name, _, port = host.rpartition(":") if _has_port(host) else (host, "", "")
    return name.strip("[]").rstrip(".").casefold(), "" if port in ("80", "443") else port


def _has_port(host: str) -> bool:
    return host.rpartition(":")[2].isdecimal() and (
        ":" not in host.rpartition(":")[0] or "]:" in host
    )


def _is_ip(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
