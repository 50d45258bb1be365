"""What AUTOMATIC1111's clients ask about files beside checkpoints: LoRAs, VAEs and embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response
from fastapi.concurrency import run_in_threadpool

from api.a1111_dialect import DialectRoute
from api.answers import Json
from api.studio import Owner, Studio, TheStudio
from pipelines import EmbeddingFile, VaeFile

ROUTES = APIRouter(prefix="/sdapi/v1", route_class=DialectRoute)


@ROUTES.get("/loras")
async def loras(studio: TheStudio, owner: Owner) -> Response:
    seen = await run_in_threadpool(studio.manager.catalog.seen_by, owner)
    usable = [one for one in seen.others if one.kind == "lora" and not one.problem]
    rows = [
        {"name": one.name, "alias": one.name, "path": one.path.name, "metadata": {}}
        for one in usable
    ]
    return Json(rows)


@ROUTES.get("/sd-vae")
async def vaes(studio: TheStudio, owner: Owner) -> Response:
    """Where they lie is nobody's business, so that their names stand for it."""
    others = await run_in_threadpool(studio.manager.catalog.others)
    names = [_file_of(one) for one in others if isinstance(one, VaeFile)]
    return Json([{"model_name": name, "filename": name} for name in names])


@ROUTES.get("/embeddings")
async def embeddings(studio: TheStudio, owner: Owner) -> Response:
    return Json(await run_in_threadpool(_embeddings, studio, owner))


@ROUTES.post("/refresh-vae")
@ROUTES.post("/refresh-embeddings")
@ROUTES.post("/refresh-loras")
async def refresh(owner: Owner) -> Response:
    return Json(None)  # the catalog looks at the folders each time it is asked


def _embeddings(studio: Studio, owner: str) -> dict[str, Any]:
    """Those that fit the chosen checkpoint are `loaded`, the others `skipped`."""
    catalog = studio.manager.catalog
    family = catalog.find(studio.a1111_checkpoints.get(owner)).family
    answer: dict[str, dict[str, Any]] = {"loaded": {}, "skipped": {}}
    for one in catalog.seen_by(owner).others:
        if isinstance(one, EmbeddingFile):
            place = answer["loaded" if one.fits(family) else "skipped"]
            place[one.word] = {
                "step": None,
                "sd_checkpoint": None,
                "sd_checkpoint_name": None,
                "shape": one.width,
                "vectors": one.vectors,
            }
    return answer


def _file_of(vae: VaeFile) -> str:
    """As AUTOMATIC1111 calls it: with its ending, unless its folder gives the name."""
    return vae.path.name if vae.path.stem == vae.name else f"{vae.name}{Path(vae.path).suffix}"
