"""The life of the GPU thread: try the warm-up checkpoint, then receive and turn until told to stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any

import psutil
import torch

from pipelines.worker.device.choice import Device
from pipelines.worker.device.memory import Memory
from pipelines.worker.engine.engine import Bench, Engine
from pipelines.worker.engine.task import Poisoned
from pipelines.worker.exits import POISONED_GPU
from pipelines.worker.messages import Dying, Launch, Ready, Stop
from pipelines.worker.pulse import Pulse
from pipelines.worker.weights.cache import Models


class ModelRead:
    """Comes through the inbox when a checkpoint was read, so that a thread that waits there wakes up."""


def serve(
    inbox: SimpleQueue[Any],
    send: Callable[[Any], None],
    launch: Launch,
    device: Device,
    pulse: Pulse,
) -> int:
    """Works until Stop comes; returns the exit code of the process."""
    memory = Memory(device.torch_device)
    reader = model_reader()
    models = Models(device, memory, reader, launch)
    models.on_read = lambda: inbox.put(ModelRead())
    engine = Engine(Bench(device, memory, models, pulse), launch, send)
    _warm_up(engine, launch, send)
    try:
        while not _is_stopped(inbox, engine, may_wait=not engine.turn()):
            pass
    except Poisoned as poisoned:
        send(Dying(f"The GPU reported an error that a process cannot recover from: {poisoned}"))
        return POISONED_GPU
    engine.rest()
    return 0


def model_reader() -> ThreadPoolExecutor:
    """The thread that reads weights. torch computes on it alone.

    A second pool of OpenMP threads would make more threads than cores, and then libgomp lets those of the GPU thread
    sleep at every meeting instead of spinning a little: a step took twice as long, for as long as the process lived.
    """
    use_threads = torch.set_num_threads
    return ThreadPoolExecutor(1, "model-reader", initializer=use_threads, initargs=(1,))


def _warm_up(engine: Engine, launch: Launch, send: Callable[[Any], None]) -> None:
    def ready(problem: str) -> None:
        name = launch.warm_up.name if launch.warm_up else ""
        send(Ready(name, time.time() - psutil.Process().create_time(), problem))

    if launch.warm_up:
        engine.try_out(launch.warm_up, ready)
    else:
        ready("")


def _is_stopped(inbox: SimpleQueue[Any], engine: Engine, *, may_wait: bool) -> bool:
    """Hands over all messages that have come; first waits for one when there is nothing else to do."""
    try:
        message = inbox.get(block=may_wait)
        while not isinstance(message, Stop):
            engine.receive(message)
            message = inbox.get_nowait()
    except Empty:
        return False
    return True
