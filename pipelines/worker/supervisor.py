"""One GPU process: started, listened to, watched for hangs, ended; its death is told in a sentence.

Three threads: the watcher starts the process and waits for its end, the reader takes what it says, the writer
sends (two ends that send at once would block one another for ever). The watcher lives exactly as long as the
process, because Linux ties "end when my parent dies" to the thread that started the child.
"""

from __future__ import annotations

import importlib
import multiprocessing
import pickle
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from multiprocessing.shared_memory import SharedMemory
from typing import Any

from pipelines.worker.exits import describe_exit
from pipelines.worker.finetune.messages import TrainingSample
from pipelines.worker.messages import Dying, Heartbeat, Hello, Launch, PictureDone, Ready, Stop

TICK_SECONDS = 0.2
DRAIN_SECONDS = 0.5  # how long the last words of a dead process are waited for
GARBLED = (
    *(pickle.UnpicklingError, AttributeError, ImportError, IndexError, TypeError, ValueError),
    OSError,  # a shared memory block that is not there
)


@dataclass(frozen=True)
class Death:
    """The end of a GPU process that nobody had asked for. `why` is a sentence."""

    why: str
    exit_code: int | None
    was_ready: bool


@dataclass(frozen=True)
class Patience:
    """How long the process may be silent before it counts as hung."""

    until_hello_seconds: float = 600.0  # importing torch from a cold disk
    silence_seconds: float = 60.0  # the heartbeat comes each second, whatever the GPU does
    step_seconds: float = 60.0
    cpu_step_seconds: float = 600.0  # a large picture on a slow processor is no hang
    step_medians: float = 20.0
    terminate_seconds: float = 5.0


class Supervisor:
    """One process, from start to end; another one is another Supervisor.

    `on_message` is called on the reader thread; `on_death` comes once, after the last message, on the watcher
    thread, also when the process cannot be started. After `stop` it is not called. `context` says how processes
    are started: as new interpreters, which alone is safe for CUDA, unless somebody knows better.
    """

    def __init__(
        self,
        target: str,
        launch: Launch,
        on_message: Callable[[Any], None],
        on_death: Callable[[Death], None],
        patience: Patience | None = None,
        context: BaseContext | None = None,
    ) -> None:
        self._target, self._launch = target, launch
        self._context = context or multiprocessing.get_context("spawn")
        self._on_message, self._on_death = on_message, on_death
        self._patience = patience or Patience()
        self._outbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._watcher = _thread("worker-watcher", self._watch)
        self._terminate_at: float | None = None
        self._last_words = self._verdict = ""
        self._heartbeat: Heartbeat | None = None
        self._heard_at = time.monotonic()
        self._step_floor_seconds = self._patience.step_seconds
        self._is_greeted = self._is_ready = False

    def start(self) -> None:
        self._watcher.start()

    def send(self, message: Any) -> None:
        """Posts a message and returns at once; it is dropped when the process is dead."""
        self._outbox.put(message)

    def stop(self, wait_seconds: float = 5.0) -> None:
        """Asks the process to end, and ends it by force when it has not after `wait_seconds`.

        One that still starts has nothing to put in order and is ended at once.
        """
        self._terminate_at = time.monotonic() + (wait_seconds if self._is_greeted else 0.0)
        self.send(Stop())
        if self._watcher.ident is not None:
            self._watcher.join(wait_seconds + self._patience.terminate_seconds + 5)

    # ---- watcher -------------------------------------------------------------------------------------

    def _watch(self) -> None:
        try:
            process, connection = self._spawn()
        except (OSError, ImportError, AttributeError) as error:
            self._on_death(Death(f"The GPU process could not be started: {error}.", None, False))
            return
        threads = [
            _thread("worker-reader", self._read, connection, process.sentinel),
            _thread("worker-writer", self._write, connection),
        ]
        for thread in threads:
            thread.start()
        while not wait([process.sentinel], timeout=TICK_SECONDS):
            if self._is_condemned(time.monotonic()):
                self._end(process)
        process.join()
        self._outbox.put(None)
        for thread in threads:
            thread.join(DRAIN_SECONDS)
        connection.close()
        if self._terminate_at is None:
            why = self._verdict or self._last_words or describe_exit(process.exitcode)
            self._on_death(Death(why, process.exitcode, self._is_ready))

    def _spawn(self) -> tuple[BaseProcess, Connection]:
        near, far = self._context.Pipe(duplex=True)
        main = importlib.import_module(self._target).main
        process: BaseProcess = self._context.Process(  # type: ignore[attr-defined]
            target=main, args=(far, self._launch), name="darkroom-worker", daemon=True
        )
        self._heard_at = time.monotonic()
        process.start()
        far.close()
        return process, near

    def _end(self, process: BaseProcess) -> None:
        process.terminate()
        process.join(self._patience.terminate_seconds)
        if process.is_alive():
            process.kill()
            process.join()

    def _is_condemned(self, now_seconds: float) -> bool:
        if self._terminate_at is not None:
            return now_seconds >= self._terminate_at
        self._verdict = self._verdict or self._hang(now_seconds)
        return bool(self._verdict)

    def _hang(self, now_seconds: float) -> str:
        """The sentence about a hang, or nothing."""
        silent_seconds = now_seconds - self._heard_at
        patience, beat = self._patience, self._heartbeat
        if not self._is_greeted and silent_seconds > patience.until_hello_seconds:
            return f"The GPU process did not come up within {silent_seconds:.0f} s and was stopped."
        if self._is_greeted and silent_seconds > patience.silence_seconds:
            return (
                f"The GPU process gave no sign of life for {silent_seconds:.0f} s and was stopped."
            )
        if beat is None:
            return ""
        longest = max(self._step_floor_seconds, patience.step_medians * beat.median_step_seconds)
        if beat.step_seconds > longest:
            return (
                f"The GPU process was stopped because one step had been running for "
                f"{beat.step_seconds:.0f} s; a step usually takes {beat.median_step_seconds:.2g} s."
            )
        return ""

    # ---- reader and writer ---------------------------------------------------------------------------

    def _read(self, connection: Connection, sentinel: int) -> None:
        while connection in wait([connection, sentinel]):
            try:
                message = _with_pixels(connection.recv())
            except (EOFError, ConnectionError):
                return
            except GARBLED as error:
                self._verdict = (
                    f"The GPU process said something unreadable ({error}) and was stopped."
                )
                return
            self._note(message)
            self._on_message(message)

    def _note(self, message: Any) -> None:
        self._heard_at = time.monotonic()
        if isinstance(message, Heartbeat):
            self._heartbeat = message
        elif isinstance(message, Hello):
            self._is_greeted = True
            if message.device.startswith("cpu"):
                self._step_floor_seconds = self._patience.cpu_step_seconds
        elif isinstance(message, Ready):
            self._is_ready = True
        elif isinstance(message, Dying):
            self._last_words = message.why

    def _write(self, connection: Connection) -> None:
        while (message := self._outbox.get()) is not None:
            try:
                connection.send(message)
            except OSError:
                return  # it died; the watcher says so


def _thread(name: str, work: Callable[..., None], *arguments: Any) -> threading.Thread:
    return threading.Thread(target=work, args=arguments, name=name, daemon=True)


def _with_pixels(message: Any) -> Any:
    """The message with the pixels in it; a shared memory block is copied out and given back at once."""
    if not isinstance(message, PictureDone | TrainingSample) or not message.pixels.shared_memory:
        return message
    pixels = message.pixels
    block = SharedMemory(pixels.shared_memory)
    try:
        data = bytes((block.buf or b"")[: pixels.width * pixels.height * 3])
    finally:
        block.close()
        block.unlink()
    return replace(message, pixels=replace(pixels, data=data, shared_memory=""))
