"""Metadata inside a picture file: put in when it is saved, read back from it, never trusted.

Three texts: `parameters` as AUTOMATIC1111 writes it, `request` as our JSON, `darkroom` with what an index rebuilt
from files alone must know. PNG holds them as text chunks of these names; JPEG and WebP hold `parameters` in the EXIF
user comment, where other programs look for it, and the other two in XMP. No text says who made the picture. What
ComfyUI, Fooocus, InvokeAI and NovelAI write instead is read as `parameters` too.
"""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pipelines.catalog.verdict import Verdict, read_verdict
from pipelines.errors import RequestError
from pipelines.output import (
    comfyui_graph,
    comfyui_workflow,
    fooocus,
    infotext,
    invokeai_metadata,
    novelai,
)
from pipelines.output.decoder import EXIF_IFD, FORMATS, USER_COMMENT, check_size, read_texts
from pipelines.output.edits import Edits, read_edits
from pipelines.output.infotext import OURS, Told, Unmapped
from pipelines.request import Request, check

XMP_BYTES_MAX = EXIF_BYTES_MAX = 65_000  # what one JPEG segment takes
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:darkroom="urn:darkroom:">%s</rdf:Description></rdf:RDF></x:xmpmeta>'
)
TRANSLATIONS = {
    "parameters": fooocus.to_parameters,
    "Comment": novelai.to_parameters,
    "prompt": comfyui_graph.to_parameters,
    "invokeai_metadata": invokeai_metadata.to_parameters,
    "sd-metadata": invokeai_metadata.to_parameters,
    "workflow": comfyui_workflow.to_parameters,
}
APPLIED_MAX = 2000
TIME_MAX = 1e11  # seconds since the epoch; also keeps infinity and NaN out


@dataclass(frozen=True, kw_only=True)
class Details:
    """What the file itself knows about its making; `id` is "" in pictures of other programs."""

    id: str = ""
    created: float = 0.0
    seconds: float = 0.0
    device: str = ""
    dtype: str = ""
    applied: str = ""  # the LoRAs, and how many of their layers there were layers for
    licences: Verdict | None = None  # of its models, and what they allow together
    software: str = ""  # with versions: what its last digits depend on


@dataclass(frozen=True)
class Embedded:
    """What a file says about itself. `request` is exact if it is ours, else as far as `parameters` tells.

    `program`: who has made it, "" if that is unknown; `unmapped`: what it says and `request` cannot.
    """

    parameters: str = ""
    request: Request | None = None
    details: Details = Details()
    edits: Edits | None = None  # of pictures that were made in a project
    program: str = ""
    unmapped: tuple[Unmapped, ...] = ()


def write_texts(
    request: Request, parameters: str, details: Details, edits: Edits | None = None
) -> dict[str, str]:
    """The texts to embed; `parse` is the inverse."""
    ours = dataclasses.asdict(details) | ({"edits": edits.as_dict()} if edits else {})
    return {
        "parameters": parameters,
        "request": request.to_json(),
        "darkroom": json.dumps(ours),
    }


def save_arguments(texts: dict[str, str], file_format: str) -> dict[str, Any]:
    """The keyword arguments with which Pillow's `save` embeds these texts."""
    if file_format == "png":
        chunks = PngInfo()
        for name, text in texts.items():
            chunks.add_text(name, text)  # becomes iTXt where Latin-1 is not enough
        return {"pnginfo": chunks}
    exif = _exif(texts["parameters"])
    if file_format == "jpeg" and len(exif.tobytes()) > EXIF_BYTES_MAX:
        exif = _exif(infotext.brief(texts["parameters"]))
    xmp = XMP % "".join(_xmp_element(n, texts[n]) for n in ("request", "darkroom"))
    if len(xmp.encode()) > XMP_BYTES_MAX:  # only prompts full of control characters get here
        xmp = XMP % _xmp_element("darkroom", texts["darkroom"])
    return {"exif": exif, "xmp": xmp.encode()}


def _exif(parameters: str) -> Image.Exif:
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD)[USER_COMMENT] = b"UNICODE\0" + parameters.encode("utf-16-be")
    return exif


def _xmp_element(name: str, json_text: str) -> str:
    unending = json_text.replace("]]>", "]]\\u003e")  # the same string in JSON
    return f"<darkroom:{name}><![CDATA[{unending}]]></darkroom:{name}>"


def parse(texts: dict[str, str]) -> Embedded:
    """Understands the texts of a file that may come from anywhere; what is wrong in it counts as absent."""
    parameters = _translated(texts) or texts.get("parameters", "")
    request = _request(texts.get("request", ""))
    told = Told(request, OURS) if request else infotext.understood(parameters)
    ours = _json_object(texts.get("darkroom", ""))
    edits = read_edits(ours.get("edits"))
    return Embedded(parameters, told.request, _details(ours), edits, told.program, told.unmapped)


def _translated(texts: dict[str, str]) -> str:
    """What another program has written, told as `parameters`; "" where these stand there already."""
    names = ("parameters",) if texts.get("parameters") else TRANSLATIONS
    told = (TRANSLATIONS[name](texts[name]) for name in names if name in texts)
    said = next(filter(None, told), "")
    return said.encode("utf-8", "replace").decode()  # \ud800 alone is no character


def read(path: Path) -> tuple[Embedded, tuple[int, int]]:
    """(what the file says, its width and height); decodes no pixel. Raises OSError or ValueError."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            check_size(image)
            return parse(read_texts(image)), image.size
    except OSError:
        raise
    except Exception as error:  # decoders raise SyntaxError, struct.error, Problem and more
        raise ValueError(f"{path} is no picture that can be read: {error}") from error


def _json_object(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _request(text: str) -> Request | None:
    try:
        request = Request.from_dict(_json_object(text))
        check(request)
    except (
        RequestError,
        TypeError,
    ):  # TypeError: a field is open that is set in a resolved Request
        return None
    return request


def _details(values: dict[str, Any]) -> Details:
    if not re.fullmatch("[0-9a-f]{32}", str(values.get("id"))):
        return Details()
    names = {field.name for field in dataclasses.fields(Details)} - {"licences"}
    sound = {k: v for k, v in values.items() if k in names and _is_sound(k, v)}
    return Details(**sound, licences=read_verdict(values.get("licences")))


def _is_sound(name: str, value: Any) -> bool:
    if name in ("created", "seconds"):
        return isinstance(value, float) and 0 <= value <= TIME_MAX
    return isinstance(value, str) and len(value) <= (APPLIED_MAX if name == "applied" else 100)
