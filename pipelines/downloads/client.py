"""The HTTP client of downloads: asks only where the policy allows, at the very address that was looked up and checked.

Tokens go to the host they are for and nowhere else: never along a redirect, never into a log, an error or a file.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from pipelines.downloads.addresses import Policy, origin_of
from pipelines.errors import AccessDenied, SourceFailed
from pipelines.version import VERSION

REDIRECTS_MAX = 5
REDIRECTS = (301, 302, 303, 307, 308)
CONNECT_SECONDS, STALL_SECONDS = 10.0, 30.0
JSON_BYTES_MAX = 16 * 2**20
RETRY_AFTER_MAX_SECONDS = 120.0

Lookup = Callable[[str, int], Awaitable[list[str]]]


class Interrupted(Exception):
    """The connection was lost, or the server asks to come again later; what is there already can be gone on from."""

    def __init__(self, why: str, retry_after_seconds: float = 0.0) -> None:
        super().__init__(why)
        self.retry_after_seconds = retry_after_seconds


async def look_up(host: str, port: int) -> list[str]:
    """The addresses of a host, best first. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in found))


class Client:
    """`tokens`: by origin. To be used within one event loop; `close` it there."""

    def __init__(
        self,
        policy: Policy,
        tokens: Mapping[str, str],
        *,
        look_up: Lookup = look_up,
        transport: httpx.AsyncBaseTransport | None = None,
        stall_seconds: float = STALL_SECONDS,
    ) -> None:
        self._policy, self._tokens, self._look_up = policy, dict(tokens), look_up
        # A connection is not kept: another host may lie at the same address, under another certificate.
        self._http = httpx.AsyncClient(
            transport=transport,
            trust_env=False,
            timeout=httpx.Timeout(stall_seconds, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_keepalive_connections=0),
            headers={"User-Agent": f"Darkroom/{VERSION}", "Accept-Encoding": "identity"},
        )

    async def close(self) -> None:
        await self._http.aclose()

    @asynccontextmanager
    async def open(
        self, address: str, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[httpx.Response]:
        """The answer, its body unread. Raises AddressRefused, AccessDenied, SourceFailed or Interrupted."""
        url, hops = self._policy.check(address), 0
        token = self._tokens.get(origin_of(url), "")
        given = dict(headers or {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            response = await self._ask(url, given)
            while response.status_code in REDIRECTS:
                await response.aclose()
                hops += 1
                if hops > REDIRECTS_MAX:
                    raise SourceFailed(
                        f"{url.host} redirects more than {REDIRECTS_MAX} times.", "Try again later."
                    )
                url = self._policy.check(_next(url, response))
                given.pop("Authorization", None)
                response = await self._ask(url, given)
            try:
                _check(url, response, has_token=bool(token))
                yield response
            finally:
                await response.aclose()
        except (httpx.TransportError, httpx.StreamError) as error:
            raise _lost(url, error) from error

    async def json(self, address: str) -> Any:
        """The JSON at an address; as `open`, and SourceFailed when it is none."""
        async with self.open(address) as response:
            data = b""
            async for piece in response.aiter_raw():
                data += piece
                if len(data) > JSON_BYTES_MAX:
                    raise SourceFailed(f"The answer of {httpx.URL(address).host} is too large.")
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise SourceFailed(
                f"{httpx.URL(address).host} answered with something that is no JSON.",
                "Check the address; a login page of the network may stand in between.",
            ) from None

    async def _ask(self, url: httpx.URL, headers: Mapping[str, str]) -> httpx.Response:
        """One request, sent to an address that was looked up and found allowed."""
        try:
            addresses = await self._look_up(url.host, url.port or 443)
        except OSError as error:
            raise _lost(url, error) from error
        for address in addresses:
            self._policy.check_ip(url, address)
        for left, address in enumerate(addresses, 1 - len(addresses)):
            request = self._http.build_request(
                "GET",
                url.copy_with(host=address),
                headers={**headers, "Host": url.netloc.decode("ascii")},
                extensions={**self._extensions, "sni_hostname": url.host},
            )
            try:
                return await self._http.send(request, stream=True, follow_redirects=False)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if not left:
                    raise
        raise Interrupted(f"{url.host} has no address.")

    @property
    def _extensions(self) -> dict[str, Any]:
        return {"timeout": self._http.timeout.as_dict()}


def _check(url: httpx.URL, response: httpx.Response, *, has_token: bool) -> None:
    """Raises what a status that is no success means."""
    status = response.status_code
    if status in (401, 403):
        what = "does not accept the token" if has_token else "asks for a login"
        raise AccessDenied(
            f"{url.host} {what} for this model (status {status}).",
            "Agree to its terms on its page, and start Darkroom with HF_TOKEN or CIVITAI_TOKEN in its environment.",
        )
    if status == 429 or status >= 500:
        raise Interrupted(f"{url.host} is busy (status {status}).", _retry_after(response))
    if status in (404, 410):
        raise SourceFailed(f"{url.host} has no such model (status {status}).", "Check its name.")
    if status == 416:
        return  # the transfer begins anew
    if not response.is_success:
        raise SourceFailed(f"{url.host} answered with status {status}.", "Try again later.")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise SourceFailed(
            f"{url.host} answered in an encoding that was not asked for.", "Try again later."
        )


def _next(url: httpx.URL, response: httpx.Response) -> str:
    """Where a redirect leads, as an address. Raises SourceFailed."""
    try:
        return str(url.join(response.headers.get("location", "")))
    except (httpx.InvalidURL, ValueError):
        raise SourceFailed(f"{url.host} redirects to nowhere.", "Try again later.") from None


def _retry_after(response: httpx.Response) -> float:
    text = response.headers.get("retry-after", "")
    return min(float(text), RETRY_AFTER_MAX_SECONDS) if text.isdecimal() else 0.0


def _lost(url: httpx.URL, error: Exception) -> Interrupted:
    words = str(error)[:200] or type(error).__name__
    return Interrupted(f"The connection to {url.host} was lost ({words}).")
