"""The limited child: what is hostile is refused in words, costs little, and leaves nothing behind."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pipelines.errors import DiskFull, UploadError
from pipelines.output import child as module
from pipelines.output.assets import Assets
from pipelines.output.child import UPLOAD_BYTES_MAX, check
from tests.pipelines.output.files import encoded, halves, png_bomb, png_header
from tests.pipelines.output.pictures import request


@pytest.fixture
def assets(tmp_path: Path) -> Assets:
    return Assets(tmp_path)


def left_behind(tmp_path: Path) -> list[str]:
    return [path.name for path in tmp_path.rglob("*") if path.is_file()]


MISLABELLED = [
    (b"<!DOCTYPE html><script>alert(1)</script>", "an HTML page"),
    (b" \n<HTML>", "an HTML page"),
    (b"<?xml version='1.0'?><svg onload='alert(1)'/>", "an SVG drawing"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
    (encoded(halves(), "PPM"), "no picture that we can read"),
    (b"8BPS\0\1", "a Photoshop file"),
    (b"%PDF-1.7", "a PDF file"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\0\0\0\x18ftypheic\0\0", "an HEIC picture"),
    (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "an HEIC picture"),
    (b"\0\0\0\x18ftypcrx \0\0", "a camera's raw file"),
    (b"II*\0\x10\0\0\0CR\2\0", "a camera's raw file"),
    (b"\0\0\0\x18ftypisom\0\0", "a video"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
    (b"\xff\x0a\0\0", "a JPEG XL picture"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
    (b"II+\0\x08\0\0\0", "a BigTIFF picture"),
    (b"gimp xcf v011", "a GIMP file"),
    (b"\x76\x2f\x31\x01", "an OpenEXR picture"),
    (b"BMW and other cars", "no picture that we can read"),
    (b"", "empty"),
    (b"\0" * 999, "no picture that we can read"),
]


@pytest.mark.parametrize(("data", "what"), MISLABELLED, ids=[what for _, what in MISLABELLED])
def test_other_files_with_a_picture_s_name_are_named_and_refused(
    assets: Assets, tmp_path: Path, data: bytes, what: str
) -> None:
    with pytest.raises(UploadError, match=f"“cat.png” is {what}") as error:
        assets.add(data, "alice", "cat.png")

    assert error.value.http_status == 415
    assert "Send a PNG, JPEG, WebP, AVIF" in error.value.remedy
    assert left_behind(tmp_path) == []


def huge_text(kind: str) -> bytes:
    chunks = PngInfo()
    chunks.add_text("parameters", "x" * 70_000_000, zip=kind == "zipped")
    return encoded(Image.new("RGB", (4, 4)), pnginfo=chunks)


@pytest.mark.parametrize("side", [13_376, 20_000, 6_325])
def test_a_bomb_is_refused_by_its_header(assets: Assets, tmp_path: Path, side: int) -> None:
    bomb = png_bomb(side) if side == 13_376 else png_header(side, side)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(UploadError, match=f"{side:,} × {side:,}") as error:
        assets.add(bomb, "alice")

    assert error.value.http_status == 413
    assert "40 million" in error.value.remedy
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 50_000
    assert left_behind(tmp_path) == []


def test_a_file_over_the_limit_is_refused_unread(assets: Assets, tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        file.truncate(UPLOAD_BYTES_MAX + 1)  # takes no room on the disk

    with pytest.raises(UploadError, match=r"“large.png” has 128\.0 MB") as error:
        assets.add_file(large, "alice")

    assert error.value.http_status == 413
    assert "at most 128 MB" in error.value.remedy


def test_a_compressed_text_that_unfolds_to_70_mb_is_refused(assets: Assets, tmp_path: Path) -> None:
    with pytest.raises(UploadError, match="damaged"):
        assets.add(huge_text("zipped"), "alice")

    assert left_behind(tmp_path) == []


def test_texts_that_are_too_long_are_left_out(assets: Assets) -> None:
    chunks = PngInfo()
    chunks.add_text("parameters", "x" * 900_000)
    chunks.add_text("request", request().to_json())

    asset = assets.add(encoded(halves(), pnginfo=chunks), "alice")

    assert (asset.parameters, asset.request) == ("", request())


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "JPEG", "AVIF", "GIF", "BMP", "TIFF"])
def test_truncated_pictures_are_refused(assets: Assets, tmp_path: Path, file_format: str) -> None:
    noise = Image.frombytes("RGB", (64, 64), os.urandom(64 * 64 * 3))
    whole = encoded(noise, file_format)

    for share in (0.02, 0.9):
        with pytest.raises(UploadError, match="damaged or incomplete") as error:
            assets.add(whole[: int(len(whole) * share) + 16], "alice")
        assert "save it anew" in error.value.remedy
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", b"PK\x03\x04evil", b"%PDF-1.7"])
def test_what_hides_behind_a_picture_is_cut_off(assets: Assets, tail: bytes) -> None:
    for file_format in ("PNG", "JPEG"):
        stored = assets.add(encoded(halves(), file_format) + tail, "alice").path.read_bytes()

        assert tail not in stored


def doing(what: str, before: str = "") -> str:
    """A child that limits itself and then does something else."""
    start, _, _ = module.START_CHILD.rpartition(";")
    return f"{start}; {before}; decoder.limit_this_process(); {what}".replace("; ;", ";").replace(
        "; \n", "\n"
    )


def test_the_child_may_not_take_more_than_its_share_of_memory(
    assets: Assets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "START_CHILD", doing("bytes(2 * 10**9)"))

    with pytest.raises(UploadError, match=r"1\.5 GB"):
        assets.add(encoded(halves()), "alice")
    assert left_behind(tmp_path) == []


def test_a_child_that_hangs_is_ended(
    assets: Assets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "START_CHILD", "import time; time.sleep(60)")
    monkeypatch.setattr(module, "CLOCK_SECONDS", 0.2)

    with pytest.raises(UploadError, match="too long"):
        assets.add(encoded(halves()), "alice")
    assert left_behind(tmp_path) == []


def test_a_child_that_computes_for_too_long_ends_itself(
    assets: Assets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        module, "START_CHILD", doing("\nwhile True: pass", "decoder.CPU_SECONDS = 1")
    )

    with pytest.raises(UploadError, match="within 30 s"):
        assets.add(encoded(halves()), "alice")


def test_a_full_disk_is_named(
    assets: Assets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = 'import sys; sys.stderr.write(\'{"errno": 28, "why": "OSError"}\')'
    monkeypatch.setattr(module, "START_CHILD", full)

    with pytest.raises(DiskFull, match="assets"):
        assets.add(encoded(halves()), "alice")
    assert left_behind(tmp_path) == []


@given(st.binary(max_size=200), st.text(max_size=200))
def test_any_bytes_and_any_name_are_refused_in_words(data: bytes, name: str) -> None:
    with pytest.raises(UploadError) as error:
        check(b"x" + data, 1 + len(data), name)
    assert len(error.value.message) < 200


@given(st.data())
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_mutated_pictures_are_kept_or_refused(assets: Assets, data: st.DataObject) -> None:
    file_format = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF"]))
    exif = Image.Exif()
    exif[0x0112] = 6
    arguments = {} if file_format in ("GIF", "BMP") else {"exif": exif}
    if file_format == "TIFF":
        arguments["compression"] = data.draw(st.sampled_from(["raw", "tiff_lzw", "packbits"]))
    broken = bytearray(encoded(halves(), file_format, **arguments))
    for _ in range(data.draw(st.integers(1, 8))):
        broken[data.draw(st.integers(12, len(broken) - 1))] = data.draw(st.integers(0, 255))
    try:
        asset = assets.add(bytes(broken), "alice")
    except UploadError:
        return
    with Image.open(asset.path) as image:
        image.load()
