"""Toy checkpoints of every family that can be trained, as small as they can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.worker.messages import CheckpointRef
from tests.pipelines.worker.finetune.classroom import SIZES, family_toy


@pytest.fixture(scope="session")
def toys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CheckpointRef]:
    """By family."""
    folder: Path = tmp_path_factory.mktemp("trainable")
    return {family: family_toy(folder, family) for family in SIZES}


@pytest.fixture(params=[*SIZES])
def each_toy(request: pytest.FixtureRequest, toys: dict[str, CheckpointRef]) -> CheckpointRef:
    """Of each family in turn."""
    return toys[request.param]
