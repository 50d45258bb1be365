"""Movies: those that people send, kept as they are, each for its owner alone, under an id that is made of its bytes."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from pipelines.errors import NotFound
from pipelines.output.disk import failures_named, rewrite, sync_file, sync_folder
from pipelines.video.media.probe import Clip, probe
from pipelines.video.stills import Stills, plain

FOLDER, INCOMING = "movies", "incoming"
SUFFIX, FACTS = ".movie", ".json"
ID = re.compile("[0-9a-f]{32}")
KEPT_SECONDS = 30 * 24 * 3600.0  # without use
PIECE_BYTES = 1 << 20
NAME_CHARACTERS = 120


@dataclass(frozen=True)
class Movie:
    """`frames` is about right where the file does not say; `sounds`: how many tracks of sound it has."""

    id: str
    name: str
    width: int
    height: int
    frames: int
    seconds: float
    fps: float
    sounds: int
    codec: str
    path: Path = dataclasses.field(compare=False)

    @property
    def stills(self) -> Stills:
        """It as its frames."""
        return Stills(self.path, plain(Path(self.name).stem, "movie"), self.frames)

    def as_dict(self) -> dict[str, Any]:
        values = dataclasses.asdict(self)
        del values["path"]
        return values


class Movies:
    """May be asked from any thread. What a video is made of it links into its own folder."""

    def __init__(self, data_dir: Path, clock: Callable[[], float]) -> None:
        self._root, self._clock = data_dir / FOLDER, clock

    def add(self, sent: BinaryIO, owner: str, filename: str = "") -> Movie:
        """Takes a movie in. Raises MediaError for what is none, or DiskFull; then nothing of it is left."""
        with self._incoming(filename) as path:
            with failures_named(self._root):
                movie_id = _written(sent, path)
            return self._kept(path, movie_id, owner, probe(path))

    def add_file(self, path: Path, owner: str, filename: str = "") -> Movie:
        """Likewise, of a file that is there."""
        with path.open("rb") as file:
            return self.add(file, owner, filename or path.name)

    def get(self, movie_id: str, owner: str) -> Movie:
        """Raises NotFound, in the same words for what is another's and for what is not there."""
        path = self._folder(owner) / f"{movie_id}{SUFFIX}"
        if ID.fullmatch(movie_id):
            with contextlib.suppress(OSError, ValueError, TypeError):
                facts = json.loads(path.with_suffix(FACTS).read_bytes())
                os.utime(path, (self._clock(), self._clock()))
                return Movie(id=movie_id, path=path, **facts)
        raise NotFound("There is no such movie.", "Send it again.")

    def sweep(self) -> None:
        """At start: what nobody has used for a month goes, and what was only half sent."""
        shutil.rmtree(self._root / INCOMING, ignore_errors=True)
        for path in self._root.glob(f"*/*{SUFFIX}"):
            if self._clock() - path.stat().st_mtime > KEPT_SECONDS:
                path.with_suffix(FACTS).unlink(missing_ok=True)
                path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _incoming(self, filename: str) -> Iterator[Path]:
        """A place to receive it under its own name, by which errors speak of it."""
        folder = self._root / INCOMING / secrets.token_hex(8)
        name = re.sub(r"[^\w. -]", "_", Path(filename).name)[-NAME_CHARACTERS:].lstrip(".")
        with failures_named(self._root):
            folder.mkdir(parents=True)
        try:
            yield folder / (name or "The movie")
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _kept(self, path: Path, movie_id: str, owner: str, clip: Clip) -> Movie:
        folder = self._folder(owner)
        movie = Movie(
            id=movie_id,
            name=path.name,
            width=clip.width_px,
            height=clip.height_px,
            frames=clip.frame_count,
            seconds=clip.duration_seconds,
            fps=float(clip.average_rate),
            sounds=len(clip.audio),
            codec=clip.codec,
            path=folder / f"{movie_id}{SUFFIX}",
        )
        facts = movie.as_dict()
        del facts["id"]
        with failures_named(self._root):
            folder.mkdir(parents=True, exist_ok=True)
            path.replace(movie.path)
            rewrite(movie.path.with_suffix(FACTS), json.dumps(facts).encode())
            sync_folder(folder)
        return movie

    def _folder(self, owner: str) -> Path:
        return self._root / hashlib.sha256(owner.encode("utf-8", "replace")).hexdigest()[:32]


def _written(sent: BinaryIO, path: Path) -> str:
    """Its id."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        while piece := sent.read(PIECE_BYTES):
            digest.update(piece)
            file.write(piece)
    sync_file(path)
    return digest.hexdigest()[:32]
