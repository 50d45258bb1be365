"""Videos with the starter model: what they mean, and that pictures of others get in between."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from pipelines import PipelineManager
from tests.pipelines.video.desk.clips import film, frames, in_state
from tests.rolling_disc import FRAMES, SIDE_PX, is_on_track, rolling_disc
from tests.studio import OWNER, asking, ended, until
from tests.test_reproducing import STARTER, real_studio

pytestmark = pytest.mark.real

DRAWN = {"checkpoint": STARTER, "width": SIDE_PX, "height": SIDE_PX, "seed": 3}


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """Frames of the starter take their time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.studio.SECONDS", 600.0)
        yield


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PipelineManager]:
    with real_studio(tmp_path_factory.mktemp("here")) as manager:
        yield manager


@pytest.mark.parametrize("way", ["keyframes", "blend"])
def test_what_moves_in_a_restyled_movie_keeps_its_track(here: PipelineManager, way: str) -> None:
    movie = here.videos.movies.add(io.BytesIO(rolling_disc()), OWNER, "disc.mp4").id
    settings = {"movie": movie, "way": way, "strength": 0.4, "spacing": 8}
    sampling = {"steps": 16, "guidance_scale": 5.0}
    request = DRAWN | {"prompt": "a blue circle on a white background", "sampling": sampling}
    asked = {"mode": "restyle", "settings": settings, "request": request}

    done = in_state(here, here.videos.create(asked, OWNER), "done")

    shown = frames(film(here, done))
    assert len(shown) == FRAMES
    on_track = sum(is_on_track(picture, number) for number, picture in enumerate(shown))
    assert on_track >= 0.9 * FRAMES


def test_a_morph_leads_from_one_prompt_to_the_other(here: PipelineManager) -> None:
    ends = ("a red circle on a white background", "a blue circle on a white background")
    settings = {
        "mode": "morph",
        "max_frames": 9,
        "guidance_scale": "",
        "seed_behaviour": "fixed",
        "prompts": [{"frame": "0", "text": ends[0]}, {"frame": "8", "text": ends[1]}],
    }
    sampling = {"steps": 12, "guidance_scale": 3.0}
    asked = {"mode": "animate", "settings": settings, "request": DRAWN | {"sampling": sampling}}

    done = in_state(here, here.videos.create(asked, OWNER), "done")

    hues = [blueness(picture) for picture in frames(film(here, done))]
    assert hues[0] < -0.4
    assert hues[-1] > 0.4
    assert all(later > before - 0.02 for before, later in pairwise(hues))


def blueness(picture: np.ndarray[Any, np.dtype[np.uint8]]) -> float:
    """Of what is coloured, from -1 (red) to 1 (blue)."""
    pixels = picture.astype(float)
    coloured = pixels[np.ptp(pixels, axis=2) > 60]
    red, _, blue = coloured.mean(axis=0)
    return float((blue - red) / (blue + red))


def test_pictures_of_others_are_made_between_the_steps_of_a_frame(here: PipelineManager) -> None:
    request = DRAWN | {"prompt": "a red house", "sampling": {"steps": 30, "guidance_scale": 3.0}}
    settings = {"max_frames": 40, "diffusion_cadence": 1, "guidance_scale": ""}
    asked = {"mode": "animate", "settings": settings, "request": request}
    begun = here.videos.create(asked, OWNER)
    in_state(here, begun, lambda now: now.drawn >= 1)
    loaded = here.status().loaded
    before, began = here.videos.get(begun.id, OWNER).drawn, time.monotonic()

    picture = ended(
        here,
        here.submit(asking(steps=2, width=SIDE_PX, height=SIDE_PX, checkpoint=STARTER), "somebody"),
    )

    frames_meanwhile = here.videos.get(begun.id, OWNER).drawn - before
    assert picture.state == "done"
    assert frames_meanwhile <= 2, f"{time.monotonic() - began:.1f} s"
    assert here.status().loaded == loaded
    here.videos.delete(begun.id, OWNER)


def test_a_pause_ends_the_frame_that_is_drawn_within_two_seconds(here: PipelineManager) -> None:
    request = DRAWN | {"prompt": "a red house", "sampling": {"steps": 100, "guidance_scale": 3.0}}
    settings = {"max_frames": 40, "diffusion_cadence": 1, "guidance_scale": ""}
    asked = {"mode": "animate", "settings": settings, "request": request}
    begun = here.videos.create(asked, OWNER)
    before = here.status().forwards
    until(here, OWNER, lambda: here.status().forwards > before + 5)

    paused = here.videos.pause(begun.id, OWNER)
    time.sleep(2)  # as long as the worker may take, and to tell of it
    rested = here.status().forwards
    time.sleep(2)

    assert paused.state == "paused"
    assert paused.drawn == 0
    assert here.status().forwards == rested
    here.videos.delete(begun.id, OWNER)
