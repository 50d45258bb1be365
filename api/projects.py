"""The native API for projects: the edits of a picture as steps that are undone, switched off, changed, made again."""

from __future__ import annotations

import os
import tempfile
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi import Request as HttpRequest
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from api.answers import UNKEPT, Json, read_json
from api.closing import shutting_down
from api.studio import Owner, Studio, TheStudio
from pipelines import (
    PROJECT_NAME_CHARACTERS,
    NotFound,
    Project,
    RequestError,
    project_as_dict,
    project_summary,
)

ROUTES = APIRouter(prefix="/api/v1")
CLIENT_ID_LENGTH = 64
CHANGES = ("name", "is_enabled", "request", "tool", "picture")


@ROUTES.get("/projects")
async def all_projects(
    studio: TheStudio, owner: Owner, trash: Annotated[bool, Query()] = False
) -> Response:
    projects = studio.manager.projects
    found, damaged = await run_in_threadpool(projects.of_owner, owner, is_trash=trash)
    items = [project_summary(project) for project in found]
    return Json({"items": items, "damaged": damaged, "version": projects.version(owner)})


@ROUTES.post("/projects")
async def create(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    values, projects = await read_json(http), studio.manager.projects
    name = _name(values)
    image, picture = _text(values, "image"), _text(values, "picture")
    if bool(image) == bool(picture):
        remedy = 'Send either "image", the id of an upload, or "picture", that of a picture.'
        raise RequestError("image", image, "it is not said what is to be edited", remedy)
    if type(values.get("reopen", False)) is not bool:
        raise RequestError("reopen", values["reopen"], "is not true or false", "Leave it out.")
    begin = projects.create if image else projects.reopen
    if image and values.get("reopen"):
        begin = projects.reopen_upload
    return _told(await run_in_threadpool(begin, image or picture, owner, name), 201)


@ROUTES.get("/projects/tools")
async def tools(studio: TheStudio, owner: Owner) -> Response:
    return Json(studio.manager.projects.tools)


@ROUTES.post("/projects/file")
async def open_file(http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    with tempfile.TemporaryFile() as sent:
        async for part in http.stream():
            sent.write(part)
        sent.seek(0)
        return _told(await run_in_threadpool(studio.manager.projects.open_file, sent, owner), 201)


@ROUTES.get("/projects/{project_id}")
async def one_project(project_id: str, studio: TheStudio, owner: Owner) -> Response:
    return _told(await run_in_threadpool(studio.manager.projects.get, project_id, owner))


@ROUTES.patch("/projects/{project_id}")
async def rename(project_id: str, http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    name = _name(await read_json(http))
    projects = studio.manager.projects
    return _told(await run_in_threadpool(projects.rename, project_id, owner, name))


@ROUTES.delete("/projects/{project_id}")
async def trash(project_id: str, studio: TheStudio, owner: Owner) -> Response:
    return _told(await run_in_threadpool(studio.manager.projects.trash, project_id, owner))


@ROUTES.post("/projects/{project_id}/restore")
async def restore(project_id: str, studio: TheStudio, owner: Owner) -> Response:
    return _told(await run_in_threadpool(studio.manager.projects.restore, project_id, owner))


@ROUTES.get("/projects/{project_id}/file")
async def file(project_id: str, studio: TheStudio, owner: Owner) -> Response:
    path, name = await run_in_threadpool(_packed, studio, project_id, owner)
    done = BackgroundTask(os.unlink, path)
    kind = "application/zip"
    return FileResponse(path, headers=UNKEPT, filename=name, media_type=kind, background=done)


@ROUTES.post("/projects/{project_id}/undo")
async def undo(project_id: str, studio: TheStudio, owner: Owner) -> Response:
    return _told(await run_in_threadpool(studio.manager.projects.undo, project_id, owner))


@ROUTES.post("/projects/{project_id}/redo")
async def redo(project_id: str, studio: TheStudio, owner: Owner) -> Response:
    return _told(await run_in_threadpool(studio.manager.projects.redo, project_id, owner))


@ROUTES.post("/projects/{project_id}/replay")
async def replay(project_id: str, http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    first = _text(await read_json(http), "from")
    projects = studio.manager.projects
    return _told(await run_in_threadpool(projects.replay, project_id, owner, first))


@ROUTES.post("/projects/{project_id}/steps")
async def append(project_id: str, http: HttpRequest, studio: TheStudio, owner: Owner) -> Response:
    if studio.closing.is_begun:
        raise shutting_down()
    values, manager = await read_json(http), studio.manager
    client_id = _text(values, "client_request_id")
    if len(client_id) > CLIENT_ID_LENGTH:
        remedy = f"Send a text of at most {CLIENT_ID_LENGTH} characters."
        raise RequestError("client_request_id", client_id, "cannot be used", remedy)
    step = manager.projects.step(values, _name(values), client_id)
    project = await run_in_threadpool(manager.projects.append, project_id, owner, step)
    return Json(await run_in_threadpool(_with_job, studio, project, step.id), 201)


@ROUTES.patch("/projects/{project_id}/steps/{step_id}")
async def change(
    project_id: str, step_id: str, http: HttpRequest, studio: TheStudio, owner: Owner
) -> Response:
    values, projects = await read_json(http), studio.manager.projects
    for unknown in sorted(values.keys() - set(CHANGES)):
        why = "is nothing that can be changed in a step"
        raise RequestError(unknown, values[unknown], why, f"Change {', '.join(CHANGES)}.")
    if "is_enabled" in values and type(values["is_enabled"]) is not bool:
        raise RequestError("is_enabled", values["is_enabled"], "is not true or false", "Send it.")
    if "name" in values:
        values["name"] = _name(values)
    if "picture" in values:
        values["picture"] = _text(values, "picture")
    project = await run_in_threadpool(projects.change, project_id, owner, step_id, values)
    return Json(await run_in_threadpool(_with_job, studio, project, step_id))


def _name(values: dict[str, Any]) -> str:
    name = _text(values, "name").strip()
    if len(name) > PROJECT_NAME_CHARACTERS:
        remedy = f"Send at most {PROJECT_NAME_CHARACTERS} characters."
        raise RequestError("name", name, "is too long", remedy)
    return name


def _told(project: Project, status_code: int = 200) -> Json:
    return Json({"project": project_as_dict(project)}, status_code)


def _with_job(studio: Studio, project: Project, step_id: str) -> dict[str, Any]:
    """The project, and the job that makes the step now, if one does."""
    told = project_as_dict(project)
    job_ids = [one["job_id"] for one in told["steps"] if one["id"] == step_id]
    try:
        job = studio.manager.job(job_ids[0], project.owner) if any(job_ids) else None
    except NotFound:
        job = None
    return {"project": told, "job": job.as_dict() if job else None}


def _packed(studio: Studio, project_id: str, owner: str) -> tuple[str, str]:
    """(where the project file lies, to be deleted; its name for people)."""
    number, path = tempfile.mkstemp(".zip")
    try:
        with open(number, "wb") as target:
            project = studio.manager.projects.write_file(project_id, owner, target)
    except BaseException:
        os.unlink(path)
        raise
    safe = "".join(sign if sign.isalnum() or sign in " -_" else "_" for sign in project.name)
    return path, f"{safe.strip()[:80] or 'project'}.darkroom.zip"


def _text(values: dict[str, Any], field: str) -> str:
    value = values.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RequestError(field, value, "is no text", "Send a text.")
    return value
