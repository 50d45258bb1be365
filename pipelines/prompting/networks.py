"""Extra networks in a prompt, as AUTOMATIC1111 writes them: `<lora:name:0.8>` names a file and how much it counts."""

from __future__ import annotations

import re
from typing import NamedTuple

TAG = re.compile(r"<(\w+):([^>]+)>")


class Network(NamedTuple):
    """One tag: its kind and its arguments, those with a name (`te=0.5`) apart."""

    kind: str
    arguments: tuple[str, ...]
    named: dict[str, str]

    def __str__(self) -> str:
        named = (f"{name}={value}" for name, value in self.named.items())
        return f"<{':'.join((self.kind, *self.arguments, *named))}>"


def split(prompt: str) -> tuple[str, tuple[Network, ...]]:
    """(the text without its tags, the tags in their order). Spaces beside a tag stay."""
    found = tuple(_network(tag[1], tag[2]) for tag in TAG.finditer(prompt))
    return TAG.sub("", prompt), found


def _network(kind: str, text: str) -> Network:
    parts = text.split(":")
    named = dict(part.split("=", 1) for part in parts if "=" in part)
    return Network(kind, tuple(part for part in parts if "=" not in part), named)
