"""How a file is received, in a form or as the body itself: on the disk, never in memory."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from typing import BinaryIO

from fastapi import Request as HttpRequest
from starlette.datastructures import UploadFile

from pipelines import UploadError

NAME = "x-filename"  # of a file that is the body itself, percent-encoded or not


@contextlib.asynccontextmanager
async def sent_file(http: HttpRequest) -> AsyncIterator[tuple[BinaryIO, str]]:
    """(file, its name or "") of a form's field `file`, or of a body that is itself the file. Raises UploadError."""
    kind = http.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        with tempfile.TemporaryFile() as body:
            async for part in http.stream():
                body.write(part)
            body.seek(0)
            yield body, http.headers.get(NAME, "")
        return
    async with http.form(max_files=1, max_fields=4) as form:
        sent = form.get("file")
        if not isinstance(sent, UploadFile):
            raise UploadError("The form has no file.", "Send it in the field “file”.")
        await sent.seek(0)
        yield sent.file, sent.filename or ""
