"""The tab Inpaint as a person uses it: open a picture, paint on it, generate, look, and take edits back."""

from __future__ import annotations

import io
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, expect

from tests.browser.easel import Fingers, Plane
from tests.browser.studio import Studio, within

Points = Sequence[tuple[float, float]]  # in pixels of the picture
STEP_MS = within(8)
IS_IDLE = """async (address) => {
  const id = JSON.parse(localStorage.getItem("darkroom.project"));
  const { project } = await (await fetch(`${address}api/v1/projects/${id}`)).json();
  return !project.is_busy;
}"""


class Editor:
    """One open page, in the tab Inpaint."""

    def __init__(self, studio: Studio) -> None:
        self.studio, self.page = studio, studio.page
        studio.choose("small").page.locator("#inpaint-button").click()
        expect(self.page.locator(".editor")).to_be_visible()

    def open(self, file: Path, pixels: Plane) -> Editor:
        """Chooses a picture from the disk."""
        Image.fromarray(pixels).save(file)
        self.page.locator(".editor > input[type=file]").set_input_files(file)
        return self.ready()

    def ready(self) -> Editor:
        expect(self.picture).to_be_visible()
        self.page.wait_for_function(
            "(one) => one.complete && one.naturalWidth > 0", arg=self.picture.element_handle()
        )
        return self

    @property
    def picture(self) -> Locator:
        return self.page.locator(".editor .easel-sheet").get_by_alt_text("The picture", exact=True)

    @property
    def edits(self) -> Locator:
        """The steps, without the original."""
        return self.page.locator(".edits-list .edits-row:not(:first-child)")

    # ---- the hand ------------------------------------------------------------------------------------

    def on_screen(self, points: Points) -> list[tuple[float, float]]:
        box = self.picture.bounding_box()
        width = self.picture.evaluate("(one) => one.naturalWidth")
        assert box is not None
        zoom = box["width"] / width
        return [(box["x"] + x * zoom, box["y"] + y * zoom) for x, y in points]

    def draw(self, *points: tuple[float, float]) -> None:
        """One stroke of the mouse."""
        first, *others = self.on_screen(points)
        self.page.mouse.move(*first)
        self.page.mouse.down()
        for place in others:
            self.page.mouse.move(*place, steps=3)
        self.page.mouse.up()

    def touch(self, fingers: Fingers, *points: tuple[float, float]) -> None:
        """One stroke of a finger."""
        first, *others = self.on_screen(points)
        fingers.put("touchStart", first)
        for place in others:
            fingers.put("touchMove", place)
        fingers.put("touchEnd")

    def press(self, keys: str) -> None:
        """A key while the hand is on the canvas."""
        self.page.locator(".easel-view").focus()
        self.page.keyboard.press(keys)

    def mask(self) -> Plane:
        """What is marked, (height, width), as the canvas saves it."""
        page = self.page
        more = page.locator(".easel-steps [data-act=sliders]")
        more.click()
        with page.expect_download() as saved:
            page.get_by_role("button", name="Save mask").click()
        more.click()
        return np.asarray(Image.open(saved.value.path()))

    # ---- edits ---------------------------------------------------------------------------------------

    def generate(self, prompt: str = "") -> Editor:
        self.studio.generate(prompt)
        return self

    def made(self, count: int) -> Editor:
        """Waits until there are so many edits, all made, and the canvas shows what they have come to."""
        expect(self.edits).to_have_count(count, timeout=STEP_MS)
        self.page.wait_for_function(IS_IDLE, arg=self.studio.address, timeout=STEP_MS)
        done = self.page.locator(".edits-list .edits-row:not(:first-child)[data-state=done]")
        expect(done).to_have_count(count, timeout=STEP_MS)
        self.shows(self.project()["image"])
        return self

    def shows(self, asset: str) -> None:
        address = f"{self.studio.address}api/v1/assets/{asset}/file"
        expect(self.picture).to_have_attribute("src", address, timeout=STEP_MS)

    def project(self) -> Any:
        """The project as the server has it."""
        told = self.ask(f"api/v1/projects/{self.studio.stored('project')}")
        return told["project"]

    def ask(self, path: str) -> Any:
        return self.page.evaluate(
            "async (path) => await (await fetch(path)).json()", self.studio.address + path
        )

    def asset(self, asset_id: str) -> Plane:
        """The pixels of an upload."""
        with urllib.request.urlopen(
            f"{self.studio.address}api/v1/assets/{asset_id}/file"
        ) as answer:
            return np.asarray(Image.open(io.BytesIO(answer.read())))
