"""Models that stay in memory between requests, within a budget of bytes; who is needed last goes first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass

from pipelines.errors import ModelUnreadable, OutOfMemory, StudioError
from pipelines.worker.device.choice import Device
from pipelines.worker.device.faults import OOM, POISONED, Fault
from pipelines.worker.device.memory import Memory, gigabytes
from pipelines.worker.engine.batching import Patch
from pipelines.worker.engine.task import Poisoned
from pipelines.worker.messages import CheckpointRef, LoraRef
from pipelines.worker.weights.adapters import Worn
from pipelines.worker.weights.loading import Model, build
from pipelines.worker.weights.patches import Patches
from pipelines.worker.weights.reading import REPAIR, Weights, read

NEVER = 1_000_000  # a place in the queue behind all others
WORKING_SHARE = 0.75  # of the memory that is free at the start; the rest is for the pictures


@dataclass(eq=False)
class _Entry:
    model: Model
    leases: int = 0
    last_use: int = 0


class Models:
    """The models of this process. Reading happens on the I/O thread, all else on the GPU thread.

    `wanted()` names the checkpoints of the queue, next first: what is not among them is evicted first, then what
    comes last; among equals what was used longest ago.
    """

    def __init__(
        self,
        device: Device,
        memory: Memory,
        reader: Executor,
        budget_bytes: int | None = None,
    ) -> None:
        self.wanted: Callable[[], Sequence[CheckpointRef]] = lambda: ()
        self.on_read: Callable[[], None] = lambda: None  # called on the I/O thread
        self._device, self._memory, self._reader = device, memory, reader
        self._is_limit = budget_bytes is not None
        self._budget_bytes = budget_bytes or int(memory.free_bytes() * WORKING_SHARE)
        self._entries: dict[CheckpointRef, _Entry] = {}
        self._reading: dict[CheckpointRef, Future[Weights]] = {}
        self._uses = 0
        self._patches = Patches(reader, lambda: self.on_read())

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(ref.name for ref in self._entries)

    @property
    def newest(self) -> CheckpointRef | None:
        """The checkpoint that was used last of those loaded."""
        return max(self._entries, key=lambda ref: self._entries[ref].last_use, default=None)

    @property
    def used_bytes(self) -> int:
        return sum(entry.model.device_bytes for entry in self._entries.values())

    def lease(self, ref: CheckpointRef) -> Model | None:
        """The model, which now stays until `release`; None while it is being read or waits for room.

        Raises ModelUnreadable, or OutOfMemory when it can never fit.
        """
        entry = self._entries.get(ref) or self._load(ref)
        if entry is None:
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

    def release(self, model: Model) -> None:
        self._entries[model.ref].leases -= 1

    def is_reading(self, ref: CheckpointRef) -> bool:
        return ref in self._reading and not self._reading[ref].done()

    def evict_one(self) -> bool:
        """Frees the idle model that is needed last; False when all are in use."""
        queue = list(self.wanted())
        idle = {ref: entry for ref, entry in self._entries.items() if not entry.leases}
        if not idle:
            return False
        last = max(idle, key=lambda ref: (_place(ref, queue), -idle[ref].last_use))
        del self._entries[last]
        self._memory.release_cached()
        return True

    def _load(self, ref: CheckpointRef) -> _Entry | None:
        """The built model once it has been read and there is room."""
        reading = self._reading.get(ref)
        if reading is None:
            self._reading[ref] = self._reader.submit(read, ref, self._device)
            self._reading[ref].add_done_callback(lambda _: self.on_read())
            reading = self._reading[ref]
        if not reading.done():
            return None
        error = reading.exception()
        if error is None and not self._make_room(reading.result().device_bytes):
            return None
        del self._reading[ref]
        if error is not None:
            raise self._explain(error, ref)
        self._entries[ref] = _Entry(self._build(reading.result()))
        return self._entries[ref]

    def _make_room(self, needed_bytes: int) -> bool:
        """Evicts until the model fits; False when it has to wait for models in use."""
        while self.used_bytes + needed_bytes > self._budget_bytes:
            if self.evict_one():
                continue
            return not self._entries
        return True

    def _build(self, weights: Weights) -> Model:
        if self._is_limit and weights.device_bytes > self._budget_bytes:
            raise OutOfMemory(
                f"{weights.ref.name} takes {gigabytes(weights.device_bytes)}, more than the "
                f"{gigabytes(self._budget_bytes)} that the settings allow.",
                "Raise --vram (on a processor --ram), or choose a smaller checkpoint.",
                needed_bytes=weights.device_bytes,
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

    def _explain(self, error: BaseException, *read: CheckpointRef | LoraRef) -> StudioError:
        """The error for the user, about what was being read. Raises Poisoned when the device is lost."""
        if isinstance(error, StudioError):
            return error
        fault = Fault.of(error)
        if fault.kind == POISONED:
            raise Poisoned(fault)
        if fault.kind == OOM:
            return self._memory.error(fault, f"loading {', '.join(ref.name for ref in read)}")
        paths = ", ".join(ref.path for ref in read)
        return ModelUnreadable(f"{paths} cannot be loaded: {fault.message}.", REPAIR)


def _place(ref: CheckpointRef, queue: list[CheckpointRef]) -> int:
    return queue.index(ref) if ref in queue else NEVER
