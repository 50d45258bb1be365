"""What pictures need beside the checkpoint, kept while jobs use it: ControlNets, IP-Adapters, pictures, upscalers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch

from pipelines.worker.device.choice import Device
from pipelines.worker.messages import GuideRef, Holder
from pipelines.worker.weights import controlnet, image_encoder, ip_adapter, picture, upscalers
from pipelines.worker.weights.families import Family
from pipelines.worker.weights.loading import Model
from pipelines.worker.weights.network import Network


class Kind(NamedTuple):
    """`read` runs on the I/O thread and checks the file; `build` makes of it what recipes work with."""

    read: Callable[[GuideRef, Family, Device, torch.dtype], Any]
    build: Callable[[Any, Model, Device], Guide]


class Guide(Protocol):
    """What all have that are built."""

    @property
    def networks(self) -> tuple[Network, ...]: ...

    @property
    def home_bytes(self) -> int: ...


KINDS: Mapping[str, Kind] = {
    "controlnet": Kind(controlnet.read, controlnet.build),
    "picture": Kind(picture.read, picture.build),
    "ip_adapter": Kind(ip_adapter.read, ip_adapter.build),
    "image_encoder": Kind(image_encoder.read, image_encoder.build),
    "sample": Kind(picture.read_sample, picture.build_sample),
    "upscaler": Kind(upscalers.read, upscalers.build),
}
READ_KEPT = 32  # that were read and not built: the pictures that wanted them were cancelled

Key = tuple[GuideRef, str, torch.dtype]  # family and number format of the checkpoint


@dataclass(eq=False)
class _Entry:
    guide: Guide
    leases: int = 0
    is_unwanted: bool = False  # is dropped as soon as nobody uses it


class Guides:
    """Files are read on the I/O thread, everything else happens on the GPU thread.

    `has_room(bytes)` makes room for a guide, or says that its pictures have to wait.
    """

    def __init__(
        self,
        device: Device,
        reader: Executor,
        on_read: Callable[[], None],
        has_room: Callable[[int], bool],
    ) -> None:
        self._device, self._reader = device, reader
        self._on_read, self._has_room = on_read, has_room
        self._reading: OrderedDict[Key, Future[Any]] = OrderedDict()
        self._entries: OrderedDict[Key, _Entry] = OrderedDict()  # the one used last at the end

    @property
    def home_bytes(self) -> int:
        """What they take as long as they are kept."""
        return sum(entry.guide.home_bytes for entry in self._entries.values())

    @property
    def holders(self) -> tuple[Holder, ...]:
        """Those with networks, the one that was used last first."""
        return tuple(
            Holder(
                name=key[0].name,
                tier=entry.guide.networks[0].role,
                device_bytes=sum(network.here_bytes for network in entry.guide.networks),
                home_bytes=entry.guide.home_bytes,
                is_in_use=entry.leases > 0,
            )
            for key, entry in reversed(self._entries.items())
            if entry.guide.networks
        )

    def unload(self, name: str) -> None:
        """Frees the guide of this name, now or when the pictures that use it have ended."""
        for key, entry in tuple(self._entries.items()):
            if key[0].name == name:
                entry.is_unwanted = True
                self._drop_if_unwanted(key)

    def networks(self, *, in_use: bool) -> list[Network]:
        """Those that pictures use now, or those that none does; the one used last at the end."""
        entries = (entry for entry in self._entries.values() if bool(entry.leases) == in_use)
        return [network for entry in entries for network in entry.guide.networks]

    def lease(self, refs: Sequence[GuideRef], model: Model) -> Mapping[GuideRef, Any] | None:
        """The guides, which now stay until `release`; None while one is being read or waits for room.

        `refs` names each once. Raises ModelUnreadable when a file is damaged or does not fit the model.
        """
        keys = [_key(ref, model) for ref in refs]
        missing = [key for key in keys if key not in self._entries]
        files = [self._read(key, model) for key in missing]
        if not all(file.done() for file in files):
            return None
        with ExitStack() as undo:
            for key in keys:
                if key not in missing:  # else it might go to make room for the others
                    self._entries[key].leases += 1
                    undo.callback(self._let_go, key)
            if missing and not self._build(dict(zip(missing, files, strict=True)), model):
                return None
            undo.pop_all()
        for key in keys:
            self._entries.move_to_end(key)
        return {key[0]: self._entries[key].guide for key in keys}

    def is_reading(self, refs: Sequence[GuideRef], model: Model) -> bool:
        files = (self._reading.get(_key(ref, model)) for ref in refs)
        return any(file is not None and not file.done() for file in files)

    def release(self, refs: Sequence[GuideRef], model: Model) -> None:
        """A picture that used these has ended."""
        for ref in refs:
            self._let_go(_key(ref, model))

    def evict_one(self) -> bool:
        """Frees the idle guide that was used longest ago; False when all are in use."""
        idle = next((key for key, entry in self._entries.items() if not entry.leases), None)
        if idle is None:
            return False
        del self._entries[idle]
        return True

    def _read(self, key: Key, model: Model) -> Future[Any]:
        if key not in self._reading:
            read = KINDS[key[0].kind].read
            self._reading[key] = self._reader.submit(
                read, key[0], model.family, self._device, model.dtype
            )
            self._reading[key].add_done_callback(lambda _: self._on_read())
            while len(self._reading) > READ_KEPT:
                self._reading.popitem(last=False)
        return self._reading[key]

    def _build(self, files: Mapping[Key, Future[Any]], model: Model) -> bool:
        """Builds and leases all of them; False when they have to wait for room."""
        try:
            read = {key: file.result() for key, file in files.items()}
            needed_bytes = sum(one.parameters for one in read.values()) * model.dtype.itemsize
            if not self._has_room(needed_bytes):
                return False
            built = {
                key: KINDS[key[0].kind].build(one, model, self._device) for key, one in read.items()
            }
        except Exception:  # what was damaged may have been mended when it is wanted again
            for key in files:
                self._reading.pop(key, None)
            raise
        for key, guide in built.items():
            self._reading.pop(key, None)
            self._entries[key] = _Entry(guide, leases=1)
        return True

    def _let_go(self, key: Key) -> None:
        self._entries[key].leases -= 1
        self._drop_if_unwanted(key)

    def _drop_if_unwanted(self, key: Key) -> None:
        if self._entries[key].is_unwanted and not self._entries[key].leases:
            del self._entries[key]


def _key(ref: GuideRef, model: Model) -> Key:
    return ref, model.family.name, model.dtype
