"""AUTOMATIC1111's `parameters` text, written and read; pure, and safe on any text.

Prompt, then `Negative prompt: …`, then one line `Steps: 20, Sampler: …`. What is written is read back as the same
request: rows.py has the keys that others know, and what they have no key for travels as JSON under one of our own.
"""

from pipelines.output.infotext.foreign import OURS
from pipelines.output.infotext.grammar import compose, quote, read
from pipelines.output.infotext.reading import Told, Unmapped, to_request, understood
from pipelines.output.infotext.writing import brief, write

__all__ = [
    "OURS",
    "Told",
    "Unmapped",
    "brief",
    "compose",
    "quote",
    "read",
    "to_request",
    "understood",
    "write",
]
