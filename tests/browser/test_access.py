"""Everybody can use it: screen readers, keyboard alone, a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, WIDE
from tests.browser.site import Site
from tests.browser.studio import Studio

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
# All rules are tried; of what they find to be right, nothing is written down and sent here.
LOOK = "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
# What Gradio draws itself and gives no way to mend: (rule, part of the selector).
GRADIOS_OWN: tuple[tuple[str, str], ...] = ()


@pytest.fixture(autouse=True)
def _empty_dock(site: Site) -> None:
    site.forget_jobs()


def findings(page: Page) -> list[str]:
    """Critical and serious findings of axe-core that are ours."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(LOOK)
    return [
        f"{row['id']} ({row['impact']}): {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for row in found
        if row["impact"] in ("critical", "serious")
        for node in row["nodes"]
        if not any(
            row["id"] == rule and part in " ".join(map(str, node["target"]))
            for rule, part in GRADIOS_OWN
        )
    ]


@pytest.mark.parametrize(
    ("size", "theme"),
    [(WIDE, "dark"), (WIDE, "light"), (PHONE, "dark")],
    ids=["wide", "light", "phone"],
)
def test_axe_finds_nothing_serious(
    visit: Callable[..., Studio], size: tuple[int, int], theme: str
) -> None:
    studio = visit(size)
    studio.page.emulate_media(reduced_motion="reduce")  # colours that fade are judged at their end
    if theme == "light":
        studio.page.get_by_label("Switch to the light theme").click()
    found = {"empty": findings(studio.page)}
    studio.choose("small").unfold("more").unfold("negative")
    studio.drafts("a sheet").see("held")
    found["sheet"] = findings(studio.page)
    studio.generate("a picture").see("done")
    studio.open_dock()
    found["done"] = findings(studio.page)
    studio.page.locator(".dock-toggle").click()
    studio.page.get_by_label("Keyboard shortcuts").first.click()
    found["shortcuts"] = findings(studio.page)
    studio.page.keyboard.press("Escape")
    studio.open_library().first.click()
    expect(studio.page.locator(".details .facts")).to_be_visible()
    found["library"] = findings(studio.page)
    assert {where: what for where, what in found.items() if what} == {}


def test_there_is_one_heading_and_the_landmarks(studio: Studio) -> None:
    studio.choose("small").generate("a job for the dock").see("done")
    expect(studio.page.get_by_role("heading", level=1)).to_have_text("Darkroom")
    for role in ("banner", "main"):
        expect(studio.page.get_by_role(role)).to_have_count(1)
    expect(studio.page.get_by_role("complementary", name="Jobs")).to_be_visible()


def test_from_prompt_to_download_by_keyboard_alone(studio: Studio) -> None:
    page, keyboard = studio.page, studio.page.keyboard
    keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    keyboard.press("Enter")
    expect(studio.prompt).to_be_focused()
    keyboard.type("only keys")
    tab_to(page, "#field-steps input[type=number]")
    keyboard.press("Control+A")
    keyboard.type("6")
    keyboard.press("Control+Enter")
    studio.see("done")
    tab_to(page, ".strip-slider")
    keyboard.press("ArrowLeft")
    tab_to(page, ".result .picture-actions a")
    with page.expect_download():
        keyboard.press("Enter")


def tab_to(page: Page, selector: str) -> None:
    """Presses Tab until the element has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached with Tab")


def test_tabs_go_by_arrow_keys(studio: Studio) -> None:
    studio.page.locator("#inpaint-button").focus()
    studio.page.keyboard.press("ArrowRight")
    expect(studio.page.locator("#library-button")).to_be_focused()
    expect(studio.page.locator(".library")).to_be_visible()


def test_question_mark_lists_the_shortcuts(studio: Studio) -> None:
    studio.page.locator("body").press("?")
    dialog = studio.page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_contain_text("Generate")
    studio.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_a_narrow_phone_has_no_sideways_scroll_and_generate_in_view(
    visit: Callable[..., Studio],
) -> None:
    studio = visit((360, 740))
    page = studio.page
    studio.choose("small").unfold("more").unfold("negative").generate("small screen").see("done")
    for tab in ("text-to-image", "library"):
        page.locator(f"#{tab}-button").click()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    page.locator("#text-to-image-button").click()
    for place in ("0", "document.body.scrollHeight"):
        page.evaluate(f"() => scrollTo(0, {place})")
        expect(page.locator("#generate")).to_be_in_viewport(ratio=1)
    fonts = page.evaluate(
        """() => [...document.querySelectorAll("input:not([type=range],[type=checkbox]), textarea, select")]
             .filter((node) => node.checkVisibility())
             .map((node) => parseFloat(getComputedStyle(node).fontSize))"""
    )
    assert fonts
    assert min(fonts) >= 16


def test_a_phone_shows_prompt_picture_settings_in_this_order(visit: Callable[..., Studio]) -> None:
    studio = visit(PHONE)
    tops = [
        studio.page.locator(selector).evaluate("node => node.getBoundingClientRect().top")
        for selector in ("#field-prompt", "#island-result", "#settings-block")
    ]
    assert tops == sorted(tops)


def test_touch_targets_are_large_enough(visit: Callable[..., Studio]) -> None:
    studio = visit(PHONE)
    studio.choose("small").generate("for thumbs").see("done")
    small = studio.page.evaluate(
        """() => [...document.querySelectorAll("button, a[href], select, input[type=range]")]
             .filter((node) => node.checkVisibility() && !node.closest(".strip-thumbs, .skip"))
             .map((node) => [node.getBoundingClientRect(), node])
             .filter(([box]) => box.width > 0 && box.height < 44)
             .map(([box, node]) => `${node.tagName}.${node.className} ${Math.round(box.height)}`)"""
    )
    assert small == []


def test_motion_is_spared_on_request(studio: Studio) -> None:
    studio.page.emulate_media(reduced_motion="reduce")
    studio.choose("small").generate("calm").see("done")
    expect(studio.picture).to_be_visible()
    seconds = studio.picture.evaluate(
        "node => parseFloat(getComputedStyle(node).transitionDuration)"
    )
    assert seconds < 0.01
