"""Pause and go on, branches from a step of the strip, and pictures that are made again to be compared."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import PHONE, WIDE
from tests.browser.site import Site
from tests.browser.studio import Studio
from tests.browser.test_access import findings


@pytest.fixture(autouse=True)
def _empty_dock(site: Site) -> None:
    site.forget_jobs()


def sampler(studio: Studio, name: str) -> Studio:
    box = studio.page.locator("#field-sampler input")
    box.fill(name)
    box.press("Enter")
    expect(box).to_have_value(name)
    return studio


def at_step(studio: Studio, step: int) -> Locator:
    """Scrubs the strip to a kept step; answers the button that branches from it."""
    slider = studio.page.locator(".result .strip .strip-slider")
    slider.focus()
    label = studio.page.locator(".result .strip-label")
    for _ in range(30):
        if (label.text_content() or "").startswith(f"step {step} "):
            break
        slider.press("ArrowLeft")
    expect(label).to_have_text(re.compile(rf"step {step} "))
    return studio.page.locator(".result .strip-branch")


def test_a_job_pauses_over_a_reload_and_goes_on(studio: Studio, site: Site) -> None:
    studio.choose("large").generate("slowly fake:step=0.3").see("running")
    expect(studio.preview).to_be_visible()
    studio.page.locator("#pause").click()
    studio.see("paused")
    words = studio.page.locator(".progress-text")
    expect(words).to_have_text(re.compile(r"paused at step \d+ / 20"))
    step = int(re.findall(r"step (\d+)", words.text_content() or "")[0])
    studio.reload().see("paused")
    studio.page.locator("#pause").click()
    studio.see("running")
    assert site.jobs()[0]["pictures"][0]["step"] >= step
    studio.see("done", 60_000)


def test_a_job_pauses_and_goes_on_in_the_dock_and_by_key(studio: Studio) -> None:
    studio.choose("large").generate("slowly fake:step=0.3").see("running")
    row = studio.open_dock().first
    row.locator("[data-act=pause]").click()
    expect(row).to_have_attribute("data-state", "paused")
    expect(studio.page.locator(".dock-summary")).to_contain_text("1 paused")
    row.locator("[data-act=play]").click()
    expect(row).to_have_attribute("data-state", "running")
    studio.page.locator("body").press("Shift+P")
    expect(row).to_have_attribute("data-state", "paused")
    row.locator("[data-act=cancel]").click()
    expect(row).to_have_attribute("data-state", "cancelled")


def test_a_branch_is_another_picture_that_says_where_it_parted(studio: Studio, site: Site) -> None:
    sampler(studio.choose("large"), "Euler a").generate("a red circle").see("done")
    first = studio.job_in_view()
    at_step(studio, 8).click()
    panel = studio.page.locator(".result .branch")
    expect(panel.get_by_label("Prompt from here on", exact=True)).to_have_value("a red circle")
    panel.get_by_label("Prompt from here on", exact=True).fill("a blue star")
    panel.get_by_label("Pictures").fill("2")
    panel.get_by_role("button", name="Branch from step 8").click()
    expect(studio.result).not_to_have_attribute("data-job", first)
    studio.see("done")
    request = next(job for job in site.jobs() if job["id"] == studio.job_in_view())["request"]
    assert (request["prompt"], request["batch_size"]) == ("a blue star", 2)
    assert [(one["until"], one["prompt"]) for one in request["beginnings"]] == [(8, "a red circle")]
    facts = studio.page.locator(".result .facts")
    expect(facts).to_contain_text("from step 8: “a red circle” → “a blue star”")


def test_a_branch_without_a_change_is_refused_before_it_is_sent(studio: Studio, site: Site) -> None:
    studio.choose("small").generate("a red circle").see("done")
    at_step(studio, 4).click()
    panel = studio.page.locator(".result .branch")
    panel.get_by_role("button", name="Branch from step 4").click()
    expect(panel.locator(".field-error")).to_contain_text("Change something")
    assert len(site.jobs()) == 1


def test_a_refused_branch_says_why_at_its_place(studio: Studio) -> None:
    studio.choose("small").generate("a red circle").see("done")
    at_step(studio, 4).click()
    panel = studio.page.locator(".result .branch")
    panel.get_by_label("CFG scale").fill("99")
    panel.get_by_role("button", name="Branch from step 4").click()
    expect(panel.locator(".field-error")).to_contain_text("Is outside 0")
    expect(panel.get_by_label("CFG scale")).to_be_focused()


def test_where_no_noise_is_added_no_seed_of_it_is_asked_for(studio: Studio) -> None:
    sampler(studio.choose("small"), "DPM++ 2M").generate("a red circle").see("done")
    at_step(studio, 4).click()
    panel = studio.page.locator(".result .branch")
    expect(panel).to_contain_text("DPM++ 2M adds no noise on the way")
    expect(panel.get_by_label("Seed of the noise")).to_be_hidden()
    expect(panel.get_by_label("Pictures")).to_be_hidden()


def test_the_finished_picture_has_no_step_to_branch_from(studio: Studio) -> None:
    studio.choose("small").generate("a red circle").see("done")
    button = at_step(studio, 4)
    expect(button).to_be_visible()
    studio.page.locator(".result .strip .strip-slider").press("End")
    expect(button).to_be_hidden()


def test_a_picture_is_verified_where_it_is_seen(studio: Studio) -> None:
    studio.choose("small").generate("a red circle").see("done")
    job = studio.job_in_view()
    studio.act("check")
    verdict = studio.page.locator(".result .verdict")
    expect(verdict).to_have_attribute("data-result", "identical")
    expect(verdict).to_contain_text("Identical.")
    assert studio.job_in_view() == job
    expect(studio.open_dock().first).to_contain_text("Verify: a red circle")
    verdict.get_by_role("button", name="Close verdict").click()
    expect(verdict).to_be_hidden()


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_serious(visit: Callable[..., Studio], size: tuple[int, int]) -> None:
    studio = visit(size)
    studio.page.emulate_media(reduced_motion="reduce")
    studio.choose("small").generate("a red circle").see("done")
    at_step(studio, 4).click()
    found = {"branch": findings(studio.page)}
    studio.act("check")
    expect(studio.page.locator(".result .verdict")).to_have_attribute("data-result", "identical")
    found["verdict"] = findings(studio.page)
    studio.generate("slowly fake:step=0.5").see("running").page.locator("#pause").click()
    studio.see("paused")
    found["paused"] = findings(studio.page)
    assert {where: what for where, what in found.items() if what} == {}
