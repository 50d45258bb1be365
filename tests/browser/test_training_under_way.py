"""A training under way and what comes of it, used as a person does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import WIDE
from tests.browser.site import Site
from tests.browser.studio import Studio
from tests.browser.teaching import SLOW, STEPS, begin, open_train, see, settle, trainings, unfold
from tests.browser.test_access import findings

pytestmark = pytest.mark.usefixtures("no_trainings")


def test_a_training_is_paused_goes_on_and_is_stopped(studio: Studio, site: Site) -> None:
    page = open_train(studio)
    begin(page, samples=f"a ring {SLOW}")
    page.get_by_role("button", name="Pause", exact=True).click()
    see(page, "paused")
    page.get_by_role("button", name="Go on", exact=True).click()
    see(page, "running")
    expect(page.locator(".samples thead th").nth(1)).to_have_text("step 4")
    page.get_by_role("button", name="Stop and keep the best").click()
    see(page, "done")

    assert trainings(site)[0]["step"] < STEPS
    expect(page.locator(".made-title")).to_have_text("“Ring” is ready")


def test_the_plot_grows_while_only_what_is_new_is_sent(studio: Studio, site: Site) -> None:
    page = open_train(studio)
    begin(page, "Old")
    see(page, "done")
    page.get_by_role("button", name="Trainings", exact=True).click()
    page.get_by_role("button", name="New training").click()
    unfold(page)  # "Advanced" is still open: it is closed, as `begin` expects it
    begin(page, "New", samples=f"a ring {SLOW}")
    see(page, "running")

    plot = page.get_by_role("img", name="Loss over")
    with page.expect_response("**/api/v1/trainings?since=*") as answered:
        expect(plot).to_be_visible()
    assert [one["plan"]["name"] for one in answered.value.json()["items"]] in ([], ["New"])
    expect(plot).not_to_have_attribute("aria-label", plot.get_attribute("aria-label") or "")
    site.call("DELETE", f"api/v1/trainings/{trainings(site)[1]['id']}")
    page.get_by_role("button", name="Trainings", exact=True).click()
    expect(page.locator(".train-card .train-name")).to_have_text(["New"])


def test_an_embedding_is_chosen_taught_and_called_by_its_name(studio: Studio, site: Site) -> None:
    studio.choose("small")
    page = open_train(studio)
    unfold(page)
    expect(page.locator("#plan-rank")).to_be_visible()
    expect(page.locator("#plan-vectors")).to_be_hidden()
    page.locator("#plan-method").select_option("embedding")
    expect(page.locator("#plan-rank")).to_be_hidden()
    expect(page.get_by_role("group", name="LoRA")).to_be_hidden()
    settle(page, "vectors", "2")
    unfold(page)
    begin(page, "Zorp")
    see(page, "done")
    expect(page.locator(".train-about")).to_contain_text("Embedding for SD 1.5")
    expect(page.locator(".made .hint").first).to_have_text("Write “Zorp” in a prompt. Of step 12.")
    page.get_by_role("button", name="Compare steps").click()
    expect(page.get_by_label("Strengths")).to_be_hidden()
    page.get_by_role("button", name="Use it").click()

    expect(studio.prompt).to_have_value("Zorp")
    plan = trainings(site)[0]["plan"]
    assert (plan["method"], plan["vectors"], plan["initial_word"]) == ("embedding", 2, "ring")
    studio.generate().see("done")
    assert (site.folder / "models" / "embeddings" / "Zorp.safetensors").exists()


def test_deleting_asks_and_the_finished_file_stays(studio: Studio, site: Site) -> None:
    page = open_train(studio)
    begin(page)
    see(page, "done")
    discard = page.locator(".train-head [data-act=trash]:visible")
    discard.click()
    dialog = page.get_by_role("dialog", name="Delete the training")
    expect(dialog).to_contain_text("5 pictures and everything made of them")
    dialog.get_by_role("button", name="Keep it").click()
    expect(page.locator(".train-view")).to_be_visible()
    discard.click()
    dialog.get_by_role("button", name="Delete").click()

    expect(page.locator(".teach-drop")).to_be_visible()
    assert trainings(site) == []
    assert (site.folder / "models" / "loras" / "Ring.safetensors").exists()


def test_another_step_is_used_and_steps_are_compared_as_a_grid(studio: Studio, site: Site) -> None:
    studio.choose("small")
    page = open_train(studio)
    begin(page)
    see(page, "done")
    page.get_by_role("button", name="Use step 4").click()
    expect(page.locator(".made .hint").first).to_contain_text("Of step 4.")
    assert trainings(site)[0]["made"]["step"] == 4

    page.get_by_role("button", name="Compare strength").click()
    page.locator(".compare-form").get_by_label("Strengths").fill("0.5, 1")
    page.get_by_role("button", name="Draw the grid").click()
    expect(page.locator(".grid-table")).to_be_visible()
    assert len(site.jobs()[0]["pictures"]) == 6


def test_a_sample_is_seen_large_beside_its_neighbours(studio: Studio) -> None:
    page = open_train(studio)
    begin(page)
    see(page, "done")
    page.locator(".samples .sample").nth(1).click()
    dialog = page.get_by_role("dialog", name="Sample")
    expect(dialog.locator(".enlarged-words")).to_have_text("step 4 · a ring")
    page.keyboard.press("ArrowRight")
    expect(dialog.locator(".enlarged-words")).to_have_text("step 8 · a ring")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_the_dock_shows_what_is_not_over_and_leads_to_it(
    studio: Studio, visit: Callable[..., Studio]
) -> None:
    begin(open_train(studio), samples=f"a ring {SLOW}")
    studio.page.get_by_role("button", name="Pause", exact=True).click()
    see(studio.page, "paused")
    other = visit(beside=studio)
    row = other.open_dock().filter(has_text="Training: Ring")
    expect(row.locator(".dock-state")).to_contain_text("paused at step")
    row.locator(".dock-open").click()
    expect(other.page.locator(".train-view h2")).to_have_text("Ring")
    row.get_by_role("button", name="Go on with the training").click()

    see(studio.page, "running")


def test_a_full_disk_says_what_to_do_and_the_training_goes_on(
    studio: Studio, tmp_path: Path
) -> None:
    page = open_train(studio)
    begin(page, samples=f"a ring fake:full@6 fake:once={tmp_path}")
    see(page, "paused")
    expect(page.locator(".train-trouble")).to_contain_text("Make room there")
    page.get_by_role("button", name="Go on", exact=True).click()
    see(page, "done")


def test_axe_finds_nothing_serious_in_a_training(visit: Callable[..., Studio]) -> None:
    studio = visit(WIDE)
    studio.page.emulate_media(reduced_motion="reduce")
    studio.page.get_by_label("Switch to the light theme").click()
    page = open_train(studio)
    begin(page, samples=f"a ring {SLOW}")
    expect(page.locator(".samples thead th").nth(1)).to_have_text("step 4")
    found = {"running": findings(page)}
    see(page, "done")
    page.get_by_role("button", name="Compare strength").click()
    found["done"] = findings(page)
    assert found == {"running": [], "done": []}
