"""Which models of the catalog a request needs: its checkpoints, and what else it and its prompt name."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pipelines.catalog.catalog import View
from pipelines.catalog.checkpoint import Model
from pipelines.catalog.vaes import KIND as VAE
from pipelines.manager.guides import CONTROLNET, IP_ADAPTER
from pipelines.manager.loras import KIND as LORA
from pipelines.manager.upscalers import KIND as UPSCALER
from pipelines.prompting.reading import networks_of
from pipelines.request import Request


def used_by(request: Request, view: View, embeddings: Collection[str] = ()) -> Iterator[Model]:
    """Checkpoints, VAE, LoRAs, guides, upscaler and embeddings (by their paths); what has vanished is left out."""
    second = request.hires.checkpoint if request.hires else None
    for name in dict.fromkeys((request.checkpoint, request.refiner, second)):
        yield from (one for one in view.checkpoints if one.name == name)
    yield from (one for one in view.others if one.kind == VAE and one.name == request.vae)
    tags = [tag for tag in networks_of(request.prompt) if tag.kind == LORA and tag.arguments]
    names = {tag.arguments[0].strip().casefold() for tag in tags}
    yield from (one for one in view.others if one.kind == LORA and one.name.casefold() in names)
    guides = {(CONTROLNET, one.model.casefold()) for one in request.controls if one.weight}
    guides |= {(UPSCALER, request.hires.upscaler.casefold())} if request.hires else set()
    guides |= {(IP_ADAPTER, one.model.casefold()) for one in request.image_prompts if one.weight}
    yield from (one for one in view.others if (one.kind, one.name.casefold()) in guides)
    yield from (one for one in view.others if str(one.path) in embeddings)
