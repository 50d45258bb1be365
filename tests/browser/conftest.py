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
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.browser.filming import forget_videos
from tests.browser.site import Site
from tests.browser.studio import WAIT_MS, Studio
from tests.browser.teaching import forget_trainings

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


class Window:
    """One browser profile for one size of screen; its cache stays warm over the tests of a module, and so does a page.

    What has shown the app once shows it again in half the time, since its process knows the scripts.
    """

    def __init__(self, browser: Browser, size: tuple[int, int]) -> None:
        is_phone = size[0] < 700
        screen: ViewportSize = {"width": size[0], "height": size[1]}
        self.context = browser.new_context(viewport=screen, has_touch=is_phone, is_mobile=is_phone)
        self._idle: list[tuple[Page, list[str]]] = []

    def page(self) -> tuple[Page, list[str]]:
        """A page that nobody uses, and the list in which its troubles are noted."""
        while self._idle:
            page, troubles = self._idle.pop()
            if not page.is_closed():
                return page, troubles
        page, troubles = self.context.new_page(), []
        watch(page, troubles)
        return page, troubles

    def give_back(self, page: Page, troubles: list[str]) -> None:
        """It forgets what a test has done to it; one page is enough to keep."""
        if page.is_closed():
            return
        if self._idle:
            page.close()
            return
        page.unroute_all(behavior="ignoreErrors")
        page.emulate_media(reduced_motion="null")
        page.goto("about:blank")
        self._idle.append((page, troubles))


@pytest.fixture(scope="module")
def windows(browser: Browser) -> Iterator[Callable[[tuple[int, int]], Window]]:
    """One for each size of screen."""
    made: dict[tuple[int, int], Window] = {}

    def of(size: tuple[int, int]) -> Window:
        if size not in made:
            made[size] = Window(browser, size)
        return made[size]

    yield of
    for window in made.values():
        window.context.close()


@pytest.fixture
def visit(
    windows: Callable[[tuple[int, int]], Window], site: Site
) -> Iterator[Callable[..., Studio]]:
    """Opens the page as a new visitor, who remembers nothing, or as another tab of one."""
    used: list[tuple[Window, Page, list[str]]] = []

    def open_(
        size: tuple[int, int] = WIDE, *, beside: Studio | None = None, address: str = ""
    ) -> Studio:
        address = address or site.address
        own = next((one for one, page, _ in used if beside and page is beside.page), windows(size))
        page, troubles = own.page()
        used.append((own, page, troubles))
        if beside is None:
            page.goto(address + "livez")
            page.evaluate("() => { localStorage.clear(); sessionStorage.clear() }")
        return Studio(page, address).open()

    yield open_
    noted = [trouble for *_, troubles in used for trouble in troubles]
    for window, page, troubles in used:
        troubles.clear()
        window.give_back(page, troubles)
    assert not noted


@pytest.fixture
def no_videos(site: Site) -> Iterator[None]:
    """Nothing is filmed before and after."""
    forget_videos(site)
    site.forget_jobs()
    yield
    forget_videos(site)


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


@pytest.fixture
def no_trainings(site: Site) -> Iterator[None]:
    """Nobody is taught before and after."""
    forget_trainings(site)
    site.forget_jobs()
    yield
    forget_trainings(site)
