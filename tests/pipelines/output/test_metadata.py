"""What is written into a picture is read back from it, and nothing a stranger writes there does harm."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pipelines.asking.hires import Hires
from pipelines.output import infotext, metadata
from pipelines.output.decoder import read_texts
from pipelines.output.metadata import Details, Embedded
from pipelines.output.save import encode
from pipelines.request import FORMATS, PROMPT_BYTES, Request
from tests.pipelines.output.pictures import new_picture, request
from tests.pipelines.output.requests import one_picture

PROMPTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=300)
REQUESTS = st.builds(
    request,
    prompt=PROMPTS,
    negative_prompt=PROMPTS,
    seed=st.integers(0, 2**53 - 1),
    format=st.sampled_from(FORMATS),
    exact=st.booleans(),
    checkpoint=PROMPTS,
) | st.builds(replace, one_picture(), format=st.sampled_from(FORMATS))
DETAILS = Details(id="0" * 32, created=1.5, seconds=0.25, device="cuda:0", dtype="bfloat16")


def round_trip(request: Request, details: Details = DETAILS) -> tuple[Embedded, str]:
    """(what is read, the parameters that were written) through the bytes of a whole file."""
    parameters = infotext.write(request, version="1.0")
    texts = metadata.write_texts(request, parameters, details)
    data = encode(new_picture(request=request), texts)
    with Image.open(io.BytesIO(data)) as image:
        return metadata.parse(read_texts(image)), parameters


@given(REQUESTS)
@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_the_request_that_is_read_equals_the_one_that_was_written(request: Request) -> None:
    embedded, parameters = round_trip(request)

    assert embedded == Embedded(parameters, request, DETAILS, program=infotext.OURS)


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("sign", ['"', "\n", "&", "<", "]]>", "猫", "🎨", "\\", "é"])
def test_prompts_of_ten_thousand_bytes_survive(file_format: str, sign: str) -> None:
    prompt = sign * (PROMPT_BYTES // len(sign.encode()))
    long = request(prompt=prompt, negative_prompt=prompt, format=file_format)

    embedded, _ = round_trip(long)

    assert embedded.request == long


def test_a_jpeg_whose_settings_overflow_keeps_the_parameters_and_its_id() -> None:
    odd = request(prompt="a\x01" * 5000, negative_prompt="\x01" * PROMPT_BYTES, format="jpeg")

    embedded, parameters = round_trip(odd)

    assert embedded.parameters == parameters
    assert embedded.details == DETAILS


def test_a_jpeg_without_room_for_many_prompts_keeps_the_two_of_every_picture() -> None:
    long = "a, " * (PROMPT_BYTES // 3)
    hires = Hires(prompt=long, negative_prompt=long)
    odd = request(prompt="a cat", template=long, negative_template=long, hires=hires, format="jpeg")

    embedded, parameters = round_trip(odd)

    assert len(parameters) > 4 * (PROMPT_BYTES - 10)
    assert embedded.parameters.startswith("a cat\nNegative prompt: blurry\nSteps: 8, ")
    assert "Hires upscale: 2" in embedded.parameters
    assert embedded.details == DETAILS


def test_png_holds_parameters_where_other_programs_look() -> None:
    parameters = infotext.write(request())
    data = encode(new_picture(), metadata.write_texts(request(), parameters, DETAILS))

    with Image.open(io.BytesIO(data)) as image:
        assert image.info["parameters"] == parameters
        assert image.info["request"] == request().to_json()


@pytest.mark.parametrize("file_format", ["jpeg", "webp"])
def test_the_exif_comment_is_utf16_in_big_endian_as_others_write_it(file_format: str) -> None:
    asked = request(prompt="猫 cat", format=file_format)
    parameters = infotext.write(asked)
    data = encode(new_picture(request=asked), metadata.write_texts(asked, parameters, DETAILS))

    assert b"UNICODE\0" + parameters.encode("utf-16-be") in data


@pytest.mark.parametrize(
    "comment",
    [
        b"UNICODE\0" + "a, 猫".encode("utf-16-le"),
        b"UNICODE\0" + "a, 猫".encode("utf-16-be"),
        b"\0" * 8 + "a, 猫".encode(),
        "a, 猫".encode(),
    ],
)
def test_reads_exif_comments_in_the_encodings_that_are_met(comment: bytes) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = comment
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "JPEG", exif=exif)

    with Image.open(stream) as image:
        assert metadata.parse(read_texts(image)).parameters == "a, 猫"


def test_a_picture_of_another_program_gives_what_its_parameters_tell() -> None:
    chunks = PngInfo()
    chunks.add_text(
        "parameters", "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 3, Size: 512x512"
    )
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "PNG", pnginfo=chunks)

    with Image.open(stream) as image:
        embedded = metadata.parse(read_texts(image))

    assert embedded.request is not None
    assert (embedded.request.prompt, embedded.request.seed) == ("a cat", 3)
    assert embedded.details == Details()


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        "{",
        "null",
        "[]",
        '"x"',
        "{}",
        '{"prompt": "x"}',
        '{"prompt": "\\ud800"}',
        '{"__class__": "os.system"}',
        '{"width": 1e999}',
        '{"width": ' + "9" * 5000 + "}",
        json.dumps({**request().as_dict(), "width": 10**9}),
        json.dumps({**request().as_dict(), "seed": "7; drop"}),
        json.dumps({**request().as_dict(), "sampling": None}),
        "NaN",
    ],
)
def test_what_is_no_sound_request_counts_as_absent(text: str) -> None:
    assert metadata.parse({"request": text, "darkroom": text}) == Embedded()


SHORT = st.text(max_size=10)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | SHORT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(SHORT | st.sampled_from(["id", "created", "seed"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(list(request().as_dict())), JSON), JSON)
@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_json_in_any_field_is_understood_or_absent(
    values: dict[str, Any], details: Any
) -> None:
    text = json.dumps({**request().as_dict(), **values})

    metadata.parse({"request": text, "darkroom": json.dumps(details), "parameters": text})


def test_reading_a_file_decodes_no_pixels(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    texts = metadata.write_texts(request(), "p", DETAILS)
    data = encode(new_picture(), texts)
    pixels = data.index(b"IDAT")
    path.write_bytes(data[: pixels + 20])

    embedded, size = metadata.read(path)

    assert (embedded.request, size) == (request(), (64, 64))


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG\r\n\x1a\n", b"<html>", b"\xff\xd8\xff" + b"x" * 99]
)
def test_a_file_that_is_no_picture_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(data)

    with pytest.raises((OSError, ValueError)):
        metadata.read(path)


def test_what_goes_into_a_picture_never_names_its_owner() -> None:
    texts = metadata.write_texts(request(), infotext.write(request()), DETAILS)

    assert b"alice" not in encode(new_picture(owner="alice"), texts)
