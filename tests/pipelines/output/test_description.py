"""What people write about a picture into the picture, wherever their programs put it; and what cameras put there."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pipelines.output.assets import Assets
from tests.pipelines.output.files import encoded

WORDS = "A dog & a café, sleeping"
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt>'
    '<rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>'
)
PICTURE = Image.new("RGB", (40, 30), "red")


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Assets:
    return Assets(tmp_path_factory.mktemp("data"))


def exif(text: str) -> Image.Exif:
    found = Image.Exif()
    found[0x010E] = text.encode()
    return found


def iptc(text: str) -> bytes:
    """A JPEG with a segment of Photoshop's resources, in it IPTC's Caption/Abstract."""
    said = text.encode()
    record = b"\x1c\x02\x78" + len(said).to_bytes(2) + said
    record += b"\0" * (len(record) % 2)
    resource = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + len(record).to_bytes(4) + record
    data = encoded(PICTURE, "JPEG")
    return data[:2] + b"\xff\xed" + (len(resource) + 2).to_bytes(2) + resource + data[2:]


def png_text(text: str) -> bytes:
    info = PngInfo()
    info.add_itxt("Description", text)
    return encoded(PICTURE, "PNG", pnginfo=info)


@pytest.mark.parametrize(
    "data",
    [
        encoded(PICTURE, "JPEG", exif=exif(WORDS)),
        encoded(PICTURE, "WEBP", exif=exif(WORDS)),
        encoded(PICTURE, "JPEG", xmp=(XMP % WORDS.replace("&", "&amp;")).encode()),
        iptc(WORDS),
        png_text(WORDS),
    ],
)
def test_a_description_is_read_wherever_it_stands(assets: Assets, data: bytes) -> None:
    asset = assets.add(data, "alice")

    assert asset.description == WORDS
    assert asset.as_dict()["description"] == WORDS
    assert assets.get(asset.id, "alice").description == WORDS


@pytest.mark.parametrize(
    "text", ["OLYMPUS DIGITAL CAMERA", "DCIM", "Screenshot", "SONY DSC", "", "\0\0\0", "12 34"]
)
def test_what_cameras_write_is_no_description(assets: Assets, text: str) -> None:
    assert assets.add(encoded(PICTURE, "JPEG", exif=exif(text)), "bob").description == ""


def test_a_description_hides_no_settings_and_settings_no_description(assets: Assets) -> None:
    info = PngInfo()
    info.add_text("parameters", "a cat\nSteps: 20, Seed: 1, Size: 64x64")
    info.add_text("Description", "my cat at home")

    asset = assets.add(encoded(PICTURE, "PNG", pnginfo=info), "carol")

    assert asset.request is not None
    assert asset.request.prompt == "a cat"
    assert asset.description == "my cat at home"


def test_a_book_is_cut(assets: Assets) -> None:
    assert len(assets.add(png_text("very long " * 100_000), "dave").description) <= 2000


def test_uploads_of_older_versions_have_none(tmp_path: Path) -> None:
    assert Assets(tmp_path).add(encoded(PICTURE), "alice").description == ""
