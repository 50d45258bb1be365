"""What a person writes to name a model elsewhere, as a Source: an id of Hugging Face, a page of CivitAI, a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

import httpx

from pipelines.errors import RequestError
from pipelines.settings import Settings

TEXT_MAX = 500
SAFETENSORS = ".safetensors"
WORD = r"[A-Za-z0-9_][\w.\-]{0,95}"
REVISION = r"refs/pr/\d+|[\w][\w.\-]*"
REPOSITORY = re.compile(rf"({WORD}/{WORD})(?:@({REVISION}))?(?:/(.+))?", re.A)
HUB_PATH = re.compile(
    rf"/({WORD}/{WORD})(?:/(?:tree|blob|resolve)/({REVISION})(?:/(.+))?)?/?", re.A
)
AIR = re.compile(r"(?:urn:air:[\w\-]+:[\w\-]+:)?civitai:(\d{1,12})(?:@(\d{1,12}))?", re.A | re.I)
CIVITAI_MODEL = re.compile(r"/models/(\d{1,12})(?:/[^/]*)?/?")
CIVITAI_VERSION = re.compile(
    r"/(?:api/download/models|model-versions|api/v1/model-versions)/(\d{1,12})/?"
)
HUB_HOSTS, CIVITAI_HOSTS = ("huggingface.co", "hf.co"), ("civitai.com",)
HOW = (
    "Write an id of Hugging Face such as stabilityai/sd-turbo, the address of a page of Hugging Face or CivitAI, "
    "or the address of a .safetensors file."
)


@dataclass(frozen=True)
class Hub:
    """A repository of Hugging Face, at a branch, tag or commit; "" for main. `file`: one file of it, or ""."""

    repository: str
    revision: str = ""
    file: str = ""

    @property
    def text(self) -> str:
        at = f"@{self.revision}" if self.revision else ""
        return self.repository + at + (f"/{self.file}" if self.file else "")


@dataclass(frozen=True)
class Civitai:
    """A model of CivitAI, or one version of it; 0 for unknown."""

    model_id: int = 0
    version_id: int = 0

    @property
    def text(self) -> str:
        return f"civitai:{self.model_id}@{self.version_id}"


@dataclass(frozen=True)
class File:
    """A file at an address of its own."""

    url: str

    @property
    def text(self) -> str:
        return self.url


Source = Hub | Civitai | File


def parse(text: str, settings: Settings) -> Source:
    """Raises RequestError for the field `source`."""
    text = text.strip()
    if not text or len(text) > TEXT_MAX or not text.isprintable():
        raise RequestError("source", text, "names no model", HOW)
    if "://" in text:
        return _of_url(text, settings)
    if air := AIR.fullmatch(text):
        return Civitai(int(air[1]), int(air[2] or 0))
    if found := REPOSITORY.fullmatch(text):
        return _hub(text, found[1], found[2], found[3])
    raise RequestError("source", text, "names no model", HOW)


def _of_url(text: str, settings: Settings) -> Source:
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise RequestError("source", text, "is no address", HOW) from None
    path = unquote(url.path)
    if _is_at(url, HUB_HOSTS, settings.hub_url) and (found := HUB_PATH.fullmatch(path)):
        return _hub(text, found[1], found[2], found[3])
    if _is_at(url, CIVITAI_HOSTS, settings.civitai_url):
        version = str(url.params.get("modelVersionId", "0"))
        if found := CIVITAI_MODEL.fullmatch(path):
            return Civitai(int(found[1]), int(version) if re.fullmatch(r"\d{1,12}", version) else 0)
        if found := CIVITAI_VERSION.fullmatch(path):
            return Civitai(0, int(found[1]))
    if not path.endswith(SAFETENSORS) or url.query:
        raise RequestError(
            "source", text, "is no address of a model or of a .safetensors file", HOW
        )
    return File(str(url.copy_with(fragment=None)))


def _hub(text: str, repository: str, revision: str | None, file: str | None) -> Hub:
    if file and not file.endswith(SAFETENSORS):
        raise RequestError("source", text, "names a file that is no .safetensors", HOW)
    return Hub(repository, revision or "", file or "")


def _is_at(url: httpx.URL, hosts: tuple[str, ...], base: str) -> bool:
    own = httpx.URL(base)
    if (url.host, url.port) == (own.host, own.port):
        return True
    return url.host in (*hosts, *(f"www.{host}" for host in hosts))
