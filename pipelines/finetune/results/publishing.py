"""Publishing: the weights of a step become a model among the user's own, with all that must go with it beside it."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

from PIL import Image

from pipelines.catalog import facts
from pipelines.catalog.beside import ENDINGS, WEIGHTS
from pipelines.catalog.json_file import read_object
from pipelines.catalog.weights_file import Damaged, read_header
from pipelines.errors import ModelUnreadable, NotFound, RequestError
from pipelines.finetune.plan import EMBEDDING, LORA
from pipelines.finetune.results.header import (
    LICENCE,
    NOTICE,
    OWN_BASE,
    OWN_TRAINING,
    TITLE,
    TRIGGER,
)
from pipelines.finetune.results.reheading import with_texts
from pipelines.finetune.training import Made, Training
from pipelines.output.decoder import FORMATS
from pipelines.output.disk import PART, failures_named, rewrite, sync_folder

FOLDERS = {LORA: "loras", EMBEDDING: "embeddings"}
SUFFIX = ".safetensors"
PREVIEW, NOTICE_FILE, FACTS_FILE = ".preview.png", ".license.txt", f".{facts.FACTS}"
Beside = dict[str, bytes | dict[str, Any]]  # end of a name → a file, or facts
STEPS, SAMPLES = "steps", "samples"


def publish(
    training: Training, folder: Path, step: int, models_dir: Path, taken: Collection[str] = ()
) -> Made:
    """Puts `steps/{file}` of the mark of this step under `loras/` or `embeddings/` of the folder of models.

    Nothing foreign is replaced, only what an earlier call for this training has put there (`training.made`). All that
    is said beside it comes out of the file's own header, so the base need not be there any more. `taken`: names of
    models of its kind elsewhere, which it must not have.

    Raises RequestError("step") for a step that is not kept, NotFound when its file is gone, ModelUnreadable when it
    is damaged, DiskFull.
    """
    source = _source(training, folder, step)
    place = models_dir / FOLDERS[training.plan.method]
    part = place / f".{training.id}{PART}"  # the same at each attempt, so that none is left over
    with failures_named(place):
        place.mkdir(parents=True, exist_ok=True)
        final = _own(training, models_dir) or _free(training, place, taken)
        try:
            texts = with_texts(source, part, _texts(training, step, final.stem))
            beside = _beside(training, folder, step, texts)
            put = _put if final.exists() else _put_new
            put(part, final, beside)
        except Damaged as error:
            raise ModelUnreadable(f"{source.name} {error}.", "Publish another step.") from error
        finally:
            part.unlink(missing_ok=True)
        sync_folder(place)
    file = final.relative_to(models_dir).as_posix()
    return Made(name=final.stem, trigger=texts.get(TRIGGER, ""), step=step, file=file)


def _source(training: Training, folder: Path, step: int) -> Path:
    mark = next((one for one in training.marks if one.step == step), None)
    if mark is None:
        kept = ", ".join(str(one.step) for one in training.marks) or "none"
        raise RequestError("step", step, "its weights are not kept", f"Those that are: {kept}.")
    source = folder / STEPS / mark.file
    if not source.is_file():
        raise NotFound(f"The weights of step {step} are gone.", "Publish another step.")
    return source


def _own(training: Training, models_dir: Path) -> Path | None:
    """The file that an earlier publishing has made, if it is still that."""
    path = models_dir / training.made.file if training.made else None
    return path if path and _is_own(training, path) else None


def _is_own(training: Training, path: Path) -> bool:
    try:
        return read_header(path).metadata.get(OWN_TRAINING) == training.id
    except Damaged:
        return False


def _free(training: Training, place: Path, taken: Collection[str]) -> Path:
    """The first name that no other model has, in any case of its letters and with any ending.

    What a kill has left of an earlier publishing is its own as well.
    """
    used = {name.casefold() for name in taken}
    used |= {_stem(path.name).casefold() for path in place.iterdir()}
    numbered = (f"{training.plan.name} {number}" for number in itertools.count(2))
    names = itertools.chain([training.plan.name], numbered)
    paths = (place / f"{name}{SUFFIX}" for name in names)
    return next(one for one in paths if one.stem.casefold() not in used or _is_own(training, one))


def _stem(name: str) -> str:
    """Of which model a file is, or would be the part."""
    endings = sorted((*ENDINGS, *WEIGHTS), key=len, reverse=True)
    return next((name[: -len(end)] for end in endings if name.lower().endswith(end)), name)


def _texts(training: Training, step: int, name: str) -> dict[str, str]:
    """What changes in the header. An embedding answers to the name of its file and to nothing else."""
    word = name if training.plan.method == EMBEDDING else training.plan.trigger
    found = {TITLE: name, "ss_output_name": name, TRIGGER: word, "darkroom.step": str(step)}
    return {key: value for key, value in found.items() if value}


def _beside(training: Training, folder: Path, step: int, texts: dict[str, str]) -> Beside:
    """What is to lie beside the file, by the end of its name; nothing empty."""
    said = {
        "trigger_words": [texts[TRIGGER]] if texts.get(TRIGGER) else None,
        "licence": texts.get(LICENCE),
        "base": texts.get(OWN_BASE),
    }
    found: Beside = {
        NOTICE_FILE: texts.get(NOTICE, "").encode(),
        PREVIEW: _preview(training, folder, step),
        FACTS_FILE: {name: value for name, value in said.items() if value},
    }
    return {ending: content for ending, content in found.items() if content}


def _put(part: Path, final: Path, beside: Beside) -> None:
    """In the place of its own earlier file."""
    _put_beside(final, beside)
    part.replace(final)


def _put_new(part: Path, final: Path, beside: Beside) -> None:
    """Where there was nothing; nothing is there again if it fails."""
    try:
        os.link(part, final)  # fails where a name is taken, as a renaming does not
    except FileExistsError:
        raise
    except OSError:  # a disk without links
        part.rename(final)
    try:
        _put_beside(final, beside)
    except BaseException:
        for ending in (SUFFIX, *beside):
            final.with_name(final.stem + ending).unlink(missing_ok=True)
        raise


def _put_beside(final: Path, beside: Beside) -> None:
    for ending, content in beside.items():
        path = final.with_name(final.stem + ending)
        if isinstance(content, bytes):
            rewrite(path, content)
            continue
        with contextlib.suppress(Damaged):  # its owner writes there as well, and has the last word
            known = read_object(path, path.name) if path.exists() else {}
            facts.write(path, {name: one for name, one in content.items() if name not in known})


def _preview(training: Training, folder: Path, step: int) -> bytes:
    """The first sample of the step, or of the last one before it, as PNG; never a picture that was taught."""
    for sampled in sorted((one for one in training.sampled_steps if 0 < one <= step), reverse=True):
        with contextlib.suppress(OSError, ValueError, SyntaxError):
            with Image.open(folder / SAMPLES / f"{sampled:06}-0.webp", formats=FORMATS) as sample:
                stream = io.BytesIO()
                sample.convert("RGB").save(stream, "PNG")
            return stream.getvalue()
    return b""
