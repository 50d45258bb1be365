"""What of a prompt is the language of wildcards, and what only looks like it: this is hidden from the parser.

A character is hidden by another one in its place, of a range of Unicode that no text uses, and shown again at the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pipelines.prompting.networks import TAG

SPECIAL = r"{}|$%#_/\~!@"
HIDE = str.maketrans({mark: chr(0xF0000 + ord(mark)) for mark in SPECIAL})
SHOW = str.maketrans({chr(0xF0000 + ord(mark)): mark for mark in SPECIAL})
WRAP = "__"
# In turn: `\{`; a percent sign, or a dollar sign that begins nothing; a slash that would begin a comment; how an
# alternation parts its words; how the parser would be told to go through all values, where there is one picture.
ESCAPED = re.compile(r"\\([{}|$%#_])")
PLAIN = re.compile(r"%|(?<!\$)\$(?![{$])|/(?=[/*])")
BRACKETS = re.compile(r"\[[^\[\]{}]*\]")
METHOD = re.compile(r"\{(\s*)[~!@]")
LOOKS_LIKE_ONE = re.compile(r"[^\s_](?:\S*[^\s_])?")


def is_dynamic(text: str) -> bool:
    """Whether anything in it may be chosen by lot."""
    return "{" in text or WRAP in text


def hidden(text: str, is_known: Callable[[str], bool]) -> tuple[str, list[str]]:
    """(the text for the parser, names that look like wildcards and are none)."""
    text = ESCAPED.sub(lambda found: found[1].translate(HIDE), text)
    text = TAG.sub(_tag, text)
    text = PLAIN.sub(lambda found: found[0].translate(HIDE), text)
    text = BRACKETS.sub(lambda found: found[0].replace("|", "|".translate(HIDE)), text)
    return _wildcards(METHOD.sub(r"{\1", text), is_known)


def shown(text: str) -> str:
    """As it was, and as it has become."""
    return text.translate(SHOW)


def depth(text: str) -> int:
    """How many braces stand inside one another at most."""
    level = deepest = 0
    for mark in text:
        level += (mark == "{") - (mark == "}")
        deepest = max(deepest, level)
    return deepest


def _tag(found: re.Match[str]) -> str:
    """Names of files are no wildcards; variants in a tag are meant, as for a weight: `<lora:ink:{0.5|0.8}>`."""
    return (
        found[0].replace("_", "_".translate(HIDE)) if "{" in found[0] else found[0].translate(HIDE)
    )


def _wildcards(text: str, is_known: Callable[[str], bool]) -> tuple[str, list[str]]:
    """With every pair of `__` hidden that does not stand around a name that is there."""
    parts: list[str] = []
    missing: list[str] = []
    at = 0
    while (begin := text.find(WRAP, at)) >= 0:
        end = text.find(WRAP, begin + 2)
        inner = text[begin + 2 : end] if end >= 0 else ""
        inner = inner.lstrip("~!@")
        parts.append(text[at:begin])
        if end >= 0 and ("{" in inner or is_known(shown(inner.partition("(")[0]).strip())):
            parts += [WRAP, inner, WRAP]
            at = end + 2
        else:
            if LOOKS_LIKE_ONE.fullmatch(inner):
                missing.append(shown(inner))
            parts.append(WRAP.translate(HIDE))
            at = begin + 2
    return "".join((*parts, text[at:])), missing
