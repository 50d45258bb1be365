"""A video as a person makes it on the page: a photo is dropped, painted on, and waited for."""

from __future__ import annotations

import base64
from typing import Any

from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.site import Site
from tests.browser.studio import Studio, within
from tests.browser.teaching import picture

SIZE = (192, 128)
STARTED_MS = within(15)
DONE_MS = within(30)
Places = list[tuple[float, float]]
DROP = """([selector, name, data]) => {
  const content = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([content], name, { type: "image/png" }));
  const how = { bubbles: true, cancelable: true, dataTransfer: transfer };
  document.querySelector(selector).dispatchEvent(new DragEvent("drop", how));
}"""


def open_video(studio: Studio) -> Page:
    studio.page.locator("#video-button").click()
    expect(studio.page.locator(".video > :visible")).to_have_count(1)
    return studio.page


def choose_photo_to_life(page: Page) -> None:
    begin = page.get_by_role("button", name="New video")
    if page.locator(".video-list").is_visible():
        begin.click()
    page.locator(".video-way[data-mode=photo]").click()
    expect(page.locator(".photo")).to_be_visible()


def drop_photo(page: Page, size: tuple[int, int] = SIZE, number: int = 1) -> None:
    """Drops it where it is wanted; returns when it lies there to be painted on."""
    data = base64.b64encode(picture(number, size)).decode()
    page.evaluate(DROP, [".video-drop", "brook.png", data])
    expect_photo(page)


def give_photo(page: Page, size: tuple[int, int] = SIZE, number: int = 1) -> None:
    """Likewise, chosen from the disk."""
    given: FilePayload = {
        "name": "brook.png",
        "mimeType": "image/png",
        "buffer": picture(number, size),
    }
    page.locator(".photo input[type=file]").set_input_files(given)
    expect_photo(page)


def expect_photo(page: Page) -> None:
    expect(page.locator(".photo-easel")).to_be_visible()
    expect(page.locator(".photo-image")).to_have_js_property("complete", True)


def on_photo(page: Page, places: Places) -> Places:
    """Shares of the photo as places on the screen."""
    box = page.locator(".photo-image").bounding_box()
    assert box is not None
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]


def drag(page: Page, *places: tuple[float, float]) -> None:
    """With the mouse through these shares of the photo."""
    first, *others = on_photo(page, list(places))
    page.mouse.move(*first)
    page.mouse.down()
    for place in others:
        page.mouse.move(*place, steps=3)
    page.mouse.up()


def tool(page: Page, name: str) -> Locator:
    return page.locator(f".photo-easel [data-tool={name}]").first


def paint_brook(page: Page) -> None:
    """A band across the photo that flows to the right."""
    drag(page, (0.2, 0.6), (0.8, 0.6), (0.8, 0.7), (0.2, 0.7))
    tool(page, "arrow").click()
    drag(page, (0.25, 0.65), (0.5, 0.66), (0.75, 0.65))
    expect(effect(page, "Flow")).to_contain_text("Painted, 1 arrow.")


def effect(page: Page, label: str) -> Locator:
    return page.locator(".photo-effect").filter(has_text=label)


def set_loop(page: Page, *, seconds: float, fps: int) -> None:
    page.locator("#photo-loop_seconds").fill(str(seconds))
    page.locator("#photo-fps").select_option(str(fps))


def begin(page: Page, title: str = "The brook") -> None:
    page.locator("#photo-title").fill(title)
    page.locator("#photo-begin").click()
    expect(page.locator(".video-view h2")).to_have_text(title)


def see(page: Page, state: str, timeout_ms: float = DONE_MS) -> None:
    view = page.locator(".video-view")
    expect(view).to_have_attribute("data-state", state, timeout=timeout_ms)


def videos(site: Site) -> list[Any]:
    return list(site.call("GET", "api/v1/videos")["items"])


def forget_videos(site: Site) -> None:
    for one in videos(site):
        site.call("DELETE", f"api/v1/videos/{one['id']}")
