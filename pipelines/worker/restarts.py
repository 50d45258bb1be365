"""When a GPU process that died is started again, and when trying is given up for a while."""

from __future__ import annotations

WINDOW_SECONDS = 600.0
DEATHS_UNTIL_BROKEN = 5
LONGEST_WAIT_SECONDS = 60.0


class Breaker:
    """Counts the deaths that say "this will not get better by itself" within ten minutes.

    A first death under a job says little (a new process may finish that job) and is not counted.
    """

    def __init__(self) -> None:
        self._deaths: list[float] = []

    def died(self, now_seconds: float, *, counts: bool) -> float | None:
        """Seconds until the next start; None when there were too many deaths: it is broken."""
        self._forget(now_seconds)
        if not counts:
            return 0.0
        self._deaths.append(now_seconds)
        if len(self._deaths) >= DEATHS_UNTIL_BROKEN:
            return None
        return float(min(LONGEST_WAIT_SECONDS, 2.0 ** (len(self._deaths) - 1)))

    def reset(self) -> None:
        """A job was finished, or a person asked for another try: what was before does not count."""
        self._deaths.clear()

    def next_try_seconds(self, now_seconds: float) -> float:
        """When it is broken: how long until the oldest death is forgotten and one try is due."""
        return max(0.0, self._deaths[0] + WINDOW_SECONDS - now_seconds) if self._deaths else 0.0

    def _forget(self, now_seconds: float) -> None:
        self._deaths = [at for at in self._deaths if now_seconds - at < WINDOW_SECONDS]
