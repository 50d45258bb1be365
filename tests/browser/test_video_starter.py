"""Videos with the starter model, used as a person does: each way from its start to a film that plays and means it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from pipelines.video.shooting.folder import KEYS
from tests.browser.animating import choose_mode, give_movie, set_field
from tests.browser.conftest import WIDE, watch
from tests.browser.filming import (
    begin,
    choose_photo_to_life,
    give_photo,
    open_video,
    paint_brook,
    see,
    set_loop,
    videos,
)
from tests.browser.site import Site
from tests.browser.studio import Studio, within
from tests.browser.test_train import wait_for_worker
from tests.pipelines.video.desk.clips import frames
from tests.rolling_disc import SIDE_PX, is_on_track, rolling_disc

pytestmark = pytest.mark.real

DONE_MS = within(60)
LONG = 24  # frames
CLIP = {"width": SIDE_PX, "height": SIDE_PX, "sampling-steps": 8, "seed": 3}


@pytest.fixture(scope="module")
def starter(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The app with the real worker and the model that ships with the project."""
    folder = tmp_path_factory.mktemp("starter")
    (folder / "models").mkdir()
    (folder / "real").touch()
    with Site(folder, "") as site:
        wait_for_worker(site)
        yield site


@pytest.fixture
def studio(browser: Browser, starter: Site) -> Iterator[Studio]:
    context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]})
    page = context.new_page()
    troubles: list[str] = []
    watch(page, troubles)
    yield Studio(page, starter.address).open()
    context.close()
    assert troubles == []


def fill(page: Page, mode: str, values: dict[str, Any]) -> None:
    for name, value in values.items():
        set_field(page, f"{mode}-{name}", value)


def play(page: Page) -> None:
    """Returns when the film has played for a moment."""
    film = page.locator(".video-view video")
    film.evaluate("film => film.play()")
    page.wait_for_function("() => document.querySelector('.video-view video').currentTime > 0.2")
    assert film.evaluate("film => film.error") is None


def shown(page: Page, site: Site, folder: Path) -> list[Any]:
    """The frames of the newest film, as a browser gets it."""
    answer = page.request.get(f"{site.address}api/v1/videos/{videos(site)[0]['id']}/film")
    assert answer.ok
    (folder / "film.mp4").write_bytes(answer.body())
    return frames(folder / "film.mp4")


def test_an_animation_of_words(studio: Studio, starter: Site, tmp_path: Path) -> None:
    page = choose_mode(studio, "animate")
    page.locator(".prompt-text").fill("a red circle on a white background")
    fill(page, "animate", CLIP | {"max_frames": 6, "fps": 12, "diffusion_cadence": 2})
    page.locator("#animate-begin").click()
    see(page, "done", DONE_MS)
    play(page)

    first, *_, last = shown(page, starter, tmp_path)
    assert share_of_red(first) > 0.05
    assert share_of_red(last) > 0.05


def test_a_movie_in_other_colours(studio: Studio, starter: Site, tmp_path: Path) -> None:
    page = choose_mode(studio, "restyle")
    give_movie(page, "restyle", rolling_disc(9), "disc.mp4")
    page.locator("#restyle-prompt").fill("a blue circle on a white background")
    fill(page, "restyle", CLIP | {"sampling-steps": 16, "strength": 0.4, "spacing": 8})
    page.locator("#restyle-begin").click()
    see(page, "done", DONE_MS)
    play(page)

    found = shown(page, starter, tmp_path)
    assert len(found) == 9
    assert sum(is_on_track(picture, number) for number, picture in enumerate(found)) >= 8


def test_a_photo_to_life(studio: Studio) -> None:
    page = open_video(studio)
    choose_photo_to_life(page)
    give_photo(page)
    paint_brook(page)
    set_loop(page, seconds=1, fps=12)
    begin(page)
    see(page, "done", DONE_MS)
    play(page)


def test_a_movie_slowed_down(studio: Studio, starter: Site, tmp_path: Path) -> None:
    page = choose_mode(studio, "recut")
    give_movie(page, "recut", rolling_disc(6), "disc.mp4")
    fill(page, "recut", {"speed": 0.5})
    page.locator("#recut-begin").click()
    see(page, "done", DONE_MS)
    play(page)
    assert len(shown(page, starter, tmp_path)) == 12


def test_a_film_of_the_frames_that_there_are_plays_and_goes_on_to_the_end(
    studio: Studio, starter: Site
) -> None:
    page = begin_long(studio)
    wait_for_frames(page, 4)
    page.get_by_role("button", name="Finish now").click()
    see(page, "done", DONE_MS)
    play(page)
    assert 4 <= videos(starter)[0]["film"]["frames"] < LONG

    page.locator(".video-actions").get_by_role("button", name="Resume").click()
    see(page, "done", DONE_MS)
    expect(page.locator(".video-facts-list")).to_contain_text(f"{LONG} frames")
    play(page)


def test_a_video_goes_on_after_the_server_was_killed(studio: Studio, starter: Site) -> None:
    page = begin_long(studio)
    wait_for_frames(page, 4)
    (video, *_) = videos(starter)
    starter.kill()
    before = drawn(starter, video["id"])
    expect(page.locator(".banner")).to_contain_text("Reconnecting")
    starter.start()
    see(page, "done", DONE_MS)
    play(page)

    assert videos(starter)[0]["film"]["frames"] == LONG
    assert len(before) >= 4
    assert before.items() <= drawn(starter, video["id"]).items()  # none of them was drawn again


def begin_long(studio: Studio) -> Page:
    """An animation that takes a while."""
    page = choose_mode(studio, "animate")
    page.locator(".prompt-text").fill("a blue square")
    fill(page, "animate", CLIP | {"max_frames": LONG, "fps": 12, "diffusion_cadence": 1})
    page.locator("#animate-begin").click()
    see(page, "running", DONE_MS)
    return page


def wait_for_frames(page: Page, count: int) -> None:
    page.wait_for_function(
        "least => Number(document.querySelector('.video-state').textContent.match(/^\\d+/)) >= least",
        arg=count,
        timeout=DONE_MS,
    )


def drawn(site: Site, video: str) -> dict[str, int]:
    """When each frame that the model drew was written."""
    folder = site.folder / "data" / "videos" / video / KEYS
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.png")}


def share_of_red(picture: Any) -> float:
    pixels = picture.astype(int)
    return float((pixels[..., 0] - pixels[..., 1:].max(axis=-1) > 60).mean())
