"""A training as a person makes it on the page: pictures to drop, fields to fill, and waiting for what is to be seen."""

from __future__ import annotations

import io
import random
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.site import Site
from tests.browser.studio import Studio, within

STEPS = 12
SLOW = "fake:step=0.4"
ENDED_MS = within(20)


def picture(number: int, size: tuple[int, int] = (320, 240)) -> bytes:
    """Coloured squares: no two pictures are alike."""
    chance = random.Random(number)
    ground = tuple(chance.randrange(256) for _ in range(3))
    image = Image.new("RGB", size, ground)
    drawing = ImageDraw.Draw(image)
    for _ in range(60):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        colour = tuple(chance.randrange(256) for _ in range(3))
        drawing.rectangle([x, y, x + 24, y + 24], fill=colour)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def files(count: int) -> list[FilePayload]:
    return [
        {"name": f"ring{number}.png", "mimeType": "image/png", "buffer": picture(number)}
        for number in range(count)
    ]


def open_train(studio: Studio) -> Page:
    studio.page.locator("#train-button").click()
    expect(studio.page.locator(".train > :visible")).to_have_count(1)
    return studio.page


def give(page: Page, given: list[FilePayload], count: int) -> Locator:
    """Chooses files; returns the cards once the server has said something of each."""
    page.locator(".teach-pictures input[type=file]").set_input_files(given)
    cards = page.locator(".teach-card")
    expect(cards).to_have_count(count)
    expect(page.locator(".teach-card .crop:visible")).to_have_count(count)
    return cards


def settle(page: Page, name: str, value: str) -> None:
    """Writes into a field of the plan."""
    page.locator(f"#plan-{name}").fill(value)


def unfold(page: Page) -> None:
    page.get_by_role("button", name="Advanced").click()


def begin(page: Page, name: str = "Ring", *, samples: str = "a ring") -> None:
    """Five pictures and a plan of few steps, then Train."""
    give(page, files(5), 5)
    settle(page, "name", name)
    settle(page, "class_word", "ring")
    unfold(page)
    for field, value in {"steps": STEPS, "sample_every": 4, "prior_pictures": 0}.items():
        settle(page, field, str(value))
    settle(page, "sample_prompts", samples)
    page.locator("#train-begin").click()
    expect(page.locator(".train-view h2")).to_have_text(name)


def trainings(site: Site) -> list[Any]:
    return list(site.call("GET", "api/v1/trainings")["items"])


def forget_trainings(site: Site) -> None:
    for one in site.call("GET", "api/v1/trainings")["items"]:
        site.call("DELETE", f"api/v1/trainings/{one['id']}")
    for kind in ("loras", "embeddings"):
        for path in (site.folder / "models" / kind).glob("*"):
            path.unlink()


def see(page: Page, state: str) -> None:
    expect(page.locator(".train-view")).to_have_attribute("data-state", state, timeout=ENDED_MS)
