"""Strangers' bytes to a picture of ours: looked at for nothing, then decoded in a limited child process.

What the child does stands in decoder.py. The web process never has the pixels, and of a file not even the bytes.
"""

from __future__ import annotations

import errno
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO

import PIL

from pipelines.errors import UploadError
from pipelines.output.decoder import CPU_SECONDS, MEMORY_BYTES
from pipelines.output.disk import disk_full

UPLOAD_BYTES_MAX = 128_000_000  # 40 million pixels, also where nothing compresses them
CLOCK_SECONDS = 180.0  # ends a child that hangs; one that computes ends itself after CPU_SECONDS
START_BYTES = 1024  # are enough to know a file by
# Our package without its __init__, which would import all of Darkroom.
START_CHILD = (
    "import sys, types; sys.path.append(sys.argv[2]); "
    "house = sys.modules['pipelines'] = types.ModuleType('pipelines'); house.__path__ = [sys.argv[1]]; "
    "from pipelines.output import decoder; decoder.main(sys.argv[3])"
)
CHOOSE_ANOTHER = "Send a PNG, JPEG, WebP, AVIF, GIF, BMP or TIFF picture."
OURS = (
    rb"(?s)\x89PNG\r\n\x1a\n|\xff\xd8\xff|RIFF....WEBP|GIF8[79]a|BM....\0\0\0\0|II\*\0(?!....CR)|MM\0\*|"
    rb"....ftyp(?:avi[fs]|m[is]f1.{4,60}?avi[fs])"
)
KNOWN_OTHERS = (  # beginnings of files that people take for pictures we read
    (rb"II\*\0....CR", "a camera's raw file"),
    (rb"8BPS", "a Photoshop file"),
    (rb"....ftyp(?:hei|m[is]f|hev)", "an HEIC picture"),
    (rb"....ftypcrx", "a camera's raw file"),
    (rb"....ftyp", "a video"),
    (rb"\0\0\0\x0cJXL |\xff\x0a", "a JPEG XL picture"),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (rb"II\+\0|MM\0\+", "a BigTIFF picture"),
    (rb"gimp xcf", "a GIMP file"),
    (rb"\x76\x2f\x31\x01", "an OpenEXR picture"),
    (rb"%PDF", "a PDF file"),
    (rb"PK\x03\x04", "a ZIP archive"),
    (
        rb"(?i)\s*(?:<\?xml.{0,400}?)?(?:<!--.{0,400}?-->\s*)?(?:<!doctype svg|<svg)",
        "an SVG drawing",
    ),
    (rb"(?i)\s*<(?:!doctype html|html|head|body|script)", "an HTML page"),
)


def check(start: bytes, size_bytes: int, filename: str = "") -> None:
    """Refuses by size and by the first bytes, at no cost. Raises UploadError."""
    shown = "".join(sign for sign in filename if sign.isprintable())[-60:]
    name = f"“{shown}”" if shown else "The file"
    if size_bytes > UPLOAD_BYTES_MAX:
        limit = f"{UPLOAD_BYTES_MAX // 1_000_000} MB"
        raise _refused(f"{name} has {size_bytes / 1e6:.1f} MB.", f"Send at most {limit}.", 413)
    if not size_bytes:
        raise _refused(f"{name} is empty.", CHOOSE_ANOTHER)
    known = next((kind for first, kind in KNOWN_OTHERS if re.match(first, start, re.DOTALL)), "")
    if not re.match(OURS, start):
        raise _refused(f"{name} is {known or 'no picture that we can read'}.", CHOOSE_ANOTHER)


def check_file(file: BinaryIO, filename: str = "") -> None:
    """Likewise, of a file that stands at its start, and stands there again."""
    start = file.read(START_BYTES)
    size_bytes = file.seek(0, 2)
    file.seek(0)
    check(start, size_bytes, filename)


def decode(sent: bytes | BinaryIO, target: Path, make: str = "reencode") -> dict[str, Any]:
    """Lets a child write the picture anew into `target` and returns its report. Raises UploadError or DiskFull.

    `sent` is the bytes, or a real file, which stands at its start. `make` is a row of MAKERS in decoder.py: reencode,
    or shrink for a small one.
    """
    library, ours = Path(PIL.__file__).parent.parent, Path(__file__).parent.parent
    command = [sys.executable, "-I", "-S", "-c", START_CHILD, str(ours), str(library), make]
    given: dict[str, Any] = {"input": sent} if isinstance(sent, bytes) else {"stdin": sent}
    with target.open("wb") as stdout:
        try:
            child = subprocess.run(
                command, **given, stdout=stdout, stderr=subprocess.PIPE, timeout=CLOCK_SECONDS
            )
        except subprocess.TimeoutExpired:
            raise _refused("The picture took too long to decode.", "Send a smaller one.") from None
    try:
        report: dict[str, Any] = json.loads(child.stderr.splitlines()[-1])
    except (ValueError, IndexError):  # ended by one of its limits, or crashed
        limits = f"{CPU_SECONDS} s and {MEMORY_BYTES / 1e9:g} GB"
        why = f"The picture could not be decoded within {limits}."
        raise _refused(why, "Send a smaller one.") from None
    if "problem" in report:
        raise _refused(*report["problem"])
    if report.get("errno") == errno.ENOSPC:
        raise disk_full(target.parent, True, OSError())
    if "why" in report:
        raise _refused(
            f"The picture is damaged or incomplete ({report['why']}).",
            "Open it in an image program, save it anew and send that.",
        )
    return report


def _refused(message: str, remedy: str, http_status: int = 415) -> UploadError:
    error = UploadError(message, remedy)
    error.http_status = http_status
    return error
