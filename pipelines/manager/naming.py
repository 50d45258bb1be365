"""Models that a picture's text names, found among ours: by their hashes first, since people rename files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.asking.hires import Hires
from pipelines.catalog.catalog import Catalog, View
from pipelines.catalog.checkpoint import Checkpoint, Other
from pipelines.catalog.embeddings import KIND as EMBEDDING
from pipelines.catalog.hashes import AFTER_HEADER, AUTO_V1_DIGITS, Hashes, auto_v1
from pipelines.catalog.titles import find_title, plain_title
from pipelines.catalog.vaes import KIND as VAE
from pipelines.manager.loras import KIND as LORA
from pipelines.manager.upscalers import KIND as UPSCALER
from pipelines.output import infotext
from pipelines.output.infotext import Unmapped
from pipelines.prompting.networks import split
from pipelines.request import Request, is_own_vae
from pipelines.upscalers import find_upscaler

DIGEST = re.compile(r"[0-9a-f]{8,64}")
NO_CHECKPOINT = "There is no such checkpoint here; another one is taken."
NO_VAE = "There is no such VAE here; the checkpoint's own is taken."
NO_LORA = "There is no such LoRA here; take it out of the prompt, or get the file."
NO_EMBEDDING = "There is no such embedding here; it is read as words."
NO_UPSCALER = f"There is no such upscaler here; {Hires().upscaler} is taken."


@dataclass(frozen=True)
class Named:
    """A request with our names in it, and what is not here; a model that is missing is left open."""

    request: Request
    missing: tuple[Unmapped, ...] = ()


@dataclass(frozen=True)
class Naming:
    """May be asked from any thread."""

    catalog: Catalog
    hashes: Hashes

    def named(self, request: Request, parameters: str) -> Named:
        """`parameters`: the text beside the request, which has the hashes."""
        said, view = infotext.read(parameters), self.catalog.look()
        missing: list[Unmapped] = []
        request = self._with_checkpoints(request, said, view, missing)
        request = self._with_vae(request, said, view.others, missing)
        request = self._with_loras(request, said, view.others, missing)
        request = _with_upscaler(request, view.others, missing)
        words = {one.path.stem.casefold() for one in view.others if one.kind == EMBEDDING}
        for word, digest in _digests(said.get("TI hashes", "")).items():
            if word.casefold() not in words:
                missing.append(Unmapped(word, digest, NO_EMBEDDING))
        return Named(request, tuple(missing))

    def _with_checkpoints(
        self, request: Request, said: dict[str, str], view: View, missing: list[Unmapped]
    ) -> Request:
        usable = [one for one in view.checkpoints if not one.problem]

        def found(key: str, name: str | None, digest: str = "") -> str | None:
            if not (name or digest):
                return None
            known = self._by_hash(digest, usable) or find_title(name or "", usable, self.hashes.of)
            if known is None:
                shown = f"{name or ''} [{digest}]" if digest else name or ""
                missing.append(Unmapped(key, shown.strip(), NO_CHECKPOINT))
            return known

        checkpoint = found("Model", request.checkpoint, said.get("Model hash", ""))
        refiner = found("Refiner", request.refiner, _bracketed(said.get("Refiner", "")))
        hires = request.hires
        if hires is not None and hires.checkpoint:
            digest = _bracketed(said.get("Hires checkpoint", ""))
            second = found("Hires checkpoint", hires.checkpoint, digest)
            hires = replace(hires, checkpoint=second)
        switch_at = request.refiner_switch_at if refiner else None
        return replace(
            request,
            checkpoint=checkpoint,
            refiner=refiner,
            refiner_switch_at=switch_at,
            hires=hires,
        )

    def _by_hash(self, digest: str, checkpoints: Iterable[Checkpoint]) -> str | None:
        """The hash of a very old picture is of a piece of the file, those of others of all of it."""
        digest = digest.strip().lower()
        if not DIGEST.fullmatch(digest):
            return None
        files = [one for one in checkpoints if one.path.is_file()]
        for one in files:
            if self.hashes.of(one.path).startswith(digest):
                return one.name
        old = files if len(digest) == AUTO_V1_DIGITS else []
        return next((one.name for one in old if auto_v1(one.path) == digest), None)

    def _with_vae(
        self,
        request: Request,
        said: dict[str, str],
        others: Iterable[Other],
        missing: list[Unmapped],
    ) -> Request:
        if is_own_vae(request.vae):
            return replace(request, vae=None)
        digest, plain = said.get("VAE hash", ""), plain_title(Path(request.vae or "").name)
        vaes = [one for one in others if one.kind == VAE and not one.problem]
        for one in vaes:
            if DIGEST.fullmatch(digest) and self.hashes.of(one.path).startswith(digest):
                return replace(request, vae=one.name)
        for one in vaes:
            if plain in (plain_title(one.name), plain_title(one.path.name)):
                return replace(request, vae=one.name)
        shown = f"{request.vae} [{digest}]" if digest else request.vae or ""
        missing.append(Unmapped("VAE", shown, NO_VAE))
        return replace(request, vae=None)

    def _with_loras(
        self,
        request: Request,
        said: dict[str, str],
        others: Iterable[Other],
        missing: list[Unmapped],
    ) -> Request:
        """One that lies here under another name is called by that."""
        loras = [one for one in others if one.kind == LORA and not one.problem]
        names = {one.name.casefold() for one in loras}
        digests, prompt = _digests(said.get("Lora hashes", "")), request.prompt
        for tag in split(prompt)[1]:
            name = tag.arguments[0].strip() if tag.kind == LORA and tag.arguments else ""
            if not name or name.casefold() in names:
                continue
            digest = digests.get(name, "")
            same = (one.name for one in loras if digest and self._has_digest(one, digest))
            if (known := next(same, None)) is not None:
                prompt = _renamed(prompt, name, known)
            else:
                missing.append(Unmapped(str(tag), digest, NO_LORA))
        return replace(request, prompt=prompt)

    def _has_digest(self, lora: Other, digest: str) -> bool:
        known = self.hashes.of(lora.path), self.hashes.of(lora.path, AFTER_HEADER)
        return any(one.startswith(digest) for one in known)


def _with_upscaler(request: Request, others: Iterable[Other], missing: list[Unmapped]) -> Request:
    hires = request.hires
    if hires is None or find_upscaler(hires.upscaler):
        return request
    wanted = plain_title(hires.upscaler)
    for one in others:
        if one.kind == UPSCALER and wanted in (plain_title(one.name), plain_title(one.path.name)):
            return replace(request, hires=replace(hires, upscaler=one.name))
    missing.append(Unmapped("Hires upscaler", hires.upscaler, NO_UPSCALER))
    return replace(request, hires=replace(hires, upscaler=Hires().upscaler))


def _renamed(prompt: str, name: str, known: str) -> str:
    """With the LoRA of this name under another one; names that only begin like it stay."""
    tag = re.compile(rf"(<{LORA}:\s*){re.escape(name)}(?=\s*[:>])")
    return tag.sub(lambda found: found[1] + known, prompt)


def _bracketed(title: str) -> str:
    """The hash in "name [0123456789]"; "" without one."""
    return title.rpartition(" [")[2].removesuffix("]") if title.endswith("]") else ""


def _digests(text: str) -> dict[str, str]:
    """Of "ink: 0123456789ab, fog: …": the hash of each name."""
    rows = (row.rpartition(":") for row in text.split(","))
    found = {name.strip(): digest.strip().lower() for name, _, digest in rows if name.strip()}
    return {name: digest for name, digest in found.items() if DIGEST.fullmatch(digest)}
