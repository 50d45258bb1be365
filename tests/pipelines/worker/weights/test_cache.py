"""Which models stay in memory, which go, and who waits."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.errors import ModelUnreadable, OutOfMemory
from pipelines.tiers import FLOAT8, home_bytes
from pipelines.worker.device.memory import Memory
from pipelines.worker.messages import CheckpointRef, Launch
from pipelines.worker.weights.cache import Models
from pipelines.worker.weights.loading import Model
from pipelines.worker.weights.reading import read
from tests.pipelines.worker.workbench import CPU, AtOnce, Later


@pytest.fixture
def checkpoints(
    toy: CheckpointRef, other_toy: CheckpointRef, tmp_path: Path
) -> list[CheckpointRef]:
    """Three of equal size; the third is a copy of the first."""
    third = shutil.copytree(toy.path, tmp_path / "third")
    return [toy, other_toy, CheckpointRef("third", str(third), "sd15")]


@pytest.fixture
def size_bytes(toy: CheckpointRef) -> int:
    return read(toy, CPU).home_bytes


def models(budget_bytes: int | None = None) -> Models:
    return Models(CPU, Memory(CPU.torch_device), AtOnce(), Launch(ram_bytes=budget_bytes))


def use(cache: Models, ref: CheckpointRef) -> Model:
    model = cache.lease(ref)
    assert model is not None
    cache.release(model)
    return model


def test_a_model_stays_for_the_next_request(toy: CheckpointRef) -> None:
    cache = models()

    assert use(cache, toy) is use(cache, toy)


def test_within_the_budget_all_stay(checkpoints: list[CheckpointRef], size_bytes: int) -> None:
    cache = models(3 * size_bytes)

    for ref in checkpoints:
        use(cache, ref)

    assert cache.names == ("toy", "other", "third")
    assert cache.used_bytes == 3 * size_bytes


def test_of_those_not_wanted_the_one_unused_longest_goes(
    checkpoints: list[CheckpointRef], size_bytes: int
) -> None:
    cache, (first, second, third) = models(2 * size_bytes), checkpoints
    use(cache, first)
    use(cache, second)
    use(cache, first)

    use(cache, third)

    assert cache.names == ("toy", "third")


def test_the_one_whose_turn_comes_last_goes_however_fresh_it_is(
    checkpoints: list[CheckpointRef], size_bytes: int
) -> None:
    cache, (first, second, third) = models(2 * size_bytes), checkpoints
    use(cache, first)
    use(cache, second)
    cache.wanted = lambda: [third, first, second]

    use(cache, third)

    assert cache.names == ("toy", "third")


def test_models_in_use_are_waited_for(checkpoints: list[CheckpointRef], size_bytes: int) -> None:
    cache, (first, second, _) = models(size_bytes), checkpoints
    busy = cache.lease(first)
    assert busy is not None

    assert cache.lease(second) is None
    assert not cache.is_reading(second)
    assert not cache.evict_one()

    cache.release(busy)
    assert cache.lease(second) is not None
    assert cache.names == ("other",)


def test_a_model_larger_than_the_budget_is_refused_with_figures(
    toy: CheckpointRef, size_bytes: int
) -> None:
    smallest_bytes = home_bytes(FLOAT8, read(toy, CPU).sizes)
    assert smallest_bytes < size_bytes

    with pytest.raises(OutOfMemory, match="more than") as raised:
        models(smallest_bytes - 1).lease(toy)

    assert raised.value.details["needed_bytes"] == smallest_bytes


def test_reading_happens_elsewhere_and_is_told(toy: CheckpointRef) -> None:
    disk, told = Later(), []
    cache = Models(CPU, Memory(CPU.torch_device), disk, Launch())
    cache.on_read = lambda: told.append("read")

    assert cache.lease(toy) is None
    assert cache.is_reading(toy)
    disk.finish()

    assert told == ["read"]
    assert cache.lease(toy) is not None


def test_a_damaged_checkpoint_is_read_again_after_it_was_repaired(own_toy: CheckpointRef) -> None:
    cache = models()
    config = Path(own_toy.path) / "unet/config.json"
    whole = config.read_text()
    config.write_text("")
    with pytest.raises(ModelUnreadable):
        cache.lease(own_toy)

    config.write_text(whole)

    assert cache.lease(own_toy) is not None
