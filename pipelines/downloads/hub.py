"""A repository of Hugging Face as a Package: its commit is resolved once, and every file is taken from that commit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pipelines.catalog.diffusers_folder import why_not_run
from pipelines.downloads import licences, variants
from pipelines.downloads.client import Client
from pipelines.downloads.names import safe_name
from pipelines.downloads.package import Choice, Package, RemoteFile
from pipelines.downloads.sources import Hub
from pipelines.errors import RequestError, SourceFailed

COMMIT = re.compile(r"[0-9a-f]{40}")
SIZE_MAX = 2**42
CHOICES_MAX = 50
MODEL_FILES_MAX = 200


@dataclass(frozen=True)
class Repository:
    """What the hub says of one commit. `files`: path → what the hub says of it."""

    base: str
    source: Hub
    commit: str
    files: dict[str, dict[str, Any]]
    info: dict[str, Any]

    @property
    def page_url(self) -> str:
        return f"{self.base}/{self.source.repository}"

    def url(self, path: str) -> str:
        return f"{self.page_url}/resolve/{self.commit}/{quote(path)}"

    def remote(self, path: str, *, put_at: str = "") -> RemoteFile:
        row = self.files[path]
        lfs = row.get("lfs") if isinstance(row.get("lfs"), dict) else {}
        return RemoteFile(
            path=put_at or path,
            url=self.url(path),
            size_bytes=_size(row.get("size"), path),
            sha256=_hex(lfs.get("sha256") or lfs.get("oid"), 64) if lfs else "",
            git_sha1="" if lfs else _hex(row.get("blobId"), 40),
        )


async def find(client: Client, base: str, source: Hub) -> Package:
    """Asks the hub. Raises what `Client.open` raises, or RequestError for a file that is not there."""
    revision = quote(source.revision or "main", safe="")
    info = await client.json(
        f"{base}/api/models/{source.repository}/revision/{revision}?blobs=true"
    )
    repository = _read(base, source, info)
    singles = variants.single_files(repository.files)
    if source.file:
        return _single(repository, source.file)
    if variants.INDEX in repository.files:
        index = await client.json(repository.url(variants.INDEX))
        return _folder(repository, index if isinstance(index, dict) else {}, singles)
    if len(singles) == 1:
        return _single(repository, singles[0])
    if not singles:
        raise SourceFailed(
            f"{source.repository} holds no .safetensors file and no diffusers folder.",
            "Other kinds of files may run code and are not downloaded.",
        )
    return _package(repository, choices=_choices(repository, singles))


def _read(base: str, source: Hub, info: Any) -> Repository:
    commit = info.get("sha") if isinstance(info, dict) else None
    rows = info.get("siblings") if isinstance(info, dict) else None
    if not isinstance(commit, str) or not COMMIT.fullmatch(commit) or not isinstance(rows, list):
        raise SourceFailed(f"{base} does not answer as a hub of models does.", "Check --hub-url.")
    named = {
        r["rfilename"]: r
        for r in rows
        if isinstance(r, dict) and isinstance(r.get("rfilename"), str)
    }
    return Repository(base, source, commit, named, info)


def _package(repository: Repository, **fields: Any) -> Package:
    info, source = repository.info, repository.source
    return Package(
        source=fields.pop("source", Hub(source.repository, repository.commit).text),
        page_url=repository.page_url,
        name=fields.pop("name", safe_name(source.repository.rpartition("/")[2])),
        model=source.repository,
        commit=repository.commit,
        licence=licences.of_card(info, repository.page_url),
        is_gated=info.get("gated") not in (False, None),
        **fields,
    )


def _folder(repository: Repository, index: dict[str, Any], singles: list[str]) -> Package:
    paths = variants.folder_files(repository.files, index)
    if len(paths) > MODEL_FILES_MAX:
        raise SourceFailed(f"{repository.source.repository} has more files than a model has.")
    return _package(
        repository,
        files=tuple(repository.remote(path) for path in paths),
        choices=_choices(repository, singles, sum(_bytes(repository, p) for p in paths)),
        is_folder=True,
        warning=why_not_run(index),
    )


def _single(repository: Repository, path: str) -> Package:
    if path not in repository.files:
        there = ", ".join(variants.single_files(repository.files)[:8]) or "none"
        raise RequestError("source", path, "is not in this repository", f"There are: {there}.")
    name = safe_name(path.rpartition("/")[2].removesuffix(variants.SAFETENSORS))
    texts = variants.notices(repository.files)[:1]
    return _package(
        repository,
        source=Hub(repository.source.repository, repository.commit, path).text,
        name=name,
        files=(repository.remote(path, put_at=f"{name}{variants.SAFETENSORS}"),),
        notices=tuple(repository.remote(text, put_at=name + _ending(text)) for text in texts),
    )


def _ending(notice: str) -> str:
    """What the catalog calls a licence beside a file."""
    return ".license.md" if notice.lower().endswith(".md") else ".license.txt"


def _choices(
    repository: Repository, singles: list[str], folder_bytes: int = 0
) -> tuple[Choice, ...]:
    files = [Choice(path, _bytes(repository, path)) for path in singles[:CHOICES_MAX]]
    return (*([Choice("", folder_bytes)] if folder_bytes else []), *files)


def _bytes(repository: Repository, path: str) -> int:
    return _size(repository.files[path].get("size"), path)


def _size(value: Any, path: str) -> int:
    if type(value) is not int or not 0 <= value < SIZE_MAX:
        raise SourceFailed(f"The hub does not say how large {path[:100]} is.", "Try again later.")
    return value


def _hex(value: Any, digits: int) -> str:
    return (
        value.lower()
        if isinstance(value, str) and re.fullmatch(rf"[0-9a-fA-F]{{{digits}}}", value)
        else ""
    )
