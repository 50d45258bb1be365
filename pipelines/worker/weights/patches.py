"""Patches for a model: the LoRA files that they need, read once, matched with its networks, kept while in use."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor, Future

from torch import nn

from pipelines.errors import ModelUnreadable
from pipelines.worker.engine.batching import NO_PATCH, Patch
from pipelines.worker.messages import Applied, LoraRef
from pipelines.worker.weights import lora
from pipelines.worker.weights.adapters import Adapters, Addition, Worn, fits, placed
from pipelines.worker.weights.loading import Model
from pipelines.worker.weights.lora import Lora

FILES_KEPT = 32  # that were read and not learned: the pictures that wanted them were cancelled
PATCHES_KEPT = 4  # of a model, that no picture wears


class Patches:
    """Files are read on the I/O thread, everything else happens on the GPU thread."""

    def __init__(self, reader: Executor, on_read: Callable[[], None]) -> None:
        self._reader, self._on_read = reader, on_read
        self._files: OrderedDict[tuple[str, str], Future[Lora]] = OrderedDict()

    def put_on(self, model: Model, patch: Patch) -> Worn | None:
        """The patch, which the model now knows until `take_off`; None while a file is being read.

        Raises ModelUnreadable when a file is damaged, or fits nothing of this model.
        """
        if patch == NO_PATCH:
            return Worn()
        if patch not in model.patches:
            files = [self._file(one) for one in patch.loras]
            if not all(file.done() for file in files):
                return None
            try:
                read = [file.result() for file in files]
            finally:  # what was learned is not needed twice, and what was damaged may have been mended
                for one in patch.loras:
                    self._files.pop(_key(one), None)
            model.patches[patch] = Worn(_learn(model, patch, read))
        worn = model.patches.pop(patch)
        model.patches[patch] = worn  # the youngest is the last
        worn.pictures += 1
        return worn

    def take_off(self, model: Model, patch: Patch) -> None:
        """A picture under this patch has ended."""
        if patch == NO_PATCH:
            return
        model.patches[patch].pictures -= 1
        idle = [known for known, worn in model.patches.items() if not worn.pictures]
        for known in idle[: max(0, len(model.patches) - PATCHES_KEPT)]:
            del model.patches[known]
            for adapters in model.adapters.values():
                adapters.forget(known)

    def _file(self, ref: LoraRef) -> Future[Lora]:
        key = _key(ref)
        if key not in self._files:
            self._files[key] = self._reader.submit(lora.read, ref)
            self._files[key].add_done_callback(lambda _: self._on_read())
            while len(self._files) > FILES_KEPT:
                self._files.popitem(last=False)
        return self._files[key]


def _key(ref: LoraRef) -> tuple[str, str]:
    return ref.path, ref.version


def _learn(model: Model, patch: Patch, read: list[Lora]) -> tuple[Applied, ...]:
    """Hangs the additions on the model's networks; how much of each file there was a layer for."""
    own: dict[str, list[tuple[nn.Module, Addition]]] = {name: [] for name in model.adapters}
    applied = []
    for ref, file in zip(patch.loras, read, strict=True):
        count = 0
        for name, adapters in model.adapters.items():
            scale = ref.unet_scale if name == "denoiser" else ref.text_scale
            for layer, addition in _fitting(file, name, adapters):
                own[name].append(
                    (layer, placed(addition, layer, scale, (model.device, model.dtype)))
                )
                count += 1
        if not count:
            raise ModelUnreadable(
                f"{ref.path} fits nothing of {model.ref.name}: none of its {file.total} layers is there in this shape.",
                f"It was made for another family than {model.family.name}, or is of a kind that is not supported.",
            )
        applied.append(Applied(ref.name, ref.unet_scale, count, file.total))
    for name, adapters in model.adapters.items():
        adapters.learn(patch, own[name])
    return tuple(applied)


def _fitting(file: Lora, network: str, adapters: Adapters) -> list[tuple[nn.Module, Addition]]:
    """The additions that fit a network, with their layers. Shapes must fit as well as names."""
    mine = ((name, one) for (owner, name), one in file.additions.items() if owner == network)
    found = ((adapters.layers.get(name), addition) for name, addition in mine)
    return [(layer, one) for layer, one in found if layer is not None and fits(layer, one)]
