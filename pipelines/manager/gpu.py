"""The GPU process as the desk sees it: how it is, what it has said about itself, when it is started again."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from multiprocessing.context import BaseContext
from typing import Any

from pipelines.worker.messages import Heartbeat, Hello, Launch, Probe, Probed, Ready
from pipelines.worker.restarts import DEATHS_UNTIL_BROKEN, Breaker
from pipelines.worker.supervisor import Death, Supervisor

STARTING, READY, RESTARTING, BROKEN = "starting", "ready", "restarting", "broken"
DEATHS_UNTIL_COLD_START = 2  # before Ready: then the warm-up checkpoint itself may be what kills


class Gpu:
    """Used on the desk thread only. `launch(is_warm)` makes what the next process is started with."""

    def __init__(
        self,
        target: str,
        launch: Callable[[bool], Launch],
        post: Callable[[Callable[[], None]], None],
        on_message: Callable[[Any], None],
        on_death: Callable[[Death], None],
        context: BaseContext | None = None,
    ) -> None:
        self._target, self._launch, self._post = target, launch, post
        self._context = context
        self._on_message, self._on_death = on_message, on_death
        self._breaker = Breaker()
        self._supervisor: Supervisor | None = None
        self._start_at: float | None = None
        self._deaths_before_ready = 0
        self._probes: dict[int, Future[Probed]] = {}
        self._probe_count = 0
        self.state, self.why, self.restarts = STARTING, "", 0
        self.hello: Hello | None = None
        self.heartbeat: Heartbeat | None = None

    @property
    def is_ready(self) -> bool:
        return self.state == READY

    def start(self) -> None:
        self._start_at = None
        launch = self._launch(self._deaths_before_ready < DEATHS_UNTIL_COLD_START)
        self._supervisor = Supervisor(
            self._target,
            launch,
            on_message=lambda message: self._post(lambda: self._on_message(message)),
            on_death=lambda death: self._post(lambda: self._on_death(death)),
            context=self._context,
        )
        self._supervisor.start()

    def send(self, message: Any) -> None:
        if self._supervisor:
            self._supervisor.send(message)

    def stop(self, wait_seconds: float) -> None:
        """Ends the process. Not to be called on the desk thread: it waits."""
        if self._supervisor:
            self._supervisor.stop(wait_seconds)

    def tick(self, now_seconds: float) -> float:
        """Starts the next process when its time has come; returns the seconds until then."""
        if self._start_at is None:
            return float("inf")
        if now_seconds >= self._start_at:
            self.restarts += 1
            self.start()
            return float("inf")
        return self._start_at - now_seconds

    def try_again(self) -> None:
        """A person asked for another try: at once, with a clean record."""
        if self._start_at is not None:
            self._breaker.reset()
            self.state, self._start_at = RESTARTING, 0.0

    def job_finished(self) -> None:
        self._breaker.reset()

    # ---- what it says --------------------------------------------------------------------------------

    def heard(self, message: Any) -> None:
        """Takes what the process says about itself; words about jobs are not for here."""
        match message:
            case Hello():
                self.hello = message
            case Heartbeat():
                self.heartbeat = message
            case Ready():
                self.state, self.why, self._deaths_before_ready = READY, message.problem, 0
            case Probed():
                self._answer(self._probes.pop(message.nonce, None), message)

    def died(self, death: Death, *, counts: bool) -> None:
        """Plans the next start. `counts`: a new process would most likely die as well."""
        now_seconds = time.monotonic()
        self._supervisor = self.heartbeat = None
        self._deaths_before_ready += not death.was_ready
        for future in self._probes.values():
            self._answer(future, Probed(0, False, 0.0, death.why))
        self._probes.clear()
        wait_seconds = self._breaker.died(now_seconds, counts=counts or not death.was_ready)
        self.state, self.why = RESTARTING, death.why
        if wait_seconds is None:
            wait_seconds = self._breaker.next_try_seconds(now_seconds)
            self.state = BROKEN
            self.why = (
                f"{death.why} That was the {DEATHS_UNTIL_BROKEN}th time within ten minutes; "
                f"the next try is in {max(1, round(wait_seconds / 60))} min."
            )
        self._start_at = now_seconds + wait_seconds

    def facts(self) -> dict[str, Any]:
        """What Status tells about the process and its device."""
        hello, beat = self.hello, self.heartbeat
        facts: dict[str, Any] = {}
        names: tuple[str, ...]
        if hello:
            names = ("device", "device_name", "dtype", "notice", "total_bytes")
            facts = {name: getattr(hello, name) for name in names}
            facts["worker_pid"] = hello.pid if self._supervisor else None
        if beat:
            names = ("used_bytes", "total_bytes", "loaded", "holders", "forwards", "calls")
            facts |= {name: getattr(beat, name) for name in names}
        return facts

    # ---- readiness -----------------------------------------------------------------------------------

    def probe(self, future: Future[Probed]) -> None:
        """Asks for a real forward pass; the future gets the answer, or the reason why there is none."""
        if not self.is_ready:
            self._answer(future, Probed(0, False, 0.0, self.why or "The GPU process is starting."))
            return
        self._probe_count += 1
        self._probes[self._probe_count] = future
        self.send(Probe(self._probe_count))

    @staticmethod
    def _answer(future: Future[Probed] | None, answer: Probed) -> None:
        if future is not None and future.set_running_or_notify_cancel():
            future.set_result(answer)
