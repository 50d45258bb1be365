"""A running studio that the tests of one file share; each test is an owner whom no other test knows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from pipelines import PipelineManager
from tests.studio import ready, studio

COUNTER = itertools.count()


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PipelineManager]:
    with studio(tmp_path_factory.mktemp("studio")) as one:
        ready(one)
        yield one


@pytest.fixture
def owner() -> str:
    """Somebody whom no other test knows."""
    return f"owner-{next(COUNTER)}"
