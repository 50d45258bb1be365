"""Slows down whoever guesses passwords: ten wrong ones a minute from one address, then a pause that doubles.

Through a tunnel the address may be forged, so all addresses together have a limit as well.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

TRIES = 10
TRIES_OF_ALL = 300
ALL = "all"
WINDOW_SECONDS = 60.0
PAUSE_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 3600.0
ADDRESSES_KEPT = 10_000


@dataclass(frozen=True)
class Guesses:
    """What one address has tried lately."""

    first: float
    wrong: int = 0
    pauses: int = 0
    blocked_until: float = 0.0


class Throttle:
    """Counts wrong passwords by address. An IPv6 address stands for its /64, all of which one machine may use."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._by_address: dict[str, Guesses] = {}

    def wait_seconds(self, address: str) -> int:
        """0: the address may try; else how long it has to wait."""
        found = [self._by_address.get(key) for key in (_key(address), ALL)]
        until = max((guesses.blocked_until for guesses in found if guesses), default=0.0)
        return max(0, math.ceil(until - self._clock()))

    def wrong(self, address: str) -> None:
        """One more wrong password from there."""
        self._count(ALL, TRIES_OF_ALL, PAUSE_SECONDS)
        self._count(_key(address), TRIES, LONGEST_PAUSE_SECONDS)
        while len(self._by_address) > ADDRESSES_KEPT:
            del self._by_address[next(iter(self._by_address))]

    def _count(self, key: str, tries: int, longest_pause_seconds: float) -> None:
        now = self._clock()
        guesses = self._by_address.pop(key, None) or Guesses(first=now)
        if now - max(guesses.first, guesses.blocked_until) > LONGEST_PAUSE_SECONDS:
            guesses = Guesses(first=now)
        elif now - guesses.first > WINDOW_SECONDS:
            guesses = dataclasses.replace(guesses, first=now, wrong=0)
        wrong, pauses, until = guesses.wrong + 1, guesses.pauses, guesses.blocked_until
        if wrong >= tries:
            until = now + min(PAUSE_SECONDS * 2**pauses, longest_pause_seconds)
            wrong, pauses = 0, pauses + 1
        self._by_address[key] = Guesses(guesses.first, wrong, pauses, until)


def _key(address: str) -> str:
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or int(ip) >> 64)
    return str(ip)
