"""Crew: the process that makes one video. To end it is how a video pauses: what is whole on the disk stays."""

from __future__ import annotations

import multiprocessing
import pickle
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any

from pipelines.video.messages import Shoot
from pipelines.worker.exits import describe_exit

GARBLED = (pickle.UnpicklingError, AttributeError, ImportError, IndexError, TypeError, ValueError)
END_SECONDS = 5.0
WHO = "The process for the video"

Target = Callable[[Connection, Shoot], None]


class Crew:
    """One process, from start to end; another one is another Crew.

    `on_message` and `on_end` are called on its own thread; `on_end(why)` once, after the last message: a sentence for
    an end that nobody asked for. That thread starts the process and lives as long, because Linux ties "end when my
    parent dies" to it.
    """

    def __init__(
        self,
        target: Target,
        shoot: Shoot,
        on_message: Callable[[Any], None],
        on_end: Callable[[str], None],
        context: BaseContext | None = None,
    ) -> None:
        self._target, self._shoot = target, shoot
        self._on_message, self._on_end = on_message, on_end
        self._context = context or multiprocessing.get_context("spawn")
        self._lock = threading.Lock()
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="video-crew", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def send(self, message: Any) -> None:
        """Waits until it is taken; dropped when the process has ended. Not for the desk thread."""
        connection = self._connection
        try:
            if connection is not None:
                connection.send(message)
        except OSError:
            return  # it died; its thread says so

    def stop(self) -> None:
        """Ends the process at once and returns; nothing more is heard of it."""
        with self._lock:
            self._is_stopped = True
            if self._process is not None:
                self._process.terminate()

    def join(self) -> None:
        """Waits for the end of one that was stopped, after which it writes nothing more."""
        if self._thread.ident is not None:
            self._thread.join(END_SECONDS)

    def _run(self) -> None:
        try:
            process = self._begin()
        except OSError as error:
            self._on_end(f"{WHO} could not be started: {error}.")
            return
        if process is None:
            return
        garbled = self._listen()
        if garbled:
            process.terminate()
        process.join(END_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
        if not self._is_stopped:
            self._on_end(garbled or describe_exit(process.exitcode, WHO))

    def _begin(self) -> BaseProcess | None:
        near, far = self._context.Pipe(duplex=True)
        process: BaseProcess = self._context.Process(  # type: ignore[attr-defined]
            target=self._target, args=(far, self._shoot), name="darkroom-video", daemon=True
        )
        with self._lock:
            if self._is_stopped:
                return None
            process.start()
            self._process, self._connection = process, near
        far.close()
        return process

    def _listen(self) -> str:
        """Until the process closes its end. Returns what was wrong with what it said, if anything."""
        assert self._connection is not None
        while True:
            try:
                message = self._connection.recv()
            except (EOFError, ConnectionError):
                return ""
            except GARBLED as error:
                return f"{WHO} said something unreadable ({error})."
            if not self._is_stopped:
                self._on_message(message)
