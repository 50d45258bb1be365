"""What was painted on one frame stays on its thing in the others, and all else stays to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.errors import RequestError
from pipelines.video.steady.edits import Reach, begun, onward
from tests.pipelines.video.steady.restyled import SCENE, restyled
from tests.pipelines.video.steady.scenes import Array

CENTRE = (112, 72)  # of the disc, (x, y) in frame 0
RED = (255, 0, 0)


def edited(frame: Array, x: int, y: int) -> Array:
    copy = frame.copy()
    copy[y - 12 : y + 12, x - 12 : x + 12] = RED
    return copy


def run(frames: list[Array], changed: Array, reach: Reach) -> list[Array]:
    state, results = begun(frames[0], frames[0], changed), []
    for frame in frames[1:]:
        state, result = onward(state, frame, frame, reach)
        results.append(result)
    return results


@pytest.fixture(scope="module")
def results() -> list[Array]:
    frames = list(restyled().sources[:11])
    return run(frames, edited(frames[0], *CENTRE), Reach(9))


def test_paint_moves_with_what_it_was_put_on(results: list[Array]) -> None:
    for steps in (1, 3, 5):
        x = round(CENTRE[0] + steps * SCENE.disc_px[0])
        y = round(CENTRE[1] + steps * SCENE.disc_px[1])
        inner = results[steps - 1][y - 8 : y + 8, x - 8 : x + 8].astype(int)
        assert np.abs(inner - RED).mean() < 12, steps


def test_what_was_not_painted_stays_to_the_bit(results: list[Array]) -> None:
    sources = restyled().sources
    for steps, result in enumerate(results, start=1):
        x = round(CENTRE[0] + steps * SCENE.disc_px[0])
        far = np.s_[:, x + 24 :]
        assert (result[far] == sources[steps][far]).all(), steps


def test_it_fades_at_the_end_of_its_reach_and_is_gone_beyond(results: list[Array]) -> None:
    sources = restyled().sources
    changes = [
        float(np.abs(result.astype(int) - source).sum())
        for result, source in zip(results, sources[1:11], strict=True)
    ]

    assert changes[4] > 0.9 * changes[0]
    assert changes[5] > changes[6] > changes[7] > changes[8] > 0
    assert changes[9] == 0


def test_it_is_hidden_by_what_comes_before_it() -> None:
    frames = list(restyled().sources[:13])
    # The disc moves to the right, and covers what was there.
    x, y = CENTRE[0] + 46, CENTRE[1] + 12

    last = run(frames, edited(frames[0], x, y), Reach(100))[-1]

    hidden = SCENE.hidden(0, 12)[y - 12 : y + 12, x - 12 : x + 12]
    assert hidden.mean() > 0.3
    redness = last.astype(int) @ (2, -1, -1) - frames[12].astype(int) @ (2, -1, -1)
    disc = np.hypot(*SCENE._on_disc(12, *SCENE._grid())) < SCENE.disc_radius_px - 4
    assert (redness[disc] > 60).mean() < 0.02


def test_a_restyled_frame_keeps_its_own_grain() -> None:
    movie = restyled()
    state = begun(movie.sources[0], movie.styled[0], edited(movie.styled[0], *CENTRE))

    _, result = onward(state, movie.sources[1], movie.styled[1], Reach(3))

    assert (result[:, 150:] == movie.styled[1][:, 150:]).all()
    assert (result != movie.styled[1]).any()


def test_a_reach_of_nothing_is_refused() -> None:
    with pytest.raises(RequestError, match="frames"):
        Reach(0)
