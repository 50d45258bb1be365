"""Cards: every model as a row that can be listed, searched and shown, whatever kind it is."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.catalog.beside import WEIGHTS
from pipelines.catalog.checkpoint import Checkpoint, Model
from pipelines.catalog.defaults import V_PREDICTION
from pipelines.catalog.licences import Licence
from pipelines.catalog.titles import AUTO_V2_DIGITS

ID_DIGITS = 16
FEW_STEPS = 10


@dataclass(frozen=True)
class Place:
    """Where a model lies and how large it is. `file`: below its folder of models, with `/`; `changed`: epoch seconds.

    `preview` is another text whenever its picture may be another one, and empty where there is none.
    """

    models_dir: Path
    file: str
    bytes: int
    changed: float
    preview: str


@dataclass(frozen=True)
class Card:
    """One model."""

    id: str
    model: Model
    place: Place

    def row(self, digest: str) -> dict[str, Any]:
        """The card in a list, as JSON; `digest` is the SHA-256 of its file, or ""."""
        model, place, about = self.model, self.place, self.model.about
        checkpoint = model if isinstance(model, Checkpoint) else None
        return {
            "id": self.id,
            "name": model.name,
            "kind": model.kind,
            "family": model.family,
            "variant": traits_of(checkpoint) if checkpoint else "",
            "title": about.title,
            "file": place.file,
            "bytes": place.bytes,
            "changed": place.changed,
            "hash": digest[:AUTO_V2_DIGITS],
            "problem": model.problem,
            "defaults": dataclasses.asdict(checkpoint.defaults) if checkpoint else None,
            "preview": place.preview,
            "trigger_words": list(about.trigger_words),
            "preferred_weight": about.preferred_weight,
            "licence": licence_row(about.licence),
            "starter": bool(checkpoint and checkpoint.is_starter),
        }

    def details(self, digest: str) -> dict[str, Any]:
        """The row, with all that is only read when the card is open."""
        about = self.model.about
        return {
            **self.row(digest),
            "folder": str(self.place.models_dir),
            "author": about.author,
            "description": about.description,
            "notes": about.notes,
            "tags": [{"tag": tag, "count": count} for tag, count in about.tags],
            "sha256": digest,
        }

    def says(self, words: list[str]) -> bool:
        """Whether each of these words, in small letters, stands somewhere on the card."""
        model, about = self.model, self.model.about
        texts = (model.name, self.place.file, model.family, about.title, *about.trigger_words)
        text = " ".join(texts).casefold()
        return all(word in text for word in words)


def card_of(model: Model, models_dirs: Iterable[Path]) -> Card:
    """The card of a model that the catalog has found below one of these folders."""
    digest = hashlib.sha256(os.fsencode(model.path.absolute())).hexdigest()
    return Card(digest[:ID_DIGITS], model, _place(model, tuple(models_dirs)))


def chosen(cards: Iterable[Card], kind: str = "", query: str = "") -> list[Card]:
    """Those of a kind (of all, when it is empty) on which all words of the query stand."""
    words = query.casefold().split()
    return [card for card in cards if kind in ("", card.model.kind) and card.says(words)]


def licence_row(licence: Licence) -> dict[str, Any]:
    """The licence as JSON: its name, where it was said, and what it allows."""
    return {"name": licence.name, "source": licence.source, **dataclasses.asdict(licence.terms)}


def traits_of(checkpoint: Checkpoint) -> str:
    """What sets it apart from others of its family, in a few words."""
    traits = {
        checkpoint.variant: True,
        "v-prediction": checkpoint.prediction == V_PREDICTION,
        "zero SNR": checkpoint.is_zero_snr,
        "few steps": checkpoint.defaults.steps <= FEW_STEPS,
    }
    return ", ".join(words for words, is_so in traits.items() if words and is_so)


def _place(model: Model, models_dirs: tuple[Path, ...]) -> Place:
    path = model.path
    models_dir = next((one for one in models_dirs if one in path.parents), path.parent)
    files = _files(path)
    about = model.about
    picture = about.preview or (path if about.has_cover else None)
    return Place(
        models_dir=models_dir,
        file=path.relative_to(models_dir).as_posix(),
        bytes=sum(size for size, _ in files),
        changed=max((changed for _, changed in files), default=0.0),
        preview=_version(picture) if picture else "",
    )


def _files(path: Path) -> list[tuple[int, float]]:
    """(size in bytes, changed) of the weights: the file itself, or all files of weights in the folder."""
    if not path.is_dir():
        return list(_stats([path]))
    names = (Path(top) / name for top, _, found in os.walk(path) for name in found)
    return list(_stats(one for one in names if one.suffix in WEIGHTS))


def _stats(paths: Iterable[Path]) -> Iterable[tuple[int, float]]:
    for path in paths:
        try:
            found = path.stat()
        except OSError:  # just gone; the next look will tell
            continue
        yield found.st_size, found.st_mtime


def _version(path: Path) -> str:
    return next((f"{int(changed * 1000):x}-{size:x}" for size, changed in _stats([path])), "")
