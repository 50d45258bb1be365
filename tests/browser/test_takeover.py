"""Pictures of another program in the Library: found, used, hidden and shown again; their files stay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests import installations
from tests.browser.site import Site
from tests.browser.studio import Studio
from tests.pipelines.takeover.test_takeover import tree


@pytest.fixture
def site(browser: Browser, tmp_path: Path) -> Iterator[Site]:
    installations.forge(tmp_path / "old")
    with Site(tmp_path, "step=0.01") as site:
        yield site


def test_an_old_picture_is_found_used_hidden_and_shown_again(
    studio: Studio, tmp_path: Path
) -> None:
    before, page = tree(tmp_path / "old"), studio.page
    page.get_by_role("tab", name="Library").click()
    expect(page.locator(".library-total")).to_have_text("3 pictures")
    page.get_by_role("searchbox", name="Search prompts").fill("lighthouse")
    expect(page.locator(".library-total")).to_have_text("1 picture")
    page.locator(".library-cell").click()
    expect(page.locator(".details .facts")).to_contain_text("Forge, read only")

    page.get_by_role("button", name="Hide from the library").click()
    expect(page.get_by_text("Its file stays in Forge.")).to_be_visible()
    expect(page.locator(".library-cell")).to_have_count(0)
    page.get_by_role("button", name="Trash", exact=True).click()
    page.locator(".library-cell").click()
    page.get_by_role("button", name="Show again").click()
    expect(page.get_by_text("Shown again.")).to_be_visible()
    page.get_by_role("button", name="Trash", exact=True).click()
    page.locator(".library-cell").click()
    page.locator(".details").get_by_role("button", name="Use these settings").click()

    expect(studio.prompt).to_have_value("a lighthouse in a storm, oil on canvas")
    expect(studio.number("steps")).to_have_value("24")
    expect(page.locator(".picker-name")).to_have_text("seascapes")
    assert tree(tmp_path / "old") == before
