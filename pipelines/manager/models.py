"""Models as the page manages them: cards, their pictures, and what their owner writes on them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pipelines.asking.sampling import Sampling
from pipelines.catalog import facts
from pipelines.catalog.cards import Card, card_of, chosen
from pipelines.catalog.catalog import Catalog
from pipelines.catalog.checkpoint import Checkpoint, Model
from pipelines.catalog.hashes import Hashes
from pipelines.catalog.pictures import picture_of
from pipelines.catalog.weights_file import Damaged
from pipelines.errors import ModelUnreadable, NotFound, RequestError
from pipelines.manager.disposal import Disposal
from pipelines.output.disk import failures_named
from pipelines.output.previews import Previews
from pipelines.request import Defaults, Request, resolve

WRITABLE = ("notes", "licence", "trigger_words", "preferred_weight", "defaults")
DEFAULTS = tuple(field.name for field in fields(Defaults))
SAMPLING = {field.name for field in fields(Sampling)}


@dataclass(frozen=True)
class Listing:
    """Cards as JSON, and the version of what was seen: as long as it is the same, so are all cards."""

    version: str
    rows: list[dict[str, Any]]


class Models:
    """May be asked from any thread."""

    def __init__(
        self, catalog: Catalog, hashes: Hashes, disposal: Disposal, data_dir: Path
    ) -> None:
        self._catalog, self._hashes = catalog, hashes
        self.trash = disposal
        self._previews = Previews(data_dir / "model-previews")
        self._lock = threading.Lock()
        self._seen = -1
        self._cards: dict[str, Card] = {}

    @property
    def folders(self) -> list[str]:
        """Where files are looked for and may be put."""
        own = (one for one in self._catalog.folders if not self._catalog.is_taken_over(one))
        return [str(folder.absolute()) for folder in own]

    def version(self) -> str:
        """Another one whenever a card says something else."""
        return f"{self._catalog.look().version}-{self._hashes.count}"

    def listing(self, kind: str = "", query: str = "", owner: str = "") -> Listing:
        """All cards, or those of a kind on which all words of the query stand; by name.

        `owner`: who asks; "" sees only what is there for everybody.
        """
        version = self.version()
        shown = [one for one in self._all().values() if self._catalog.is_shown(one.model, owner)]
        found = chosen(shown, kind, query)
        return Listing(version, [card.row(self._hashes.of(card.model.path)) for card in found])

    def card(self, model_id: str) -> Card:
        """Raises NotFound."""
        found = self._all().get(model_id)
        if found is None:
            raise NotFound(
                "There is no such model.", "It was moved or renamed; look at the list again."
            )
        return found

    def details(self, model_id: str) -> dict[str, Any]:
        """All that is known of a model, as JSON; its hash is worked out in the background. Raises NotFound."""
        card = self.card(model_id)
        self._hashes.want(card.model.path)
        details = card.details(self._hashes.of(card.model.path))
        return {
            **details,
            "is_taken_over": self._catalog.is_taken_over(card.model.path),
            "movable": not self.trash.why_kept(card),
        }

    def preview(self, model_id: str) -> bytes:
        """A WebP of at most 512 px. Raises NotFound, or UploadError for a picture that cannot be read."""
        card = self.card(model_id)
        key = f"{card.model.path.absolute()}|{card.place.preview}"
        return self._previews.get(key, lambda: picture_of(card.model))

    def picture(self, model_id: str) -> bytes:
        """The same as it lies there, undecoded, for who looks for settings in it. Raises NotFound."""
        return picture_of(self.card(model_id).model)

    def edit(self, model_id: str, changes: dict[str, Any]) -> dict[str, Any]:
        """Writes what its owner says into its file of facts; the details as they are then.

        None or an empty text takes a fact out. Raises NotFound, RequestError, ModelUnreadable or DiskFull.
        """
        model = self.card(model_id).model
        unknown = next((name for name in changes if name not in WRITABLE), None)
        if unknown:
            raise RequestError(
                unknown, changes[unknown], "cannot be written", f"Send {', '.join(WRITABLE)}."
            )
        given = {name: None if value in ("", []) else value for name, value in changes.items()}
        if given.get("defaults") is not None:
            given["defaults"] = _defaults(given["defaults"], model)
        path = self._catalog.facts_path(model.path)
        try:
            with failures_named(path.parent):
                if self._catalog.is_taken_over(model.path):
                    path.parent.mkdir(exist_ok=True)  # ours
                facts.write(path, given)
                self._catalog.forget(model.path)
        except Damaged as error:
            if isinstance(error, facts.BadFact) and given.get(error.field) is not None:
                value = changes[error.field]
                raise RequestError(error.field, value, error.why, "Correct it.") from error
            remedy = f"Mend {path}, or move it away; then write it anew."
            raise ModelUnreadable(f"{error}, so nothing was written.", remedy) from error
        return self.details(model_id)

    def _all(self) -> dict[str, Card]:
        view = self._catalog.look()
        with self._lock:
            if self._seen != view.version:
                models: list[Model] = [*view.checkpoints, *view.others]
                cards = (card_of(model, self._catalog.folders) for model in models)
                self._cards = {card.id: card for card in cards}
                self._seen = view.version
            return self._cards


def _defaults(given: Any, model: Model) -> dict[str, Any]:
    """These defaults with their names and numbers as they are kept. Raises RequestError."""
    if not isinstance(model, Checkpoint):
        raise RequestError("defaults", given, "only a checkpoint has them", "Leave them out.")
    if not isinstance(given, dict) or not set(given) <= set(DEFAULTS):
        why, remedy = "are no settings", f"Send some of {', '.join(DEFAULTS)}."
        raise RequestError("defaults", given, why, remedy)
    own = {name: value for name, value in given.items() if value is not None}
    outer = {name: own[name] for name in own if name not in SAMPLING}
    inner = {name: own[name] for name in own if name in SAMPLING}
    request = resolve(Request.from_dict({**outer, "sampling": inner}), model.name, Defaults())
    understood = {**vars(request), **vars(request.sampling)}
    return {name: understood[name] for name in own}
