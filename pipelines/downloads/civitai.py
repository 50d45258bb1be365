"""A model of CivitAI as a Package: one version of it, its .safetensors file, its permissions and trigger words."""

from __future__ import annotations

import re
from typing import Any

from pipelines.catalog.about import line, words
from pipelines.catalog.beside import PERMISSIONS
from pipelines.downloads import licences
from pipelines.downloads.client import Client
from pipelines.downloads.names import safe_name
from pipelines.downloads.package import Package, RemoteFile
from pipelines.downloads.sources import Civitai
from pipelines.errors import RequestError, SourceFailed

# Its kind of model → the folder below the models; checkpoints lie at the top.
FOLDERS = {
    "Checkpoint": "",
    "LORA": "Lora",
    "LoCon": "Lora",
    "DoRA": "Lora",
    "TextualInversion": "embeddings",
    "VAE": "VAE",
    "Controlnet": "ControlNet",
    "Upscaler": "ESRGAN",
}
# How it calls the base models whose checkpoints and additions this version runs.
BASES_RUN = re.compile(r"SD 1|SD 2|SDXL|Pony$|Illustrious|NoobAI|Other$")
KB = 1024  # bytes; sizes are rounded to hundredths of it
SLACK_BYTES = 64 * 1024


async def find(client: Client, base: str, source: Civitai) -> Package:
    """Asks CivitAI. Raises what `Client.open` raises."""
    model_id, version_id = source.model_id, source.version_id
    if not version_id:
        model = _object(await client.json(f"{base}/api/v1/models/{model_id}"))
        versions = model.get("modelVersions")
        newest = _object(versions[0] if isinstance(versions, list) and versions else None)
        version_id = _number(newest.get("id"))
    version = _object(await client.json(f"{base}/api/v1/model-versions/{version_id}"))
    if model_id not in (0, _number(version.get("modelId"))):
        raise RequestError(
            "source", source.text, "is no version of that model", "Copy the address again."
        )
    model_id = _number(version.get("modelId"))
    model = _object(await client.json(f"{base}/api/v1/models/{model_id}"))
    file = _file(version)
    name = safe_name(line(file.get("name")).removesuffix(".safetensors"))
    page_url = f"{base}/models/{model_id}?modelVersionId={version_id}"
    hashes = file.get("hashes") if isinstance(file.get("hashes"), dict) else {}
    sha256 = str(hashes.get("SHA256", "")).lower() if hashes else ""
    remote = RemoteFile(
        path=f"{name}.safetensors",
        url=line(file.get("downloadUrl")) or f"{base}/api/download/models/{version_id}",
        size_bytes=_size(file),
        slack_bytes=SLACK_BYTES,
        sha256=sha256 if re.fullmatch(r"[0-9a-f]{64}", sha256) else "",
    )
    return Package(
        source=Civitai(model_id, version_id).text,
        page_url=page_url,
        name=name,
        model=f"civitai:{model_id}",
        commit=str(version_id),
        files=(remote,),
        licence=licences.of_flags(model, page_url),
        subfolder=_subfolder(model),
        trigger_words=words(version.get("trainedWords")),
        record=_record(model, version),
        warning=_why_not_run(line(version.get("baseModel"))),
    )


def _file(version: dict[str, Any]) -> dict[str, Any]:
    """The main file if it is a safetensors one, else the first such."""
    files = version.get("files")
    rows = [row for row in files if isinstance(row, dict)] if isinstance(files, list) else []
    usable = [row for row in rows if str(row.get("name", "")).lower().endswith(".safetensors")]
    if not usable:
        raise SourceFailed(
            "This version holds no .safetensors file.",
            "Other kinds of files may run code and are not downloaded. Choose another version.",
        )
    return max(usable, key=lambda row: (row.get("type") == "Model", bool(row.get("primary"))))


def _record(model: dict[str, Any], version: dict[str, Any]) -> dict[str, Any]:
    """The parts of its answers that other programs keep beside a model, too, and that the catalog reads."""
    about = {name: model.get(name) for name in ("name", "type", "description", *PERMISSIONS)}
    return {
        "id": version.get("id"),
        "modelId": version.get("modelId"),
        "name": version.get("name"),
        "baseModel": version.get("baseModel"),
        "trainedWords": version.get("trainedWords"),
        "model": {name: value for name, value in about.items() if value is not None},
    }


def _why_not_run(base_model: str) -> str:
    if not base_model or BASES_RUN.match(base_model):
        return ""
    return f"It is made for {base_model}, which this version does not run."


def _subfolder(model: dict[str, Any]) -> str:
    kind = str(model.get("type"))
    if kind not in FOLDERS:
        raise SourceFailed(f"This is of the kind {kind[:40]}, which Darkroom has no use for.")
    return FOLDERS[kind]


def _size(file: dict[str, Any]) -> int:
    value = file.get("sizeKB")
    if not isinstance(value, int | float) or not 0 < value < 2**32:
        raise SourceFailed("CivitAI does not say how large the file is.", "Try again later.")
    return round(value * KB)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SourceFailed("CivitAI does not answer as expected.", "Try again later.")
    return value


def _number(value: Any) -> int:
    if type(value) is not int or not 0 < value < 10**12:
        raise SourceFailed("CivitAI does not answer as expected.", "Try again later.")
    return value
