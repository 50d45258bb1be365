"""Admission: how many works one owner may have, one ordered at a time, and none while the server ends."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.errors import Refused
from pipelines.works.work import OPEN_STATES

LOCKS = 16  # owners share them


class OneAtATime:
    """A lock for each owner, so that the same click, sent twice, is one work."""

    def __init__(self) -> None:
        self._locks = [threading.Lock() for _ in range(LOCKS)]

    def of(self, owner: str) -> threading.Lock:
        digest = hashlib.sha256(owner.encode("utf-8", "replace")).digest()
        return self._locks[digest[0] % LOCKS]


@dataclass(frozen=True)
class Admission:
    """`noun`: what such a work is called. `open_max`: that wait or run; `kept_max`: with those that are over."""

    noun: str
    open_max: int
    kept_max: int

    def check(self, states: Iterable[str], *, is_closing: bool) -> None:
        """`states`: of all works of the owner who wants one more. Raises Refused."""
        if is_closing:
            refused = Refused("Darkroom is shutting down.", "Send it again in a minute.", 60)
            refused.http_status = 503
            raise refused
        own = list(states)
        if sum(state in OPEN_STATES for state in own) >= self.open_max:
            what = f"You have {self.open_max} {self.noun}s waiting, which is the limit."
            raise Refused(what, "Wait until one is done, or pause or delete one.", 60)
        if len(own) >= self.kept_max:
            what = f"You have {self.kept_max} {self.noun}s, which is the limit."
            raise Refused(what, "Delete some that are over.", 60)
