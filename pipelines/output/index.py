"""The index over the pictures: SQLite, searchable, and never the truth; files and ledger are, it is rebuilt from them.

One connection behind one lock: a question takes milliseconds, and `synchronous=FULL` makes a commit durable.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.catalog.verdict import read_verdict
from pipelines.editing.source import sources_of
from pipelines.errors import NotFound, RequestError
from pipelines.output.query import Query
from pipelines.output.record import Holding, Page, PictureRecord
from pipelines.request import Request

SCHEMA_VERSION = 4  # raise it with every change below; an older index is dropped and built anew
SCHEMA = """
CREATE TABLE pictures (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, job_id TEXT NOT NULL, "index" INTEGER NOT NULL,
    file TEXT NOT NULL UNIQUE, width INTEGER NOT NULL, height INTEGER NOT NULL, bytes INTEGER NOT NULL,
    created REAL NOT NULL, seed INTEGER, prompt TEXT NOT NULL, negative_prompt TEXT NOT NULL,
    checkpoint TEXT NOT NULL, sampler TEXT NOT NULL, request TEXT NOT NULL, parameters TEXT NOT NULL,
    seconds REAL NOT NULL, device TEXT NOT NULL, dtype TEXT NOT NULL, applied TEXT NOT NULL,
    licences TEXT NOT NULL, trashed REAL, number INTEGER NOT NULL);
CREATE INDEX by_owner ON pictures (owner, trashed IS NULL, created, id);
CREATE INDEX by_job ON pictures (job_id, "index");
CREATE INDEX by_number ON pictures (number);
CREATE TABLE sources (source TEXT NOT NULL, picture TEXT NOT NULL, PRIMARY KEY (source, picture)) WITHOUT ROWID;
CREATE INDEX by_picture ON sources (picture);
"""
FULL_TEXT = """
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
    prompt, negative_prompt, checkpoint, sampler, tokenize = 'unicode61 remove_diacritics 2')
"""
COLUMNS = tuple(field.name for field in dataclasses.fields(PictureRecord))
TEXT_COLUMNS = "rowid, prompt, negative_prompt, checkpoint, sampler"
NUMBERED = re.compile(r"(\d{5,9})-\d+\.\w+")  # our own file names
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Index:
    """All rows of all owners. Rows are PictureRecords; every question of a user's names its owner."""

    def __init__(self, path: Path, *, full_text: bool = True) -> None:
        self._lock = threading.Lock()
        try:
            self._db = _open(path)
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF not in DAMAGED:
                raise
            _set_aside(path)
            self._db = _open(path)
        self._full_text = full_text and self._prepare_full_text()

    def close(self) -> None:
        self._db.close()

    def add(self, *records: PictureRecord) -> None:
        """Durable when it returns."""
        marks = ", ".join("?" * (len(COLUMNS) + 1))
        with self._writing() as db:
            for record in records:
                cursor = db.execute(f"INSERT INTO pictures VALUES ({marks})", _row(record))
                named = sources_of(record.request) if record.request else ()
                for source in named:
                    change = "INSERT OR IGNORE INTO sources VALUES (?, ?)"
                    db.execute(change, (_storable(source), record.id))
                if self._full_text:
                    db.execute(
                        f"INSERT INTO words ({TEXT_COLUMNS}) SELECT {TEXT_COLUMNS} FROM pictures WHERE rowid = ?",
                        (cursor.lastrowid,),
                    )

    def move(self, picture_id: str, file: str, trashed: float | None) -> None:
        """Notes a file's new place; `trashed` says since when it lies in the trash, None that it does not."""
        with self._writing() as db:
            change = "UPDATE pictures SET file = ?, trashed = ? WHERE id = ?"
            db.execute(change, (file, trashed, picture_id))

    def remove(self, *picture_ids: str) -> None:
        with self._writing() as db:
            for key in picture_ids:
                if self._full_text:
                    inner = "SELECT rowid FROM pictures WHERE id = ?"
                    db.execute(f"DELETE FROM words WHERE rowid IN ({inner})", (key,))
                db.execute("DELETE FROM sources WHERE picture = ?", (key,))
                db.execute("DELETE FROM pictures WHERE id = ?", (key,))

    def clear(self) -> None:
        with self._writing() as db:
            db.execute("DELETE FROM pictures")
            db.execute("DELETE FROM sources")
            if self._full_text:
                db.execute("DELETE FROM words")

    def get(self, picture_id: str, owner: str) -> PictureRecord:
        """Raises NotFound in the same words for what is another's and for what is not there."""
        found = self._records("WHERE id = ? AND owner = ?", (picture_id, owner))
        if not found:
            raise NotFound(
                "There is no such picture.", "It may have been deleted; reload the page."
            )
        return found[0]

    def find(self, job_id: str, index: int) -> PictureRecord | None:
        """The picture that a job has already made, whoever owns it."""
        found = self._records('WHERE job_id = ? AND "index" = ?', (job_id, index))
        return found[0] if found else None

    def search(self, query: Query) -> Page:
        where, values = query.condition(self._full_text)
        total = self._ask(f"SELECT count(*) FROM pictures WHERE {where}", values)[0][0]
        after, after_values = query.after_cursor()
        found = self._records(
            f"WHERE {where} AND {after} ORDER BY created DESC, id DESC LIMIT ?",
            (*values, *after_values, query.limit + 1),
        )
        items = tuple(found[: query.limit])
        cursor = query.cursor_at(items[-1]) if len(found) > query.limit else ""
        return Page(items, cursor, total)

    def holdings(self) -> list[Holding]:
        """Everybody's, who made a picture last first."""
        # SQLite takes the other columns from the row that has the maximum.
        rows = "SELECT owner, count(*), max(created), prompt FROM pictures GROUP BY owner"
        return [Holding(*row) for row in self._ask(f"{rows} ORDER BY max(created) DESC")]

    def of_owner(self, owner: str) -> list[PictureRecord]:
        return self._records("WHERE owner = ?", (owner,))

    def give(self, giver: str, owner: str) -> None:
        """All pictures of the one are the other's from now on."""
        with self._writing() as db:
            db.execute("UPDATE pictures SET owner = ? WHERE owner = ?", (owner, giver))

    def trashed_before(self, time: float) -> list[PictureRecord]:
        return self._records("WHERE trashed < ?", (time,))

    def files(self) -> dict[str, str]:
        """File → picture id, of all rows."""
        return dict(self._ask("SELECT file, id FROM pictures"))

    def sources(self) -> set[str]:
        """The ids of all that any picture was made from, those in the trash included."""
        return {source for (source,) in self._ask("SELECT DISTINCT source FROM sources")}

    def has_made_from(self, source: str, owner: str) -> bool:
        """Whether a picture of this owner was made from it."""
        joined = "sources JOIN pictures ON pictures.id = sources.picture"
        where = "WHERE sources.source = ? AND pictures.owner = ?"
        return bool(self._ask(f"SELECT 1 FROM {joined} {where} LIMIT 1", (source, owner)))

    def next_number(self) -> int:
        """One more than the largest number that begins a file name of ours."""
        return int(self._ask("SELECT coalesce(max(number), 0) + 1 FROM pictures")[0][0])

    def _records(self, clause: str, values: tuple[Any, ...]) -> list[PictureRecord]:
        return [_record(row) for row in self._ask(f"SELECT * FROM pictures {clause}", values)]

    def _ask(self, question: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        storable = tuple(map(_storable, values))
        with self._lock:
            return self._db.execute(question, storable).fetchall()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, all or nothing."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _prepare_full_text(self) -> bool:
        """False where SQLite was built without FTS5. Fills the table if an earlier run could not."""
        try:
            with self._writing() as db:
                db.execute(FULL_TEXT)
                counts = "SELECT (SELECT count(*) FROM words) = (SELECT count(*) FROM pictures)"
                if not db.execute(counts).fetchone()[0]:
                    db.execute("DELETE FROM words")
                    db.execute(
                        f"INSERT INTO words ({TEXT_COLUMNS}) SELECT {TEXT_COLUMNS} FROM pictures"
                    )
        except sqlite3.OperationalError as error:
            if "fts5" not in str(error):
                raise
            return False
        return True


def _open(path: Path) -> sqlite3.Connection:
    """Raises DatabaseError when the file is damaged."""
    db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError(f"{path} is damaged")
        db.execute("BEGIN IMMEDIATE")
        if db.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
            for table in ("words", "pictures", "sources"):
                db.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in SCHEMA.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        db.execute("COMMIT")
    except BaseException:
        db.close()
        raise
    return db


def _set_aside(path: Path) -> None:
    """Keeps the damaged file for whoever wants to look into it; its journals are of no use without it."""
    path.replace(path.with_name(path.name + ".damaged"))
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _storable(value: Any) -> Any:
    """Half a surrogate pair is no text for SQLite, and equals nothing in it."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _row(record: PictureRecord) -> tuple[Any, ...]:
    numbered = None if record.program else NUMBERED.fullmatch(record.file_name)
    values = {name: getattr(record, name) for name in COLUMNS}
    values["request"] = record.request.to_json() if record.request else ""
    values["licences"] = json.dumps(dataclasses.asdict(record.licences)) if record.licences else ""
    storable = map(_storable, values.values())
    return (*storable, int(numbered[1]) if numbered else 0)


def _record(row: tuple[Any, ...]) -> PictureRecord:
    values = dict(zip(COLUMNS, row, strict=False))
    text, values["request"] = values["request"], None
    with contextlib.suppress(
        RequestError
    ):  # a field that is no more: the picture stays, without its settings
        values["request"] = Request.from_dict(json.loads(text)) if text else None
    values["licences"] = read_verdict(json.loads(values["licences"] or "null"))
    return PictureRecord(**values)
