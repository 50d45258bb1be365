"""The version of Darkroom, as the page, the API and the metadata of every picture say it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

VERSION = "0.1.0"


def software() -> str:
    """What computes the pictures, with the versions on which their last digits depend."""
    try:
        return f"Darkroom {VERSION}, torch {version('torch')}"
    except PackageNotFoundError:
        return f"Darkroom {VERSION}"
