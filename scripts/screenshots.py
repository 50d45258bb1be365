"""Makes the pictures of the page in docs/images/: `python scripts/screenshots.py [--fake] [--all]`.

Starts the app on a free port with folders of its own, uses it as a person would, and takes pictures on the way.
With `--fake` the fake worker of the tests makes plain discs; without it the real worker draws with the starter model.
`--all` takes those too that no document shows: the other theme, a phone, the empty page, a picture half developed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
WIDE, PHONE = (1440, 900), (390, 844)
WAIT_MS = 120_000
PROMPTS = (
    "a red boat on the sea at sunset",
    "a black cat in the snow",
    "a large red mushroom in a meadow",
    "pixel art of a red heart on a blue background",
    "a watercolour of a green tree in a meadow",
    "a logo of an orange star on a white background",
)
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def running(is_fake: bool, folder: Path) -> Iterator[str]:
    """The app; gives its address once the page is up."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    real = ["app.py", "--port", port, "--data-dir", str(folder / "data")]
    real += ["--output-dir", str(folder / "outputs")]
    command = ["-m", "tests.browser.serve", str(folder), port] if is_fake else real
    slow_enough_to_see = {"DARKROOM_FAKE": "step=0.15"}
    app = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=os.environ | slow_enough_to_see
    )
    address = f"http://127.0.0.1:{port}/"
    try:
        while not is_up(address):
            if app.poll() is not None:
                raise SystemExit("The app ended while it started.")
            time.sleep(0.2)
        yield address
    finally:
        app.terminate()
        app.wait(30)


def is_up(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as page:
            return bool(page.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def open_page(browser: Browser, address: str, size: tuple[int, int], theme: str) -> Page:
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        is_mobile=width < 700,
        has_touch=width < 700,
        device_scale_factor=2 if width < 700 else 1,
    )
    context.add_init_script(
        f"localStorage.getItem('darkroom.theme') ?? localStorage.setItem('darkroom.theme', '\"{theme}\"')"
    )
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(address, wait_until="commit")
    expect(page.locator(".worker-state")).to_have_attribute("data-state", "ready")
    return page


def shoot(page: Page, name: str) -> None:
    """Waits until what fades has faded, then takes the picture."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(900)
    page.screenshot(path=IMAGES / f"{name}.png")
    print(f"docs/images/{name}.png")


def see(page: Page, state: str) -> None:
    expect(page.locator(".result")).to_have_attribute("data-state", state)


def generate(page: Page, prompt: str) -> None:
    before = page.locator(".result").get_attribute("data-job") or ""
    page.locator("#field-prompt textarea").fill(prompt)
    page.locator("#generate").click()
    expect(page.locator(".result")).not_to_have_attribute("data-job", before)


def tell(browser: Browser, address: str, *, is_all: bool) -> None:
    """The whole tour."""
    page = open_page(browser, address, WIDE, "dark")
    if is_all:
        shoot(page, "empty")
    for prompt in PROMPTS[1:]:
        generate(page, prompt)
    page.locator(".dock-toggle").click()
    shoot(page, "jobs")
    page.locator(".dock-toggle").click()
    see(page, "done")
    generate(page, PROMPTS[0])
    expect(page.locator(".canvas > .stage img[src*=preview]").first).to_be_visible()
    if is_all:
        page.screenshot(path=IMAGES / "developing.png")
    see(page, "done")
    shoot(page, "text-to-image")
    page.locator("#drafts").click()
    see(page, "held")
    for number in (2, 7):
        page.locator(".cell").nth(number - 1).click()
    shoot(page, "contact-sheet")
    page.get_by_role("button", name="Develop 2").click()
    see(page, "done")
    page.locator("#library-button").click()
    page.locator(".library-cell").nth(2).click()
    shoot(page, "library")
    edit(page)
    page.context.close()
    for name, size, theme in (("light", WIDE, "light"), ("phone", PHONE, "dark")) if is_all else ():
        page = open_page(browser, address, size, theme)
        see(page, "done")
        shoot(page, name)
        page.context.close()


def edit(page: Page) -> None:
    """A red mushroom of the library gets a star into its sky."""
    page.get_by_role("button", name="Inpaint: change a part of this picture").first.click()
    board = page.locator("[data-island=editor] canvas").first
    expect(board).to_be_visible()
    box = board.bounding_box()
    assert box is not None
    across, down = (
        (lambda share: box["x"] + share * box["width"]),
        (lambda s: box["y"] + s * box["height"]),
    )
    page.mouse.move(across(0.62), down(0.25))
    page.mouse.down()
    for share in (0.66, 0.7, 0.66, 0.62, 0.68):
        page.mouse.move(across(share), down(0.2 + share / 8), steps=6)
    page.mouse.up()
    page.locator("#field-prompt textarea").fill("a yellow star")
    shoot(page, "inpaint")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fake", action="store_true", help="use the fake worker of the tests")
    parser.add_argument("--all", action="store_true", help="also those that no document shows")
    arguments = parser.parse_args()
    IMAGES.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=WAIT_MS)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(arguments.fake, Path(folder)) as address,
        sync_playwright() as playwright,
    ):
        own = Path(playwright.chromium.executable_path)
        found = str(own) if own.exists() else next(filter(None, map(shutil.which, CHROMIUMS)), None)
        args = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=found, args=args)
        tell(browser, address, is_all=arguments.all)
        browser.close()


if __name__ == "__main__":
    main()
