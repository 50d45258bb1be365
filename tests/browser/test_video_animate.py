"""Animate, used as a person does: prompts, schedules as text and as curves, Deforum's settings, a clip that plays."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.animating import (
    SMALL,
    choose_mode,
    drag_key,
    key_at,
    lane,
    schedule,
    set_field,
)
from tests.browser.conftest import PHONE, WIDE
from tests.browser.filming import DROP, open_video, see, videos
from tests.browser.site import Site
from tests.browser.studio import Studio, within
from tests.browser.teaching import picture
from tests.browser.test_access import findings
from tests.pipelines.video.desk.movies import movie

SHORT = {"animate-max_frames": 7, "animate-fps": 12, "animate-diffusion_cadence": 3}


pytestmark = pytest.mark.usefixtures("no_videos")


@pytest.fixture
def page(studio: Studio) -> Page:
    """Animate, small and short."""
    opened = choose_mode(studio, "animate")
    opened.emulate_media(reduced_motion="reduce")
    settle(opened)
    return opened


def settle(page: Page) -> None:
    for field, value in {f"animate-{name}": one for name, one in SMALL.items()}.items():
        set_field(page, field, value)
    for field, value in SHORT.items():
        set_field(page, field, value)


def test_from_prompts_and_a_camera_to_a_clip_that_plays(page: Page, site: Site) -> None:
    page.locator(".prompt-text").fill("a red ball")
    page.get_by_role("button", name="Prompt", exact=True).click()
    page.locator(".prompt-text").nth(1).fill("a green tree")
    page.locator(".prompt-negative").nth(1).fill("fog")
    page.locator(".prompt-frame").nth(1).fill("4")
    expect(page.locator(".timeline-bar")).to_have_text(["a red ball", "a green tree"])
    schedule(page, "angle").fill("0: (0), 6: (3)")
    expect(page.locator(".video-estimate")).to_contain_text("7 frames, 3 drawn, 0.6 s, 96 × 96 px")
    set_field(page, "animate-title", "The ball")
    page.locator("#animate-begin").click()
    expect(page.locator(".video-view h2")).to_have_text("The ball")
    see(page, "done", within(40))

    film = page.locator(".video-view video")
    expect(film).to_have_js_property("videoWidth", 96)
    film.evaluate("film => film.play()")
    page.wait_for_function("() => document.querySelector('.video-view video').currentTime > 0.2")
    asked = videos(site)[0]["asked"]
    assert asked["prompts"] == [
        {"frame": "0", "text": "a red ball"},
        {"frame": "4", "text": "a green tree --neg fog"},
    ]
    assert asked["angle"] == "0: (0), 6: (3)"


def test_text_and_curve_edit_each_other(page: Page) -> None:
    text = schedule(page, "angle")
    text.fill("0: (0), 3: (4), 6: (-4)")
    text.blur()
    expect(lane(page, "angle").locator(".lane-key")).to_have_count(3)
    drag_key(page, key_at(page, "angle", 3), 1 / 6, 0)
    expect(text).to_have_value("0: (0), 4: (4), 6: (-4)")
    drag_key(page, key_at(page, "angle", 4), 0, 0.25)
    expect(text).not_to_have_value("0: (0), 4: (4), 6: (-4)")
    value = float(text.input_value().split("4: (")[1].split(")")[0])
    assert 1 < value < 2.5

    key = key_at(page, "angle", 4)
    expect(key).to_be_focused()
    key.press("ArrowRight")
    expect(text).to_have_value(f"0: (0), 5: ({value:g}), 6: (-4)")
    expect(key_at(page, "angle", 5)).to_be_focused()
    page.keyboard.press("Delete")
    expect(text).to_have_value("0: (0), 6: (-4)")
    box = lane(page, "angle").locator(".lane-plot").bounding_box()
    assert box is not None
    page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(text).to_have_value("0: (0), 3: (-2), 6: (-4)")
    expect(key_at(page, "angle", 3)).to_be_focused()


def test_a_key_is_added_at_the_playhead_also_where_the_fields_have_said_it(page: Page) -> None:
    page.locator("[data-fold=diffusion]").click()
    page.locator(".ruler-scale").focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".ruler-scale")).to_have_attribute("aria-valuenow", "5")
    page.get_by_role("button", name="CFG scale: add a key at the playhead").click()
    expect(schedule(page, "guidance_scale")).to_have_value("0: (7), 5: (7)")


def test_what_is_wrong_stands_below_its_lane_with_the_character(page: Page) -> None:
    text = schedule(page, "zoom")
    text.fill("0: (1), 5: (1.1*sin(t)")
    wrong = lane(page, "zoom").locator(".lane-error")
    expect(wrong).to_contain_text("A bracket stays open. Close it with ).")
    expect(wrong.locator("mark")).to_have_text("(")
    wrong.locator("button").click()
    assert text.evaluate("input => [input.selectionStart, input.value[input.selectionStart]]") == [
        11,
        "(",
    ]
    page.locator("#animate-begin").click()
    expect(text).to_be_focused()
    text.fill("0: (1), 5: (1.1)")
    expect(wrong).to_be_hidden()


def test_what_is_wrong_of_fields_and_prompts_stands_at_them(page: Page) -> None:
    set_field(page, "animate-width", 97)
    expect(page.locator("[data-at=width] .field-error")).to_be_visible()
    set_field(page, "animate-width", 96)
    expect(page.locator("[data-at=width] .field-error")).to_have_count(0)
    page.locator(".prompt-text").fill("fog:`sin(`")
    expect(page.locator(".prompt-row .field-error")).to_be_visible()


def test_the_way_of_the_camera_is_shown_and_follows_the_playhead(page: Page) -> None:
    canvas = page.locator("canvas.camera-canvas")
    look = "canvas => canvas.toDataURL()"
    page.locator(".ruler-scale").focus()
    with page.expect_response(lambda answer: answer.url.endswith("/video/camera")):
        schedule(page, "angle").fill("0: (20)")
    page.wait_for_timeout(300)
    first = canvas.evaluate(look)
    page.locator(".ruler-scale").press("End")
    page.wait_for_function(
        "first => document.querySelector('canvas.camera-canvas').toDataURL() !== first", arg=first
    )
    expect(page.locator(".sketch-place")).to_have_text("Frame 6 of 7 · 0.5 s")
    page.get_by_role("button", name="Play the preview").click()
    page.wait_for_function(
        "() => document.querySelector('.ruler-scale').getAttribute('aria-valuenow') !== '6'"
    )


def test_prompts_that_turn_into_each_other_need_no_camera(page: Page, site: Site) -> None:
    page.get_by_role("radio", name="Morph").click()
    expect(page.locator("[data-fold=camera]")).to_be_hidden()
    expect(page.locator(".animate-preview")).to_be_hidden()
    page.locator(".prompt-text").fill("a cat")
    set_field(page, "animate-max_frames", 3)
    page.locator("#animate-begin").click()
    see(page, "done", within(40))
    assert videos(site)[0]["asked"]["mode"] == "morph"


def place(page: Page, name: str) -> Locator:
    """Where something that is sent belongs."""
    return page.locator(f"[data-at={name}]")


def give(page: Page, name: str, file: str, kind: str, content: bytes) -> None:
    """Chooses it from the disk."""
    given: FilePayload = {"name": file, "mimeType": kind, "buffer": content}
    place(page, name).locator("input[type=file]").set_input_files(given)


def test_a_clip_begins_with_a_picture_and_keeps_the_colours_of_another(
    page: Page, site: Site
) -> None:
    page.locator(".prompt-text").fill("a red ball")
    give(page, "init_image", "one.png", "image/png", picture(1, (96, 96)))
    expect(place(page, "init_image").locator("img")).to_have_js_property("naturalWidth", 96)
    give(page, "colour_image", "two.png", "image/png", picture(2, (96, 96)))
    expect(place(page, "colour_image").locator("img")).to_be_visible()
    page.locator("#animate-init_strength").fill("0.6")
    page.locator("#animate-is_looped").check()
    expect(page.locator(".video-estimate")).to_contain_text("7 frames, 2 drawn")
    page.locator("#animate-begin").click()
    see(page, "done", within(40))

    asked = videos(site)[0]["asked"]
    assert len(asked["init_image"]) == len(asked["colour_image"]) > 8
    assert asked["init_image"] != asked["colour_image"]
    assert (asked["init_strength"], asked["is_looped"]) == (0.6, True)


def test_a_picture_is_taken_off_again_and_is_there_after_a_reload(
    page: Page, studio: Studio
) -> None:
    expect(place(page, "init_strength")).to_be_hidden()
    give(page, "init_image", "one.png", "image/png", picture(1, (96, 96)))
    expect(place(page, "init_strength")).to_be_visible()
    studio.reload()
    open_video(studio)
    expect(place(page, "init_image").locator("img")).to_have_js_property("naturalWidth", 96)
    page.get_by_role("button", name="A picture: remove the picture").click()
    expect(place(page, "init_image").locator("img")).to_be_hidden()
    expect(place(page, "init_strength")).to_be_hidden()


def test_what_is_no_picture_is_said_at_its_place(page: Page) -> None:
    give(page, "init_image", "one.png", "image/png", b"nothing of a picture")
    expect(place(page, "init_image").locator(".field-error")).to_be_visible()
    expect(page.locator("[data-at=init_image] .secondary")).to_be_enabled()
    give(page, "init_image", "one.png", "image/png", picture(1, (96, 96)))
    expect(place(page, "init_image").locator("img")).to_be_visible()
    expect(place(page, "init_image").locator(".field-error")).to_have_count(0)


def test_the_frames_of_a_movie_change_over_its_time(page: Page, site: Site) -> None:
    page.get_by_role("radio", name="Movie").click()
    expect(page.locator("[data-fold=camera]")).to_be_hidden()
    page.locator("#animate-begin").click()
    expect(place(page, "init_video").locator(".field-error")).to_contain_text("Choose a movie")
    give(page, "init_video", "square.mp4", "video/mp4", movie(24))
    expect(place(page, "init_video")).to_contain_text("square.mp4 · 128 × 96 px · 24 frames, 2 s")
    expect(page.locator("#animate-max_frames")).to_have_value("24")
    expect(page.locator("#animate-fps")).to_be_hidden()
    set_field(page, "animate-extract_from_frame", 4)
    set_field(page, "animate-extract_to_frame", 15)
    set_field(page, "animate-extract_nth_frame", 2)
    expect(page.locator("#animate-max_frames")).to_have_value("6")
    schedule(page, "strength").fill("0: (0.8), 5: (0.3)")
    expect(page.locator(".video-estimate")).to_contain_text("6 frames, 3 drawn, 1 s")
    page.locator("#animate-begin").click()
    see(page, "done", within(40))

    video = videos(site)[0]
    assert (video["film"]["frames"], video["film"]["seconds"], video["fps"]) == (6, 1, 6)
    assert video["asked"]["keeps_times"]


def test_a_part_that_the_movie_does_not_have_is_said_at_its_field(page: Page) -> None:
    page.get_by_role("radio", name="Movie").click()
    give(page, "init_video", "square.mp4", "video/mp4", movie(6))
    set_field(page, "animate-extract_from_frame", 50)
    expect(place(page, "extract_from_frame").locator(".field-error")).to_contain_text("6 frames")
    page.locator("#animate-keeps_times").uncheck()
    expect(page.locator("#animate-fps")).to_have_value("12")
    assert findings(page) == []


def test_what_is_dropped_goes_where_it_belongs(page: Page) -> None:
    drop = DROP.replace('"image/png"', "type").replace("name, data]", "name, data, type]")
    one = base64.b64encode(picture(1, (96, 96))).decode()
    page.evaluate(drop, [".animate .timeline", "one.png", one, "image/png"])
    expect(place(page, "init_image").locator("img")).to_be_visible()
    page.evaluate(drop, ["[data-at=colour_image]", "one.png", one, "image/png"])
    expect(place(page, "colour_image").locator("img")).to_be_visible()
    film = base64.b64encode(movie(6)).decode()
    page.evaluate(drop, [".animate .timeline", "square.mp4", film, "video/mp4"])
    expect(page.get_by_role("radio", name="Movie")).to_have_attribute("aria-checked", "true")
    expect(place(page, "init_video")).to_contain_text("6 frames")
    settings = base64.b64encode(json.dumps({"max_frames": 33}).encode()).decode()
    page.evaluate(drop, [".animate .timeline", "settings.txt", settings, "text/plain"])
    expect(page.locator(".deforum-report")).to_be_visible()


def test_settings_of_deforum_are_opened_with_a_report_and_saved(
    page: Page, studio: Studio, tmp_path: Path
) -> None:
    given = {"max_frames": 9, "zoom": "0: (1.04)", "W": 128, "prompts": {"0": "x", "5": "y"}}
    more = {"animation_mode": "3D", "use_depth_warping": True, "batch_name": "Deforum_{timestring}"}
    page.get_by_role("button", name="Open settings").click()
    page.locator("#deforum-text").fill("nothing")
    page.get_by_role("button", name="Read it").click()
    expect(page.locator(".deforum .field-note")).to_contain_text("JSON")
    page.locator("#deforum-text").fill(json.dumps(given | more))
    page.get_by_role("button", name="Read it").click()
    report = page.locator(".deforum-report")
    expect(report.locator("dt").filter(has_text="max_frames")).to_be_visible()
    expect(report).to_contain_text("The 3D camera is not there yet")
    expect(schedule(page, "zoom")).to_have_value("0: (1.04)")
    expect(page.locator("#animate-width")).to_have_value("128")
    expect(page.locator(".timeline-bar")).to_have_text(["x", "y"])
    with page.expect_download() as got:
        page.get_by_role("button", name="Save settings").click()
    got.value.save_as(tmp_path / "saved.txt")
    saved = json.loads((tmp_path / "saved.txt").read_text())
    assert [saved["max_frames"], saved["zoom"], saved["W"]] == [9, "0: (1.04)", 128]
    studio.toast("taken over").get_by_role("button", name="Undo").click()
    expect(page.locator("#animate-max_frames")).to_have_value("7")


def test_an_animation_outlasts_a_reload(page: Page, studio: Studio) -> None:
    page.locator(".prompt-text").fill("a red ball")
    schedule(page, "angle").fill("0: (2)")
    expect(page.locator(".timeline-bar")).to_have_text("a red ball")
    studio.reload()
    open_video(studio)
    expect(page.locator(".prompt-text")).to_have_value("a red ball")
    expect(schedule(page, "angle")).to_have_value("0: (2)")
    page.get_by_role("button", name="Begin anew").click()
    expect(schedule(page, "angle")).to_have_value("0: (0)")
    studio.toast("cleared").get_by_role("button", name="Undo").click()
    expect(schedule(page, "angle")).to_have_value("0: (2)")


def test_nothing_goes_sideways_on_a_phone(visit: Callable[..., Studio], site: Site) -> None:
    page = choose_mode(visit(PHONE), "animate")
    page.locator("[data-fold=diffusion]").click()
    expect(schedule(page, "strength")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE[0]
    expect(page.locator("#animate-begin")).to_be_in_viewport(ratio=1)
    small = page.evaluate(
        """() => [...document.querySelectorAll(
             ".video :is(button:not(.lane-key), select, input:is([type=text], [type=number]), a)"
           )].filter((node) => node.checkVisibility())
             .map((node) => [node.getBoundingClientRect().height, node.className, node.id])
             .filter(([height]) => height < 44)"""
    )
    assert small == []


def test_axe_finds_nothing_serious(visit: Callable[..., Studio]) -> None:
    studio = visit(WIDE)
    studio.page.emulate_media(reduced_motion="reduce")
    page = choose_mode(studio, "animate")
    for fold in ("diffusion", "look"):
        page.locator(f"[data-fold={fold}]").click()
    schedule(page, "zoom").fill("0: (1")
    expect(lane(page, "zoom").locator(".lane-error")).to_be_visible()
    assert findings(page) == []
