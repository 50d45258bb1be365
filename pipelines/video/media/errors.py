"""MediaError: a movie cannot be read, or not be written."""

from __future__ import annotations

from pipelines.errors import StudioError


class MediaError(StudioError):
    """The message names the file and what is wrong with it."""

    code = "bad_movie"
    http_status = 415
