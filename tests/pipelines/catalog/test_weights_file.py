"""Weights files: a whole one is read, and each way of being damaged is named."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.catalog.weights_file import HEADER_BYTES_MAX, Damaged, read_header, read_shapes
from tests.paper_checkpoint import safetensors

SHAPES = {"a.weight": (2, 3), "b.bias": (5,)}
WHOLE = safetensors(SHAPES)


def problem(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(Damaged) as caught:
        read_shapes(path)
    return str(caught.value)


def with_header(values: object, data: bytes = b"") -> bytes:
    text = json.dumps(values).encode()
    return len(text).to_bytes(8, "little") + text + data


def test_a_whole_file_gives_its_shapes(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(WHOLE)

    assert read_shapes(path) == SHAPES


def test_metadata_in_the_header_is_no_tensor(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(with_header({"__metadata__": {"format": "pt"}}))

    assert read_shapes(path) == {}


def test_a_length_that_looks_like_another_format_is_still_a_length(tmp_path: Path) -> None:
    path, header = tmp_path / "model.safetensors", json.dumps({"__metadata__": {"format": "pt"}})

    for length in (0x80, 0x3C20, 0x7B00, 0x8020, 0x4B50):  # as a pickle, a page, JSON, a zip begin
        path.write_bytes(length.to_bytes(8, "little") + header.ljust(length).encode())
        assert read_shapes(path) == {}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS pointer"),
        (b"<!DOCTYPE html><html>Not found</html>", "web page"),
        (b"\n  <html>", "web page"),
        (b'{"error":"Unauthorized"}', "text"),
        (b"PK\x03\x04" + bytes(60), "pickle"),
        (b"\x80\x02}q\x00." + bytes(60), "pickle"),
        (WHOLE[:-4], "was cut off: 22 bytes of weights belong there, 18 are"),
        (WHOLE[:20], "ends inside its header"),
        (WHOLE + b"\0\0", "2 bytes too many"),
        ((HEADER_BYTES_MAX + 1).to_bytes(8, "little") + bytes(99), "its header would be"),
        ((2**63 + 5).to_bytes(8, "little") + bytes(99), "its header would be"),
        ((9).to_bytes(8, "little") + b"{nonsense" + bytes(9), "no JSON"),
        (with_header([1, 2]), "no object"),
        (bytes(99), "nothing but zeros"),
        (
            with_header({"a" * 1001: {"dtype": "F16", "shape": [0], "data_offsets": [0, 0]}}),
            "at aaa",
        ),
        (
            with_header({"a": {"dtype": "F16", "shape": [2**40] * 17, "data_offsets": [0, 4]}}),
            "at a",
        ),
        (with_header({"\ud800\n": 1}), "damaged header at ??"),
        (with_header({"a": 1}), "damaged header at a"),
        (with_header({"a": {"dtype": "F16", "shape": [2], "data_offsets": [0, 3]}}), "at a"),
        (with_header({"a": {"dtype": "F16", "shape": [-2], "data_offsets": [0, 4]}}), "at a"),
        (with_header({"a": {"dtype": "F16", "shape": [1], "data_offsets": [2, 4]}}), "gap"),
    ],
)
def test_damage_is_named(tmp_path: Path, data: bytes, why: str) -> None:
    assert why in problem(tmp_path / "model.safetensors", data)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="cannot be read"):
        read_shapes(tmp_path / "nowhere.safetensors")


def test_a_huge_header_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "bomb.safetensors"
    with path.open("wb") as file:
        file.write((94 * 2**20).to_bytes(8, "little"))
        file.truncate(100 * 2**20)
    began = time.monotonic()

    with pytest.raises(Damaged, match="no safetensors file"):
        read_shapes(path)

    assert time.monotonic() - began < 1.0  # reading it would take many


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
def test_any_changed_byte_is_read_or_named(tmp_path: Path, place: int, byte: int) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(WHOLE[:place] + bytes([byte]) + WHOLE[place + 1 :])

    try:
        shapes = read_shapes(path)
    except Damaged:
        return
    assert all(isinstance(name, str) for name in shapes)


def test_whatever_the_metadata_are_only_texts_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    for metadata in ({"a": "b", "c": 1, "d": None}, [1], "text", None, {}):
        path.write_bytes(with_header({"__metadata__": metadata}))

        assert read_header(path).metadata in ({"a": "b"}, {})
