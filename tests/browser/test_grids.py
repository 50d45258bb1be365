"""Grids: from what varies to a table that fills, whose pictures open, are made again, and are taken away."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import PHONE, WIDE
from tests.browser.site import Site
from tests.browser.studio import Studio, within
from tests.browser.test_access import findings

SEVERAL = {"Columns (X)": ("Steps", "4, 6, 8"), "Rows (Y)": ("CFG Scale", "5-7 (+2)")}


@pytest.fixture(autouse=True)
def _empty_dock(site: Site) -> None:
    site.forget_jobs()


def vary(studio: Studio, axes: Mapping[str, tuple[str, str]]) -> Studio:
    """Opens the fold and fills these axes with values that are written."""
    studio.unfold("grid")
    for place, (called, (field, values)) in enumerate(axes.items()):
        studio.page.get_by_label(called).select_option(label=field)
        axis(studio, place).locator("textarea").fill(values)
    return studio


def axis(studio: Studio, place: int) -> Locator:
    return studio.page.locator(".grid-axis").nth(place)


def plan(studio: Studio) -> Locator:
    return studio.page.locator(".grid-plan")


def cells(studio: Studio, state: str = "") -> Locator:
    return studio.page.locator(".grid-cell" + (f"[data-state={state}]" if state else ""))


def test_the_plan_says_how_values_are_read_and_how_many_pictures_there_are(studio: Studio) -> None:
    vary(studio.choose("small"), SEVERAL)
    expect(axis(studio, 1).locator(".grid-read")).to_have_text("5 · 7")
    expect(plan(studio)).to_have_text("3 × 2 = 6 pictures")
    expect(studio.page.locator("#generate")).to_have_attribute("data-pictures", "6 pictures")
    studio.page.get_by_label("Generate makes a grid").uncheck()
    expect(plan(studio)).to_be_hidden()
    expect(studio.page.locator("#generate")).not_to_have_attribute("data-pictures", re.compile("."))


def test_a_value_that_cannot_be_read_is_said_at_its_axis(studio: Studio, site: Site) -> None:
    vary(studio.choose("small"), {"Columns (X)": ("Steps", "4, many")}).write("a grid")
    why = axis(studio, 0).locator(".grid-why")
    expect(why).to_contain_text("'many' is neither a number nor a range.")
    studio.page.locator("[data-fold=grid]").click()
    studio.generate()
    expect(axis(studio, 0).locator("textarea")).to_be_focused()
    expect(why).to_be_visible()
    assert site.jobs() == []
    axis(studio, 0).locator("textarea").fill("4, 6")
    expect(why).to_be_hidden()


def test_values_of_a_list_are_picked(studio: Studio, site: Site) -> None:
    studio.choose("small").write("a grid").unfold("grid")
    studio.page.get_by_label("Columns (X)").select_option(label="Sampler")
    axis(studio, 0).get_by_label("Search values").fill("euler")
    axis(studio, 0).get_by_label("Euler", exact=True).check()
    axis(studio, 0).get_by_label("Euler a", exact=True).check()
    expect(plan(studio)).to_have_text("2 pictures")
    studio.generate().see("done")
    assert site.jobs()[0]["request"]["grid"]["x"]["values"] == "Euler, Euler a"
    expect(studio.page.locator(".grid-table thead th")).to_have_text(["Euler", "Euler a"])


def test_a_grid_fills_as_its_pictures_are_done(studio: Studio) -> None:
    vary(studio.choose("small"), SEVERAL).generate("a grid fake:step=0.15").see("running")
    expect(cells(studio)).to_have_count(6)
    expect(cells(studio, "running").first.locator("img[src*='/preview']")).to_be_visible()
    expect(studio.page.locator(".progress-text")).to_have_text(re.compile(r"of 6 pictures · step"))
    expect(studio.page.locator(".dock-summary")).to_contain_text("of 6 pictures")
    studio.see("done")
    expect(cells(studio, "done")).to_have_count(6)
    expect(cells(studio).locator("img[src*='/thumbnail']")).to_have_count(6)
    expect(studio.page.locator(".grid-table tbody th")).to_have_text(["5", "7"])
    expect(studio.open_dock().first).to_contain_text("6 pictures")


def test_a_cell_opens_with_its_settings_and_leads_back(studio: Studio) -> None:
    vary(studio.choose("small"), SEVERAL).generate("a grid").see("done")
    cells(studio).nth(4).locator(".grid-open").click()
    expect(studio.picture).to_be_visible()
    facts = studio.page.locator(".result .facts")
    expect(facts).to_contain_text("Steps6")
    expect(facts).to_contain_text("CFG scale7")
    place = studio.page.locator(".grid-place")
    expect(place).to_contain_text("Steps 6 · CFG Scale 7")
    place.get_by_role("button", name="Grid").click()
    expect(cells(studio)).to_have_count(6)


def test_settings_of_a_cell_are_those_of_one_picture_and_the_grid_stays_written(
    studio: Studio, site: Site
) -> None:
    vary(studio.choose("small"), SEVERAL).generate("a grid").see("done")
    cells(studio).nth(2).locator(".grid-open").click()
    expect(studio.picture).to_be_visible()
    studio.act("sliders")
    expect(studio.number("steps")).to_have_value("8")
    expect(studio.page.get_by_label("Generate makes a grid")).not_to_be_checked()
    expect(axis(studio, 0).locator("textarea")).to_have_value("4, 6, 8")


def test_a_reload_shows_the_grid_again(studio: Studio) -> None:
    vary(studio.choose("small"), SEVERAL).generate("a grid").see("done")
    studio.reload().see("done")
    expect(cells(studio, "done")).to_have_count(6)
    expect(plan(studio)).to_have_text("3 × 2 = 6 pictures")


def made_anew(site: Site, index: int, old_id: str) -> list[Any]:
    """The pictures of the job as soon as one of them is another picture, and all are done."""
    deadline = time.monotonic() + within(10) / 1000
    while time.monotonic() < deadline:
        (job,) = site.jobs()
        if job["state"] == "done" and job["pictures"][index]["picture_id"] != old_id:
            return list(job["pictures"])
        time.sleep(0.05)
    raise AssertionError(f"picture {index} was not made again")


def test_a_cell_is_made_again_as_it_was_or_with_another_seed(studio: Studio, site: Site) -> None:
    vary(studio.choose("small"), SEVERAL).generate("a grid").see("done")
    old = site.jobs()[0]["pictures"]
    cells(studio).nth(1).hover()
    cells(studio).nth(1).get_by_label("Again with a new seed").click()
    new = made_anew(site, 1, old[1]["picture_id"])
    assert new[1]["seed"] != old[1]["seed"]
    assert [one["seed"] for one in new[2:]] == [one["seed"] for one in old[2:]]
    assert [one["picture_id"] for one in new[2:]] == [one["picture_id"] for one in old[2:]]
    expect(cells(studio).nth(1).locator("img")).to_have_attribute(
        "src", re.compile(new[1]["picture_id"])
    )
    cells(studio).nth(1).locator(".grid-open").click()
    studio.page.locator(".grid-again").get_by_role("button", name="Again", exact=True).click()
    last = made_anew(site, 1, new[1]["picture_id"])
    assert last[1]["seed"] == new[1]["seed"]
    expect(cells(studio, "done")).to_have_count(6)


def test_what_failed_says_why_and_what_is_missing_is_made(studio: Studio) -> None:
    vary(studio.choose("small"), {"Columns (X)": ("Prompt S/R", "fake:nan@2, plain")})
    studio.generate("a grid fake:nan@2").see("failed")
    expect(cells(studio, "failed").locator(".grid-state")).to_contain_text("NaN")
    expect(cells(studio, "done")).to_have_count(1)
    studio.page.get_by_role("button", name="Make the missing 1").click()
    studio.see("failed")
    expect(cells(studio, "done")).to_have_count(1)


def test_a_cancelled_grid_goes_on(studio: Studio) -> None:
    vary(studio.choose("small"), SEVERAL).generate("a grid fake:step=0.5").see("running")
    expect(cells(studio, "done").first).to_be_visible()
    studio.page.locator("#cancel").click()
    studio.see("cancelled")
    done = cells(studio, "done").count()
    assert 0 < done < 6
    studio.page.get_by_role("button", name=f"Make the missing {6 - done}").click()
    studio.see("done")
    expect(cells(studio, "done")).to_have_count(6)


def test_sheets_are_turned_and_the_whole_is_taken_away(studio: Studio) -> None:
    axes = SEVERAL | {"Sheets (Z)": ("Seed", "1, 2")}
    vary(studio.choose("small"), axes).generate("a grid").see("done")
    first = cells(studio).first.locator("img").get_attribute("src")
    chips = studio.page.locator(".grid-sheets .chip")
    expect(chips).to_have_text(["1", "2"])
    chips.nth(1).click()
    expect(chips.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(cells(studio)).to_have_count(6)
    assert cells(studio).first.locator("img").get_attribute("src") != first
    for name, suffix in (("Save as picture", ".png"), ("Save as page", ".html")):
        with studio.page.expect_download() as download:
            studio.page.get_by_role("link", name=name).click()
        assert download.value.suggested_filename.endswith(suffix)


def test_arrow_keys_go_from_cell_to_cell(studio: Studio) -> None:
    vary(studio.choose("small"), SEVERAL).generate("a grid").see("done")
    cells(studio).first.locator(".grid-open").focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "ArrowDown", "ArrowRight", "ArrowRight"):
        studio.page.keyboard.press(key)
    expect(cells(studio).nth(5).locator(".grid-open")).to_be_focused()
    studio.page.keyboard.press("Enter")
    expect(studio.page.locator(".grid-place")).to_contain_text("Steps 8 · CFG Scale 7")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_large_grid_scrolls_inside_and_axe_finds_nothing_serious(
    visit: Callable[..., Studio], size: tuple[int, int]
) -> None:
    studio = visit(size)
    studio.page.emulate_media(reduced_motion="reduce")
    axes = {"Columns (X)": ("Steps", "1-12"), "Rows (Y)": ("CFG Scale", "1-10")}
    vary(studio.choose("small"), axes)
    expect(plan(studio)).to_have_text("12 × 10 = 120 pictures")
    found = {"fold": findings(studio.page)}
    studio.generate("a grid fake:step=0.002").see("done", 120_000)
    expect(cells(studio, "done")).to_have_count(120)
    wide, page = studio.page.evaluate(
        """() => { const inside = document.querySelector(".grid-scroll");
             return [inside.scrollWidth - inside.clientWidth,
                     document.documentElement.scrollWidth - innerWidth]; }"""
    )
    assert wide > 0
    assert page <= 0
    studio.page.locator(".grid-scroll").evaluate("one => one.scrollTo(400, 400)")
    box = studio.page.locator(".grid-table tbody th").last.bounding_box()
    scroll = studio.page.locator(".grid-scroll").bounding_box()
    assert box
    assert scroll
    assert box["x"] >= scroll["x"] - 1
    found["grid"] = findings(studio.page)
    assert {where: what for where, what in found.items() if what} == {}
