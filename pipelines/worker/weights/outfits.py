"""What a job brings beside its checkpoint: a VAE of its own and embeddings, read once and kept while in use."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from typing import Any

import torch

from pipelines.errors import ModelUnreadable
from pipelines.worker.device.choice import Device
from pipelines.worker.messages import EmbeddingRef, VaeRef
from pipelines.worker.weights import inversion, vae_files
from pipelines.worker.weights.inversion import Inversion
from pipelines.worker.weights.loading import Model
from pipelines.worker.weights.network import Network
from pipelines.worker.weights.vae import Vae

FILES_KEPT = 64  # embeddings, which are small, and what was read and not used yet


@dataclass(frozen=True)
class Outfit:
    """Its files. Without any, the checkpoint is used as it is."""

    vae: VaeRef | None = None
    embeddings: tuple[EmbeddingRef, ...] = ()

    @property
    def files(self) -> tuple[VaeRef | EmbeddingRef, ...]:
        return (*((self.vae,) if self.vae else ()), *self.embeddings)


@dataclass(eq=False)
class _Kept:
    vae: Vae
    pictures: int = 0


class Outfits:
    """Files are read on the I/O thread, everything else happens on the GPU thread.

    `make_room(bytes)` frees memory as far as that is possible now; a VAE is small, so it does not wait for more.
    """

    def __init__(
        self,
        reader: Executor,
        on_read: Callable[[], None],
        device: Device,
        make_room: Callable[[int], bool],
    ) -> None:
        self._reader, self._on_read, self._device = reader, on_read, device
        self._make_room = make_room
        self._files: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._vaes: OrderedDict[Hashable, _Kept] = OrderedDict()  # the one used last at the end

    @property
    def used_bytes(self) -> int:
        return sum(network.home_bytes for network in self.networks)

    @property
    def networks(self) -> list[Network]:
        return [kept.vae.network for kept in self._vaes.values()]

    def put_on(self, model: Model, outfit: Outfit) -> Model | None:
        """The model with the outfit, until `take_off`; None while a file is being read. Raises ModelUnreadable."""
        embeddings = [self._file((ref,), inversion.read, ref) for ref in outfit.embeddings]
        key = _key(outfit.vae, model)
        vae = None
        if outfit.vae is not None and key not in self._vaes:
            scaled = replace(model.family, scaling_factor=model.vae.scaling_factor)
            where = (self._device, model.dtype)
            vae = self._file(key, vae_files.read, outfit.vae, scaled, where)
        if not all(file.done() for file in (*embeddings, vae) if file is not None):
            return None
        inversions = tuple(self._result((ref,)) for ref in outfit.embeddings)
        while len(self._files) > FILES_KEPT + (vae is not None):
            self._files.popitem(last=False)
        for one in inversions:
            _check_fit(one, model)
        if outfit.vae is None:
            return replace(model, inversions=inversions)
        if vae is not None:
            part = self._result(key)
            self._make_room(part.parameters * model.dtype.itemsize)
            self._vaes[key] = _Kept(vae_files.build(outfit.vae, part, model, self._device))
            del self._files[key]
        self._vaes.move_to_end(key)
        self._vaes[key].pictures += 1
        return replace(model, vae=self._vaes[key].vae, inversions=inversions)

    def take_off(self, model: Model) -> None:
        """A picture of this outfit has ended."""
        for kept in self._vaes.values():
            kept.pictures -= kept.vae is model.vae

    def evict_one(self) -> bool:
        """Frees the VAE that has been idle for longest; False when there is none."""
        idle = next((key for key, kept in self._vaes.items() if not kept.pictures), None)
        return idle is not None and self._vaes.pop(idle) is not None

    def _file(self, key: Hashable, read: Callable[..., Any], *arguments: Any) -> Future[Any]:
        if key not in self._files:
            self._files[key] = self._reader.submit(read, *arguments)
            self._files[key].add_done_callback(lambda _: self._on_read())
        self._files.move_to_end(key)
        return self._files[key]

    def _result(self, key: Hashable) -> Any:
        """What was read; what was damaged may have been mended until it is asked for again."""
        try:
            return self._files[key].result()
        except BaseException:
            del self._files[key]
            raise


def _key(vae: VaeRef | None, model: Model) -> tuple[VaeRef | None, str, torch.dtype, float]:
    """What a built VAE depends on."""
    return vae, model.family.name, model.dtype, model.vae.scaling_factor


def _check_fit(embedding: Inversion, model: Model) -> None:
    """Raises ModelUnreadable when the vectors are not as wide as the words of the model's text encoders."""
    widths = [each.shape[1] for each in embedding.vectors]
    wanted = [encoder.words.embedding_dim for encoder in model.text_encoders]
    if widths != wanted:
        raise ModelUnreadable(
            f"{embedding.ref.path} does not fit {model.ref.name}: its vectors have {_and(widths)} numbers, "
            f"the words of this checkpoint {_and(wanted)}.",
            f"It was made for another family than {model.family.name}; take its name out of the prompt.",
        )


def _and(widths: list[int]) -> str:
    return " and ".join(str(width) for width in widths)
