"""Figures about memory, and the error that carries them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pipelines.worker.device import memory
from pipelines.worker.device.faults import Fault
from pipelines.worker.device.memory import Memory, gigabytes


def test_a_process_uses_some_of_what_is_there() -> None:
    used, total = Memory(torch.device("cpu")).used_and_total_bytes()

    assert 2**20 < used < total


def test_a_container_has_the_memory_of_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text("123456789\n")
    monkeypatch.setattr(memory, "CGROUP_LIMIT", limit)

    assert Memory(torch.device("cpu")).used_and_total_bytes()[1] == 123456789


def test_a_container_without_a_limit_has_all_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text("max\n")
    monkeypatch.setattr(memory, "CGROUP_LIMIT", limit)

    assert Memory(torch.device("cpu")).used_and_total_bytes()[1] > 2**28


def test_the_error_says_what_was_needed_and_what_was_free() -> None:
    fault = Fault("oom", "CUDA out of memory", needed_bytes=3 * 2**30)

    error = Memory(torch.device("cpu")).error(fault, "the denoiser")

    assert "the denoiser asked for 3.0 GB more" in error.message
    assert error.remedy
    assert error.details["needed_bytes"] == 3 * 2**30
    assert 0 < error.details["free_bytes"] <= error.details["total_bytes"]


@pytest.mark.parametrize(
    ("count_bytes", "words"),
    [(0, "0 MB"), (500 * 2**20, "500 MB"), (2**30, "1.0 GB"), (5 * 2**29, "2.5 GB")],
)
def test_bytes_are_written_for_people(count_bytes: int, words: str) -> None:
    assert gigabytes(count_bytes) == words
