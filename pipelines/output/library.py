"""The Library: every picture that was made, saved so that no kill loses it, found again by its owner alone."""

from __future__ import annotations

import contextlib
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from pipelines.errors import NotFound
from pipelines.output import child, infotext, metadata, save
from pipelines.output.disk import failures_named, move
from pipelines.output.foreign import Source, Tell, take_in
from pipelines.output.index import Index
from pipelines.output.kept import KeptSteps
from pipelines.output.ledger import Entry, Ledger
from pipelines.output.query import LIMIT_MAX, Query
from pipelines.output.reconcile import TRASH, Reconciled, reconcile
from pipelines.output.record import Filters, Holding, NewPicture, Page, PictureRecord, StripFrame
from pipelines.output.sources import Sources
from pipelines.output.thumbnails import Thumbnails
from pipelines.request import Request
from pipelines.version import software
from pipelines.worker.messages import Applied

TRASH_KEPT_SECONDS = 30 * 86_400.0


def nothing(point: str) -> None:
    """Stands where tests put a fault."""


class Library:
    """Files under `output_dir`; index, ledger, thumbnails and kept steps under `data_dir`. Thread-safe.

    Pictures under the `sources`, the folders of other programs, are shown beside them and never written.
    """

    def __init__(
        self,
        output_dir: Path,
        data_dir: Path,
        *,
        version: str = "",
        clock: Callable[[], float] = time.time,
        sources: Iterable[Source] = (),
    ) -> None:
        self._output_dir = output_dir.resolve()
        # A folder that holds ours, or lies in it, would show every picture twice.
        self.sources = tuple(one for one in sources if not _overlap(one.folder, self._output_dir))
        self._version = version
        self._clock = clock
        self._changing = threading.RLock()  # a file and its row change together
        for folder in (self._output_dir, data_dir):
            folder.mkdir(parents=True, exist_ok=True)
        self._index = Index(data_dir / "library.sqlite")
        self._ledger = Ledger(data_dir / "owners.jsonl")
        self._thumbnails = Thumbnails(data_dir / "thumbnails")
        self._kept = KeptSteps(data_dir / "strips")
        self._made_from = Sources(self._output_dir)

    def close(self) -> None:
        self._index.close()

    def save(self, picture: NewPicture, at: Callable[[str], None] = nothing) -> PictureRecord:
        """Durable and findable when it returns; a picture that its job has already made is returned as it is.

        Raises DiskFull, and then leaves nothing behind. `at` is told how far it is: written, renamed, committed.
        """
        made = self._index.find(picture.job_id, _number(picture)) if picture.job_id else None
        if made:
            return made
        record, texts = self._describe(picture)
        data = save.encode(picture, texts)
        folder = save.day_folder(self._output_dir, record.created)
        with failures_named(self._output_dir):
            for source_id, upload in picture.sources:
                with contextlib.suppress(FileNotFoundError):  # the picture is worth more
                    self._made_from.keep(upload, source_id)
        with self._changing, failures_named(self._output_dir):
            names = save.names(
                self._index.next_number(), picture.request.seed, picture.request.format
            )
            self._ledger.append(Entry(record.id, picture.owner, picture.job_id, record.index))
            path = save.write(folder, names, data, at)
            record = replace(record, file=self._relative(path), bytes=len(data))
            try:
                self._index.add(record)
            except BaseException:
                path.unlink()
                raise
        at("committed")
        if picture.kept and picture.checkpoint and picture.checkpoint.latent_rgb_factors:
            with contextlib.suppress(OSError):  # the picture is safe; its strip is a luxury
                self._kept.save(record.id, picture.kept, picture.checkpoint)
        return record

    def find(self, job_id: str, index: int) -> PictureRecord | None:
        """The picture that a job has already made, so that a job that starts again does not make it twice."""
        return self._index.find(job_id, index)

    def reconcile(self) -> Reconciled:
        """At start: brings the index in line with the files, and empties the trash of what is over 30 days old.

        What no picture was made from any more goes as well.
        """
        now = self._clock()
        with self._changing:
            roots = tuple(source.root for source in self.sources)
            done = reconcile(self._output_dir, self._index, self._ledger, now, roots)
            for record in self._index.trashed_before(now - TRASH_KEPT_SECONDS):
                if record.program:
                    continue
                with contextlib.suppress(
                    OSError
                ):  # what cannot be deleted is found again at the next start
                    (self._output_dir / record.file).unlink()
                self._thumbnails.remove(record.id)
                self._kept.remove(record.id)
                self._index.remove(record.id)
            self._made_from.sweep(self._index.sources(), now)
        return done

    def take_in(self, tell: Tell, is_over: Callable[[], bool]) -> None:
        """Brings the pictures of other programs up to date with their folders. May take minutes."""
        take_in(self.sources, self._index, self._ledger, tell, is_over)

    def rebuild(self) -> Reconciled:
        """Forgets the index and reads every file of our own again."""
        with self._changing:
            self._index.clear()
            return self.reconcile()

    def holdings(self) -> list[Holding]:
        """Whose pictures there are, for who runs the server."""
        return self._index.holdings()

    def give(self, giver: str, owner: str) -> int:
        """All pictures of the one are the other's from now on; how many. Raises DiskFull."""
        with self._changing, failures_named(self._output_dir):
            records = self._index.of_owner(giver)
            self._ledger.append(*(_entry(record, owner, record.trashed) for record in records))
            self._index.give(giver, owner)
        return len(records)

    def search(
        self,
        owner: str,
        query: str = "",
        *,
        cursor: str = "",
        limit: int = 60,
        **filters: Unpack[Filters],
    ) -> Page:
        """Newest first. Raises RequestError for a cursor that is not ours."""
        bounded = min(max(limit, 1), LIMIT_MAX)
        return self._index.search(Query(owner, query, cursor, bounded, filters))

    def get(self, picture_id: str, owner: str) -> PictureRecord:
        """Raises NotFound, in the same words for what is another's and for what is not there."""
        return self._index.get(picture_id, owner)

    def file(self, picture_id: str, owner: str) -> Path:
        """Where the picture lies, also when that is the trash. Raises NotFound."""
        folder, path = self._place(self.get(picture_id, owner).file)
        if not (path.is_file() and path.resolve().is_relative_to(folder)):
            raise NotFound(
                f"{path.name} is gone from the disk.", "It was moved or deleted by another program."
            )
        return path

    def source(self, asset_id: str, owner: str) -> Path | None:
        """The picture of an upload from which one of this owner's pictures was made, as far as it was kept."""
        path = self._made_from.path(asset_id)
        return path if self._index.has_made_from(asset_id, owner) and path.is_file() else None

    def thumbnail(self, picture_id: str, owner: str) -> bytes:
        """A WebP of at most 256 px. Raises NotFound."""
        return self._thumbnails.get(picture_id, self.file(picture_id, owner))

    def strip(self, picture_id: str, owner: str) -> list[StripFrame]:
        """The steps that are kept of a picture; none for older ones. Raises NotFound."""
        return self._kept.frames(self.get(picture_id, owner).id)

    def strip_frame(self, picture_id: str, step: int, owner: str) -> bytes:
        """One kept step as a JPEG. Raises NotFound."""
        return self._kept.frame(self.get(picture_id, owner).id, step)

    def trash(self, picture_id: str, owner: str) -> PictureRecord:
        """Moves the file to the trash, where it stays for 30 days. Raises NotFound or DiskFull.

        A picture of another program is put out of sight; its file stays where it is.
        """
        with self._changing:
            record = self.get(picture_id, owner)
            if record.trashed is not None:
                return record
            if record.program:
                return self._hide(record, self._clock())
            return self._move(record, f"{TRASH}/{record.file}", self._clock())

    def restore(self, picture_id: str, owner: str) -> PictureRecord:
        """Moves the file back to where it was. Raises NotFound or DiskFull."""
        with self._changing:
            record = self.get(picture_id, owner)
            if record.trashed is None:
                return record
            if record.program:
                return self._hide(record, None)
            return self._move(record, record.file.removeprefix(f"{TRASH}/"), None)

    def read_request(self, data: bytes) -> tuple[Request | None, str]:
        """(request, parameters) out of any picture file, decoded in the child. Raises UploadError."""
        child.check(data, len(data))
        with tempfile.TemporaryDirectory() as folder:
            report = child.decode(data, Path(folder, "picture"))
        embedded = metadata.parse(report["texts"])
        return embedded.request, embedded.parameters

    def _describe(self, picture: NewPicture) -> tuple[PictureRecord, dict[str, str]]:
        """The record, as far as it is known before the file is, and the texts that go into the file."""
        request = picture.request
        details = metadata.Details(
            id=secrets.token_hex(16),
            created=self._clock(),
            seconds=float(picture.seconds),
            device=picture.device,
            dtype=picture.dtype,
            applied=_in_words(picture.applied),
            licences=picture.licences,
            software=software(),
        )
        known = {name: value for name, value in vars(details).items() if name != "software"}
        parameters = infotext.write(request, picture.marks, self._version)
        record = PictureRecord(
            **known,
            owner=picture.owner,
            job_id=picture.job_id,
            index=_number(picture),
            file="",
            width=picture.width,
            height=picture.height,
            bytes=0,
            seed=request.seed,
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            checkpoint=request.checkpoint or "",
            sampler=request.sampling.sampler or "",
            request=request,
            parameters=parameters,
        )
        edits = picture.edits if request.format == "png" else None  # the others have no room
        return record, metadata.write_texts(request, parameters, details, edits)

    def _move(self, record: PictureRecord, target: str, trashed: float | None) -> PictureRecord:
        source, wanted = self.file(record.id, record.owner), self._output_dir / target
        with failures_named(self._output_dir):
            path = move(source, wanted.parent, save.names_like(wanted.name))
            try:
                self._index.move(record.id, self._relative(path), trashed)
            except BaseException:
                path.rename(source)
                raise
        return replace(record, file=self._relative(path), trashed=trashed)

    def _hide(self, record: PictureRecord, hidden: float | None) -> PictureRecord:
        """Out of sight since then, or in sight again; the ledger remembers it when the index is lost."""
        with failures_named(self._output_dir):
            self._ledger.append(_entry(record, record.owner, hidden))
            self._index.move(record.id, record.file, hidden)
        return replace(record, trashed=hidden)

    def _place(self, file: str) -> tuple[Path, Path]:
        """(the folder that it must not leave, the path) of a record's file."""
        for source in self.sources:
            if file.startswith(f"{source.root}/"):
                return source.folder, source.path(file)
        return self._output_dir, self._output_dir / file

    def _relative(self, path: Path) -> str:
        return path.relative_to(self._output_dir).as_posix()


def _entry(record: PictureRecord, owner: str, trashed: float | None) -> Entry:
    """Our own files tell by their place whether they are in the trash."""
    hidden = trashed if record.program else None
    return Entry(record.id, owner, record.job_id, record.index, hidden)


def _number(picture: NewPicture) -> int:
    return picture.index if picture.number is None else picture.number


def _overlap(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def _in_words(applied: tuple[Applied, ...]) -> str:
    loras = (f"{one.name} {one.scale:g}: {one.layers} of {one.total} layers" for one in applied)
    return "; ".join(loras)[: metadata.APPLIED_MAX]
