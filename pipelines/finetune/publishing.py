"""Publishing: the weights of a step become a model among the user's own, with all that must go with it beside it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pipelines.finetune.training import Made, Training


def publish(
    training: Training, folder: Path, step: int, models_dir: Path, taken: Collection[str] = ()
) -> Made:
    """Puts `steps/{file}` of the mark of this step under `loras/` or `embeddings/` of the folder of models.

    Nothing foreign is replaced, only what an earlier call for this training has put there (`training.made`). All that
    is said beside it comes out of the file's own header, so the base need not be there any more. `taken`: names of
    models of its kind elsewhere, which it must not have.

    Raises RequestError("step") for a step that is not kept, NotFound when its file is gone, DiskFull.
    """
    raise NotImplementedError
