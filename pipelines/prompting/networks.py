"""Extra networks in a prompt, as AUTOMATIC1111 writes them: `<lora:name:0.8>` names a file and how much it counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from pipelines.prompting.comments import blanked, comments

TAG = re.compile(r"<(\w+):([^>]+)>")


class Network(NamedTuple):
    """One tag: its kind and its arguments, those with a name (`te=0.5`) apart."""

    kind: str
    arguments: tuple[str, ...]
    named: dict[str, str]

    @property
    def written(self) -> tuple[str, ...]:
        """All arguments as they are written, those with a name last."""
        named = (f"{name}={value}" for name, value in self.named.items())
        return (*self.arguments, *named)

    def __str__(self) -> str:
        return f"<{':'.join((self.kind, *self.written))}>"


class Tag(NamedTuple):
    """A network and where it is named."""

    network: Network
    begin: int
    end: int


def tags(prompt: str) -> Iterator[Tag]:
    """Those of a prompt that may hold comments, in which there are none."""
    for tag in tags_in(blanked(prompt, comments(prompt))):
        yield Tag(_network(tag[1], tag[2]), *tag.span())


def tags_in(text: str) -> Iterator[re.Match[str]]:
    """Where they stand. Behind the last `>` there is none, and each `<` there would be looked at in vain to the end."""
    return TAG.finditer(text, 0, text.rfind(">") + 1)


def split(prompt: str) -> tuple[str, tuple[Network, ...]]:
    """(the text without its tags, the tags in their order). Spaces beside a tag stay."""
    found = tuple(_network(tag[1], tag[2]) for tag in tags_in(prompt))
    end = prompt.rfind(">") + 1
    return TAG.sub("", prompt[:end]) + prompt[end:], found


def _network(kind: str, text: str) -> Network:
    parts = text.split(":")
    named = dict(part.split("=", 1) for part in parts if "=" in part)
    return Network(kind, tuple(part for part in parts if "=" not in part), named)
