"""What lies beside a model and says more of it: our own facts, the notes of other programs, licences, a picture.

One row of READERS for each kind of file; what stands first wins over what stands later, field by field.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipelines.catalog import about
from pipelines.catalog.about import About
from pipelines.catalog.facts import FACTS, said_in
from pipelines.catalog.json_file import read_object
from pipelines.catalog.licences import UNSAID, Licence, find_terms, of_civitai
from pipelines.catalog.weights_file import Damaged

PICTURES = (".png", ".jpg", ".jpeg", ".webp")
PREVIEWS = (*(f".preview{ending}" for ending in PICTURES), *PICTURES)
JSON_NOTES = (".json", ".metadata.json", ".civitai.info")
WEIGHTS = (".safetensors", ".bin", ".ckpt", ".pt", ".pth", ".gguf")
LICENCE_TEXTS = (".license.txt", ".license.md", ".license")
# What may lie beside `model.safetensors` and belongs to it: model + one of these.
ENDINGS = (f".{FACTS}", ".yaml", *JSON_NOTES, *LICENCE_TEXTS, *PREVIEWS)
# The same in a folder of diffusers.
IN_FOLDER = ("preview", "thumbnail", "cover")
README, README_BYTES = "README.md", 20_000
LICENCE_FILE = re.compile(r"licen[sc]e(\.(txt|md|rst))?", re.I)
LICENCE_BYTES = 600  # its name stands at its beginning
FRONT = re.compile(r"---\s*\n(.*?)\n---\s*\n", re.S)
PERMISSIONS = ("allowNoCredit", "allowCommercialUse", "allowDerivatives", "allowDifferentLicense")


def about_beside(path: Path, own: About, names: set[str] | None) -> About:
    """All that is known; `own` is what the file says itself. What cannot be read there says nothing.

    `names`: the files that lie beside a single file and belong to it; None for a folder of diffusers.
    """
    is_folder = names is None
    found = own
    for said in reversed(list(_in_folder(path) if names is None else _beside(path, names))):
        found = found.under(said)
    facts = facts_in(path / FACTS if is_folder else path.with_name(f"{path.stem}.{FACTS}"))
    licence = facts.licence if facts.licence.is_said else own.licence
    if (
        licence.is_said
    ):  # what the maker writes into the file stands above what others note beside it
        found = found.under(About(licence=licence))
    return found.under(facts)


def belongings(path: Path) -> list[Path]:
    """The files beside this one that belong to it alone: another file of weights of its name would need them, too."""
    names = _names(path.parent)
    others = [n for n in names if Path(n).stem == path.stem and Path(n).suffix.lower() in WEIGHTS]
    if path.is_dir() or len(others) > 1:
        return []
    wanted = (f"{path.stem}{ending}" for ending in ENDINGS)
    return [path.with_name(name) for name in wanted if name in names]


def _beside(path: Path, names: set[str]) -> Iterator[About]:
    stem = path.stem
    for ending, read in READERS.items():
        if f"{stem}{ending}" in names:
            yield read(_object(path.with_name(f"{stem}{ending}")))
    texts = [name for name in sorted(names) if is_licence(name, stem)]
    yield About(licence=_licence_text(path.parent, texts))
    pictures = [path.with_name(f"{stem}{e}") for e in PREVIEWS if f"{stem}{e}" in names]
    yield About(preview=pictures[0] if pictures else None)


def _in_folder(folder: Path) -> Iterator[About]:
    names = _names(folder)
    yield About(licence=_front_matter(folder / README) if README in names else UNSAID)
    yield About(
        licence=_licence_text(folder, [n for n in sorted(names) if LICENCE_FILE.fullmatch(n)])
    )
    pictures = [f"{stem}{ending}" for stem in IN_FOLDER for ending in PICTURES]
    yield About(preview=next((folder / name for name in pictures if name in names), None))


def _names(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except OSError:
        return set()


def is_licence(name: str, stem: str = "") -> bool:
    """Whether this is the text of a licence, for all that lies beside it or for the model of this name."""
    own = [f"{stem}{ending}" for ending in LICENCE_TEXTS] if stem else []
    return name in own or LICENCE_FILE.fullmatch(name) is not None


def _object(path: Path) -> dict[str, Any]:
    try:
        return read_object(path, path.name)
    except Damaged:
        return {}


def facts_in(path: Path) -> About:
    try:
        return said_in(path)
    except Damaged:  # a checkpoint's is told as its problem, see facts.py
        return About()


# ---- the notes of other programs ---------------------------------------------------------------------------


def _a1111(notes: dict[str, Any]) -> About:
    """`model.json`, as AUTOMATIC1111 and Forge keep what is written on their cards."""
    return About(
        description=about.plain(notes.get("description")),
        notes=about.text(notes.get("notes")),
        trigger_words=about.words(notes.get("activation text")),
        preferred_weight=about.weight(notes.get("preferred weight")),
        vae=about.line(notes.get("vae")),
    )


def _civitai(info: dict[str, Any]) -> About:
    """`model.civitai.info`, the record of a version that helpers for CivitAI keep."""
    model = info.get("model")
    model = model if isinstance(model, dict) else {}
    flags = {name: where[name] for where in (info, model) for name in PERMISSIONS if name in where}
    return About(
        title=about.line(model.get("name")),
        description=about.plain(model.get("description")) or about.plain(info.get("description")),
        trigger_words=about.words(info.get("trainedWords")),
        licence=Licence("CivitAI permissions", of_civitai(flags), "CivitAI's record")
        if flags
        else UNSAID,
    )


def _lora_manager(notes: dict[str, Any]) -> About:
    """`model.metadata.json`, as the LoRA manager for ComfyUI keeps it: its own notes around CivitAI's record."""
    inner = notes.get("civitai")
    own = About(
        title=about.line(notes.get("model_name")),
        description=about.plain(notes.get("modelDescription")),
        notes=about.text(notes.get("notes")),
    )
    return _civitai(inner if isinstance(inner, dict) else {}).under(own)


READERS: dict[str, Callable[[dict[str, Any]], About]] = dict(
    zip(JSON_NOTES, (_a1111, _lora_manager, _civitai), strict=True)
)


# ---- licences ----------------------------------------------------------------------------------------------


def _front_matter(readme: Path) -> Licence:
    """`license:` in the front matter of a card from the Hugging Face hub; one of their own has a name below it."""
    found = FRONT.match(_head(readme, README_BYTES))
    said = dict(re.findall(r"^(license\w*):\s*[\"']?([^\"'\n#]+)", found[1], re.M)) if found else {}
    name = said.get("license", "").strip()
    if name.casefold() == "other":
        name = said.get("license_name", "") or name
    return about.licence(name, README)


def _licence_text(folder: Path, names: list[str]) -> Licence:
    """What the first of these files begins with."""
    if not names:
        return UNSAID
    terms = find_terms(_head(folder / names[0], LICENCE_BYTES))
    name = terms.title if terms.id else names[0]
    return Licence(name, terms if terms.id else find_terms(name), names[0], str(folder / names[0]))


def _head(path: Path, size_bytes: int) -> str:
    try:
        with path.open("rb") as file:
            return file.read(size_bytes).decode("utf-8", "replace")
    except OSError:
        return ""
