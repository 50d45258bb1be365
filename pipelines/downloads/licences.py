"""Licences of models elsewhere: what the publisher names and what that allows; and who accepted which."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.catalog.about import line
from pipelines.catalog.licences import Terms, find_terms, of_civitai
from pipelines.downloads.package import Licence
from pipelines.downloads.records import write_json

FILE = "licences.json"
ID_MAX = 200
TAG = "license:"


def of_card(info: Mapping[str, Any], page_url: str) -> Licence:
    """The licence of a repository, by its card or its tags."""
    card = info.get("cardData")
    card = card if isinstance(card, dict) else {}
    tags = info.get("tags")
    tags = tags if isinstance(tags, list) else []
    said = card.get("license") or next(
        (tag.removeprefix(TAG) for tag in tags if isinstance(tag, str) and tag.startswith(TAG)), ""
    )
    name = line(said[0] if isinstance(said, list) and said else said)
    if name.casefold() == "other":
        name = line(card.get("license_name")) or name
    terms = find_terms(name)
    return _licence(name or "unknown", terms, _link(card, page_url) or page_url)


def of_flags(model: Mapping[str, Any], page_url: str) -> Licence:
    """The permissions that a model of CivitAI has instead of a licence."""
    terms = of_civitai(dict(model))
    said = (terms.commercial, terms.hosting, terms.sharing, terms.note)
    return _licence(f"civitai: {', '.join(said)}"[:ID_MAX], terms, page_url)


def unknown(page_url: str) -> Licence:
    """For files of which nothing is said."""
    return _licence("unknown", find_terms(""), page_url)


def _licence(id_: str, terms: Terms, url: str) -> Licence:
    return Licence(
        id=id_,
        name=terms.title,
        url=url,
        commercial=terms.commercial,
        hosting=terms.hosting,
        sharing=terms.sharing,
        note=terms.note,
    )


class Acceptances:
    """Who accepted which licence for which model, and when: kept in the data folder. May be asked from any thread."""

    def __init__(self, data_dir: Path) -> None:
        self._path, self._lock = data_dir / FILE, threading.Lock()
        self._rows = _load(self._path)

    def has(self, licence: str, model: str) -> bool:
        return any((row["licence"], row["model"]) == (licence, model) for row in self._rows)

    def add(self, licence: str, model: str, owner: str) -> None:
        with self._lock:
            if not self.has(licence, model):
                row = {"licence": licence, "model": model, "by": owner, "at": time.time()}
                self._rows = [*self._rows, row]
                write_json(self._path, {"accepted": self._rows})


def _load(path: Path) -> list[dict[str, Any]]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["accepted"]
        return [row for row in rows if {"licence", "model"} <= row.keys()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []


def _link(card: Mapping[str, Any], page_url: str) -> str:
    """The link that the card gives, if it is one to a page."""
    link = line(card.get("license_link"))
    if link.startswith("https://"):
        return link
    return f"{page_url}/blob/main/{link}" if link and "/" not in link and ":" not in link else ""
