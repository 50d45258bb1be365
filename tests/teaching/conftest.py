"""What the tests of taught weights share: who teaches, who judges, and what the starter draws untaught."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.pipelines.worker.workbench import as_on_the_gpu_thread
from tests.teaching.asking import OTHERS
from tests.teaching_lab import other_prompts
from tests.teaching_school import School
from training.starter.checker import Checker, load_checker
from training.starter.onlooker import Onlooker, load_onlooker


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As on the GPU thread; put back afterwards."""
    with as_on_the_gpu_thread():
        yield


@pytest.fixture(scope="module")
def school(one_thread: None) -> School:
    return School()


@pytest.fixture(scope="module")
def onlooker() -> Onlooker:
    return load_onlooker()


@pytest.fixture(scope="module")
def judge() -> Checker:
    return load_checker()


@pytest.fixture(scope="module")
def untaught(school: School) -> np.ndarray:
    """The other prompts, as the starter draws them."""
    return school.drawn([asked.text for asked in other_prompts(OTHERS)])
