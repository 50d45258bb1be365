"""Hires fix means what it says: on the starter model a red circle stays one, and what was blurred becomes sharp."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from pipelines.asking.hires import Hires
from pipelines.request import Request
from pipelines.worker.recipes.still import Brief, Developed, still
from pipelines.worker.weights.loading import Model
from tests.editing_lab import SAMPLING, SIZE_PX, starter
from tests.pipelines.worker.workbench import as_on_the_gpu_thread
from training.starter.checker import Checker, load_checker, name_all

PROMPT = "a red circle on a white background"


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As on the GPU thread; put back afterwards."""
    with as_on_the_gpu_thread():
        yield


@pytest.fixture(scope="module")
def model(one_thread: None) -> Model:
    return starter()


@pytest.fixture(scope="module")
def judge() -> Checker:
    return load_checker()


def drawn(model: Model, hires: Hires, seed: int) -> np.ndarray:
    asked = Request(
        prompt=PROMPT,
        width=SIZE_PX,
        height=SIZE_PX,
        sampling=SAMPLING,
        clip_skip=1,
        seed=seed,
        hires=hires,
    )
    made = still(Brief(asked, seed), model, lambda look: None)
    assert isinstance(made, Developed)
    return made.pixels.numpy()


def sharpness(picture: np.ndarray) -> float:
    """How steep its steepest hundredth of steps from pixel to pixel is."""
    steps = np.abs(np.diff(picture.astype(float).mean(axis=2), axis=1))
    return float(np.sort(steps.ravel())[-steps.size // 100 :].mean())


@pytest.mark.parametrize("upscaler", ["Latent", "Lanczos"])
def test_a_red_circle_twice_as_large_is_a_red_circle_and_sharper(
    model: Model, judge: Checker, upscaler: str
) -> None:
    """Weakly, since the starter model knows pictures of 128 px alone and would put several into a larger one."""
    made = drawn(model, Hires(upscaler=upscaler, strength=0.35, steps=6), 5)
    only = drawn(model, Hires(upscaler=upscaler, strength=0.0), 5)

    (seen,) = name_all(judge, made[None])

    assert made.shape == (2 * SIZE_PX, 2 * SIZE_PX, 3)
    assert (seen["thing"], seen["colour"], seen["backdrop"]) == ("circle", "red", "white")
    assert sharpness(made) > 1.3 * sharpness(only)
