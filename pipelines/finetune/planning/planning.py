"""Planning: a plan with gaps and some pictures become a settled plan, with what is proposed and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipelines.catalog.catalog import View
from pipelines.catalog.checkpoint import Checkpoint
from pipelines.errors import NotFound, RequestError, StudioError
from pipelines.finetune.pictures.intake import CountTokens, Proposals, Sent, examine, field_of, sent
from pipelines.finetune.pictures.looking import Look
from pipelines.finetune.plan import PICTURES_MAX, Plan
from pipelines.finetune.planning.defaults import settled
from pipelines.finetune.planning.demands import place_of
from pipelines.finetune.planning.memory import Room
from pipelines.finetune.planning.problems import base_of, problems
from pipelines.manager.finder import Finder
from pipelines.manager.status import Status
from pipelines.output.assets import Assets

NAMELESS = "nameless"  # stands in for a name that is still open, so that the rest can be read
HELD_OUT = "is_held_out"


@dataclass(frozen=True)
class Planned:
    """`base`: None when there is no checkpoint to train on, which is among the problems."""

    plan: Plan
    base: Checkpoint | None
    pictures: tuple[Sent, ...]
    proposals: Proposals
    problems: tuple[RequestError, ...]


@dataclass(frozen=True)
class Planner:
    """May be asked from any thread."""

    finder: Finder
    assets: Assets
    look: Look

    def planned(
        self,
        values: Any,
        given: Sequence[Any],
        owner: str,
        status: Status,
        names: Iterable[str] = (),
    ) -> Planned:
        """`names`: those that this owner's open trainings give. What cannot be used is among the problems.

        Raises RequestError only for what is no plan at all, or no list of pictures.
        """
        plan, found = read(values)
        pictures, missing = self._sent(given, owner)
        view = self.finder.catalog.look()
        base, lacking = _base(plan, view)
        found += missing + lacking
        if base is not None:
            words = [one.name for one in view.others]
            room = Room(place_of(plan, status), status.total_bytes or None)
            plan = settled(plan, len(pictures), base, words, room)
            is_cuda = status.device.startswith("cuda")
            found += problems(plan, view, is_cuda=is_cuda, names=names)
        if not any(HELD_OUT in one for one in given if isinstance(one, dict)):
            pictures = held_out(pictures, plan.held_out or 0)
        plan = replace(plan, held_out=sum(one.is_held_out for one in pictures))
        proposals = examine(pictures, plan, self.look, self._count(base))
        return Planned(plan, base, pictures, proposals, (*found, *proposals.problems))

    def _sent(
        self, given: Sequence[Any], owner: str
    ) -> tuple[tuple[Sent, ...], list[RequestError]]:
        """The pictures that are there, and what is wrong with the others."""
        found, missing = [], []
        for number, one in enumerate(given[: PICTURES_MAX + 1]):
            try:
                found.append(self._one(one, owner, number))
            except RequestError as error:
                missing.append(error)
        return tuple(found), missing

    def _one(self, given: Any, owner: str, place: int) -> Sent:
        field = f"{field_of(place)}.image"
        values = given if isinstance(given, dict) else {"image": given}
        image = values.get("image")
        if not isinstance(image, str):
            raise RequestError(field, image, "is no upload", "Send the id of one.")
        try:
            asset = self.assets.get(image, owner)
        except NotFound as error:
            why = "is no upload of yours"
            raise RequestError(field, image, why, error.remedy) from error
        return sent(asset, values, place)

    def _count(self, base: Checkpoint | None) -> CountTokens | None:
        """Of a caption, by the tokenizer of the checkpoint."""
        if base is None:
            return None
        path = base.tokenizer_path or base.path
        try:
            self.finder.tokens.ids("", path)
        except StudioError:
            return None
        return lambda text: len(self.finder.tokens.ids(text, path))


def read(values: Any) -> tuple[Plan, list[RequestError]]:
    """The plan as far as it can be used; fields that cannot be used are left open and told.

    Raises RequestError for what is no object.
    """
    if not isinstance(values, dict):
        raise RequestError("plan", values, "is no object of fields", "Send a JSON object.")
    given, found = dict(values), []
    if not str(given.get("name") or "").strip():
        why, remedy = "is missing", "Give what is taught a name."
        found.append(RequestError("name", given.pop("name", ""), why, remedy))
    while True:
        try:
            plan = Plan.from_dict({"name": NAMELESS, **given})
        except RequestError as error:
            found.append(error)
            if given.pop(error.field, None) is None:
                raise
        else:
            return replace(plan, name=given.get("name", "").strip()), found


def held_out(pictures: Sequence[Sent], count: int) -> tuple[Sent, ...]:
    """So many of them, evenly spread, are only measured; at least one is left to learn from."""
    count = min(count, len(pictures) - 1)
    places = {round((n + 0.5) * len(pictures) / count - 0.5) for n in range(max(0, count))}
    return tuple(replace(one, is_held_out=number in places) for number, one in enumerate(pictures))


def _base(plan: Plan, view: View) -> tuple[Checkpoint | None, list[RequestError]]:
    try:
        return base_of(plan, view), []
    except RequestError as error:
        return None, [error]
