"""Videos with the real worker and a toy ControlNet through the classes of diffusers: frames follow what guides them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines import PipelineManager
from tests import tiny, toy_guides
from tests.pipelines.video.desk import movies
from tests.pipelines.video.desk.clips import film, frames, in_state, kill_crew
from tests.studio import OWNER
from tests.test_reproducing import real_studio

pytestmark = pytest.mark.real

DRAWN = {"checkpoint": "toy", "prompt": "a red circle", "width": 88, "height": 64, "seed": 3}
CONTROL = {"model": "edges", "preprocessor": "canny"}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PipelineManager]:
    folder: Path = tmp_path_factory.mktemp("here")
    network = toy_guides.controlnet(tiny.components(seed=0))
    toy_guides.save_folder(folder / "models" / "ControlNet" / "edges", network)
    with pytest.MonkeyPatch.context() as patch, real_studio(folder) as manager:
        patch.setattr("tests.studio.SECONDS", 300.0)
        yield manager


def asked(here: PipelineManager, *controls: dict[str, Any], count: int = 70) -> dict[str, Any]:
    data = io.BytesIO(movies.movie(count, has_sound=False))
    movie = here.videos.movies.add(data, OWNER, "square.mp4").id
    sampling = {"steps": 4, "guidance_scale": 3.0}
    request = DRAWN | {"sampling": sampling, "controls": list(controls)}
    settings = {"movie": movie, "spacing": 24, "strength": 0.6}
    return {"mode": "restyle", "settings": settings, "request": request}


def made(here: PipelineManager, values: dict[str, Any]) -> Any:
    return in_state(here, here.videos.create(values, OWNER), "done")


def test_frames_follow_their_controlnet_and_a_kill_changes_no_byte(here: PipelineManager) -> None:
    whole = made(here, asked(here, CONTROL))
    begun = here.videos.create(asked(here, CONTROL), OWNER)
    for count in (1, 66):
        in_state(here, begun, lambda now, count=count: now.frame >= count)
        kill_crew(here, begun)
    again = in_state(here, begun, "done")

    assert film(here, again).read_bytes() == film(here, whole).read_bytes()
    free, softer = (
        made(here, asked(here, *controls, count=2))
        for controls in ((), ({**CONTROL, "preprocessor": "softedge"},))
    )
    first, *_ = frames(film(here, whole))
    for other in (free, softer):
        assert np.abs(frames(film(here, other))[0].astype(int) - first).mean() > 1
