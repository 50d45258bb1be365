"""Projects: the face of this folder. What people do with theirs; the runner makes what is due then."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import defaultdict
from dataclasses import replace
from typing import Any, BinaryIO

from pipelines.errors import NotFound, RequestError
from pipelines.job import Job
from pipelines.output.edits import Edits
from pipelines.projects import changes, file, orders, reopening
from pipelines.projects.project import Project, Result, Step, Values, place_of
from pipelines.projects.reopening import Known, new_step
from pipelines.projects.runner import Change, Means, Runner
from pipelines.projects.store import Store
from pipelines.projects.tools import check_tool

PHOTO_AGAIN = "Send the picture itself as `image`, or the project's file."


class Projects:
    """Those of all owners. May be asked from any thread; every method asks whose the project is."""

    def __init__(self, store: Store, means: Means) -> None:
        self._store, self._pictures, self._tools = store, means.pictures, means.tools
        self._clock, self._tell = means.clock, means.tell
        self._versions: defaultdict[str, int] = defaultdict(lambda: int(means.clock() * 1000))
        self._counting = threading.Lock()
        self._runner = Runner(store, replace(means, tell=self._changed))

    def start(self) -> None:
        """Goes on with whatever was under way; does not wait."""
        self._runner.start()

    def stop(self) -> None:
        """Returns when what was in hand is done; the rest is for the next start."""
        self._runner.stop()

    def heard(self, job: Job) -> None:
        """Of a job that changed; on the desk thread, so nothing is done here."""
        self._runner.heard(job)

    def version(self, owner: str) -> int:
        """Another one when something in this owner's projects is new."""
        with self._counting:
            return self._versions[owner]

    @property
    def tools(self) -> list[Values]:
        """The edits without a model, as JSON."""
        return [
            {
                "tool": name,
                "says": tool.says,
                "settings": {
                    setting: {"default": default, "bounds": list(bounds)}
                    for setting, (default, bounds) in tool.settings.items()
                },
            }
            for name, tool in self._tools.items()
        ]

    # ---- projects ------------------------------------------------------------------------------------

    def create(self, image: str, owner: str, name: str = "") -> Project:
        """A project that begins with this upload. Raises RequestError or DiskFull."""
        if not self._pictures.is_there(image, owner):
            raise RequestError("image", image, "there is no such upload", "Send the picture again.")
        return self._add(self._empty(image, owner, name))

    def reopen(self, picture_id: str, owner: str, name: str = "") -> Project:
        """The project that a picture of the library tells of. Raises NotFound, RequestError or DiskFull."""
        image = self._pictures.take(picture_id, owner)
        known = self._reopened(image, owner, ("picture", picture_id))
        return self._add(replace(known, name=name))

    def reopen_upload(self, image: str, owner: str, name: str = "") -> Project:
        """The project that an upload tells of, as far as its photo is here. Raises as `reopen` does."""
        return self._add(replace(self._reopened(image, owner, ("image", image)), name=name))

    def open_file(self, source: BinaryIO, owner: str) -> Project:
        """The project in a project file. Raises UploadError, RequestError, Refused or DiskFull."""
        opened = file.read(source, lambda data: self._pictures.upload(data, owner), self._tools)
        project = reopening.opened(self._empty(opened.base, owner, opened.name), opened.steps)
        return self._add(replace(project, position=opened.position))

    def write_file(self, project_id: str, owner: str, target: BinaryIO) -> Project:
        """Writes the project file. Raises NotFound."""
        project = self._store.get(project_id, owner)
        file.write(project, target, lambda asset: self._pictures.png(asset, owner))
        return project

    def get(self, project_id: str, owner: str) -> Project:
        """Raises NotFound, in the same words for what is another's and for what is not there."""
        return self._store.get(project_id, owner)

    def of_owner(self, owner: str, *, is_trash: bool = False) -> tuple[list[Project], list[str]]:
        """(the projects, the latest change first; the names of files that cannot be read)."""
        projects, damaged = self._store.of_owner(owner)
        return [one for one in projects if (one.trashed is not None) == is_trash], damaged

    def rename(self, project_id: str, owner: str, name: str) -> Project:
        return self._update(project_id, owner, lambda one: replace(one, name=name))

    def trash(self, project_id: str, owner: str) -> Project:
        """Out of sight, and deleted after 30 days; its pictures stay in the library. Raises NotFound or DiskFull."""
        now = self._clock()
        return self._runner.update((project_id, owner), lambda one: replace(one, trashed=now))

    def restore(self, project_id: str, owner: str) -> Project:
        return self._runner.update((project_id, owner), lambda one: replace(one, trashed=None))

    # ---- steps ---------------------------------------------------------------------------------------

    def append(self, project_id: str, owner: str, step: Step) -> Project:
        """With one more step, begun if its source is there. Raises NotFound, RequestError, Refused or DiskFull."""

        def add(one: Project) -> Project:
            is_there = any(other.id == step.id for other in one.steps)
            return one if is_there else changes.append(one, step)

        return self._update(project_id, owner, add, step.id)

    def step(self, values: Values, name: str, client_request_id: str = "") -> Step:
        """A new step of what was sent; the same client_request_id is the same step. Raises RequestError."""
        step = new_step(name, **self._work(values))
        if client_request_id:
            digest = hashlib.sha256(client_request_id.encode("utf-8", "replace")).hexdigest()
            step = replace(step, id=digest[:16])
        return step

    def change(self, project_id: str, owner: str, step_id: str, values: Values) -> Project:
        """Changes `name`, `is_enabled`, `request` or `tool` of a step, or picks another `picture` of its batch.

        Raises NotFound, RequestError, Refused or DiskFull.
        """
        fields: Values = {name: values[name] for name in ("name", "is_enabled") if name in values}
        if "request" in values or "tool" in values:
            fields |= self._work(values)

        def change(one: Project) -> Project:
            if "picture" in values:
                one = self._picked(one, step_id, values["picture"])
            return changes.change(one, step_id, **fields)

        return self._update(project_id, owner, change, step_id)

    def undo(self, project_id: str, owner: str) -> Project:
        return self._update(project_id, owner, changes.undo)

    def redo(self, project_id: str, owner: str) -> Project:
        return self._update(project_id, owner, changes.redo)

    def replay(self, project_id: str, owner: str, step_id: str = "") -> Project:
        """Makes all anew from this step on; without one, tries again what failed or was cancelled."""
        return self._update(project_id, owner, lambda one: changes.again(one, step_id))

    def edits(self, owner: str, ticket: str) -> Edits | None:
        """What the pictures of a job build on, by its client_request_id; None for a job of no project."""
        place = orders.place_of_ticket(ticket)
        if place is None:
            return None
        try:
            return reopening.edits_before(self._store.get(place[0], owner), place[1])
        except NotFound:
            return None

    # ---- parts ---------------------------------------------------------------------------------------

    def _empty(self, base: str, owner: str, name: str) -> Project:
        now, project_id = self._clock(), secrets.token_hex(16)
        return Project(id=project_id, owner=owner, name=name, base=base, created=now, changed=now)

    def _reopened(self, image: str, owner: str, given: tuple[str, str]) -> Project:
        """What an upload tells of; `given`: the field by which errors name it, and its value."""
        asset = self._pictures.assets.get(image, owner)
        edits, request = asset.edits, asset.request
        if edits is None or request is None or request.source is None:
            raise RequestError(*given, "its file tells of no edits", PHOTO_AGAIN)
        if edits.left_out:
            why = f"its file had no room for {edits.left_out} of its edits"
            raise RequestError(*given, why, PHOTO_AGAIN)
        if not self._pictures.is_there(edits.base, owner):
            raise RequestError(*given, "the photo that it was made of is not here", PHOTO_AGAIN)
        steps = [self._known(one, owner) for one in reopening.steps_of(edits)]
        picture_id = given[1] if given[0] == "picture" else ""
        last = Known(new_step(edits.name, orders.asked(request.as_dict())), image, picture_id)
        return reopening.opened(self._empty(edits.base, owner, ""), [*steps, last])

    def _add(self, project: Project) -> Project:
        """On disk, and what is due of it begun."""
        self._store.save(project)
        self._changed(project.owner)
        return self._runner.update((project.id, project.owner), lambda one: one)

    def _update(self, project_id: str, owner: str, change: Change, asked: str = "") -> Project:
        def unless_trashed(one: Project) -> Project:
            if one.trashed is not None:
                why = "the project lies in the trash"
                raise RequestError("project", project_id, why, "Restore it first.")
            return change(one)

        return self._runner.update((project_id, owner), unless_trashed, asked)

    def _work(self, values: Values) -> dict[str, Any]:
        """{"request", "tool"} of a step, one of them None. Raises RequestError."""
        request, tool = values.get("request"), values.get("tool")
        if (request is None) == (tool is None):
            remedy = 'Send either "request", a request with a source, or "tool".'
            raise RequestError("request", request, "it is not said what the step does", remedy)
        if request is not None:
            return {"request": orders.asked(request), "tool": None}
        return {"request": None, "tool": check_tool(tool, self._tools)}

    def _known(self, known: Known, owner: str) -> Known:
        return known if self._pictures.is_there(known.image, owner) else replace(known, image="")

    def _picked(self, project: Project, step_id: str, picture_id: str) -> Project:
        """With another picture that a job of this step has made. Raises RequestError."""
        step, owner = place_of(project, step_id).step, project.owner
        makers = {one.job_id: one.key for one in step.results if one.job_id}
        if step.attempt and step.attempt.job_id:
            makers[step.attempt.job_id] = step.attempt.key
        record = self._pictures.library.get(picture_id, owner)
        if record.job_id not in makers:
            why = "it was not made by this step"
            raise RequestError("picture", picture_id, why, "Choose one of the step's `pictures`.")
        result = Result(
            key=makers[record.job_id],
            image=self._pictures.take(picture_id, owner),
            picture_id=picture_id,
            pictures=self._pictures.made_by(record.job_id),
            job_id=record.job_id,
        )
        return changes.pick(project, step_id, result)

    def _changed(self, owner: str) -> None:
        with self._counting:
            self._versions[owner] += 1
        self._tell(owner)
