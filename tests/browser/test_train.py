"""A new training, used as a person does: from dropped pictures to a word in a prompt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser.conftest import PHONE, WIDE
from tests.browser.site import Site
from tests.browser.studio import Studio, within
from tests.browser.teaching import (
    begin,
    files,
    give,
    open_train,
    see,
    settle,
    trainings,
    unfold,
)
from tests.browser.test_access import findings

pytestmark = pytest.mark.usefixtures("no_trainings")


def test_from_dropped_pictures_to_the_word_in_a_prompt(studio: Studio, site: Site) -> None:
    page = open_train(studio)
    expect(page.locator(".teach-drop")).to_contain_text("Drop five pictures of one thing")
    begin(page)
    see(page, "done")

    columns = page.locator(".samples thead th")
    expect(columns).to_have_text(["untrained", "step 4", "step 8", "step 12"])
    expect(page.locator(".samples .sample img.in")).to_have_count(4)
    expect(page.get_by_role("img", name="Loss over 12 steps")).to_be_visible()
    page.get_by_role("button", name="Use it").click()

    trigger = trainings(site)[0]["made"]["trigger"]
    expect(studio.prompt).to_have_value(f"<lora:Ring:0.8>, {trigger} ring")
    expect(page.locator("#text-to-image-button")).to_have_attribute("aria-selected", "true")
    studio.choose("small").generate().see("done")


def test_what_cannot_be_used_is_named_and_left_out(studio: Studio) -> None:
    page = open_train(studio)
    torn: FilePayload = {"name": "torn.jpg", "mimeType": "image/jpeg", "buffer": b"nothing"}
    twice: FilePayload = {**files(1)[0], "name": "again.png"}
    give(page, [*files(5), torn, twice], 5)

    left = page.locator(".teach-left-out")
    expect(left).to_contain_text("torn.jpg was left out.")
    expect(left).to_contain_text("again.png was left out. The same picture is here already.")
    left.get_by_role("button", name="Close").click()
    expect(left).to_be_hidden()


def test_a_text_beside_a_picture_becomes_its_caption(studio: Studio) -> None:
    page = open_train(studio)
    words: FilePayload = {
        "name": "ring0.txt",
        "mimeType": "text/plain",
        "buffer": b"lying on a stone",
    }
    cards = give(page, [words, *files(5)], 5)

    expect(cards.first.locator("textarea")).to_have_value("lying on a stone", timeout=1)


def test_what_is_wrong_is_said_at_its_field(studio: Studio) -> None:
    page = open_train(studio)
    give(page, files(5), 5)
    expect(page.locator(".teach .field-error")).to_have_count(0)
    page.locator("#train-begin").click()
    field = page.locator("[data-plan=name]")
    expect(field.locator(".field-error")).to_contain_text("Give what is taught a name.")
    expect(page.locator("#plan-name")).to_be_focused()
    settle(page, "name", "Ring")
    expect(field.locator(".field-error")).to_have_count(0)

    unfold(page)
    expect(page.locator("#plan-rank")).to_have_attribute("placeholder", "16")
    settle(page, "rank", "999")
    expect(page.locator("[data-plan=rank] .field-error")).to_contain_text("256")


def test_crop_caption_and_measuring_are_as_they_are_set(studio: Studio, site: Site) -> None:
    page = open_train(studio)
    cards = give(page, files(5), 5)
    first, crop = cards.first, cards.first.locator(".crop")
    before = crop.get_attribute("aria-label")
    crop.focus()
    for key in ("-", "-", "ArrowRight", "Shift+ArrowUp"):
        page.keyboard.press(key)
    expect(crop).not_to_have_attribute("aria-label", before or "")
    first.locator("textarea").fill("a ring on a stone")
    cards.nth(4).get_by_label("Measure only").check()
    expect(page.locator(".teach-count")).to_have_text("5 pictures · 1 only measured")
    cards.nth(1).get_by_role("button", name="Remove").click()
    expect(cards).to_have_count(4)
    settle(page, "name", "Ring")
    settle(page, "class_word", "ring")
    page.locator("#train-begin").click()
    expect(page.locator(".train-view h2")).to_have_text("Ring")

    taught = trainings(site)[0]["examples"]
    assert taught[0]["caption"] == "a ring on a stone"
    assert [one["is_held_out"] for one in taught] == [False, False, False, True]
    x, y, width, height = taught[0]["crop"]
    assert f"{width} × {height} px from {x}, {y}" not in (before or "")
    assert x + width <= 320
    assert y + height <= 240


def test_a_crop_is_dragged_and_stays_in_its_picture(studio: Studio) -> None:
    page = open_train(studio)
    cards = give(page, files(5), 5)
    crop = cards.first.locator(".crop")
    corner = crop.locator("[data-corner='1 1']").bounding_box()
    assert corner is not None
    drag(page, corner, (-60, -60))
    smaller = crop.bounding_box()
    drag(page, smaller, (900, 900))

    inside, whole = crop.bounding_box(), cards.first.locator(".teach-view").bounding_box()
    assert inside is not None
    assert whole is not None
    assert inside["x"] + inside["width"] == pytest.approx(whole["x"] + whole["width"], abs=2)
    assert inside["y"] + inside["height"] == pytest.approx(whole["y"] + whole["height"], abs=2)
    cards.first.get_by_role("button", name="Reset the crop").click()
    expect(cards.first.get_by_role("button", name="Reset the crop")).to_be_hidden()


def drag(page: Page, box: Any, by: tuple[int, int]) -> None:
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by[0], y + by[1], steps=4)
    page.mouse.up()


def test_what_is_half_done_is_there_after_a_reload(studio: Studio) -> None:
    page = open_train(studio)
    cards = give(page, files(5), 5)
    cards.first.locator("textarea").fill("a ring on a stone")
    settle(page, "name", "Ring")
    page.wait_for_function("() => localStorage.getItem('darkroom.training').includes('Ring')")
    studio.reload()
    open_train(studio)

    expect(page.locator("#plan-name")).to_have_value("Ring")
    expect(cards.first.locator("textarea")).to_have_value("a ring on a stone")
    page.get_by_role("button", name="Begin anew").click()
    expect(cards).to_have_count(0)
    studio.toast("cleared").get_by_role("button", name="Undo").click()
    expect(cards).to_have_count(5)


def test_on_a_phone_train_is_in_view_and_nothing_goes_sideways(
    visit: Callable[..., Studio],
) -> None:
    studio = visit(PHONE)
    page = open_train(studio)
    give(page, files(5), 5)
    unfold(page)
    for place in ("0", "document.body.scrollHeight"):
        page.evaluate(f"() => scrollTo(0, {place})")
        expect(page.locator("#train-begin")).to_be_in_viewport(ratio=1)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE[0]
    small = page.evaluate(
        """() => [...document.querySelectorAll(".train button, .train select, .train input[type=text]")]
             .filter((node) => node.checkVisibility() && !node.matches(".crop"))
             .map((node) => [node.getBoundingClientRect().height, node.className, node.id])
             .filter(([height]) => height < 44)"""
    )
    assert small == []


def test_axe_finds_nothing_serious_in_a_new_training_and_in_the_list(
    visit: Callable[..., Studio], site: Site
) -> None:
    studio = visit(PHONE)
    studio.page.emulate_media(reduced_motion="reduce")
    page = open_train(studio)
    give(page, files(5), 5)
    unfold(page)
    page.locator("#train-begin").click()
    expect(page.locator("[data-plan=name] .field-error")).to_be_visible()
    found = {"new": findings(page)}
    settle(page, "name", "Ring")
    settle(page, "class_word", "ring")
    page.locator("#train-begin").click()
    page.get_by_role("button", name="Trainings", exact=True).click()
    found["list"] = findings(page)
    assert found == {"new": [], "list": []}


@pytest.mark.real
def test_the_real_worker_teaches_the_model_that_ships_with_the_project(
    browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "real").touch()
    with Site(tmp_path, "") as real:
        wait_for_worker(real)
        page = browser.new_page(viewport={"width": WIDE[0], "height": WIDE[1]})
        studio = Studio(page, real.address).open()
        give(open_train(studio), files(5), 5)
        unfold(page)
        plan = {"name": "Ring", "class_word": "circle", "sample_prompts": "a red circle"}
        numbers = {"steps": 2, "sample_every": 2, "prior_pictures": 1, "resolution": 64}
        for name, value in (plan | numbers).items():
            settle(page, name, str(value))
        page.locator("#train-begin").click()
        expect(page.locator(".train-view")).to_have_attribute(
            "data-state", "done", timeout=within(60)
        )
        expect(page.locator(".samples .sample img.in")).to_have_count(2)
        page.get_by_role("button", name="Use it").click()
        trigger = trainings(real)[0]["made"]["trigger"]
        expect(studio.prompt).to_have_value(f"<lora:Ring:0.8>, {trigger} circle")
        studio.number("steps").fill("4")
        studio.generate().see("done")
        page.close()


def wait_for_worker(site: Site) -> None:
    since = 0
    for _ in range(120):
        news = site.call("GET", f"api/v1/jobs?since={since}&wait=1")
        if news["status"]["worker"] == "ready":
            return
        since = news["version"]
    raise AssertionError("the worker does not get ready")
