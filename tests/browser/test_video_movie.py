"""What begins with a movie, used as a person does: sent, restyled, freed of its flicker, cut; and frames taken out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.animating import choose_mode, give_movie, set_field
from tests.browser.conftest import PHONE, WIDE
from tests.browser.filming import see, videos
from tests.browser.site import Site
from tests.browser.studio import Studio, within
from tests.browser.test_access import findings
from tests.pipelines.video.desk.movies import SIZE, movie

pytestmark = pytest.mark.usefixtures("no_videos")


def test_a_part_of_a_movie_is_restyled(studio: Studio, site: Site) -> None:
    page = choose_mode(studio, "restyle")
    maker = give_movie(page, "restyle", movie(24))
    expect(maker.locator(".movie-player > .hint")).to_have_text(
        "square.mp4 · 128 × 96 px · 12 fps · 2 s, 24 frames · with sound · h264"
    )
    expect(maker.locator(".movie-film")).to_have_js_property("videoWidth", SIZE[0])
    set_field(page, "restyle-end_seconds", 0.8)
    set_field(page, "restyle-prompt", "a watercolour")
    set_field(page, "restyle-sampling-steps", 4)
    set_field(page, "restyle-spacing", 4)
    expect(maker.locator(".video-estimate")).to_contain_text("10 frames, 4 drawn, 0.8 s")
    page.locator("#restyle-begin").click()
    see(page, "done", within(40))

    page.wait_for_function("() => document.querySelector('.video-view video').videoWidth > 0")
    video = videos(site)[0]
    assert video["film"]["frames"] == 10
    assert video["request"]["prompt"] == "a watercolour"


def test_the_movie_is_there_in_the_other_modes_and_after_a_reload(
    studio: Studio, site: Site
) -> None:
    page = choose_mode(studio, "deflicker")
    give_movie(page, "deflicker", movie(6))
    page.get_by_role("button", name="New video").click()
    page.locator(".video-way[data-mode=recut]").click()
    film = page.locator(".movie[data-mode=recut] .movie-film")
    expect(film).to_have_js_property("videoWidth", SIZE[0])
    studio.reload()
    page.locator("#video-button").click()
    expect(film).to_have_js_property("videoWidth", SIZE[0])


def test_flicker_is_taken_out(studio: Studio, site: Site) -> None:
    page = choose_mode(studio, "deflicker")
    give_movie(page, "deflicker", movie(6))
    set_field(page, "deflicker-light", 0.7)
    page.locator("#deflicker-begin").click()
    see(page, "done", within(30))
    video = videos(site)[0]
    assert video["asked"]["light"] == 0.7
    assert video["film"]["frames"] == 6


def test_a_part_is_cut_out_and_slowed_down(studio: Studio, site: Site) -> None:
    page = choose_mode(studio, "recut")
    maker = give_movie(page, "recut", movie(12))
    film = maker.locator(".movie-film")
    film.evaluate("film => (film.currentTime = 0.5)")
    maker.get_by_role("button", name="Begin here").click()
    expect(page.locator("#recut-start_seconds")).to_have_value("0.5")
    set_field(page, "recut-speed", 0.5)
    expect(maker.locator(".video-estimate")).to_contain_text("12 frames, 1 s, 128 × 96 px")
    page.locator("#recut-begin").click()
    see(page, "done", within(30))
    assert videos(site)[0]["film"]["seconds"] == pytest.approx(1, abs=0.1)


def test_a_frame_becomes_the_picture_to_start_from(studio: Studio) -> None:
    page = choose_mode(studio, "recut")
    maker = give_movie(page, "recut", movie(12))
    maker.locator(".movie-film").evaluate("film => (film.currentTime = 0.52)")
    maker.get_by_role("button", name="Take this frame").click()
    expect(maker.locator(".movie-frame")).to_contain_text("Frame 6, 128 × 96 px")
    maker.get_by_role("button", name="Image to image").click()
    expect(page.locator("html[data-tab=workspace][data-mode=image]")).to_have_count(1)
    expect(page.locator("[data-island=source] img").first).to_be_visible()


def test_what_is_no_movie_is_refused_at_its_place(studio: Studio) -> None:
    page = choose_mode(studio, "recut")
    maker = page.locator(".movie[data-mode=recut]")
    maker.locator("input[type=file]").set_input_files(
        {"name": "torn.mp4", "mimeType": "video/mp4", "buffer": b"nothing"}
    )
    expect(maker.locator(".movie-main > .field-error")).to_be_visible()
    give_movie(page, "recut", movie(6))
    expect(maker.locator(".field-error")).to_have_count(0)
    set_field(page, "recut-end_seconds", 0.2)
    set_field(page, "recut-start_seconds", 0.3)
    expect(maker.locator("[data-at=end_seconds] .field-error")).to_be_visible()


def test_nothing_goes_sideways_on_a_phone(visit: Callable[..., Studio]) -> None:
    page = choose_mode(visit(PHONE), "restyle")
    give_movie(page, "restyle", movie(6))
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE[0]
    expect(page.locator("#restyle-begin")).to_be_in_viewport(ratio=1)


def test_axe_finds_nothing_serious(visit: Callable[..., Studio]) -> None:
    studio = visit(WIDE)
    studio.page.emulate_media(reduced_motion="reduce")
    page = choose_mode(studio, "restyle")
    found = {"empty": findings(page)}
    give_movie(page, "restyle", movie(6))
    found["movie"] = findings(page)
    assert found == {"empty": [], "movie": []}
