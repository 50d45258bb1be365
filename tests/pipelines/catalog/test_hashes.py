"""Hashes of checkpoints: those of the files as they are now, worked out once, remembered over a restart."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from pipelines.catalog.hashes import AFTER_HEADER, CHUNK_BYTES, FILE, Hashes
from tests import paper_file


@pytest.fixture
def hashes(tmp_path: Path) -> Hashes:
    return Hashes(tmp_path, share=1.0)


def test_the_hash_is_that_of_the_file(tmp_path: Path, hashes: Hashes) -> None:
    data = os.urandom(CHUNK_BYTES + 3)
    path = tmp_path / "a.safetensors"
    path.write_bytes(data)
    assert hashes.of(path) == ""

    assert hashes.work_out(path) == hashlib.sha256(data).hexdigest()


def test_a_changed_file_has_no_hash_until_it_is_read_anew(tmp_path: Path, hashes: Hashes) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"first")
    first = hashes.work_out(path)

    path.write_bytes(b"second")

    assert hashes.of(path) == ""
    assert hashes.work_out(path) not in ("", first)


def test_hashes_are_remembered_over_a_restart(tmp_path: Path, hashes: Hashes) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"data")
    digest = hashes.work_out(path)

    assert digest
    assert Hashes(tmp_path).of(path) == digest


def test_a_file_that_is_gone_has_none(tmp_path: Path, hashes: Hashes) -> None:
    assert hashes.work_out(tmp_path / "gone") == ""
    assert hashes.work_out(tmp_path) == ""


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}', '{"a": "short"}', "[" * 100_000])
def test_a_damaged_memory_is_forgotten(tmp_path: Path, text: Any) -> None:
    (tmp_path / FILE).write_text(text)
    (tmp_path / "a").touch()

    assert Hashes(tmp_path).of(tmp_path / "a") == ""


def test_what_stands_after_the_header_has_a_hash_of_its_own(tmp_path: Path, hashes: Hashes) -> None:
    plain = paper_file.write(tmp_path / "a.safetensors", {"a": (2, 2)})
    noted = paper_file.write(tmp_path / "b.safetensors", {"a": (2, 2)}, {"note": "x" * 99})
    own = {"sshs_model_hash": "0123456789abcdef" * 4}
    marked = paper_file.write(tmp_path / "c.safetensors", {"a": (2, 2)}, own)
    broken = tmp_path / "d.safetensors"
    broken.write_bytes(b"<html>")

    digests = [hashes.work_out(path, AFTER_HEADER) for path in (plain, noted, marked, broken)]

    body = plain.read_bytes()[8 + int.from_bytes(plain.read_bytes()[:8], "little") :]
    assert digests[0] == digests[1] == hashlib.sha256(body).hexdigest()
    assert digests[2:] == [own["sshs_model_hash"], ""]
    assert hashes.of(plain) == ""
    assert hashes.of(plain, AFTER_HEADER) == digests[0]
