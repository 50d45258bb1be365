"""What people write to name a model, and names that we give to files."""

from __future__ import annotations

from pathlib import PureWindowsPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.downloads.names import LONGEST_BYTES, RESERVED, is_plain_path, safe_name
from pipelines.downloads.sources import Civitai, File, Hub, Source, parse
from pipelines.errors import RequestError
from pipelines.settings import Settings

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("stabilityai/sd-turbo", Hub("stabilityai/sd-turbo")),
        ("  stabilityai/sd-turbo ", Hub("stabilityai/sd-turbo")),
        (f"a/b@{COMMIT}", Hub("a/b", COMMIT)),
        ("a/b@refs/pr/3", Hub("a/b", "refs/pr/3")),
        ("a/b@v1.0/x/y.safetensors", Hub("a/b", "v1.0", "x/y.safetensors")),
        ("a/b/y.safetensors", Hub("a/b", "", "y.safetensors")),
        ("https://huggingface.co/a/b", Hub("a/b")),
        ("https://hf.co/a/b/", Hub("a/b")),
        ("https://huggingface.co/a/b/tree/fp16", Hub("a/b", "fp16")),
        ("https://huggingface.co/a/b/blob/main/y.safetensors", Hub("a/b", "main", "y.safetensors")),
        (
            "https://huggingface.co/a/b/resolve/main/x/y.safetensors?download=true",
            Hub("a/b", "main", "x/y.safetensors"),
        ),
        ("https://civitai.com/models/11", Civitai(11)),
        ("https://civitai.com/models/11/painted-worlds", Civitai(11)),
        ("https://www.civitai.com/models/11/painted?modelVersionId=22", Civitai(11, 22)),
        ("https://civitai.com/api/download/models/22?type=Model", Civitai(0, 22)),
        ("urn:air:sdxl:checkpoint:civitai:11@22", Civitai(11, 22)),
        ("civitai:11@22", Civitai(11, 22)),
        ("https://models.example/y.safetensors", File("https://models.example/y.safetensors")),
    ],
)
def test_models_are_known_by_what_people_copy(text: str, source: Source) -> None:
    found = parse(text, Settings())

    assert found == source
    assert parse(found.text, Settings()) == source


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sd-turbo",
        "a/b/c",
        "a/b@",
        "../../etc/passwd",
        "a/..",
        "a/b/../../x.ckpt",
        "a/b/model.ckpt",
        "https://huggingface.co/a/b/blob/main/evil.py",
        "https://models.example/model.ckpt",
        "https://models.example/y.safetensors?token=secret",
        "a/b\nc",
        "a" * 501,
        "civitai:",
        "civitai:abc",
    ],
)
def test_what_names_no_model_is_refused_with_the_ways_to_write_one(text: str) -> None:
    with pytest.raises(RequestError) as refused:
        parse(text, Settings())
    assert refused.value.field == "source"
    assert refused.value.remedy


def test_addresses_of_a_mirror_are_understood() -> None:
    mirror = Settings(hub_url="http://hub.lan:8080")

    assert parse("http://hub.lan:8080/a/b/tree/main", mirror) == Hub("a/b", "main")


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("painted worlds", "painted-worlds"),
        ("../../etc/passwd", "etc-passwd"),
        ("..\\..\\boot", "boot"),
        ("C:\\x", "C-x"),
        ("/absolute", "absolute"),
        (".hidden", "hidden"),
        ("CON", "CON-model"),
        ("nul.txt", "nul.txt-model"),
        ("end. ", "end"),
        ("\x00\u202e\n", "model"),
        ("", "model"),
        ("ä" * 300, "ä" * 50),
    ],
)
def test_names_are_made_safe(wanted: str, name: str) -> None:
    assert safe_name(wanted) == name


@given(st.text(max_size=400))
@settings(max_examples=300, deadline=None)
def test_no_name_leads_anywhere(wanted: str) -> None:
    name = safe_name(wanted)

    assert name
    assert name == PureWindowsPath(name).name
    assert not set(name) & set('/\\:*?"<>|')
    assert name[0] != "."
    assert name[-1] not in ". "
    assert name.isprintable()
    assert len(name.encode()) <= LONGEST_BYTES + len("-model")
    assert not RESERVED.fullmatch(name)
    assert safe_name(name) == name


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../b", "/x", "a//b", "a/b/c", ".git", "a/.x", "con", "unet/nul.json", "a\\b", "x.", "é", "a" * 101],
)  # fmt: skip
def test_paths_of_repositories_that_are_not_plain_are_left_out(path: str) -> None:
    assert not is_plain_path(path)


def test_plain_paths_keep_their_place() -> None:
    assert is_plain_path("unet/diffusion_pytorch_model.fp16.safetensors")
    assert is_plain_path("model_index.json")
