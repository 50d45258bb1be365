"""What AUTOMATIC1111's clients ask before they send anything: samplers, models, upscalers, styles."""

from __future__ import annotations

import dataclasses
from typing import Any

from fastapi import APIRouter, Response
from fastapi.concurrency import run_in_threadpool

from api.a1111_dialect import DialectRoute
from api.answers import Json
from api.studio import Owner, Studio, TheStudio
from pipelines import AUTO_V2_DIGITS, SAMPLERS, SCHEDULES, UPSCALERS, NotFound, title_of

ROUTES = APIRouter(prefix="/sdapi/v1", route_class=DialectRoute)
FACTOR = 4  # what is said of every upscaler, as there of those that scale by any
# What we have none of. Clients ask for these when they start, and read an empty list as "none".
EMPTY: dict[str, Any] = {
    "cmd-flags": {},
    "face-restorers": [],
    "hypernetworks": [],
    "realesrgan-models": [],
    "scripts": {"txt2img": [], "img2img": []},
}


@ROUTES.get("/samplers")
async def samplers(owner: Owner) -> Response:
    rows = [{"name": row.name, "aliases": list(row.aliases), "options": {}} for row in SAMPLERS]
    return Json(rows)


@ROUTES.get("/schedulers")
async def schedulers(owner: Owner) -> Response:
    rows = [
        {
            "name": row.aliases[0],
            "label": row.name,
            "aliases": list(row.aliases[1:]) or None,
            "default_rho": -1 if row.rho is None else row.rho,
            "need_inner_model": False,
        }
        for row in SCHEDULES
    ]
    return Json(rows)


@ROUTES.get("/sd-models")
async def models(studio: TheStudio, owner: Owner) -> Response:
    return Json(await run_in_threadpool(_model_rows, studio))


@ROUTES.get("/latent-upscale-modes")
async def latent_upscale_modes(owner: Owner) -> Response:
    return Json([{"name": row.name} for row in UPSCALERS if row.is_latent])


@ROUTES.get("/upscalers")
async def upscalers(studio: TheStudio, owner: Owner) -> Response:
    others = await run_in_threadpool(studio.manager.catalog.others)
    files = [one.name for one in others if one.kind == "upscaler" and not one.problem]
    names = ["None", *(row.name for row in UPSCALERS if not row.is_latent), *files]
    return Json([_upscaler(name) for name in names])


@ROUTES.get("/prompt-styles")
async def styles(studio: TheStudio, owner: Owner) -> Response:
    rows = await run_in_threadpool(studio.manager.words.styles.all, owner)
    return Json([dataclasses.asdict(row) for row in rows])


@ROUTES.post("/refresh-checkpoints")
async def refresh(owner: Owner) -> Response:
    return Json(None)  # the catalog looks at the folders each time it is asked


@ROUTES.get("/{name}")
async def nothing_of(name: str, owner: Owner) -> Response:
    if name not in EMPTY:
        raise NotFound(
            f"Darkroom has no /sdapi/v1/{name[:64]}.", "See docs/api.md for what it has."
        )
    return Json(EMPTY[name])


def _upscaler(name: str) -> dict[str, Any]:
    """Where its file lies is nobody's business."""
    return {
        "name": name,
        "model_name": None,
        "model_path": None,
        "model_url": None,
        "scale": FACTOR,
    }


def _model_rows(studio: Studio) -> list[dict[str, Any]]:
    rows = []
    for checkpoint in [one for one in studio.manager.catalog.checkpoints() if not one.problem]:
        digest = studio.manager.hashes.of(checkpoint.path)
        rows.append(
            {
                "title": title_of(checkpoint, digest),
                "model_name": checkpoint.name,
                "hash": digest[:AUTO_V2_DIGITS] or None,
                "sha256": digest or None,
                "filename": checkpoint.path.name,  # where it lies is nobody's business
                "config": None,
            }
        )
    return rows
