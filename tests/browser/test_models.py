"""The picker and the form when models come, go and differ in what they are best used with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import paper_checkpoint, paper_file
from tests.browser.site import Site
from tests.browser.studio import Studio, within

SEEN_MS = within(5)  # from the last byte of a copied file to its place in the list


@pytest.fixture
def models(site: Site) -> Iterator[Path]:
    """A folder among the models, empty again afterwards."""
    folder = site.folder / "models" / "Stable-diffusion"
    folder.mkdir()
    yield folder
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def test_a_copied_file_can_be_chosen_without_a_reload(studio: Studio, models: Path) -> None:
    whole = paper_checkpoint.safetensors(paper_file.SDXL)
    row = studio.page.locator(".picker-option", has_text="painted")
    studio.page.locator(".picker-button").click()

    (models / "painted.safetensors").write_bytes(whole[:-10])
    expect(row).to_contain_text("still being copied", timeout=SEEN_MS)
    expect(row).to_have_attribute("aria-disabled", "true")
    (models / "painted.safetensors").write_bytes(whole)
    expect(row).to_have_text("paintedSDXL", timeout=SEEN_MS)

    row.click()
    expect(studio.page.locator(".picker-name")).to_have_text("painted")
    expect(studio.number("width")).to_have_value("1024")
    expect(studio.number("guidance_scale")).to_have_value("6")


def test_what_is_no_checkpoint_is_counted_and_not_listed(studio: Studio, models: Path) -> None:
    paper_file.write(models / "clear.safetensors", paper_file.VAE)
    studio.page.locator(".picker-button").click()

    expect(studio.page.locator(".picker-panel")).to_contain_text("1 VAE", timeout=SEEN_MS)
    expect(studio.page.locator(".picker-option", has_text="clear")).to_have_count(0)


def test_a_touched_field_is_told_what_is_recommended(studio: Studio) -> None:
    studio.choose("large").number("steps").fill("41")
    hint = studio.page.locator("#field-steps .recommended")
    expect(hint).to_have_text("recommended: 20")
    studio.choose("small")
    expect(hint).to_have_text("recommended: 12")

    hint.click()

    expect(studio.number("steps")).to_have_value("12")
    expect(hint).to_be_hidden()


def test_the_size_is_recommended_only_when_the_picture_is_far_from_it(studio: Studio) -> None:
    hint = studio.page.locator("[data-island=shape] .recommended")
    studio.choose("large").page.locator("[data-island=shape] .chip", has_text="3:2").click()
    expect(hint).to_be_hidden()

    studio.choose("small")
    expect(hint).to_have_text("recommended: 128 × 128 px")
    hint.click()

    expect(studio.page.locator("[data-island=shape] .value")).to_have_text("128 × 128 px")
    expect(hint).to_be_hidden()


def test_the_gauge_shows_who_holds_the_memory_and_frees_it(studio: Studio) -> None:
    gauge = studio.page.locator(".gauge")
    row = studio.page.locator(".memory-row")
    gauge.click()
    expect(row.first).to_contain_text("MB")

    for name in studio.page.locator(".memory-name").all_inner_texts():
        own = row.filter(has_text=name)
        own.get_by_role("button", name="Unload").click()
        expect(own).to_have_count(0)
    expect(studio.page.locator(".memory-panel")).to_contain_text("No checkpoint is loaded")

    studio.page.keyboard.press("Escape")
    expect(studio.page.locator(".memory-panel")).to_be_hidden()
    expect(gauge).to_be_focused()


def test_a_refiner_is_chosen_among_what_fits_and_told_in_the_picture(
    studio: Studio, models: Path
) -> None:
    paper_file.write(models / "finish.safetensors", paper_file.SD15)
    paper_file.write(models / "xl finish.safetensors", paper_file.REFINER)
    select = studio.choose("small").unfold("refiner").page.locator("#field-refiner select")
    expect(select.locator("option")).to_have_text(["None", "finish", "large"], timeout=SEEN_MS)

    select.select_option("finish")
    studio.generate("a boat").see("done")
    expect(studio.result).to_contain_text("finish, from 80 %")

    (models / "finish.safetensors").unlink()
    expect(select.locator("option:checked")).to_have_text("finish (not there)", timeout=SEEN_MS)
    studio.generate("another boat")
    expect(studio.page.locator("#field-refiner .field-error")).to_contain_text("is not there")
    select.select_option("")
    studio.generate("another boat").see("done")
