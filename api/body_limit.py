"""How much a request may bring. A body that is too large is refused before the application has seen any of it."""

from __future__ import annotations

import asyncio
from collections import deque

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from pipelines import StudioError

JSON_BYTES = 2_000_000
UPLOAD_BYTES = 25_000_000
ASSETS, ASSET_BYTES = (
    "/api/v1/assets",
    130_000_000,
)  # the largest upload and its form; goes to the disk as well
MOVIES, MOVIE_BYTES = "/api/v1/movies", 16_000_000_000  # likewise
WITH_PICTURES = ("/sdapi/v1/txt2img", "/sdapi/v1/img2img")  # in their JSON, as base64
PROJECT_FILE, PROJECT_BYTES = "/api/v1/projects/file", 500_000_000  # goes to the disk as it comes
UPLOADS = ("multipart/form-data", "image/", "video/", "application/octet-stream")
# A client that is still sending sees a reset instead of the answer, so we listen for a while before we refuse.
DISCARDED_BYTES = 200_000_000
DISCARDED_SECONDS = 10.0


class TooLarge(StudioError):
    """The body is larger than this kind of body may be."""

    code = "too_large"
    http_status = 413


async def limited(path: str, headers: Headers, receive: Receive) -> Receive:
    """A channel with no more than the allowed body on it. Raises TooLarge.

    A declared length is enforced by the HTTP parser. Without one (chunked) the body is collected here first, in memory
    and up to 25 MB, so that no handler is left with half of it on its hands.
    """
    most = _most(path, headers.get("content-type", "").startswith(UPLOADS))
    declared = headers.get("content-length", "")
    if "transfer-encoding" not in headers and declared.isdecimal():
        if int(declared) > most:
            await _discard(receive)
            raise _too_large(most)
        return receive
    if "transfer-encoding" not in headers and not declared:
        return receive
    return await _collected(receive, min(most, UPLOAD_BYTES))


def _most(path: str, is_upload: bool) -> int:
    if path.endswith(PROJECT_FILE):
        return PROJECT_BYTES
    if path.endswith(ASSETS) and is_upload:
        return ASSET_BYTES
    if path.endswith(MOVIES) and is_upload:
        return MOVIE_BYTES
    return UPLOAD_BYTES if is_upload or path.endswith(WITH_PICTURES) else JSON_BYTES


async def _collected(receive: Receive, most: int) -> Receive:
    messages: deque[Message] = deque()
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if size > most:
            await _discard(receive)
            raise _too_large(most)
        messages.append(message)
        if not message.get("more_body", False):
            break

    async def replay() -> Message:
        return messages.popleft() if messages else await receive()

    return replay


async def _discard(receive: Receive) -> None:
    size = 0
    try:
        async with asyncio.timeout(DISCARDED_SECONDS):
            while size < DISCARDED_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _too_large(most: int) -> TooLarge:
    limit = f"{most // 1_000_000} MB"
    return TooLarge(f"The body is larger than {limit}.", f"Send at most {limit}.", most_bytes=most)
