"""The page as a person uses it: write, press, wait for what is to be seen."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Locator, Page, expect

WAIT_MS = 45_000  # what fails takes so long; what passes is no slower, also on a machine that is
SLACK = 4  # a busy machine is this much slower than the one that the goals are meant for


def within(seconds: float) -> float:
    """A goal in seconds as a timeout in milliseconds, with slack."""
    return seconds * 1000 * SLACK


class Studio:
    """One open page."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        page.set_default_timeout(WAIT_MS)

    def open(self) -> Studio:
        self.page.goto(self.address, wait_until="commit")
        return self.ready()

    def reload(self) -> Studio:
        self.page.reload(wait_until="commit")
        return self.ready()

    def ready(self) -> Studio:
        """Waits until the form can be used and the server's state is known."""
        expect(self.page.locator("#generate")).to_be_visible(timeout=WAIT_MS)
        expect(self.page.locator(".picker-option")).not_to_have_count(0, timeout=WAIT_MS)
        expect(self.page.locator(".worker-state")).to_have_attribute(
            "data-state", "ready", timeout=WAIT_MS
        )
        expect(self.page.locator("[data-island=shape] .chip")).to_have_count(6)
        return self

    # ---- the form ------------------------------------------------------------------------------------

    @property
    def prompt(self) -> Locator:
        return self.page.locator("#field-prompt textarea")

    def number(self, name: str) -> Locator:
        """The number box of a field, e.g. "steps"."""
        return self.page.locator(f"#field-{name} input[type=number]")

    def write(self, prompt: str) -> Studio:
        self.prompt.fill(prompt)
        return self

    def generate(self, prompt: str = "") -> Studio:
        if prompt:
            self.write(prompt)
        self.page.locator("#generate").click()
        return self

    def drafts(self, prompt: str) -> Studio:
        self.write(prompt)
        self.page.locator("#drafts").click()
        return self

    def choose(self, checkpoint: str) -> Studio:
        self.page.locator(".picker-button").click()
        self.page.locator(".picker-search").fill(checkpoint)
        self.page.keyboard.press("Enter")
        expect(self.page.locator(".picker-name")).to_have_text(checkpoint)
        return self

    def unfold(self, name: str) -> Studio:
        self.page.locator(f"[data-fold={name}]").click()
        expect(self.page.locator(f"#fold-{name}")).to_be_visible()
        return self

    # ---- what develops -------------------------------------------------------------------------------

    @property
    def result(self) -> Locator:
        return self.page.locator(".result")

    def see(self, state: str, timeout_ms: int = WAIT_MS) -> Studio:
        """Waits until the job in view is in this state."""
        expect(self.result).to_have_attribute("data-state", state, timeout=timeout_ms)
        return self

    def job_in_view(self) -> str:
        return self.result.get_attribute("data-job") or ""

    @property
    def preview(self) -> Locator:
        """A preview that is faded in."""
        return self.page.locator(".canvas > .stage img.in[src*='/preview']").last

    @property
    def picture(self) -> Locator:
        """The finished picture, faded in."""
        return self.page.locator(".canvas > .stage img.in[src*='/pictures/'][src$='/file']").last

    def act(self, name: str) -> None:
        """Presses one of the buttons beside the finished picture."""
        self.page.locator(f".result .picture-actions [data-act={name}]").click()

    def toast(self, words: str) -> Locator:
        return self.page.locator(".toast").filter(has_text=words)

    # ---- dock and library ----------------------------------------------------------------------------

    def open_dock(self) -> Locator:
        toggle = self.page.locator(".dock-toggle")
        if toggle.get_attribute("aria-expanded") == "false":
            toggle.click()
        return self.page.locator(".dock-row")

    def open_library(self) -> Locator:
        self.page.locator("#library-button").click()
        expect(self.page.locator(".library")).to_be_visible()
        return self.page.locator(".library-cell")

    def stored(self, name: str) -> Any:
        """What the page remembers in this browser."""
        text = self.page.evaluate("name => localStorage.getItem('darkroom.' + name)", name)
        return None if text is None else json.loads(text)
