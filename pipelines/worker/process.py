"""The worker process: reader thread, writer thread, and the GPU on the main thread. Free of torch until it runs."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

from pipelines.worker.messages import Dying, Launch
from pipelines.worker.pulse import Pulse
from pipelines.works.lifeline import end_with_parent

HEARTBEAT_SECONDS = 1.0
FLUSH_SECONDS = 5.0  # how long the last messages may take on their way out

ENVIRONMENT = {
    # Nothing is ever fetched, and nothing is reported to anybody.
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # Threads that wait for one another sleep soon. By default they spin, and when other programs are busy a
    # forward on two threads then takes ten times as long as on one.
    "GOMP_SPINCOUNT": "1000",
    "KMP_BLOCKTIME": "1",
}


def main(connection: Connection, launch: Launch) -> None:
    """What the new process runs. Ends with exit code 0 when told to stop, 77 when the GPU is lost, 1 on an error."""
    end_with_parent()
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    inbox: SimpleQueue[Any] = SimpleQueue()
    outbox: SimpleQueue[Any] = SimpleQueue()
    pulse = Pulse()
    threading.Thread(target=_read, args=(connection, inbox, outbox, pulse), daemon=True).start()
    writer = threading.Thread(target=_write, args=(connection, outbox), daemon=True)
    writer.start()
    try:
        exit_code = _work(inbox, outbox, launch, pulse)
    except Exception as error:
        outbox.put(
            Dying(f"The GPU process met an error of its own: {type(error).__name__}: {error}")
        )
        exit_code = 1
        sys.excepthook(type(error), error, error.__traceback__)
    outbox.put(None)
    writer.join(FLUSH_SECONDS)
    sys.stderr.flush()
    os._exit(exit_code)  # a GPU that is lost may never let an ordinary exit finish


def _work(inbox: SimpleQueue[Any], outbox: SimpleQueue[Any], launch: Launch, pulse: Pulse) -> int:
    # The one place where torch comes in: not when the web process imports this file to start it.
    from pipelines.worker.device.choice import greeting, pick_device, settle
    from pipelines.worker.device.memory import Memory

    device = pick_device(launch)
    settle(device)
    memory = Memory(device.torch_device)
    outbox.put(greeting(device, launch, memory))
    pulse.memory = memory.used_and_total_bytes

    # diffusers and transformers take some seconds more; by now the page knows what it runs on.
    from pipelines.worker.engine.service import serve

    gc.freeze()  # what the libraries made at import stays for good; looking through it takes seconds
    return serve(inbox, outbox.put, launch, device, pulse)


def _read(
    connection: Connection, inbox: SimpleQueue[Any], outbox: SimpleQueue[Any], pulse: Pulse
) -> None:
    """Receives; and beats each second whatever the GPU thread does, once it has said hello."""
    next_beat = time.monotonic() + HEARTBEAT_SECONDS
    while True:
        try:
            if connection.poll(max(0.0, next_beat - time.monotonic())):
                inbox.put(connection.recv())
        except (EOFError, OSError):
            os._exit(0)  # the web process is gone; nobody waits for pictures any more
        if time.monotonic() >= next_beat:
            next_beat += HEARTBEAT_SECONDS
            if pulse.memory:
                outbox.put(pulse.heartbeat())


def _write(connection: Connection, outbox: SimpleQueue[Any]) -> None:
    while (message := outbox.get()) is not None:
        try:
            connection.send(message)
        except OSError:
            return  # the reader notices, too
