"""Photo to life and the list of videos, used as a person does: from a dropped photo to a film that plays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, WIDE
from tests.browser.easel import Fingers
from tests.browser.filming import (
    SIZE,
    STARTED_MS,
    begin,
    choose_photo_to_life,
    drag,
    drop_photo,
    effect,
    give_photo,
    on_photo,
    open_video,
    paint_brook,
    see,
    set_loop,
    tool,
    videos,
)
from tests.browser.site import Site
from tests.browser.studio import Studio, within
from tests.browser.test_access import findings

UNTIL_KEPT = """async () => {
  const settled = (asked) => new Promise((done) => (asked.onsuccess = () => done(asked.result)));
  const drafts = await settled(indexedDB.open("darkroom"));
  const kept = () => settled(drafts.transaction("drafts").objectStore("drafts").get("video-photo"));
  for (let painted = null, set = null; !painted?.masks[1] || painted.image !== set.photo.id || !set.title; ) {
    await new Promise(requestAnimationFrame);
    painted = await kept();
    set = JSON.parse(localStorage["darkroom.video-photo"]);
  }
}"""
LONG = {"seconds": 30, "fps": 60}  # more frames than a test waits for


pytestmark = pytest.mark.usefixtures("no_videos")


@pytest.fixture
def page(studio: Studio) -> Page:
    """Photo to life, without a photo."""
    opened = open_video(studio)
    choose_photo_to_life(opened)
    return opened


def test_from_a_dropped_photo_to_a_film_that_plays(page: Page, site: Site) -> None:
    drop_photo(page)
    expect(effect(page, "Flow")).to_contain_text("Paint what flows.")
    paint_brook(page)
    set_loop(page, seconds=1, fps=12)
    expect(page.locator(".video-estimate")).to_contain_text("12 frames, 1 s, 192 × 128 px")
    begin(page)
    see(page, "done")

    film = page.locator(".video-view video")
    expect(film).to_have_js_property("videoWidth", SIZE[0])
    expect(film).to_have_js_property("paused", False)
    page.wait_for_function("() => document.querySelector('.video-view video').currentTime > 0.2")
    expect(page.locator(".video-strip img")).to_have_count(12)
    expect(page.locator(".video-facts-list")).to_contain_text("12 frames, 1 s at 12 fps")
    with page.expect_download() as got:
        page.locator(".video-view [data-act=download]").click()
    assert got.value.suggested_filename.startswith("The-brook-")
    asked = videos(site)[0]["asked"]
    assert [len(one["arrows"]) for one in asked["plan"]["effects"]] == [1]
    assert all(asked["masks"])


def test_a_frame_of_the_strip_leads_to_its_place_in_the_film(page: Page) -> None:
    give_photo(page)
    paint_brook(page)
    set_loop(page, seconds=1, fps=12)
    begin(page)
    see(page, "done")
    page.get_by_role("button", name="Frame 6", exact=True).click()

    film = page.locator(".video-view video")
    expect(film).to_have_js_property("paused", True)
    at = film.evaluate("film => film.currentTime")
    assert 6 / 12 < at < 7 / 12


def test_a_video_is_paused_found_again_goes_on_and_is_deleted(
    page: Page, studio: Studio, site: Site
) -> None:
    give_photo(page)
    paint_brook(page)
    set_loop(page, **LONG)
    begin(page)
    see(page, "running")
    expect(page.locator(".video-state")).to_contain_text("/ 1,800 frames", timeout=STARTED_MS)
    page.get_by_role("button", name="Pause", exact=True).click()
    see(page, "paused")
    expect(page.locator(".video-state")).to_contain_text("paused at")

    studio.reload()
    open_video(studio)
    expect(page.locator(".video-view h2")).to_have_text("The brook")
    row = studio.open_dock().filter(has_text="Video: The brook")
    row.get_by_role("button", name="Go on with the video").click()
    see(page, "running")
    page.get_by_role("button", name="Pause", exact=True).click()
    discard = page.locator(".video-head [data-act=trash]:visible")
    discard.click()
    dialog = page.get_by_role("dialog", name="Delete “The brook”?")
    dialog.get_by_role("button", name="Keep it").click()
    expect(page.locator(".video-view")).to_be_visible()
    discard.click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.locator(".video-new h2")).to_have_text("Make your first video")
    assert videos(site) == []


def test_a_video_is_finished_with_the_frames_that_there_are(page: Page, site: Site) -> None:
    give_photo(page)
    paint_brook(page)
    set_loop(page, **LONG)
    begin(page)
    page.get_by_role("button", name="Finish now").click(timeout=STARTED_MS)
    see(page, "done")

    expect(page.locator(".video-state")).to_contain_text("ended early")
    page.wait_for_function("() => document.querySelector('.video-view video').videoWidth > 0")
    assert videos(site)[0]["film"]["frames"] < 1800


def test_a_picture_that_moves_is_shown_as_one(page: Page, site: Site) -> None:
    give_photo(page)
    paint_brook(page)
    set_loop(page, seconds=0.5, fps=12)
    page.locator("#photo-format").select_option("gif")
    expect(page.locator("#photo-quality")).to_be_hidden()
    begin(page)
    see(page, "done")

    image = page.locator(".video-view img.video-film")
    expect(image).to_have_js_property("naturalWidth", SIZE[0])
    expect(page.locator(".video-view video")).to_be_hidden()
    assert videos(site)[0]["film"]["media_type"] == "image/gif"


def test_the_photo_is_seen_moving_before_it_is_sent(page: Page) -> None:
    give_photo(page)
    expect(page.locator(".photo-preview")).to_be_hidden()
    paint_brook(page)

    expect(page.locator(".photo-moving")).to_have_js_property("naturalWidth", SIZE[0])
    before = page.locator(".photo-moving").get_attribute("src") or ""
    page.get_by_label("Speed", exact=True).fill("150")
    expect(page.locator(".photo-moving")).not_to_have_attribute("src", before)


def test_the_list_shows_what_there_is_and_plays_it_under_the_pointer(page: Page) -> None:
    give_photo(page)
    paint_brook(page)
    set_loop(page, seconds=0.5, fps=12)
    begin(page)
    see(page, "done")
    page.get_by_role("button", name="Videos", exact=True).click()

    card = page.locator(".video-card")
    expect(card).to_contain_text("The brook")
    expect(card).to_contain_text("Photo to life")
    expect(card.locator(".video-poster")).to_be_visible()
    expect(card.locator("video")).to_have_count(0)
    card.hover()
    expect(card.locator("video")).to_have_js_property("paused", False)
    page.mouse.move(0, 0)
    expect(card.locator("video")).to_have_count(0)


def test_what_is_not_there_yet_cannot_be_chosen(studio: Studio) -> None:
    page = open_video(studio)

    for name in ("restyle", "frames"):
        row = page.locator(f".video-way[data-mode={name}]")
        if row.get_by_text("not yet").count():
            expect(row).to_be_disabled()
    expect(page.locator(".video-way[data-mode=photo]")).to_be_enabled()


def test_what_is_missing_is_said_at_its_effect(page: Page, site: Site) -> None:
    give_photo(page)
    expect(page.locator(".photo .field-error")).to_have_count(0)
    page.locator("#photo-begin").click()
    expect(page.locator(".photo-effects .field-error")).to_contain_text("Paint what flows.")
    drag(page, (0.2, 0.5), (0.8, 0.5))
    expect(page.locator(".photo-effects .field-error")).to_contain_text("Draw an arrow")
    tool(page, "arrow").click()
    drag(page, (0.2, 0.5), (0.8, 0.5))
    expect(page.locator(".photo .field-error")).to_have_count(0)
    assert videos(site) == []


def test_no_picture_is_refused_at_its_place(page: Page) -> None:
    page.locator(".photo input[type=file]").set_input_files(
        {"name": "torn.jpg", "mimeType": "image/jpeg", "buffer": b"nothing"}
    )
    expect(page.locator(".photo-place > .field-error")).to_be_visible()
    give_photo(page)
    expect(page.locator(".photo .field-error")).to_have_count(0)


def test_strokes_and_arrows_are_undone_one_by_one(page: Page) -> None:
    give_photo(page)
    paint_brook(page)
    state, undo = effect(page, "Flow"), page.locator(".photo-easel [data-act=restore]")
    undo.click()
    expect(state).to_contain_text("Draw an arrow")
    page.keyboard.press("Control+z")
    expect(state).to_contain_text("Paint what flows.")
    expect(undo).to_be_disabled()
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+Shift+z")
    expect(state).to_contain_text("Painted, 1 arrow.")
    x, y = on_photo(page, [(0.5, 0.66)])[0]
    page.mouse.click(x, y)  # a press on an arrow takes it away
    expect(state).to_contain_text("Draw an arrow")
    page.keyboard.press("Control+z")
    page.keyboard.press("e")
    for _ in range(12):
        page.keyboard.press("]")
    drag(page, (0.1, 0.65), (0.9, 0.65))
    expect(state).to_contain_text("Paint what flows.")


def test_effects_are_added_set_and_sent_with_the_camera_last(page: Page, site: Site) -> None:
    give_photo(page)
    add = page.locator(".photo-add")
    add.locator("[data-kind=parallax]").click()
    expect(add.locator("[data-kind=parallax]")).to_be_disabled()
    page.get_by_label("Horizon", exact=True).fill("0.495")
    add.locator("[data-kind=sway]").click()
    drag(page, (0.3, 0.3), (0.6, 0.3))
    tool(page, "arrow").click()
    drag(page, (0.3, 0.5), (0.45, 0.6), (0.6, 0.5))
    page.get_by_label("Period", exact=True).fill("0")
    page.get_by_role("button", name="Remove Flow").click()
    set_loop(page, seconds=0.5, fps=12)
    begin(page)

    asked = videos(site)[0]["asked"]
    sway, parallax = asked["plan"]["effects"]
    assert [sway["kind"], parallax["kind"]] == ["sway", "parallax"]
    assert sway["period_seconds"] == 0.25
    assert len(sway["anchor"]) == 2
    assert parallax["horizon"] == pytest.approx(0.495, abs=0.01)
    assert [bool(mask) for mask in asked["masks"]] == [True, False]
    see(page, "done")


def test_a_large_photo_is_set_to_the_size_of_screens_with_what_is_painted(
    page: Page, site: Site
) -> None:
    give_photo(page, (2400, 1600))
    estimate = page.locator(".video-estimate")
    expect(estimate).to_contain_text("1920 × 1280 px")
    paint_brook(page)
    page.locator("#photo-side").select_option("640")
    expect(estimate).to_contain_text("640 × 427 px")
    expect(effect(page, "Flow")).to_contain_text("Painted, 1 arrow.")
    set_loop(page, seconds=0.5, fps=12)
    begin(page)

    video = videos(site)[0]
    assert (video["width"], video["height"]) == (640, 427)
    assert video["error"] is None


def test_photo_and_paint_outlast_a_reload(page: Page, studio: Studio) -> None:
    give_photo(page)
    paint_brook(page)
    page.locator("#photo-title").fill("The brook")
    expect(page.locator(".video-estimate")).to_contain_text("frames")
    page.evaluate(UNTIL_KEPT)
    studio.reload()
    open_video(studio)

    expect(effect(page, "Flow")).to_contain_text("Painted, 1 arrow.")
    expect(page.locator("#photo-title")).to_have_value("The brook")
    page.get_by_role("button", name="Begin anew").click()
    expect(page.locator(".video-drop")).to_be_visible()
    studio.toast("cleared").get_by_role("button", name="Undo").click()
    expect(effect(page, "Flow")).to_contain_text("Painted, 1 arrow.")


def test_a_finger_paints_and_nothing_goes_sideways_on_a_phone(
    visit: Callable[..., Studio], site: Site
) -> None:
    page = open_video(visit(PHONE))
    choose_photo_to_life(page)
    give_photo(page)
    fingers = Fingers(page.context.new_cdp_session(page))
    for name in ("brush", "arrow"):
        tool(page, name).click()
        start, *places = on_photo(page, [(0.2, 0.6), (0.5, 0.6), (0.8, 0.6)])
        fingers.start(start)
        for place in places:
            fingers.move(place)
        fingers.end()
    expect(effect(page, "Flow")).to_contain_text("Painted, 1 arrow.")
    expect(page.locator("#photo-begin")).to_be_in_viewport(ratio=1)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE[0]
    small = page.evaluate(
        """() => [...document.querySelectorAll(".video :is(button, select, input[type=text], a)")]
             .filter((node) => node.checkVisibility())
             .map((node) => [node.getBoundingClientRect().height, node.className, node.id])
             .filter(([height]) => height < 44)"""
    )
    assert small == []


def test_axe_finds_nothing_serious(visit: Callable[..., Studio]) -> None:
    studio = visit(WIDE)
    studio.page.emulate_media(reduced_motion="reduce")
    page = open_video(studio)
    found = {"choice": findings(page)}
    choose_photo_to_life(page)
    give_photo(page)
    page.locator("#photo-begin").click()
    found["photo"] = findings(page)
    paint_brook(page)
    set_loop(page, seconds=0.5, fps=12)
    begin(page)
    see(page, "done", timeout_ms=within(30))
    found["video"] = findings(page)
    page.get_by_role("button", name="Videos", exact=True).click()
    found["list"] = findings(page)
    assert [one for some in found.values() for one in some] == []
