"""Works on disk: a folder each, in it one JSON file, replaced as a whole, without which the folder is no work.

What cannot be read is said in the log, passed over and left alone. A folder without its file is what a kill has left
of one that was being made or deleted, and goes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from pipelines.errors import RequestError
from pipelines.output.disk import PART, failures_named, rewrite, sync_folder
from pipelines.works.work import Work

LOG = logging.getLogger(__name__)

ID = re.compile("[0-9a-f]{32}")
UNREADABLE = (OSError, ValueError, TypeError, KeyError, RecursionError, RequestError)

AnyWork = TypeVar("AnyWork", bound=Work)


@dataclasses.dataclass(frozen=True)
class Form(Generic[AnyWork]):
    """How works of one kind lie on the disk. `read(bytes)` raises one of UNREADABLE.

    `passing`: fields that are shown while it is under way and worked out anew, as they are written.
    """

    noun: str  # "training"
    record: str  # the name of the file
    read: Callable[[bytes], AnyWork]
    passing: Mapping[str, Any]


class Store(Generic[AnyWork]):
    """The folders under `root`. Whoever writes one sees to it that nobody else does."""

    def __init__(self, root: Path, form: Form[AnyWork]) -> None:
        self.root, self.form = root, form

    def folder(self, work_id: str) -> Path:
        """Raises ValueError for what is no id, so that nothing outside is ever touched."""
        if not ID.fullmatch(work_id):
            raise ValueError(f"{work_id!r:.80} is no id of a {self.form.noun}")
        return self.root / work_id

    def owning(self, path: Path) -> str:
        """The name of the folder below these in which a file lies; "" for one that lies elsewhere."""
        root, text = f"{self.root.absolute()}{os.sep}", str(path.absolute())
        return text[len(root) :].partition(os.sep)[0] if text.startswith(root) else ""

    def load(self) -> Iterator[AnyWork]:
        """All that can be read."""
        noun = self.form.noun
        for path in sorted(self.root.glob(f"*/{self.form.record}")):
            try:
                work = self.form.read(path.read_bytes())
                if work.id != path.parent.name:
                    raise ValueError(f"it is of the {noun} {work.id!r:.80}")
                yield work
            except UNREADABLE as error:
                LOG.warning("%s is no %s that can be read, passed over: %s", path, noun, error)

    def save(self, work: AnyWork) -> None:
        """Durable when it returns. Raises DiskFull; then it is as it was."""
        path = self.folder(work.id) / self.form.record
        values = dataclasses.asdict(cast(Any, work)) | dict(self.form.passing)
        with failures_named(self.root):
            is_new = not path.exists()
            rewrite(path, json.dumps(values, ensure_ascii=False).encode("utf-8", "replace"))
            if is_new:
                sync_folder(self.root)

    def remove(self, work_id: str) -> None:
        """Deletes the whole folder; what a kill leaves of it is deleted by `sweep`."""
        folder = self.folder(work_id)
        if folder.is_symlink():
            folder.unlink()
            return
        self.forget(work_id)
        shutil.rmtree(folder, ignore_errors=True)

    def forget(self, work_id: str) -> None:
        """From here on it is no work any more, and what is left of it is deleted at the latest by `sweep`."""
        folder = self.folder(work_id)
        with contextlib.suppress(FileNotFoundError):
            (folder / self.form.record).unlink()
            sync_folder(folder)

    def sweep(self) -> None:
        """At start: deletes what a kill left of folders that were being made or deleted, and half-written files."""
        for folder in self.root.glob("*"):
            is_ours = ID.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink()
            if is_ours and not (folder / self.form.record).exists():
                shutil.rmtree(folder, ignore_errors=True)
        for part in self.root.glob(f"*/**/*{PART}"):
            part.unlink(missing_ok=True)
