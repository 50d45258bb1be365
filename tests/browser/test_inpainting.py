"""Inpainting on the page: paint, generate, compare, take back, change and make anew; nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Request, expect

from tests.browser.conftest import PHONE, WIDE
from tests.browser.easel import Fingers, Plane
from tests.browser.editor import Editor
from tests.browser.site import Site
from tests.browser.studio import Studio
from tests.browser.test_access import findings

SLOW = "fake:step=0.3"


@pytest.fixture(autouse=True)
def _empty_dock(site: Site) -> None:
    site.forget_jobs()


@pytest.fixture
def photo() -> Plane:
    """Noise, so that each pixel that changes is seen to change: (192, 256, 3)."""
    return np.random.default_rng(0).integers(0, 256, (192, 256, 3), np.uint8)


@pytest.fixture
def editor(studio: Studio, tmp_path: Path, photo: Plane) -> Editor:
    return Editor(studio).open(tmp_path / "photo.png", photo)


def test_without_a_picture_it_says_how_to_begin(studio: Studio) -> None:
    editor = Editor(studio)
    expect(editor.page.locator(".editor-empty")).to_contain_text("Which picture is to change?")

    editor.generate("a boat")

    expect(editor.page.locator(".field-error")).to_contain_text("Choose, drop or paste one.")


def test_what_is_painted_is_what_the_server_masks_and_nothing_else_changes(
    editor: Editor, photo: Plane
) -> None:
    for row in range(30):
        editor.draw((20, 10 + row * 5), (60, 10 + row * 5))
    for _ in range(30):
        editor.press("Control+z")
    assert not editor.mask().any()
    editor.draw((60, 60), (120, 60), (120, 110), (60, 110))
    editor.press("e")
    editor.draw((90, 40), (90, 130))
    editor.press("b")
    editor.page.locator(".easel-zoom [data-act=plus]").click(click_count=4)
    editor.draw((140, 90), (150, 100))
    painted = editor.mask()
    assert painted.shape == (192, 256)
    assert painted.any()

    editor.generate("a red mushroom").made(1)

    (step,) = editor.project()["steps"]
    assert np.array_equal(editor.asset(step["request"]["inpainting"]["mask"]), painted)
    result = editor.asset(step["image"])
    far = reach(painted > 0, 10)  # the blur of 4 px reaches so far
    assert np.array_equal(result[~far], photo[~far])
    assert (result[painted == 255] != photo[painted == 255]).any(axis=1).mean() > 0.9


def test_the_last_edit_is_compared_and_its_pixels_are_counted(editor: Editor, photo: Plane) -> None:
    editor.draw((60, 60), (120, 60))
    editor.generate("a red mushroom").made(1)
    page = editor.page

    page.locator(".editor-look [data-act=eye]").click()

    (step,) = editor.project()["steps"]
    changed = (editor.asset(step["image"]) != photo).any(axis=2)
    figure = f"{100 * changed.mean():.1f} % of the pixels changed, none outside the mask"
    expect(page.locator(".editor-figure")).to_have_text(figure)
    expect(page.get_by_alt_text("What has changed")).to_be_visible()
    page.locator(".editor-look [data-act=compare]").click()
    expect(page.get_by_role("slider", name="Before and after")).to_be_visible()
    page.get_by_role("slider", name="Before and after").press("Escape")
    expect(page.locator(".editor-look [data-act=compare]")).to_have_attribute(
        "aria-pressed", "false"
    )
    assert not editor.mask().any(), "the mask has done its work"
    editor.press("Control+z")
    assert editor.mask().any(), "and can be had again"


def test_edits_are_undone_redone_switched_off_and_made_anew(editor: Editor) -> None:
    editor.draw((60, 60), (120, 60))
    editor.generate("a red mushroom").made(1)
    editor.draw((60, 120), (120, 120))
    editor.generate("a blue star").made(2)
    both = editor.project()["image"]

    editor.page.keyboard.press("Alt+z")
    editor.page.keyboard.press("Alt+z")
    editor.shows(editor.project()["base"])
    editor.page.keyboard.press("Alt+Shift+Z")
    editor.page.locator(".edits-head [data-act=redo]").click()
    editor.shows(both)
    first = editor.edits.first
    first.hover()
    first.get_by_role("button", name="Switch this edit off").click()
    expect(first).to_have_attribute("data-off", "")
    editor.made(2)
    assert editor.project()["image"] != both
    first.hover()
    first.get_by_role("button", name="Switch this edit on").click()
    editor.shows(both)
    with editor.page.expect_response("**/replay"):
        first.get_by_role("button", name="Make it anew").click()
    editor.made(2)
    anew = editor.asset(editor.project()["image"])
    assert np.array_equal(anew, editor.asset(both)), "the same request is the same picture"


def test_an_edit_is_changed_and_those_after_it_follow(editor: Editor) -> None:
    editor.draw((60, 60), (120, 60))
    painted = editor.mask()
    editor.generate("a red mushroom").made(1)
    editor.draw((60, 120), (120, 120))
    editor.generate("a blue star").made(2)
    before = editor.project()
    editor.studio.write("something else")

    editor.edits.first.hover()
    editor.edits.first.get_by_role("button", name="Change its settings").click()

    expect(editor.studio.prompt).to_have_value("a red mushroom")
    editor.shows(before["base"])
    expect(editor.page.locator(".edits-changing")).to_contain_text("You are changing")
    assert np.array_equal(editor.mask(), painted)
    editor.generate("a yellow sun")
    expect(editor.page.locator(".edits-changing")).to_be_hidden()
    editor.made(2)
    after = editor.project()
    assert [one["request"]["prompt"] for one in after["steps"]] == ["a yellow sun", "a blue star"]
    assert after["steps"][1]["image"] != before["steps"][1]["image"]


def test_several_pictures_are_variants_to_choose_from(editor: Editor) -> None:
    editor.studio.number("batch_size").fill("3")
    editor.draw((60, 60), (120, 60))
    editor.generate("a red mushroom").made(1)
    variants = editor.page.locator(".editor-row .sibling")
    expect(variants).to_have_count(3)
    first = editor.project()["image"]

    variants.nth(2).click()

    expect(variants.nth(2)).to_have_attribute("aria-pressed", "true")
    expect(editor.picture).not_to_have_attribute("src", first)
    editor.shows(editor.project()["image"])
    editor.studio.number("batch_size").fill("1")


def test_drawing_asks_the_server_nothing_and_the_mask_outlives_previews_tabs_and_a_reload(
    editor: Editor,
) -> None:
    editor.draw((60, 60), (120, 60))
    editor.generate(f"a red mushroom {SLOW}")
    expect(editor.page.get_by_alt_text("What develops")).to_be_visible()
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/jobs?" not in request.url and "/preview" not in request.url:
            asked.append(request.url)

    editor.page.on("request", note)
    for row in range(5):
        editor.draw((20, 140 + row * 5), (60, 140 + row * 5))
    assert not [one for one in asked if "/assets" in one]
    painted = editor.mask()
    editor.studio.open_library()
    editor.page.locator("#text-to-image-button").click()
    editor.page.locator("#inpaint-button").click()
    assert np.array_equal(editor.mask(), painted)

    editor.made(1)

    assert np.array_equal(editor.mask(), painted), "painted meanwhile, so it stays"
    editor.page.wait_for_timeout(600)  # the draft is kept a moment after the last stroke
    shown = editor.project()["image"]
    editor.studio.reload()
    editor.ready().shows(shown)
    expect(editor.edits).to_have_count(1)
    expect(editor.studio.prompt).to_have_value(f"a red mushroom {SLOW}")
    editor.page.wait_for_function(
        "() => !document.querySelector('.easel-steps [data-act=restore]').disabled"
    )
    assert np.array_equal(editor.mask(), painted)


def test_a_failed_upload_is_told_and_keeps_prompt_and_mask(editor: Editor) -> None:
    editor.draw((60, 60), (120, 60))
    painted = editor.mask()
    full = {"error": {"code": "disk_full", "message": "The disk is full.", "remedy": "Make room."}}
    editor.page.route(
        "**/api/v1/assets", lambda route: route.fulfill(status=507, json=full), times=1
    )

    editor.generate("a red mushroom")

    toast = editor.studio.toast("The disk is full. Make room.")
    expect(toast).to_be_visible()
    expect(editor.studio.prompt).to_have_value("a red mushroom")
    assert np.array_equal(editor.mask(), painted)
    toast.get_by_role("button", name="Try again").click()
    editor.made(1)


def test_what_is_refused_is_said_where_it_can_be_mended(editor: Editor) -> None:
    editor.generate("a red mushroom")
    expect(editor.page.locator(".editor > .field-error")).to_contain_text("Nothing is masked")
    editor.draw((60, 60), (120, 60))
    why = {
        "code": "bad_request",
        "field": "inpainting.blur",
        "message": "inpainting.blur = 99: is more than 64",
        "remedy": "Use 0 to 64.",
    }
    editor.page.route(
        "**/api/v1/projects/*/steps",
        lambda route: route.fulfill(status=422, json={"error": why}),
        times=1,
    )

    editor.generate()

    note = editor.page.locator("[data-island=masking] .guide-field .field-error")
    expect(note).to_have_text("Is more than 64. Use 0 to 64.")
    editor.generate().made(1)
    expect(note).to_have_count(0)


def test_a_failed_edit_leaves_picture_and_mask_and_can_be_left_out(editor: Editor) -> None:
    editor.draw((60, 60), (120, 60))
    editor.generate("a red mushroom fake:nan@3")
    failure = editor.page.locator(".editor-failure")
    expect(failure).to_be_visible(timeout=30_000)
    expect(failure).to_contain_text("The picture and the mask are as they were.")
    assert editor.mask().any()

    failure.get_by_role("button", name="Leave it out").click()

    expect(failure).to_be_hidden()
    editor.generate("a red mushroom").made(1)


def test_ways_to_retouch_set_the_mask_and_say_what_they_do(editor: Editor) -> None:
    page = editor.page
    page.get_by_role("radio", name="Remove").click()
    expect(page.locator("[data-island=retouch] > .hint")).to_contain_text("no prompt is needed")
    expect(page.get_by_label("Masked content")).to_have_value("surroundings")
    editor.studio.write("")
    editor.draw((60, 60), (120, 60))

    editor.generate().made(1)

    (step,) = editor.project()["steps"]
    assert step["name"] == "Remove"
    assert step["request"]["source"]["strength"] == 0.3
    assert step["request"]["inpainting"]["content"] == "surroundings"
    page.get_by_label("Masked content").select_option("noise")
    editor.studio.reload()
    editor.ready()
    expect(page.get_by_label("Masked content")).to_have_value("noise")
    expect(page.get_by_role("radio", name="Remove")).to_have_attribute("aria-checked", "true")


def test_a_picture_is_extended_to_a_shape(editor: Editor, photo: Plane) -> None:
    editor.page.get_by_role("radio", name="Extend").click()
    editor.page.get_by_role("button", name="16:9", exact=True).click()
    expect(editor.page.locator(".easel-frame-size")).to_have_text("336 × 192")

    editor.generate("a wide sea").made(1)

    result = editor.asset(editor.project()["image"])
    assert result.shape == (192, 336, 3)
    assert np.array_equal(result[:, 40:296], photo)
    editor.page.locator(".editor-look [data-act=eye]").click()
    expect(editor.page.locator(".editor-figure")).to_have_text(
        "23.8 % of the pixels changed, none outside the mask"
    )


def test_a_picture_is_extended_to_three_shapes_at_once(editor: Editor, site: Site) -> None:
    editor.studio.write("a wide sea")
    editor.page.get_by_role("radio", name="Extend").click()

    editor.page.get_by_role("button", name="16:9, 1:1, 9:16 at once").click()

    expect(editor.studio.toast("They develop one after another")).to_be_visible()
    site.settle()
    made = [
        site.call("GET", f"api/v1/pictures/{job['pictures'][0]['picture_id']}")
        for job in site.jobs()
    ]
    assert sorted((one["width"], one["height"]) for one in made) == [
        (256, 256),
        (256, 448),
        (336, 192),
    ]
    expect(editor.edits).to_have_count(0)


def test_each_marked_face_is_an_edit_of_its_own(editor: Editor) -> None:
    editor.page.get_by_role("radio", name="Refine faces").click()
    editor.draw((40, 40), (60, 40))
    editor.draw((200, 140), (220, 140))
    painted = editor.mask()

    editor.generate("a face").made(2)

    masks = [
        editor.asset(one["request"]["inpainting"]["mask"]) for one in editor.project()["steps"]
    ]
    assert np.array_equal(np.maximum(*masks), painted)
    assert not np.minimum(*masks).any()


def test_a_project_is_named_left_and_opened_again(
    editor: Editor, tmp_path: Path, photo: Plane
) -> None:
    page = editor.page
    editor.draw((60, 60), (120, 60))
    editor.generate("a red mushroom").made(1)
    name = page.get_by_label("Name of the project")
    name.fill("Grandmother")
    name.press("Enter")
    shown = editor.project()["image"]
    editor.open(tmp_path / "other.png", 255 - photo)
    expect(editor.edits).to_have_count(0)

    page.get_by_role("button", name="Open project").click()
    page.locator(".edits-projects .edits-row", has_text="Grandmother").get_by_role("button").click()

    editor.shows(shown)
    expect(name).to_have_value("Grandmother")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save file").click()
    assert saved.value.suggested_filename.endswith(".darkroom.zip")


def test_on_a_phone_a_finger_paints_and_generate_is_in_view(
    visit: Callable[..., Studio], tmp_path: Path, photo: Plane
) -> None:
    editor = Editor(visit(PHONE)).open(tmp_path / "photo.png", photo)
    page = editor.page
    page.evaluate("scrollTo(0, 0)")
    fingers = Fingers(page.context.new_cdp_session(page))

    editor.touch(fingers, (60, 60), (90, 60), (120, 60))

    expect(page.locator(".easel-steps [data-act=restore]")).to_be_enabled()
    expect(page.locator("#generate")).to_be_in_viewport(ratio=1)
    expect(page.locator(".easel-tools")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    editor.studio.write("a red mushroom")
    page.locator(
        "#generate"
    ).click()  # a tap so soon after a stroke is one that Chromium may swallow
    editor.made(1)


def test_on_a_phone_a_picture_that_is_sent_to_the_editor_is_in_view(
    visit: Callable[..., Studio],
) -> None:
    studio = visit(PHONE)
    studio.choose("small").generate("a disc").see("done")

    studio.page.get_by_role("button", name="Inpaint: change a part of this picture").click()

    expect(studio.page.locator(".easel-view")).to_be_in_viewport(ratio=0.9)


def reach(marked: Plane, px: int) -> Plane:
    """Grown by so many pixels to all sides."""
    grown = marked.copy()
    for _ in range(px):
        padded = np.pad(grown, 1)
        height, width = grown.shape
        for down in range(3):
            for right in range(3):
                grown = grown | padded[down : down + height, right : right + width]
    return grown


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_serious_in_the_editor(
    visit: Callable[..., Studio], tmp_path: Path, photo: Plane, size: tuple[int, int]
) -> None:
    studio = visit(size)
    studio.page.emulate_media(reduced_motion="reduce")
    editor = Editor(studio)
    assert findings(editor.page) == []
    editor.open(tmp_path / "photo.png", photo)
    editor.page.get_by_role("radio", name="Extend").click()
    editor.page.get_by_role("button", name="16:9", exact=True).click()
    editor.generate("a wide sea").made(1)
    editor.page.locator("[data-fold=masking]").click()

    assert findings(editor.page) == []
