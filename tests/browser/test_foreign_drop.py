"""Settings from outside: pictures that are dropped, text that is pasted, and what cannot be read."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Locator, expect

from tests.browser.conftest import PHONE, WIDE
from tests.browser.site import Site
from tests.browser.studio import Studio
from tests.browser.test_access import findings

TEXT = (
    "a castle on a hill\nNegative prompt: fog\n"
    "Steps: 28, Sampler: Euler a, CFG scale: 6.5, Seed: 421, Size: 128x64, Model: nowhere_v3, "
    "FreeU Stages: x, Version: v1.10.1"
)
DROP = """([name, type, data, bytes]) => {
  const content = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  const file = new File([content], name, { type });
  if (bytes) Object.defineProperty(file, "size", { value: bytes });
  transfer.items.add(file);
  const how = { bubbles: true, cancelable: true, dataTransfer: transfer };
  const event = new DragEvent("drop", how);
  if (bytes) Object.defineProperty(event.dataTransfer, "files", { value: [file] });
  document.body.dispatchEvent(event);
}"""


@pytest.fixture(autouse=True)
def _empty_dock(site: Site) -> None:
    site.forget_jobs()


def picture(parameters: str = "") -> bytes:
    stream, chunks = io.BytesIO(), PngInfo()
    if parameters:
        chunks.add_text("parameters", parameters)
    Image.new("RGB", (64, 48), (200, 80, 40)).save(stream, "PNG", pnginfo=chunks)
    return stream.getvalue()


def drop(
    studio: Studio, name: str, data: bytes, kind: str = "image/png", size_bytes: int = 0
) -> None:
    studio.page.evaluate(DROP, [name, kind, base64.b64encode(data).decode(), size_bytes])


def card(studio: Studio) -> Locator:
    return studio.page.locator(".taken")


def test_a_foreign_picture_fills_the_form_and_says_what_it_could_not(studio: Studio) -> None:
    studio.choose("small").write("what was there")
    drop(studio, "castle.png", picture(TEXT))
    expect(card(studio)).to_contain_text("Settings taken from castle.png (AUTOMATIC1111)")
    expect(studio.prompt).to_have_value("a castle on a hill")
    expect(studio.page.locator("#field-seed input")).to_have_value("421")
    expect(studio.number("steps")).to_have_value("28")
    expect(card(studio).locator(".taken-set")).to_contain_text("Euler a")
    left = card(studio).locator(".taken-left")
    expect(left).to_contain_text("FreeU Stages")
    expect(left).to_contain_text("nowhere_v3")
    expect(studio.page.locator(".picker-name")).to_have_text("small")


def test_undo_puts_the_form_back(studio: Studio) -> None:
    studio.choose("small").write("what was there").number("steps").fill("9")
    drop(studio, "castle.png", picture(TEXT))
    expect(studio.prompt).to_have_value("a castle on a hill")
    card(studio).get_by_role("button", name="Undo").click()
    expect(studio.prompt).to_have_value("what was there")
    expect(studio.number("steps")).to_have_value("9")
    expect(studio.page.locator("#field-seed input")).to_have_value("-1")
    expect(card(studio)).to_be_hidden()


def test_a_picture_without_settings_can_be_started_from(studio: Studio) -> None:
    drop(studio, "holiday.png", picture())
    expect(card(studio)).to_contain_text("carries no settings")
    card(studio).get_by_role("button", name="Start from this picture").click()
    expect(studio.page.locator("html")).to_have_attribute("data-mode", "image")
    expect(studio.page.locator("[data-island=source] img").first).to_be_visible()


def test_what_is_no_picture_and_what_is_too_large_is_said_before_it_is_sent(studio: Studio) -> None:
    sent: list[str] = []
    studio.page.on("request", lambda one: sent.append(one.method) if "assets" in one.url else None)
    drop(studio, "letter.pdf", b"%PDF-1.7", "application/pdf")
    expect(studio.toast("letter.pdf is no picture.")).to_be_visible()
    drop(studio, "poster.png", picture(), size_bytes=200_000_000)
    expect(studio.toast("poster.png has 200.0 MB.")).to_be_visible()
    assert "POST" not in sent


def test_a_damaged_picture_is_said(studio: Studio) -> None:
    drop(studio, "torn.png", picture()[:60])
    expect(studio.toast("damaged or incomplete")).to_be_visible()
    expect(card(studio)).to_be_hidden()


def test_a_text_beside_a_picture_is_read_like_one(studio: Studio) -> None:
    drop(studio, "castle.txt", TEXT.encode(), "text/plain")
    expect(card(studio)).to_contain_text("Settings taken from castle.txt")
    expect(studio.prompt).to_have_value("a castle on a hill")


def test_settings_pasted_into_the_prompt_are_offered_to_be_read(studio: Studio) -> None:
    offer = studio.page.locator(".read-settings")
    studio.write("a castle. Steps: many")
    expect(offer).to_be_hidden()
    studio.write(TEXT)
    expect(offer).to_be_visible()
    offer.get_by_role("button", name="Read settings").click()
    expect(studio.prompt).to_have_value("a castle on a hill")
    expect(studio.number("steps")).to_have_value("28")
    expect(offer).to_be_hidden()


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_serious(visit: Callable[..., Studio], size: tuple[int, int]) -> None:
    studio = visit(size)
    studio.page.emulate_media(reduced_motion="reduce")
    drop(studio, "castle.png", picture(TEXT))
    expect(card(studio)).to_be_visible()
    assert findings(studio.page) == []
