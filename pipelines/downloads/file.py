"""A .safetensors file at an address of its own, as a Package: its size is asked for; no checksum is known."""

from __future__ import annotations

import httpx

from pipelines.downloads.client import Client
from pipelines.downloads.licences import unknown
from pipelines.downloads.names import safe_name
from pipelines.downloads.package import Package, RemoteFile
from pipelines.downloads.sources import SAFETENSORS, File
from pipelines.errors import SourceFailed

SIZE_MAX = 2**40


async def find(client: Client, source: File) -> Package:
    """Asks for the file and reads no more than how large it is. Raises what `Client.open` raises."""
    url = httpx.URL(source.url)
    async with client.open(source.url) as response:
        length = response.headers.get("content-length", "")
        kind = response.headers.get("content-type", "")
    if not length.isdecimal() or not 0 < int(length[:20]) < SIZE_MAX or kind.startswith("text/"):
        raise SourceFailed(f"There is no file of weights at {source.url}.", "Check the address.")
    name = safe_name(url.path.rpartition("/")[2].removesuffix(SAFETENSORS))
    return Package(
        source=source.url,
        page_url=source.url,
        name=name,
        model=source.url,
        files=(RemoteFile(path=f"{name}{SAFETENSORS}", url=source.url, size_bytes=int(length)),),
        licence=unknown(source.url),
    )
