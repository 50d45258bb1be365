"""Image to image on the page: the modes over one form, the source from everywhere, many at once, before and after."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Request, Route, expect

from tests.browser.conftest import PHONE
from tests.browser.site import Site
from tests.browser.studio import Studio, within
from tests.browser.test_access import findings

MODE = ("text", "image", "inpaint")
# Drops or pastes pictures, given as [[name, base64 of a file]].
TRANSFER = """(target, [event, files]) => {
  const transfer = new DataTransfer();
  for (const [name, data] of files) {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type: "image/png" }));
  }
  const told = { bubbles: true, cancelable: true };
  if (event === "paste") return target.dispatchEvent(new ClipboardEvent("paste", { ...told, clipboardData: transfer }));
  for (const name of ["dragenter", "dragover", "drop"])
    target.dispatchEvent(new DragEvent(name, { ...told, dataTransfer: transfer }));
}"""


@pytest.fixture(autouse=True)
def _empty_dock(site: Site) -> None:
    site.forget_jobs()


def png(size: tuple[int, int] = (90, 60), colour: str = "teal") -> bytes:
    data = io.BytesIO()
    Image.new("RGB", size, colour).save(data, "PNG")
    return data.getvalue()


def give(target: Locator, event: str, *files: tuple[str, bytes]) -> None:
    target.evaluate(
        TRANSFER, [event, [[name, base64.b64encode(data).decode()] for name, data in files]]
    )


def mode(studio: Studio, name: str) -> Studio:
    tab = {"text": "text-to-image", "image": "image-to-image", "inpaint": "inpaint"}[name]
    studio.page.locator(f"#{tab}-button").click()
    expect(studio.page.locator("html")).to_have_attribute("data-mode", name)
    return studio


def frame(studio: Studio) -> Locator:
    return studio.page.locator("[data-island=source] .guide-picture")


def source_is_shown(studio: Studio, size: str = "90 × 60 px") -> None:
    expect(studio.page.locator("[data-island=source] .value")).to_have_text(size)
    image = frame(studio).locator("img")
    expect(image).to_be_visible()
    studio.page.wait_for_function(
        "(one) => one.naturalWidth > 0 && one.complete", arg=image.element_handle()
    )


def started(studio: Studio, data: bytes | None = None) -> Studio:
    """In the mode, with a source."""
    mode(studio.choose("small"), "image")
    give(frame(studio), "drop", ("sea.png", data or png()))
    source_is_shown(studio)
    return studio


def posts(request: Request) -> bool:
    return request.method == "POST" and request.url.endswith("/jobs")


def sent(studio: Studio, prompt: str = "a boat") -> dict[str, Any]:
    with studio.page.expect_request(posts) as asked:
        studio.generate(prompt)
    return dict(asked.value.post_data_json or {})


def test_prompt_and_settings_go_along_from_mode_to_mode(studio: Studio) -> None:
    studio.choose("small").write("stays").number("steps").fill("9")
    for name in (*MODE, "text"):
        mode(studio, name)
        expect(studio.prompt).to_be_visible()
        expect(studio.prompt).to_have_value("stays")
        expect(studio.number("steps")).to_have_value("9")
        expect(studio.page.locator("[data-island=source]")).to_be_visible(visible=name == "image")
    studio.open_library()
    expect(studio.prompt).to_be_hidden()


def test_the_mode_is_found_again_after_a_reload_and_by_keys(studio: Studio) -> None:
    mode(studio, "image").write("kept words")
    studio.page.wait_for_function(
        "() => JSON.parse(localStorage.getItem('darkroom.form'))?.prompt === 'kept words'"
    )
    studio.reload()
    tab = studio.page.locator("#image-to-image-button")
    expect(tab).to_have_attribute("aria-selected", "true")
    expect(frame(studio)).to_be_visible()
    expect(studio.prompt).to_have_value("kept words")
    studio.page.keyboard.press("Alt+1")
    expect(frame(studio)).to_be_hidden()
    studio.page.keyboard.press("Alt+4")
    expect(studio.page.locator(".library")).to_be_visible()


def test_the_one_panel_is_named_after_the_open_tab(studio: Studio) -> None:
    mode(studio, "image")
    panel = studio.page.get_by_role("tabpanel", name="Image to image")
    expect(panel).to_be_visible()
    expect(panel.locator("#field-prompt")).to_be_visible()
    expect(studio.page.get_by_role("tabpanel")).to_have_count(1)


def test_a_dropped_picture_is_sent_as_the_source(studio: Studio) -> None:
    started(studio)
    strength = studio.page.get_by_label("Strength", exact=True)
    expect(strength).to_have_value("0.75")
    strength.fill("0.4")
    studio.page.get_by_label("Resize").select_option("fill")
    asked = sent(studio)
    assert asked["source"].pop("image")
    assert asked["source"] == {
        "strength": 0.4,
        "resize": "fill",
        "noise_multiplier": 1,
        "extend_left": 0,
        "extend_top": 0,
        "extend_right": 0,
        "extend_bottom": 0,
    }
    assert asked["inpainting"] is None
    # The proportions of the picture, as many pixels as the checkpoint draws best.
    assert (asked["width"], asked["height"]) == (160, 104)
    studio.see("done")
    expect(studio.page.locator(".result .facts")).to_contain_text("Denoising strength0.4")


def test_text_to_image_sends_no_source(studio: Studio) -> None:
    asked = sent(mode(started(studio), "text"))
    assert asked["source"] is None


def test_a_size_that_was_set_by_hand_stays_until_it_is_asked_for(studio: Studio) -> None:
    studio.choose("small").unfold("more").number("width").fill("192")
    started(studio)
    expect(studio.number("width")).to_have_value("192")
    studio.page.get_by_role("button", name="Size from picture").click()
    expect(studio.number("width")).to_have_value("160")
    expect(studio.number("height")).to_have_value("104")


def test_a_pasted_picture_is_the_source_unless_somebody_writes(studio: Studio) -> None:
    mode(studio.choose("small"), "image")
    give(studio.prompt, "paste", ("note.png", png()))
    expect(studio.page.locator(".taken")).to_contain_text("carries no settings")
    expect(frame(studio).locator("img")).to_be_hidden()
    give(studio.page.locator("body"), "paste", ("shot.png", png((40, 40))))
    source_is_shown(studio, "40 × 40 px")


def test_the_source_survives_a_reload_and_can_be_removed(studio: Studio) -> None:
    started(studio).page.get_by_label("Strength", exact=True).fill("0.3")
    studio.page.wait_for_function(
        "() => JSON.parse(localStorage.getItem('darkroom.source'))?.strength === 0.3"
    )
    studio.reload()
    source_is_shown(studio)
    expect(studio.page.get_by_label("Strength", exact=True)).to_have_value("0.3")
    studio.page.get_by_role("button", name="Remove the source").click()
    expect(frame(studio).locator("img")).to_be_hidden()
    expect(studio.page.locator("[data-island=source] .value")).to_have_text("")


def test_without_a_source_it_is_said_where_it_is_to_be_chosen(studio: Studio, site: Site) -> None:
    mode(studio.choose("small"), "image").generate("from nothing")
    note = studio.page.locator("[data-island=source] .field-error")
    expect(note).to_contain_text("No picture is chosen")
    assert site.jobs() == []
    give(frame(studio), "drop", ("sea.png", png()))
    expect(note).to_have_count(0)


def test_what_is_wrong_with_a_setting_of_it_is_said_there(studio: Studio) -> None:
    started(studio)

    def refuse(route: Route) -> None:
        message = "source.noise_multiplier = 9: is outside of 0 … 1.5"
        error = {"code": "bad_request", "message": message, "remedy": "Use 1."}
        answer = {"error": {**error, "field": "source.noise_multiplier"}}
        route.fulfill(status=422, json=answer)

    studio.page.route("**/api/v1/jobs", refuse)
    studio.generate("too much")
    note = studio.page.locator("#fold-noise .field-error")
    expect(note).to_be_visible()
    expect(note).to_have_text("Is outside of 0 … 1.5. Use 1.")
    studio.page.unroute("**/api/v1/jobs")


def test_settings_of_an_old_picture_bring_its_mode_and_source_back(studio: Studio) -> None:
    started(studio).page.get_by_label("Strength", exact=True).fill("0.6")
    studio.generate("an old one").see("done")
    studio.page.get_by_role("button", name="Remove the source").click()
    studio.page.get_by_label("Strength", exact=True).fill("0.1")
    mode(studio, "text").act("sliders")
    expect(studio.page.locator("html")).to_have_attribute("data-mode", "image")
    source_is_shown(studio)
    expect(studio.page.get_by_label("Strength", exact=True)).to_have_value("0.6")


def test_a_picture_is_enlarged_in_tiles_of_the_size_of_its_checkpoint(studio: Studio) -> None:
    studio.choose("small").generate("a disc").see("done")
    with studio.page.expect_request(posts) as asked:
        studio.page.get_by_role("button", name="Enlarge to twice its size").click()
    request = dict(asked.value.post_data_json or {})
    assert request["source"]["image"]
    assert (request["width"], request["height"], request["tile"]) == (256, 256, 128)
    assert request["prompt"] == "a disc"
    studio.see("done")
    expect(studio.page.locator(".facts")).to_contain_text("256 × 256")
    expect(studio.page.locator(".facts")).to_contain_text("128 px")


def test_each_mode_keeps_its_own_strength(studio: Studio) -> None:
    strength = started(studio).page.get_by_label("Strength", exact=True)
    strength.fill("0.4")
    mode(studio, "inpaint")
    expect(strength).to_have_value("1")
    strength.fill("0.9")
    mode(studio, "image")
    expect(strength).to_have_value("0.4")
    mode(studio, "inpaint")
    expect(strength).to_have_value("0.9")


def test_a_source_that_is_gone_is_told(studio: Studio) -> None:
    started(studio).page.wait_for_function(
        "() => JSON.parse(localStorage.getItem('darkroom.source'))?.image"
    )
    gone = {"error": {"code": "not_found", "message": "There is no such picture.", "remedy": ""}}
    studio.page.route("**/api/v1/assets/*", lambda route: route.fulfill(status=404, json=gone))
    studio.reload()
    expect(frame(studio)).to_contain_text("The picture is gone")
    expect(studio.toast("no longer there")).to_be_visible()


def test_a_picture_is_sent_to_the_source(studio: Studio) -> None:
    studio.choose("small").generate("first of two").see("done")
    expect(studio.picture).to_be_visible()
    studio.act("picture")
    expect(studio.page.locator("html")).to_have_attribute("data-mode", "image")
    source_is_shown(studio, "128 × 128 px")


def test_a_picture_is_picked_in_the_library(studio: Studio) -> None:
    mode(studio.choose("small"), "text").generate("to be picked").see("done")
    mode(studio, "image")
    studio.page.locator("[data-island=source]").get_by_role("button", name="Library").click()
    expect(studio.page.locator(".picking")).to_contain_text("Choose the picture to start from")
    studio.page.locator(".library-cell").first.click()
    source_is_shown(studio, "128 × 128 px")
    studio.open_library().first.click()
    expect(studio.page.locator(".details .facts")).to_be_visible()


def test_many_pictures_become_a_job_each_and_a_bad_one_stops_nothing(
    studio: Studio, site: Site
) -> None:
    mode(studio.choose("small"), "image").write("all of them")
    files = [("one.png", png()), ("bad.png", b"no picture"), ("two.png", png((60, 90)))]
    give(frame(studio), "drop", *files)
    many = studio.page.get_by_role("group", name="Many pictures")
    expect(many).to_contain_text("3 pictures chosen")
    assert site.jobs() == []
    many.get_by_role("button", name="Make 3 pictures").click()
    expect(many).to_contain_text("2 of 3 made, 1 failed")
    expect(many.get_by_role("listitem")).to_contain_text("bad.png")
    jobs = site.jobs()
    assert len(jobs) == 2
    assert len({job["request"]["source"]["image"] for job in jobs}) == 2
    assert {job["request"]["prompt"] for job in jobs} == {"all of them"}
    many.get_by_role("button", name="Close").click()
    expect(many).to_be_hidden()


def test_a_batch_waits_for_room_in_the_queue_and_can_be_cancelled(
    studio: Studio, site: Site
) -> None:
    mode(studio.choose("small"), "image").write("patience fake:step=5")
    give(frame(studio), "drop", *[(f"{n}.png", png((8 + n, 8))) for n in range(22)])
    many = studio.page.get_by_role("group", name="Many pictures")
    many.get_by_role("button", name="Make 22 pictures").click()
    expect(many).to_contain_text("The queue takes 20 jobs of yours at once", timeout=within(15))
    assert len(site.jobs()) == 20
    many.get_by_role("button", name="Cancel all").click()
    expect(many).to_be_hidden()
    site.settle()
    assert {job["state"] for job in site.jobs()} == {"cancelled"}


def test_before_and_after_are_compared_with_the_keyboard(studio: Studio) -> None:
    started(studio).generate("changed").see("done")
    compare = studio.page.locator(".result .compare")
    toggle = studio.page.locator(".result .compare-toggle")
    expect(toggle).to_be_visible()
    expect(compare).to_be_hidden()
    toggle.focus()
    studio.page.keyboard.press("Enter")
    expect(compare.locator(".compare-before")).to_be_visible()
    slider = compare.get_by_role("slider")
    expect(slider).to_be_focused()
    studio.page.keyboard.press("End")
    assert compare.evaluate("node => node.style.getPropertyValue('--share')") == "1"
    toggle.click()
    expect(compare).to_be_hidden()
    mode(studio, "text").generate("from nothing").see("done")
    expect(toggle).to_be_hidden()


def test_a_sketch_becomes_the_source(studio: Studio) -> None:
    mode(studio.choose("small"), "image").page.get_by_role("button", name="Draw a sketch").click()
    pad = studio.page.get_by_role("dialog", name="Sketch")
    box = pad.locator(".easel-view").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    studio.page.mouse.move(x - 40, y)
    studio.page.mouse.down()
    studio.page.mouse.move(x + 40, y + 20, steps=4)
    studio.page.mouse.up()
    pad.get_by_role("button", name="Use it").click()
    expect(pad).to_have_count(0)
    source_is_shown(studio, "128 × 128 px")
    assert sent(studio)["source"]["image"]


def test_a_sketch_that_is_given_up_changes_nothing(studio: Studio) -> None:
    started(studio).page.get_by_role("button", name="Sketch on it").click()
    pad = studio.page.get_by_role("dialog", name="Sketch")
    expect(pad.locator(".easel-view")).to_be_visible()
    pad.get_by_role("button", name="Cancel").click()
    expect(pad).to_have_count(0)
    source_is_shown(studio)


@pytest.fixture
def styled(studio: Studio) -> Studio:
    """The styles of graphics are in sight."""
    return studio.choose("small").unfold("graphics")


def test_a_style_stands_around_the_prompt_that_is_sent(styled: Studio) -> None:
    styles = styled.page.get_by_role("group", name="Styles")
    styles.get_by_role("button", name="Sticker").click()
    chip = styled.page.locator(".style-chip")
    expect(chip).to_have_text("Style: Sticker")
    asked = sent(styled, "a fox")
    assert asked["prompt"].startswith("a die-cut sticker of a fox on a plain")
    assert "photograph" in asked["negative_prompt"]
    expect(styled.prompt).to_have_value("a fox")
    styled.see("done").reload()
    expect(chip).to_have_text("Style: Sticker")
    chip.get_by_role("button").click()
    expect(chip).to_be_hidden()
    assert sent(styled, "a fox")["prompt"] == "a fox"


def test_settings_of_a_styled_picture_bring_its_whole_prompt(styled: Studio) -> None:
    styled.page.get_by_role("button", name="Badge").click()
    whole = sent(styled, "a fox")["prompt"]
    expect(styled.see("done").page.locator(".result .words-prompt")).to_have_text(whole)
    styled.act("sliders")
    expect(styled.prompt).to_have_value(whole)
    assert sent(styled, whole)["prompt"] == whole


def test_a_picture_is_taken_away_as_suits_its_style_or_it_is_said_why_not(styled: Studio) -> None:
    styled.page.get_by_role("button", name="Badge").click()
    styled.generate("a logo").see("done")
    styled.act("more")
    menu = styled.page.locator(".result").get_by_role("menu", name="Save as")
    why = {"code": "not_plain", "message": "The ground is not plain.", "remedy": "Use a white one."}
    refused = {"error": {**why, "field": ""}}
    styled.page.route("**/cutout?**", lambda route: route.fulfill(status=422, json=refused))
    menu.get_by_role("menuitem", name="PNG with transparency").click()
    expect(styled.toast("The ground is not plain. Use a white one.")).to_be_visible()

    svg = "<svg xmlns='http://www.w3.org/2000/svg'/>"
    told = {"content-disposition": 'attachment; filename="1-a-logo.svg"'}
    styled.page.route("**/svg?**", lambda route: route.fulfill(body=svg, headers=told))
    styled.act("more")
    with (
        styled.page.expect_request("**/svg?**") as asked,
        styled.page.expect_download() as download,
    ):
        menu.get_by_role("menuitem", name="SVG").click()
    assert "colours=6" in asked.value.url
    assert download.value.suggested_filename == "1-a-logo.svg"
    expect(menu).to_be_hidden()


def test_axe_finds_nothing_serious_here(visit: Callable[..., Studio], tmp_path: Path) -> None:
    studio = visit()
    studio.page.emulate_media(reduced_motion="reduce")
    mode(studio, "image")
    found = {"empty": findings(studio.page)}
    started(studio).generate("looked at").see("done")
    studio.page.locator(".result .compare-toggle").click()
    found["done"] = findings(studio.page)
    give(frame(studio), "drop", ("one.png", png()), ("two.png", png()))
    found["many"] = findings(studio.page)
    mode(studio, "inpaint")
    found["inpaint"] = findings(studio.page)
    assert {where: what for where, what in found.items() if what} == {}


def test_a_phone_shows_the_source_above_the_result(visit: Callable[..., Studio]) -> None:
    studio = visit(PHONE)
    mode(studio, "image")
    places = ("#field-prompt", "#island-source", "#island-result", "#island-strength")
    tops = [studio.page.locator(place).bounding_box() for place in places]
    assert all(tops)
    assert [box["y"] for box in tops if box] == sorted(box["y"] for box in tops if box)
    expect(studio.page.locator("#generate")).to_be_in_viewport(ratio=1)
    small = studio.page.evaluate(
        """() => [...document.querySelectorAll("button, select, input[type=range]")]
             .filter((node) => node.checkVisibility() && !node.closest(".skip"))
             .filter((node) => node.getBoundingClientRect().height < 44)
             .map((node) => node.outerHTML.slice(0, 90))"""
    )
    assert small == []
    assert studio.page.evaluate("() => document.documentElement.scrollWidth") <= PHONE[0]
