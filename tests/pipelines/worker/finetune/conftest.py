"""Toy checkpoints of every family that can be trained, as small as they can be."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from pipelines.worker.messages import CheckpointRef
from tests.pipelines.worker.finetune.classroom import SIZES, BenchOf, family_toy
from tests.pipelines.worker.workbench import Workbench


@pytest.fixture(scope="session")
def toys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CheckpointRef]:
    """By family."""
    folder: Path = tmp_path_factory.mktemp("trainable")
    return {family: family_toy(folder, family) for family in SIZES}


@pytest.fixture(scope="session")
def bench_of() -> BenchOf:
    """An engine with this checkpoint, loaded once: for tests that neither change nor evict it, nor ask what it said."""
    return functools.cache(Workbench)


@pytest.fixture(params=[*SIZES])
def each_toy(request: pytest.FixtureRequest, toys: dict[str, CheckpointRef]) -> CheckpointRef:
    """Of each family in turn."""
    return toys[request.param]
