"""All jobs on disk, in SQLite: what was accepted stays accepted, in its order, whatever happens to the process.

Used by one thread at a time. Every row has its owner, and every lookup by a caller's id asks for the owner too.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import StudioError
from pipelines.job import Job, Picture
from pipelines.request import Request

LOG = logging.getLogger(__name__)

MIGRATIONS = (
    """
    CREATE TABLE jobs (
        id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        client_request_id TEXT NOT NULL,
        ordinal INTEGER NOT NULL,
        state TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        is_picked INTEGER NOT NULL,
        request TEXT NOT NULL,
        pictures TEXT NOT NULL,
        created REAL NOT NULL,
        started REAL,
        finished REAL,
        error TEXT
    ) STRICT;
    CREATE UNIQUE INDEX jobs_submitted_once ON jobs (owner, client_request_id)
        WHERE client_request_id <> '';
    CREATE INDEX jobs_in_order ON jobs (ordinal);
    CREATE TABLE owners (owner TEXT PRIMARY KEY, gpu_seconds REAL NOT NULL) STRICT;
    """,
    """
    ALTER TABLE jobs ADD COLUMN verifies TEXT;
    ALTER TABLE jobs ADD COLUMN verdict TEXT;
    """,
)
COLUMNS = (
    *("id", "owner", "client_request_id", "ordinal", "state", "attempt", "is_picked"),
    *("request", "pictures", "created", "started", "finished", "error"),
    *("verifies", "verdict"),
)


@dataclass(frozen=True, kw_only=True)
class Record:
    """A job and what only the queue knows about it."""

    job: Job
    ordinal: int  # the order within one owner; lower is earlier
    client_request_id: str = ""
    is_picked: bool = False  # its drafts were chosen from: what remains goes on to the end


class Queue:
    """The table of jobs and of the GPU seconds that each owner has used."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._database = _open(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            set_aside = path.with_name(f"{path.name}.corrupt-{time.time_ns()}")
            LOG.error("%s is damaged (%s); it is kept as %s", path, error, set_aside.name)
            path.replace(set_aside)
            for tail in ("-wal", "-shm"):
                path.with_name(path.name + tail).unlink(missing_ok=True)
            self._database = _open(path)

    def load(self) -> list[Record]:
        """All jobs in their order. A row that cannot be read is left alone and logged."""
        with self._database:  # who has no jobs any more starts level when coming back
            self._database.execute("DELETE FROM owners WHERE owner NOT IN (SELECT owner FROM jobs)")
        records = []
        for row in self._database.execute(
            f"SELECT {', '.join(COLUMNS)} FROM jobs ORDER BY ordinal"
        ):
            try:
                records.append(_record(dict(zip(COLUMNS, row, strict=True))))
            except (StudioError, ValueError, TypeError) as error:
                LOG.error("job %s in the queue cannot be read: %s", row[0], error)
        return records

    def submitted(self, owner: str, client_request_id: str) -> str | None:
        """The id of the job that this owner submitted under this id before, or None."""
        row = self._database.execute(
            "SELECT id FROM jobs WHERE owner = ? AND client_request_id = ?",
            (owner, client_request_id),
        ).fetchone()
        return str(row[0]) if row else None

    def write(
        self,
        records: Iterable[Record],
        removed: Iterable[Job] = (),
        gpu_seconds: Mapping[str, float] | None = None,
    ) -> None:
        """Inserts, replaces and deletes in one transaction that is on the disk when this returns."""
        marks = ", ".join("?" * len(COLUMNS))
        with self._database:
            self._database.executemany(
                f"INSERT OR REPLACE INTO jobs ({', '.join(COLUMNS)}) VALUES ({marks})",
                [_row(record) for record in records],
            )
            self._database.executemany(
                "DELETE FROM jobs WHERE id = ? AND owner = ?",
                [(job.id, job.owner) for job in removed],
            )
            self._database.executemany(
                "INSERT OR REPLACE INTO owners VALUES (?, ?)", list((gpu_seconds or {}).items())
            )

    def gpu_seconds(self) -> dict[str, float]:
        return dict(self._database.execute("SELECT owner, gpu_seconds FROM owners"))

    def close(self) -> None:
        self._database.close()


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=5.0, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        found = database.execute("PRAGMA quick_check").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        _migrate(database, path)
    except BaseException:
        database.close()
        raise
    return database


def _migrate(database: sqlite3.Connection, path: Path) -> None:
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise StudioError(
            f"{path} was written by a newer Darkroom (format {version}).",
            "Start that version, or choose another data folder.",
        )
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        database.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")


def _row(record: Record) -> tuple[Any, ...]:
    job = record.job
    return (
        job.id,
        job.owner,
        record.client_request_id,
        record.ordinal,
        job.state,
        job.attempt,
        int(record.is_picked),
        job.request.to_json(),
        json.dumps([vars(picture) for picture in job.pictures]),
        job.created,
        job.started,
        job.finished,
        json.dumps(job.error) if job.error else None,
        job.verifies,
        json.dumps(job.verdict) if job.verdict else None,
    )


def _record(row: dict[str, Any]) -> Record:
    job = Job(
        id=row["id"],
        owner=row["owner"],
        state=row["state"],
        attempt=row["attempt"],
        request=Request.from_dict(json.loads(row["request"])),
        pictures=tuple(Picture(**picture) for picture in json.loads(row["pictures"])),
        created=row["created"],
        started=row["started"],
        finished=row["finished"],
        error=json.loads(row["error"]) if row["error"] else None,
        verifies=row["verifies"],
        verdict=json.loads(row["verdict"]) if row["verdict"] else None,
    )
    return Record(
        job=job,
        ordinal=row["ordinal"],
        client_request_id=row["client_request_id"],
        is_picked=bool(row["is_picked"]),
    )
