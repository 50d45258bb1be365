"""Work on frames, used as a person does: a frame is taken, changed, put back; frames are saved."""

from __future__ import annotations

import io
import re
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.animating import choose_mode, give_movie, set_field
from tests.browser.conftest import PHONE, WIDE
from tests.browser.editor import Editor
from tests.browser.filming import open_video, see, videos
from tests.browser.site import Site
from tests.browser.studio import Studio, within
from tests.browser.test_access import findings
from tests.browser.test_image_to_image import give
from tests.pipelines.video.desk.clips import frames
from tests.pipelines.video.desk.movies import FPS, SIZE, Pixels, movie, pictures

COUNT = 24
RED = (220, 30, 30)


pytestmark = pytest.mark.usefixtures("no_videos")


@pytest.fixture
def page(studio: Studio) -> Page:
    """Work on frames, with a movie."""
    opened = choose_mode(studio, "edit")
    give_movie(opened, "edit", movie(COUNT))
    ready(opened)
    return opened


def ready(page: Page) -> None:
    film = page.locator(".frames .movie-film").first
    expect(film).to_have_js_property("videoWidth", SIZE[0])
    expect(page.locator(".frames-thumbs canvas")).to_have_count(16)


def number(page: Page) -> Locator:
    return page.get_by_label("Frame", exact=True)


def go_to(page: Page, frame: int) -> None:
    number(page).fill(str(frame))
    number(page).press("Enter")
    number(page).blur()
    film = page.locator(".frames video.movie-film")
    expect(film).to_have_js_property("seeking", False)
    assert film.evaluate("film => film.currentTime") == pytest.approx((frame + 0.5) / FPS, abs=1e-3)


def painted(frame: int) -> bytes:
    """That frame with a red square on it, as somebody paints it elsewhere."""
    pixels = list(pictures(frame + 1))[frame].copy()
    pixels[10:30, 90:110] = RED
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def put(page: Page, frame: int) -> None:
    """A painted picture is dropped in the place of that frame."""
    go_to(page, frame)
    give(page.locator(".frames"), "drop", ("painted.png", painted(frame)))
    expect(row(page, frame)).to_be_visible()


def row(page: Page, frame: int) -> Locator:
    return page.locator(f".frames-edit[data-frame='{frame}']")


def film(site: Site, video: dict[str, Any], folder: Path) -> list[Pixels]:
    path = folder / "film.mp4"
    with urllib.request.urlopen(f"{site.address}api/v1/videos/{video['id']}/film") as answer:
        path.write_bytes(answer.read())
    return frames(path)


def redness(pixels: Pixels) -> float:
    """Of where the square was painted."""
    part = pixels[14:26, 94:106].astype(float)
    return float((part[..., 0] - part[..., 2]).mean())


def test_a_painted_frame_is_put_back_and_goes_on_in_its_neighbours(
    page: Page, site: Site, tmp_path: Path
) -> None:
    put(page, 8)
    note, edited = (
        page.locator(".frames-note"),
        page.get_by_alt_text("The frame as it was put back"),
    )
    expect(edited).to_be_visible()
    note.hover()
    page.mouse.down()
    expect(edited).to_be_hidden()
    page.mouse.up()
    expect(edited).to_be_visible()
    set_field(page, "edit-reach", 6)
    set_field(page, "edit-title", "Repaired")
    expect(page.locator(".frames .video-estimate")).to_contain_text("24 frames, 2 s, 128 × 96 px")
    page.locator("#edit-begin").click()
    see(page, "done", within(30))

    playing = page.locator(".video-view video")
    expect(playing).to_have_js_property("videoWidth", SIZE[0])
    shown = film(site, videos(site)[0], tmp_path)
    before = list(pictures(COUNT))
    assert redness(shown[8]) > 120
    assert redness(shown[9]) > redness(before[9]) + 60
    assert abs(redness(shown[20]) - redness(before[20])) < 25


def test_a_frame_goes_to_image_to_image_and_its_result_comes_back(
    page: Page, studio: Studio, site: Site
) -> None:
    go_to(page, 5)
    page.locator(".frames").get_by_role("button", name="Image to image").click()
    expect(page.locator("html[data-tab=workspace][data-mode=image]")).to_have_count(1)
    expect(page.locator("[data-island=source] .value")).to_have_text("128 × 96 px")
    studio.generate("a boat").see("done")
    page.locator(".result [data-act=put-back]").click()

    expect(page.locator("html[data-tab=video]")).to_have_count(1)
    expect(row(page, 5)).to_have_attribute("aria-current", "true")
    expect(number(page)).to_have_value("5")
    page.locator("#edit-begin").click()
    see(page, "done", within(30))
    assert [one["frame"] for one in videos(site)[0]["asked"]["edits"]] == [5]
    expect(page.locator(".video-view video")).to_have_js_property("videoWidth", SIZE[0])


def test_a_frame_goes_to_the_mask_editor_and_comes_back(page: Page, studio: Studio) -> None:
    go_to(page, 7)
    page.locator(".frames").get_by_role("button", name="Inpaint").click()
    editor = Editor(studio).ready()
    editor.draw((30, 30), (60, 30), (60, 50))
    studio.generate("a kite")
    expect(editor.edits).to_have_count(1)
    expect(page.locator(".editor")).to_have_attribute("data-state", "ready", timeout=within(8))
    page.locator(".editor [data-act=put-back]").click()

    expect(row(page, 7)).to_be_visible()
    expect(page.locator(".frames-note")).to_be_visible()


def test_all_of_it_is_there_after_a_reload_and_can_be_taken_out(page: Page, studio: Studio) -> None:
    put(page, 12)
    put(page, 3)
    expect(page.locator(".frames-edit")).to_have_text(["Frame 3", "Frame 12"])
    studio.reload()
    open_video(studio)
    ready(page)
    expect(page.locator(".frames-edit")).to_have_text(["Frame 3", "Frame 12"])
    expect(number(page)).to_have_value("3")

    page.get_by_role("button", name="Take frame 3 out").click()
    expect(page.locator(".frames-edit")).to_have_text(["Frame 12"])
    expect(page.locator(".frames-note")).to_be_hidden()
    row(page, 12).click()
    expect(number(page)).to_have_value("12")
    page.get_by_role("button", name="Take frame 12 out").click()
    expect(page.locator("#edit-begin")).to_be_disabled()


def test_keys_and_slider_go_from_frame_to_frame(page: Page) -> None:
    go_to(page, 10)
    page.locator(".frames h2").click()
    for key, frame in ((".", 11), (",", 10), ("ArrowRight", 11), ("ArrowLeft", 10)):
        page.keyboard.press(key)
        expect(number(page)).to_have_value(str(frame))
    page.get_by_label("Place in the movie").fill("20")
    expect(number(page)).to_have_value("20")
    go_to(page, 23)
    page.locator(".frames h2").click()
    page.keyboard.press(".")
    expect(number(page)).to_have_value("23")


def test_a_picture_of_other_proportions_is_refused_in_words(page: Page) -> None:
    go_to(page, 2)
    wide = io.BytesIO()
    Image.new("RGB", (200, 50), "teal").save(wide, "PNG")
    give(page.locator(".frames"), "drop", ("wide.png", wide.getvalue()))
    expect(page.locator(".toast")).to_contain_text("the frame 128 × 96")
    expect(page.locator(".frames-edit")).to_have_count(0)


def test_another_movie_has_frames_of_its_own(page: Page) -> None:
    put(page, 4)
    give_movie(page, "edit", movie(COUNT, has_sound=False), "mute.mp4")
    expect(page.locator(".frames-player > .hint")).to_contain_text("mute.mp4")
    expect(page.locator(".frames-edit")).to_have_count(0)
    give_movie(page, "edit", movie(COUNT))
    expect(row(page, 4)).to_be_visible()


def test_a_film_is_worked_on_at_the_frame_that_is_shown_saved_and_used_again(
    page: Page, studio: Studio
) -> None:
    put(page, 8)
    page.locator("#edit-begin").click()
    see(page, "done", within(30))
    view = page.locator(".video-view")
    page.get_by_role("button", name="Frame 9", exact=True).click()
    expect(view.locator(".frame-bar")).to_contain_text("Frame 9 / 23")
    expect(view.locator("[data-act=remake]")).to_be_hidden()  # nothing of it was drawn

    with page.expect_download() as got:
        view.locator("[data-act=save-frame]").click()
    with Image.open(got.value.path()) as saved:
        assert (saved.format, saved.size) == ("PNG", SIZE)
    view.locator("[data-act=export]").click()
    page.get_by_role("spinbutton", name="First frame").fill("20")
    with page.expect_download() as got:
        page.get_by_role("link", name="Download 4 frames").click()
    assert packed(got.value.path()) == [f"frame-{n:06}.png" for n in (20, 21, 22, 23)]

    view.locator("[data-act=work]").click()
    expect(number(page)).to_have_value("9")
    ready(page)
    page.get_by_role("button", name="New video").click()
    page.locator(".video-way[data-mode=recut]").click()
    expect(page.locator(".movie[data-mode=recut] .movie-player > .hint")).to_contain_text("edit-")


def packed(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_a_range_that_is_none_cannot_be_downloaded(page: Page) -> None:
    page.locator(".frames [data-act=export]").click()
    panel = page.locator(".frames .frames-export")
    page.get_by_role("spinbutton", name="Last frame").fill("99")
    expect(panel).to_contain_text("The frames are 0 to 23.")
    assert panel.locator("a").get_attribute("href") is None
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_from_a_frame_on_all_is_drawn_anew_after_a_question(studio: Studio, site: Site) -> None:
    page = choose_mode(studio, "animate")
    for name, value in (("max_frames", 8), ("width", 96), ("height", 96), ("sampling-steps", 2)):
        set_field(page, f"animate-{name}", value)
    page.locator("#animate-begin").click()
    see(page, "done", within(40))
    seed = videos(site)[0]["request"]["seed"]
    page.get_by_role("button", name="Frame 4", exact=True).click()
    remake = page.locator(".video-view [data-act=remake]")
    remake.click()
    question = page.get_by_role("dialog", name="Make frame 4 and all after it anew?")
    expect(question).to_contain_text("its last 4 frames")
    question.get_by_role("button", name="Keep them").click()
    assert videos(site)[0]["request"]["seed"] == seed
    remake.click()
    question.get_by_role("button", name="Remake").click()
    expect(page.locator(".video-view")).not_to_have_attribute("data-state", "done")
    see(page, "done", within(40))
    again = videos(site)[0]
    assert again["request"]["seed"] != seed
    assert again["film"]["frames"] == 8


def test_a_film_becomes_the_movie_of_another_video(page: Page) -> None:
    put(page, 8)
    page.locator("#edit-begin").click()
    see(page, "done", within(30))
    page.get_by_role("button", name="Use as movie").click()
    page.locator(".video-way[data-mode=recut]").click()
    set_field(page, "recut-scale", 2)
    estimate = page.locator(".movie[data-mode=recut] .video-estimate")
    expect(estimate).to_contain_text("24 frames, 2 s, 256 × 192 px")
    page.locator("#recut-begin").click()
    see(page, "done", within(30))
    expect(page.locator(".video-view video")).to_have_js_property("videoWidth", 256)


def test_a_movie_that_no_browser_plays_is_worked_on_all_the_same(
    studio: Studio, site: Site
) -> None:
    page = choose_mode(studio, "edit")
    give_movie(page, "edit", unplayable(), "old.avi")
    still = page.get_by_alt_text("The frame", exact=True)
    expect(still).to_have_js_property("naturalWidth", SIZE[0])
    number(page).fill("4")
    number(page).press("Enter")
    expect(still).to_have_attribute("src", re.compile("/frames/4$"))
    give(page.locator(".frames"), "drop", ("painted.png", painted(4)))
    expect(row(page, 4)).to_be_visible()
    page.locator("#edit-begin").click()
    see(page, "done", within(30))


def unplayable() -> bytes:
    """MPEG-4 part 2 in AVI."""
    stream = io.BytesIO()
    with av.open(stream, "w", format="avi") as output:
        video = output.add_stream("mpeg4", rate=FPS)
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        for pixels in pictures(8):
            output.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        output.mux(video.encode(None))
    return stream.getvalue()


def test_nothing_goes_sideways_on_a_phone(visit: Callable[..., Studio]) -> None:
    page = choose_mode(visit(PHONE), "edit")
    give_movie(page, "edit", movie(COUNT))
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE[0]
    expect(page.locator("#edit-begin")).to_be_in_viewport(ratio=1)


def test_axe_finds_nothing_serious(visit: Callable[..., Studio]) -> None:
    page = choose_mode(visit(WIDE), "edit")
    found = {"empty": findings(page)}
    give_movie(page, "edit", movie(COUNT))
    put(page, 3)
    found["movie"] = findings(page)
    assert found == {"empty": [], "movie": []}
