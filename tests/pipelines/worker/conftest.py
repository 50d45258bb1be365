"""What the tests of the worker share: a toy checkpoint on disk, and torch as it is on the GPU thread."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.worker.messages import CheckpointRef
from tests import tiny
from tests.pipelines.worker.workbench import Workbench, as_on_the_gpu_thread


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> CheckpointRef:
    """A toy SD 1.x checkpoint, saved once; tests that damage one save their own."""
    return tiny.save(tmp_path_factory.mktemp("models") / "toy", tiny.components())


@pytest.fixture(scope="session", params=["sd15", "sd2", "sdxl", "sd15 inpainting", "sdxl_refiner"])
def any_toy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> CheckpointRef:
    """A toy checkpoint of each family in turn."""
    kind = request.param
    parts = tiny.components(tiny.PLAIN[kind], family=kind.split()[0])
    return tiny.save(tmp_path_factory.mktemp("models") / kind, parts)


@pytest.fixture(scope="session")
def other_toy(tmp_path_factory: pytest.TempPathFactory) -> CheckpointRef:
    """Another one of other weights."""
    return tiny.save(tmp_path_factory.mktemp("models") / "other", tiny.components(seed=1))


@pytest.fixture
def own_toy(tmp_path: Path) -> CheckpointRef:
    """One to damage."""
    return tiny.save(tmp_path / "own", tiny.components())


@pytest.fixture(scope="session", autouse=True)
def frozen_imports() -> Iterator[None]:
    """As in the process: the engine collects garbage when memory is short, and need not look through all imports."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def torch_of_the_gpu_thread() -> Iterator[None]:
    """No gradients, one thread; put back afterwards."""
    with as_on_the_gpu_thread():
        yield


@pytest.fixture
def bench(toy: CheckpointRef) -> Workbench:
    """An engine with the toy checkpoint."""
    return Workbench(toy)
