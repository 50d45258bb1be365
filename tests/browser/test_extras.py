"""The choice of a VAE, which knows what lies there and what fits; and embeddings, offered while one writes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests import paper_file
from tests.browser.site import Site
from tests.browser.studio import Studio, within

SEEN_MS = within(5)  # from the last byte of a copied file to its place in the list


@pytest.fixture
def extras(site: Site) -> Iterator[Path]:
    """A folder of models with two VAEs and three embeddings, taken away afterwards."""
    folder = site.folder / "models" / "extras"
    for name in ("clear", "other xl"):
        paper_file.write(folder / "VAE" / f"{name}.safetensors", paper_file.VAE)
    (folder / "VAE" / "other xl.darkroom.json").write_text('{"family": "sdxl"}')
    for name, width in (("EasyNegative", 768), ("bad-hands-5", 768), ("easy two", 1024)):
        tensors = {"emb_params": (8, width)}
        paper_file.write(folder / "embeddings" / f"{name}.safetensors", tensors)
    yield folder
    shutil.rmtree(folder)


def vae(studio: Studio) -> Locator:
    studio.page.locator("[data-fold=more]").click()
    return studio.page.locator("#field-vae select")


def test_a_vae_is_chosen_kept_and_told_in_the_picture(studio: Studio, extras: Path) -> None:
    choice = vae(studio)
    expect(choice.locator("option")).to_have_text(
        ["Automatic", "clear", "other xl (another family)"], timeout=SEEN_MS
    )
    choice.select_option("clear")
    studio.generate("a boat")
    expect(studio.page.locator("#island-result")).to_contain_text("VAEclear")

    studio.reload()
    expect(studio.page.locator("#field-vae select")).to_have_value("clear")
    shutil.rmtree(extras / "VAE")
    expect(studio.page.locator("#field-vae option:checked")).to_have_text(
        "clear (not there)", timeout=SEEN_MS
    )
    studio.generate("a boat again")
    expect(studio.page.locator("#field-vae .field-error")).to_contain_text(
        "VAE is not there. Choose another"
    )
    (extras / "VAE").mkdir()


def test_embeddings_are_offered_by_the_letters_of_their_name(studio: Studio, extras: Path) -> None:
    offered = studio.page.locator(".suggest .option-name")
    studio.prompt.click()
    studio.prompt.press_sequentially("a boat, e")
    expect(offered).to_have_count(0)
    studio.prompt.press_sequentially("a")
    expect(offered).to_have_text(["EasyNegative"], timeout=SEEN_MS)  # the other is for SD 2

    studio.prompt.press("Enter")  # a new line stays one
    expect(studio.prompt).to_have_value("a boat, ea\n")
    studio.prompt.press_sequentially("hands")
    expect(offered).to_have_text(["bad-hands-5"])
    studio.prompt.press("Tab")

    expect(studio.prompt).to_have_value("a boat, ea\nbad-hands-5")
    expect(offered).to_have_count(0)
