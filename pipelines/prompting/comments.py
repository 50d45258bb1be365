"""Comments in a prompt: from `#` to the end of its line."""

from __future__ import annotations

import re

COMMENT = re.compile(r"^#.*\n?|#.*", re.MULTILINE)


def without_comments(prompt: str) -> str:
    """A line that begins with `#` is gone whole; of another one what stands before it stays."""
    return COMMENT.sub("", prompt)
