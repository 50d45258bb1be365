"""Deforum: its settings files, read with a report of every key, and written. What becomes of each key: keys/."""

from pipelines.video.deforum.reading import Imported, Row, read
from pipelines.video.deforum.writing import write

__all__ = ["Imported", "Row", "read", "write"]
