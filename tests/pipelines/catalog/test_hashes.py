"""Hashes of checkpoints: those of the files as they are now, worked out once, remembered over a restart."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from pipelines.catalog.hashes import CHUNK_BYTES, FILE, Hashes


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
