"""Finished pictures: contact sheet, strip, actions; the library; and pictures that are dropped on the page."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.site import Site
from tests.browser.studio import Studio


@pytest.fixture(autouse=True)
def _empty(site: Site) -> None:
    site.forget_jobs()
    for picture in site.call("GET", "api/v1/pictures?limit=200")["items"]:
        site.call("DELETE", f"api/v1/pictures/{picture['id']}")


def make(site: Site, *prompts: str) -> None:
    """Pictures without the page."""
    for prompt in prompts:
        body = {"prompt": f"{prompt} fake:step=0.002", "checkpoint": "small", "seed": 7}
        site.call("POST", "api/v1/jobs", body)
    site.settle()


# ---- contact sheet -----------------------------------------------------------------------------------------


def test_drafts_hold_and_the_picked_ones_develop(studio: Studio, site: Site) -> None:
    studio.choose("small").drafts("eight of them").see("held")
    cells = studio.page.locator(".cell")
    expect(cells).to_have_count(8)
    studio.prompt.evaluate("box => box.blur()")
    studio.page.keyboard.press("2")
    cells.nth(4).click()
    expect(studio.page.locator(".cell[aria-pressed=true]")).to_have_count(2)
    studio.page.get_by_role("button", name="Develop 2").click()
    studio.see("done")
    expect(studio.page.locator(".sibling")).to_have_count(2)
    states = [picture["state"] for picture in site.jobs()[0]["pictures"]]
    assert [index for index, state in enumerate(states) if state == "done"] == [1, 4]
    assert states.count("dropped") == 6


def test_held_drafts_are_there_after_a_reload(studio: Studio) -> None:
    studio.choose("small").drafts("wait for me").see("held").reload().see("held")
    expect(studio.page.locator(".cell img.in").nth(7)).to_be_visible()


# ---- a finished picture ------------------------------------------------------------------------------------


def test_the_strip_scrubs_through_the_development(studio: Studio) -> None:
    studio.choose("small").generate("step by step").see("done")
    slider = studio.page.get_by_label("Step of the development").first
    expect(slider).to_have_attribute("aria-valuetext", "finished")
    slider.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"step \d+ · σ "))
    shown = studio.page.locator(".canvas > .stage img.in[src*='/strip/']")
    expect(shown).to_be_visible()
    slider.press("End")
    expect(studio.picture).to_be_visible()


def test_settings_of_a_picture_go_back_into_the_form(studio: Studio) -> None:
    studio.choose("small").number("steps").fill("9")
    studio.generate("take me back").see("done")
    studio.choose("large").write("something else").number("steps").fill("30")
    studio.act("sliders")
    expect(studio.prompt).to_have_value("take me back")
    expect(studio.number("steps")).to_have_value("9")
    expect(studio.number("seed")).not_to_have_value("-1")
    expect(studio.page.locator(".picker-name")).to_have_text("small")


def test_a_picture_can_be_trashed_and_brought_back(studio: Studio, site: Site) -> None:
    studio.choose("small").generate("not this one").see("done")
    studio.act("trash")
    expect(studio.toast("Moved to the trash.")).to_be_visible()
    assert site.call("GET", "api/v1/pictures")["total"] == 0
    studio.toast("Moved to the trash.").get_by_role("button", name="Undo").click()
    expect(studio.page.locator(".result .frame")).to_have_attribute("data-state", "done")
    assert site.call("GET", "api/v1/pictures")["total"] == 1


def test_a_picture_downloads(studio: Studio) -> None:
    studio.choose("small").generate("on my disk").see("done")
    with studio.page.expect_download() as download:
        studio.page.locator(".result .picture-actions a").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


def test_a_picture_opens_in_the_library(studio: Studio) -> None:
    studio.choose("small").generate("where is it").see("done")
    studio.act("library")
    expect(studio.page.locator(".details .words-prompt")).to_have_text("where is it")


# ---- library -----------------------------------------------------------------------------------------------


def test_an_empty_library_says_what_to_do(studio: Studio) -> None:
    studio.open_library()
    empty = studio.page.locator(".library .empty")
    expect(empty).to_contain_text("No pictures yet")
    empty.get_by_role("button", name="Make the first one").click()
    expect(studio.prompt).to_be_visible()


def test_the_library_finds_by_words_and_filters(studio: Studio, site: Site) -> None:
    make(site, "a red boat", "a green boat", "a house")
    cells = studio.open_library()
    expect(cells).to_have_count(3)
    studio.page.get_by_role("searchbox", name="Search prompts").fill("boat")
    expect(cells).to_have_count(2)
    studio.page.get_by_label("Sampler").last.select_option("Euler")
    expect(cells).to_have_count(0)
    studio.page.get_by_role("button", name="Show all pictures").click()
    expect(cells).to_have_count(3)


def test_a_search_is_not_overtaken_by_the_news_of_a_picture(studio: Studio, site: Site) -> None:
    make(site, "a red boat", "a house")
    cells = studio.open_library()
    expect(cells).to_have_count(2)

    def late(route: Route) -> None:
        make(site, "a green boat")  # its news comes while the answer to the search is on its way
        studio.page.wait_for_timeout(600)
        route.continue_()

    studio.page.route(re.compile(r"pictures\?.*q=boat"), late, times=1)
    studio.page.get_by_role("searchbox", name="Search prompts").fill("boat")
    expect(cells).to_have_count(2)
    expect(studio.page.get_by_role("option", name=re.compile("a house"))).to_have_count(0)


def test_the_library_goes_by_keys(studio: Studio, site: Site) -> None:
    make(site, "first", "second", "third")
    cells = studio.open_library()
    expect(cells).to_have_count(3)
    cells.first.focus()
    studio.page.keyboard.press("ArrowRight")
    studio.page.keyboard.press("Enter")
    words = studio.page.locator(".details .words-prompt")
    expect(words).to_contain_text("second")
    studio.page.keyboard.press("Delete")
    expect(cells).to_have_count(2)
    expect(words).to_contain_text("first")
    studio.page.keyboard.press("Escape")
    expect(studio.page.locator(".details")).to_be_hidden()


def test_the_trash_gives_back(studio: Studio, site: Site) -> None:
    make(site, "thrown away")
    cells = studio.open_library()
    cells.first.focus()
    studio.page.keyboard.press("Delete")
    expect(studio.page.locator(".library .empty")).to_contain_text("No pictures yet")
    trash = studio.page.get_by_role("button", name="Trash", exact=True)
    trash.click()
    thrown = studio.page.get_by_role("option", name=re.compile("thrown away"))
    thrown.click()
    studio.page.locator(".details [data-act=restore]").click()
    trash.click()
    expect(cells).to_have_count(1)


def test_the_library_loads_as_it_is_scrolled(studio: Studio, site: Site) -> None:
    body = {"prompt": "many fake:step=0.002", "checkpoint": "small", "batch_size": 16}
    sampling = {"steps": 2}
    for _ in range(5):
        site.call("POST", "api/v1/jobs", {**body, "sampling": sampling})
    site.settle()
    cells = studio.open_library()
    expect(cells).to_have_count(60)
    studio.page.locator(".library-scroll").evaluate("node => node.scrollTo(0, node.scrollHeight)")
    expect(cells).to_have_count(80)


def test_a_new_picture_appears_in_the_open_library(studio: Studio, site: Site) -> None:
    make(site, "old")
    cells = studio.open_library()
    expect(cells).to_have_count(1)
    make(site, "new")
    expect(cells).to_have_count(2)


# ---- dropped pictures --------------------------------------------------------------------------------------

GIVE = """([types, name, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: "image/png" }));
  const how = { bubbles: true, cancelable: true, dataTransfer: transfer, clipboardData: transfer };
  for (const type of types)
    document.body.dispatchEvent(type === "paste" ? new ClipboardEvent(type, how) : new DragEvent(type, how));
}"""
DROP, PASTE = ["dragenter", "dragover", "drop"], ["paste"]


def give(page: Page, how: list[str], name: str, data: bytes) -> None:
    page.evaluate(GIVE, [how, name, base64.b64encode(data).decode()])


@pytest.mark.parametrize("how", [DROP, PASTE], ids=["drop", "paste"])
def test_a_picture_made_here_fills_the_form(studio: Studio, site: Site, how: list[str]) -> None:
    make(site, "in the file")
    (record,) = site.call("GET", "api/v1/pictures")["items"]
    file = studio.page.request.get(site.address + f"api/v1/pictures/{record['id']}/file").body()
    give(studio.page, how, "made-here.png", file)
    expect(studio.prompt).to_have_value(re.compile("in the file"))
    expect(studio.number("seed")).to_have_value("7")
    expect(studio.page.locator(".picker-name")).to_have_text("small")


def test_a_wrong_file_is_refused_in_words_and_the_prompt_stays(studio: Studio) -> None:
    studio.write("keep this")
    give(studio.page, DROP, "notes.png", b"these are only words")
    expect(studio.page.locator(".toast[role=alert]")).to_be_visible()
    expect(studio.page.locator(".drop-veil")).to_be_hidden()
    expect(studio.prompt).to_have_value("keep this")
