"""One key of Deforum's settings file: what it is by default, and what becomes of it here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pipelines.video.deforum.forms import Form

Fate = Literal["applied", "approximated", "ignored"]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """`field`: where it goes, "animation.zoom" or "request.sampling.steps"; "" for what goes nowhere.

    `why`: why it is not taken over as it is, as a sentence for the user. `switch`: the key that must be true for it.
    """

    key: str
    default: Any
    fate: Fate
    why: str = ""
    field: str = ""
    form: Form | None = None
    switch: str = ""


def applied(key: str, default: Any, field: str, form: Form, switch: str = "") -> Setting:
    """A key that means the same here."""
    return Setting(key=key, default=default, fate="applied", field=field, form=form, switch=switch)


def ignored(why: str, **defaults: Any) -> tuple[Setting, ...]:
    """Keys with their defaults that nothing is made of, all for the same reason."""
    return tuple(
        Setting(key=key, default=default, fate="ignored", why=why)
        for key, default in defaults.items()
    )
