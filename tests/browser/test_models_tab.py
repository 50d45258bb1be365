"""The tab of models and the small cards in the form, used as a person does; names and notes are strangers' texts."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from tests import paper_file
from tests.browser.conftest import PHONE
from tests.browser.site import Site
from tests.browser.studio import Studio, within
from tests.browser.test_access import findings

SEEN_MS = within(5)  # from the last byte of a copied file to its card
LORA = {"lora_unet_down_blocks_1_attn2_to_k.lora_down.weight": (4, 768)}
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def shelf(site: Site) -> Iterator[Path]:
    """LoRAs among the models: one with a picture, words and a weight, and one whose name is markup."""
    folder = site.folder / "models" / "loras"
    paper_file.write(folder / "ink.safetensors", LORA, {"modelspec.license": "CC BY-NC 4.0"})
    notes = {"activation text": f"inkstyle, {HOSTILE}", "preferred weight": 0.8, "notes": HOSTILE}
    (folder / "ink.json").write_text(json.dumps(notes))
    picture = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(picture, "PNG")
    (folder / "ink.png").write_bytes(picture.getvalue())
    paper_file.write(folder / f"{HOSTILE}.safetensors", LORA)
    yield folder
    shutil.rmtree(folder)


def open_models(studio: Studio, kind: str = "lora") -> Locator:
    studio.page.locator("#models-button").click()
    studio.page.locator(f".segment[data-kind={kind}]").click()
    return studio.page.locator(".model-cell")


def test_a_lora_is_put_into_the_prompt_with_its_words_and_taken_out(
    studio: Studio, shelf: Path
) -> None:
    studio.write("a boat")
    cells = open_models(studio)
    cells.filter(has_text="ink").click(timeout=SEEN_MS)
    details = studio.page.locator(".details:visible")
    expect(details.locator(".licence")).to_contain_text("Pictures for moneyno")
    expect(details.locator(".model-notes")).to_have_text(HOSTILE)

    details.get_by_role("button", name="Put into the prompt", exact=True).click()
    expect(studio.prompt).to_have_value(f"a boat, <lora:ink:0.8>, inkstyle, {HOSTILE}")

    details.get_by_role("button", name="Take out of the prompt").click()
    expect(studio.prompt).to_have_value("a boat")
    assert studio.page.locator(".library img[src='x']").count() == 0


def test_keys_walk_the_cards_use_one_throw_one_away_and_bring_it_back(
    studio: Studio, shelf: Path
) -> None:
    cells = open_models(studio)
    expect(cells).to_have_count(2, timeout=SEEN_MS)
    cells.first.focus()
    studio.page.keyboard.press("ArrowRight")
    studio.page.keyboard.press("Enter")
    expect(studio.prompt).to_have_value("<lora:ink:0.8>, inkstyle, " + HOSTILE)
    expect(cells.filter(has_text="ink")).to_have_class("model-cell in-use")

    studio.page.keyboard.press("Delete")
    expect(studio.toast("is in the trash")).to_be_visible()
    expect(cells).to_have_count(1)
    assert not (shelf / "ink.safetensors").exists()
    studio.toast("is in the trash").get_by_role("button", name="Undo").click()

    expect(cells).to_have_count(2, timeout=SEEN_MS)
    assert (shelf / "ink.json").exists()


def test_what_is_written_on_a_card_is_kept(studio: Studio, shelf: Path) -> None:
    open_models(studio).filter(has_text="ink").click(timeout=SEEN_MS)
    details = studio.page.locator(".details:visible")
    expect(details.locator(".model-notes")).to_have_text(HOSTILE)
    details.get_by_role("button", name="Edit").click()
    details.get_by_label("Notes").fill("mine")
    details.get_by_label("Preferred weight").fill("99")
    details.get_by_role("button", name="Save").click()
    expect(details.locator(".field-error")).to_contain_text("preferred_weight")

    details.get_by_label("Preferred weight").fill("0.4")
    details.get_by_role("button", name="Save").click()

    expect(details.locator(".model-notes")).to_have_text("mine")
    expect(details.locator("[data-act=trash]")).to_be_visible()
    facts = json.loads((shelf / "ink.darkroom.json").read_text())
    assert facts == {"notes": "mine", "preferred_weight": 0.4}


def test_cards_come_and_go_with_their_files(studio: Studio, shelf: Path) -> None:
    cells = open_models(studio)
    expect(cells).to_have_count(2, timeout=SEEN_MS)

    paper_file.write(shelf / "grain.safetensors", LORA)
    expect(cells).to_have_count(3, timeout=SEEN_MS)
    expect(cells.locator("img.in")).to_have_count(1)
    studio.page.get_by_label("Search models").fill("GRA")
    expect(cells).to_have_count(1)


def test_the_small_cards_in_the_form_put_loras_in_and_out_and_weigh_them(
    studio: Studio, shelf: Path
) -> None:
    studio.write("a boat").unfold("networks")
    card = studio.page.locator(".network-card", has_text="ink")
    card.click(timeout=SEEN_MS)
    expect(studio.prompt).to_have_value(f"a boat, <lora:ink:0.8>, inkstyle, {HOSTILE}")
    expect(card).to_have_attribute("aria-pressed", "true")

    studio.page.get_by_label("Weight of ink").fill("0.35")
    expect(studio.prompt).to_have_value(f"a boat, <lora:ink:0.35>, inkstyle, {HOSTILE}")
    card.click()

    expect(studio.prompt).to_have_value("a boat")
    expect(card).to_have_attribute("aria-pressed", "false")


def test_on_a_phone_the_page_can_be_scrolled_after_a_checkpoint_was_used(
    visit: Callable[..., Studio],
) -> None:
    studio = visit(PHONE)
    open_models(studio, "checkpoint").filter(has_text="small").click()
    details = studio.page.locator(".details:visible")
    expect(details).to_be_visible()
    details.get_by_role("button", name="Use", exact=True).click()

    expect(studio.page.locator(".picker-name")).to_have_text("small")
    expect(studio.page.locator("html")).not_to_have_attribute("data-details", "")


def test_axe_finds_nothing_serious_in_the_tab_and_in_the_small_cards(
    visit: Callable[..., Studio], shelf: Path
) -> None:
    (shelf / "torn.safetensors").write_bytes(b"")
    studio = visit(PHONE).unfold("networks")
    studio.page.emulate_media(reduced_motion="reduce")
    studio.page.locator(".network-card").nth(1).wait_for(timeout=SEEN_MS)
    found = {"form": findings(studio.page)}
    cells = open_models(studio, "checkpoint")
    cells.first.wait_for()
    found["checkpoints"] = findings(studio.page)
    open_models(studio).filter(has_text="ink").click()
    studio.page.get_by_role("button", name="Edit").click()
    found["details"] = findings(studio.page)

    assert found == {"form": [], "checkpoints": [], "details": []}


def test_a_licence_is_told_when_a_checkpoint_is_first_chosen_and_then_no_more(
    studio: Studio,
) -> None:
    line = studio.page.locator(".notice", has_text="Licence of")
    expect(line).to_contain_text("“large”: MIT")
    line.get_by_role("button", name="Close").click()
    expect(line).to_be_hidden()

    studio.choose("small")
    expect(line).to_contain_text("“small”: MIT")
    line.get_by_role("button", name="Close").click()
    studio.choose("large")

    expect(line).to_be_hidden()
