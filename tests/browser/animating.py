"""Animations and movies as a person makes them on the page: a mode to choose, fields to fill, keys to drag."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.filming import open_video
from tests.browser.studio import Studio

SMALL = {"width": 96, "height": 96, "sampling-steps": 4}  # so that drawing it is quick


def choose_mode(studio: Studio, mode: str) -> Page:
    page = open_video(studio)
    if page.locator(".video-list").is_visible():
        page.get_by_role("button", name="New video").click()
    page.locator(f".video-way[data-mode={mode}]").click()
    expect(page.locator(".maker:visible")).to_have_count(1)
    return page


def set_field(page: Page, field: str, value: Any) -> None:
    """`field`: as its widget is called, e.g. "animate-max_frames"."""
    page.locator(f"#{field}").fill(str(value))
    page.locator(f"#{field}").blur()


def lane(page: Page, name: str) -> Locator:
    return page.locator(f".lane[data-lane={name}]")


def schedule(page: Page, name: str) -> Locator:
    """The text of a lane."""
    return page.locator(f"#lane-{name}")


def key_at(page: Page, name: str, frame: int) -> Locator:
    return lane(page, name).locator(f".lane-key[data-frame='{frame}']")


def drag_key(page: Page, key: Locator, across: float, down: float) -> None:
    """By so many shares of the plot."""
    key.scroll_into_view_if_needed()
    plot = key.locator("xpath=ancestor::*[contains(@class, 'lane-plot')]").bounding_box()
    box = key.bounding_box()
    assert plot is not None
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across * plot["width"], y + down * plot["height"], steps=4)
    page.mouse.up()


def give_movie(page: Page, mode: str, content: bytes, name: str = "square.mp4") -> Locator:
    """Chooses it from the disk; the page of that mode, with the movie in its player."""
    maker = page.locator(f".movie[data-mode={mode}]")
    maker.locator("input[type=file][accept^=video]").set_input_files(
        {"name": name, "mimeType": "video/mp4", "buffer": content}
    )
    expect(maker.locator(".movie-film")).to_be_visible()
    return maker
