"""A Chromium, the app with the fake worker in a process of its own, and a page that must not call other hosts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.browser.site import Site
from tests.browser.studio import WAIT_MS, Studio

WIDE, PHONE = (1440, 900), (390, 844)
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
        found = str(own) if own.exists() else next(filter(None, map(shutil.which, CHROMIUMS)), None)
        if found is None:
            why = "no Chromium is installed: `playwright install chromium`, or your system's own"
            pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
        browser = playwright.chromium.launch(executable_path=found, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The app, 0.05 s a step. Tests share it: each begins by clearing away what it does not want to see.

    It asks for the browser only so that nothing is started where there is none.
    """
    with Site(tmp_path_factory.mktemp("site"), "step=0.05") as site:
        yield site


@pytest.fixture(scope="module")
def windows(browser: Browser) -> Iterator[Callable[[tuple[int, int]], BrowserContext]]:
    """One browser profile for each size of screen: its cache stays warm over the tests of a module."""
    profiles: dict[tuple[int, int], BrowserContext] = {}

    def of(size: tuple[int, int]) -> BrowserContext:
        if size not in profiles:
            is_phone = size[0] < 700
            screen: ViewportSize = {"width": size[0], "height": size[1]}
            profiles[size] = browser.new_context(
                viewport=screen, has_touch=is_phone, is_mobile=is_phone
            )
        return profiles[size]

    yield of
    for profile in profiles.values():
        profile.close()


@pytest.fixture
def visit(
    windows: Callable[[tuple[int, int]], BrowserContext], site: Site
) -> Iterator[Callable[..., Studio]]:
    """Opens the page as a new visitor, who remembers nothing, or as another tab of one."""
    pages: list[Page] = []
    troubles: list[str] = []

    def open_(
        size: tuple[int, int] = WIDE, *, beside: Studio | None = None, address: str = ""
    ) -> Studio:
        address = address or site.address
        page = beside.page.context.new_page() if beside else windows(size).new_page()
        pages.append(page)
        watch(page, troubles)
        if beside is None:
            page.goto(address + "livez")
            page.evaluate("() => localStorage.clear()")
        return Studio(page, address).open()

    yield open_
    for page in pages:
        page.close()
    assert not troubles


@pytest.fixture
def studio(visit: Callable[..., Studio]) -> Studio:
    """The page, open on a wide screen."""
    return visit()


def watch(page: Page, troubles: list[str]) -> None:
    """Notes requests to other hosts, and errors of our own scripts."""

    def look(address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
            troubles.append(f"asks another host: {address}")

    page.on("request", lambda request: look(request.url))
    page.on("pageerror", lambda error: troubles.append(f"{error.name}: {error.message}"))
