"""The page of a grid in a real browser: it opens from a file, asks for nothing, and a click enlarges a picture."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from pipelines.grids.page import page
from tests.pipelines.grids.test_shown import table


def test_a_click_enlarges_and_another_one_ends_it(browser: Browser, tmp_path: Path) -> None:
    shown = table(tmp_path, x=("sampling.steps", "1,2"), y=("vae", "one,other"))
    path = tmp_path / "grid.html"
    path.write_text(page(shown), encoding="utf-8")
    tab = browser.new_page(viewport={"width": 800, "height": 600})
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("request", lambda one: said.append(one.url) if one.url.startswith("http") else None)
    tab.goto(path.as_uri())
    picture = tab.locator("td img").nth(1)
    small = picture.bounding_box()

    picture.click()
    assert picture.bounding_box() == {"x": 0, "y": 0, "width": 800, "height": 600}
    tab.mouse.click(400, 300)
    assert picture.bounding_box() == small
    tab.get_by_text("Settings").nth(1).click()
    assert tab.get_by_text("Steps: 1, Sampler: Euler").is_visible()
    assert said == []
    tab.close()
