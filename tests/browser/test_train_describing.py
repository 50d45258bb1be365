"""Pictures that are to be taught, described by a model of the user's own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import FilePayload, expect

from tests.browser.site import Site
from tests.browser.studio import Studio
from tests.browser.teaching import files, give, open_train, picture

pytestmark = pytest.mark.usefixtures("no_trainings")
DESCRIBE = "Describe the pictures"


@pytest.fixture
def captioner(site: Site) -> Iterator[None]:
    """There is a model that describes pictures; see tests/fake_captioner.py."""
    folder = site.folder / "models" / "captioner"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "blip"}')
    yield
    shutil.rmtree(folder)


def tall(number: int) -> FilePayload:
    """One that the fake captioner cannot describe."""
    content = picture(number, (240, 320))
    return {"name": f"tall{number}.png", "mimeType": "image/png", "buffer": content}


def test_without_such_a_model_nothing_is_offered(studio: Studio) -> None:
    page = open_train(studio)
    give(page, files(2), 2)

    expect(page.locator(".teach-count")).to_have_text("2 pictures")
    expect(page.get_by_role("button", name="Describ")).to_have_count(0)


@pytest.mark.usefixtures("captioner")
def test_captions_are_filled_in_but_for_those_that_are_there(studio: Studio) -> None:
    page = open_train(studio)
    said: FilePayload = {"name": "ring0.txt", "mimeType": "text/plain", "buffer": b"on a stone"}
    cards = give(page, [said, *files(3)], 3)
    cards.nth(1).locator("textarea").fill("my own words")
    page.get_by_role("button", name=DESCRIBE).click()

    captions = cards.locator("textarea")
    expect(captions.nth(2)).to_have_value("a ring of 320 px")
    expect(captions.nth(0)).to_have_value("on a stone")
    expect(captions.nth(1)).to_have_value("my own words")
    expect(page.get_by_role("button", name="Describ")).to_have_count(0)


@pytest.mark.usefixtures("captioner")
def test_what_cannot_be_described_says_so_at_its_picture_and_the_others_go_on(
    studio: Studio,
) -> None:
    page = open_train(studio)
    cards = give(page, [tall(9), *files(2)], 3)
    page.get_by_role("button", name=DESCRIBE).click()

    trouble = cards.first.get_by_role("alert")
    expect(trouble).to_contain_text("captioner could not describe it (320 px are too tall).")
    expect(cards.nth(2).locator("textarea")).to_have_value("a ring of 320 px")
    expect(page.locator(".teach-undescribed:visible")).to_have_count(1)
    expect(page.get_by_role("button", name=DESCRIBE)).to_be_enabled()
    cards.first.locator("textarea").fill("a tall ring")
    expect(trouble).to_be_hidden()


@pytest.mark.usefixtures("captioner")
def test_a_model_that_describes_nothing_is_not_asked_about_every_picture(studio: Studio) -> None:
    page = open_train(studio)
    cards = give(page, [tall(number) for number in range(4)], 4)
    page.get_by_role("button", name=DESCRIBE).click()

    expect(page.locator(".teach-undescribed:visible")).to_have_count(2)
    expect(page.get_by_role("button", name=DESCRIBE)).to_be_enabled()
    expect(cards.nth(2).get_by_role("alert")).to_be_hidden()
