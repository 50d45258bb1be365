"""Package: a model as it lies elsewhere: its files with their sizes and checksums, its licence, where it comes from."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class Hasher(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """`path`: where it is put below the model's own folder; made by us. `url`: without secrets."""

    path: str
    url: str
    size_bytes: int
    slack_bytes: int = 0  # by so much the true size may differ from what was said
    sha256: str = ""
    git_sha1: str = ""  # of the git object, for small files of the hub, which have no SHA-256

    @property
    def is_verifiable(self) -> bool:
        return bool(self.sha256 or self.git_sha1)

    def hasher(self) -> Hasher:
        """What its bytes are fed to. A git object begins with its kind and size."""
        if self.sha256 or not self.git_sha1:
            return hashlib.sha256()
        header = b"blob %d\0" % self.size_bytes
        return hashlib.sha1(header, usedforsecurity=False)

    def is_this(self, hexdigest: str) -> bool:
        """Whether the digest is the one that was said; true if none was."""
        wanted = self.sha256 or self.git_sha1
        return not wanted or hexdigest.casefold() == wanted.casefold()


@dataclass(frozen=True)
class Licence:
    """`id` as the publisher writes it; "unknown" if they name none. What it allows is as in catalog/licences.py."""

    id: str
    name: str
    url: str
    commercial: str
    hosting: str
    sharing: str
    note: str


@dataclass(frozen=True)
class Choice:
    """One of several things that a source holds. `file` is "" for the diffusers folder."""

    file: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Package:
    """`source`: the text that finds exactly this again. Without `files`, one of `choices` has to be named first."""

    source: str
    page_url: str
    name: str  # without suffix; made by us
    model: str  # the same for all versions: the licence is accepted for it
    commit: str = ""
    files: tuple[RemoteFile, ...] = ()
    notices: tuple[RemoteFile, ...] = ()  # the licence's own file, kept beside a single file
    choices: tuple[Choice, ...] = ()
    licence: Licence
    is_gated: bool = False
    is_folder: bool = False
    subfolder: str = ""  # of the models' folder, for what is no checkpoint
    trigger_words: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)  # CivitAI's own, kept beside the model
    warning: str = ""  # e.g. that this version cannot run it

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in (*self.files, *self.notices))


def renamed(package: Package, name: str) -> Package:
    """The package under another name; what lies beside a single file is called after it."""
    if package.is_folder or name == package.name:
        return dataclasses.replace(package, name=name)

    def put(file: RemoteFile) -> RemoteFile:
        return dataclasses.replace(file, path=name + file.path.removeprefix(package.name))

    files, notices = (tuple(map(put, group)) for group in (package.files, package.notices))
    return dataclasses.replace(package, name=name, files=files, notices=notices)
