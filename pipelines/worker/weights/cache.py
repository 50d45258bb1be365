"""Models that stay in memory between requests, within a budget of bytes; who is needed last goes first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import ModelUnreadable, OutOfMemory, StudioError
from pipelines.tiers import Sizes, Tier, choose, kept_bytes, peak_bytes
from pipelines.worker.device.choice import Device
from pipelines.worker.device.faults import OOM, POISONED, Fault
from pipelines.worker.device.memory import Memory, gigabytes
from pipelines.worker.engine.batching import Patch
from pipelines.worker.engine.gate import Component
from pipelines.worker.engine.task import Poisoned
from pipelines.worker.messages import (
    CheckpointRef,
    EmbeddingRef,
    GuideRef,
    Holder,
    Launch,
    LoraRef,
    VaeRef,
)
from pipelines.worker.weights.adapters import Worn
from pipelines.worker.weights.budget import room_of
from pipelines.worker.weights.guides import Guides
from pipelines.worker.weights.loading import Model, build
from pipelines.worker.weights.network import DENOISER, Network
from pipelines.worker.weights.outfits import Outfit, Outfits
from pipelines.worker.weights.patches import Patches
from pipelines.worker.weights.places import Places
from pipelines.worker.weights.reading import REPAIR, Weights, read

Ref = CheckpointRef | LoraRef | GuideRef | VaeRef | EmbeddingRef
NEVER = 1_000_000  # a place in the queue behind all others


@dataclass(eq=False)
class _Entry:
    model: Model
    leases: int = 0
    last_use: int = 0
    is_unwanted: bool = False  # is dropped as soon as nobody uses it


class Models:
    """The models of this process. Reading happens on the I/O thread, all else on the GPU thread.

    `wanted()` names the checkpoints of the queue, next first: what is not among them is evicted first, then what
    comes last; among equals what was used longest ago. Two budgets: of the memory where models are at home, and, on a
    device with memory of its own, of that (`Places`).
    """

    def __init__(self, device: Device, memory: Memory, reader: Executor, launch: Launch) -> None:
        self.wanted: Callable[[], Sequence[CheckpointRef]] = lambda: ()
        self.on_read: Callable[[], None] = lambda: None  # called on the I/O thread
        self._device, self._memory, self._reader = device, memory, reader
        self._room, self._wanted_tier = room_of(device, memory, launch), launch.tier
        self._is_limit = launch.ram_bytes is not None
        self._budget_bytes = self._room.home_bytes
        self._entries: dict[CheckpointRef, _Entry] = {}
        self._reading: dict[CheckpointRef, Future[Weights]] = {}
        self._known: set[CheckpointRef] = set()  # that have been read, as they are now
        self._uses = 0
        self._patches = Patches(reader, lambda: self.on_read())
        self._guides = Guides(device, reader, lambda: self.on_read(), self._has_room_beside)
        self._places = Places(self._room.device_bytes, self._networks_in_order, self._worn_bytes)
        self._outfits = Outfits(reader, lambda: self.on_read(), device, self._make_room)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(ref.name for ref in self._entries)

    @property
    def newest(self) -> CheckpointRef | None:
        """The checkpoint that was used last of those loaded."""
        return max(self._entries, key=lambda ref: self._entries[ref].last_use, default=None)

    @property
    def used_bytes(self) -> int:
        models_bytes = sum(entry.model.home_bytes for entry in self._entries.values())
        return models_bytes + self._guides.home_bytes + self._outfits.used_bytes

    @property
    def holders(self) -> tuple[Holder, ...]:
        """Who holds what, the one that was used last first."""
        entries = sorted(self._entries.values(), key=lambda entry: -entry.last_use)
        models = tuple(
            Holder(
                name=entry.model.ref.name,
                tier=entry.model.tier.name,
                device_bytes=sum(network.here_bytes for network in entry.model.networks),
                home_bytes=entry.model.home_bytes,
                is_in_use=entry.leases > 0,
            )
            for entry in entries
        )
        return models + self._guides.holders

    def lease(self, ref: CheckpointRef) -> Model | None:
        """The model, which now stays until `release`; None while it is being read or waits for room.

        Raises ModelUnreadable, or OutOfMemory when it can never fit.
        """
        entry = self._entries.get(ref) or self._load(ref)
        if entry is None or not self._can_join(entry):
            return None
        self._uses += 1
        entry.leases, entry.last_use = entry.leases + 1, self._uses
        return entry.model

    def put_on(self, model: Model, patch: Patch) -> Worn | None:
        """The patch on a leased model until `take_off`; None while it is being read. Raises ModelUnreadable."""
        try:
            return self._patches.put_on(model, patch)
        except Exception as error:
            raise self._explain(error, *patch.loras) from None

    def take_off(self, model: Model, patch: Patch) -> None:
        self._patches.take_off(model, patch)

    def dress(self, model: Model, outfit: Outfit) -> Model | None:
        """The leased model with what a job brings, until `undress`; None while that is being read.

        Raises ModelUnreadable.
        """
        while True:
            try:
                return self._outfits.put_on(model, outfit)
            except Exception as error:
                why = self._explain(error, *outfit.files)
            if not (isinstance(why, OutOfMemory) and self.evict_one()):
                raise why

    def undress(self, model: Model) -> None:
        self._outfits.take_off(model)

    def accompany(self, model: Model, refs: Sequence[GuideRef]) -> Mapping[GuideRef, Any] | None:
        """What guides pictures of a leased model, until `part`; None while it is read or waits for room.

        Raises ModelUnreadable.
        """
        try:
            return self._guides.lease(refs, model)
        except Exception as error:
            raise self._explain(error, *refs) from None

    def is_reading_guides(self, model: Model, refs: Sequence[GuideRef]) -> bool:
        return self._guides.is_reading(refs, model)

    def part(self, model: Model, refs: Sequence[GuideRef]) -> None:
        self._guides.release(refs, model)

    def release(self, model: Model) -> None:
        entry = self._entries[model.ref]
        entry.leases -= 1
        if entry.is_unwanted and not entry.leases:
            self._drop(model.ref)

    def unload(self, name: str) -> None:
        """Frees the model or guide of this name, now or when the pictures that use it have ended."""
        self._guides.unload(name)
        for ref, entry in tuple(self._entries.items()):
            if ref.name == name and entry.leases:
                entry.is_unwanted = True
            elif ref.name == name:
                self._drop(ref)

    def fit(self, component: Component, work_bytes: int) -> Component:
        """The component, ready to compute on the device; or a way of computing the same in less memory."""
        return self._places.fit(component, work_bytes)

    def free(self, component: Component) -> bool:
        """Memory has run out under the component: makes some free; False when there is nothing left to free."""
        if self._places.free(component):
            return True
        return not self._device.has_own_memory and self.evict_one()

    def is_reading(self, ref: CheckpointRef) -> bool:
        return ref in self._reading and not self._reading[ref].done()

    def evict_one(self) -> bool:
        """Frees an idle guide or VAE, or the idle model that is needed last; False when all are in use."""
        if self._guides.evict_one() or self._outfits.evict_one():
            self._memory.release_cached()
            return True
        queue = list(self.wanted())
        idle = {ref: entry for ref, entry in self._entries.items() if not entry.leases}
        if not idle:
            return False
        self._drop(max(idle, key=lambda ref: (_place(ref, queue), -idle[ref].last_use)))
        return True

    def _drop(self, ref: CheckpointRef) -> None:
        del self._entries[ref]
        self._memory.release_cached()

    def _can_join(self, entry: _Entry) -> bool:
        """Whether its denoiser has a place beside those in use; else they would push one another out at each step."""
        others = [one.model for one in self._entries.values() if one.leases and one is not entry]
        if not self._device.has_own_memory or not others or entry.leases:
            return True
        kept = sum(kept_bytes(model.tier, model.sizes) for model in others)
        own = peak_bytes(entry.model.tier, entry.model.sizes)
        return kept + own <= self._room.device_bytes

    def _networks_in_order(self) -> list[Network]:
        """Those that are needed last first: of idle models by their turn, then of models in use, denoisers last."""
        queue = list(self.wanted())

        def urgency(entry: _Entry, network: Network) -> tuple[bool, int, bool, int]:
            turn = -_place(entry.model.ref, queue)
            return entry.leases > 0, turn, network.role == DENOISER, entry.last_use

        pairs = [(entry, one) for entry in self._entries.values() for one in entry.model.networks]
        in_order = sorted(pairs, key=lambda pair: urgency(*pair))
        idle = [network for entry, network in in_order if not entry.leases]
        in_use = [network for entry, network in in_order if entry.leases]
        guides = self._guides
        extra = self._outfits.networks  # a VAE comes fast
        return [
            *extra,
            *guides.networks(in_use=False),
            *idle,
            *guides.networks(in_use=True),
            *in_use,
        ]

    def _worn_bytes(self) -> int:
        """What LoRAs take on the device."""
        models = (entry.model for entry in self._entries.values())
        return sum(own.device_bytes for model in models for own in model.adapters.values())

    def _tier_for(self, sizes: Sizes) -> Tier:
        return choose(sizes, self._room, self._wanted_tier)

    def _load(self, ref: CheckpointRef) -> _Entry | None:
        """The built model once it has been read and there is room."""
        reading = self._reading.get(ref)
        if reading is None:
            self._retire(ref.path)
            self._reading[ref] = self._reader.submit(
                read, ref, self._device, self._tier_for, is_known=ref in self._known
            )
            self._reading[ref].add_done_callback(lambda _: self.on_read())
            reading = self._reading[ref]
        if not reading.done():
            return None
        error = reading.exception()
        if error is None and not self._make_room(reading.result().home_bytes):
            return None
        del self._reading[ref]
        if error is not None:
            raise self._explain(error, ref)
        self._known.add(ref)
        self._entries[ref] = _Entry(self._build(reading.result()))
        return self._entries[ref]

    def _retire(self, path: str) -> None:
        """What was loaded from a file that has been replaced since goes, or will when its pictures have ended."""
        for ref, entry in tuple(self._entries.items()):
            if ref.path == path and entry.leases:
                entry.is_unwanted = True
            elif ref.path == path:
                self._drop(ref)

    def _make_room(self, needed_bytes: int) -> bool:
        """Evicts until the model fits; False when it has to wait for models in use."""
        while self.used_bytes + needed_bytes > self._budget_bytes:
            if self.evict_one():
                continue
            return not self._entries
        return True

    def _has_room_beside(self, needed_bytes: int) -> bool:
        """Room for a guide of the picture that asks; False when it has to wait for others that are at work."""
        while self.used_bytes + needed_bytes > self._budget_bytes:
            if self.evict_one():
                continue
            return sum(entry.leases for entry in self._entries.values()) == 1  # nobody else is
        return True

    def _build(self, weights: Weights) -> Model:
        if self._is_limit and weights.home_bytes > self._budget_bytes:
            raise OutOfMemory(
                f"{weights.ref.name} takes {gigabytes(weights.home_bytes)}, more than the "
                f"{gigabytes(self._budget_bytes)} that the settings allow.",
                "Raise --ram, or choose a smaller checkpoint.",
                needed_bytes=weights.home_bytes,
            )
        while True:
            try:
                return build(weights, self._device)
            except StudioError:
                raise
            except Exception as error:
                why = self._explain(error, weights.ref)
            if not (isinstance(why, OutOfMemory) and self.evict_one()):
                raise why

    def _explain(self, error: BaseException, *read: Ref) -> StudioError:
        """The error for the user, about what was being read. Raises Poisoned when the device is lost."""
        if isinstance(error, StudioError):
            return error
        fault = Fault.of(error)
        if fault.kind == POISONED:
            raise Poisoned(fault)
        if fault.kind == OOM:
            names = ", ".join(Path(ref.path).name for ref in read)
            return self._memory.error(fault, f"loading {names}")
        paths = ", ".join(ref.path for ref in read)
        return ModelUnreadable(f"{paths} cannot be loaded: {fault.message}.", REPAIR)


def _place(ref: CheckpointRef, queue: list[CheckpointRef]) -> int:
    return queue.index(ref) if ref in queue else NEVER
