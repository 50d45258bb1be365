"""What the page weighs and costs, and what a hundred jobs leave behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Response, Route, expect

from tests.browser.conftest import WIDE
from tests.browser.site import Site
from tests.browser.studio import Studio

WIRE_BYTES_MAX = 1_000_000
# Half of them are of Gradio. All are small and kept by the browser; it is the bytes that make a first visit slow.
REQUESTS_MAX = 125
# As Gradio tells its widgets, each takes two kilobytes; a tenth of that goes over the wire.
DOCUMENT_BYTES_MAX = 125_000
JOBS = 100
MB = 2**20


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An app of its own, so that nothing else is measured."""
    with Site(tmp_path_factory.mktemp("load"), "step=0.05") as site:
        yield site


def test_a_cold_page_is_light(browser: Browser, site: Site) -> None:
    context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]})
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Performance.enable")
    sizes: list[float] = []
    requests: list[str] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.on("request", lambda request: requests.append(request.url))
    studio = Studio(page, site.address).open()
    expect(studio.page.locator(".result .empty")).to_be_visible()
    document = page.request.get(site.address).body()
    metrics = {
        row["name"]: row["value"] for row in devtools.send("Performance.getMetrics")["metrics"]
    }
    print(
        f"{len(requests)} requests, {sum(sizes) / 1000:.0f} KB, {metrics['TaskDuration']:.2f} s CPU"
    )
    assert sum(sizes) <= WIRE_BYTES_MAX
    assert len(requests) <= REQUESTS_MAX
    assert len(document) <= DOCUMENT_BYTES_MAX
    context.close()


def test_a_tab_that_is_clicked_before_the_scripts_are_there_is_open(
    browser: Browser, site: Site
) -> None:
    context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]})
    page = context.new_page()
    held: list[Route] = []
    page.route("**/main.js*", lambda route: held.append(route))
    page.goto(site.address)
    page.locator("#train-button").click()
    expect(page.locator("#train-button")).to_have_attribute("aria-selected", "true")
    for route in held:
        route.continue_()

    expect(page.locator(".train > :visible")).to_have_count(1)
    expect(page.locator("#prompt-block")).to_be_hidden()
    assert held
    context.close()


def test_the_page_asks_for_no_file_that_is_not_there(studio: Studio) -> None:
    missing: list[str] = []

    def look(answer: Response) -> None:
        # A preview that was overtaken by its finished picture is gone; no other file may be.
        if answer.status >= 400 and "/preview" not in answer.url:
            missing.append(answer.url)

    studio.page.on("response", look)
    studio.reload().choose("small").generate("all there").see("done")
    studio.open_library()
    expect(studio.page.locator(".library-cell").first).to_be_visible()
    assert missing == []


def test_a_hundred_jobs_leave_nothing_behind(studio: Studio, site: Site) -> None:
    """No preview in Gradio's folder, no growing memory, no open files."""
    request = {"checkpoint": "small", "sampling": {"steps": 20}}

    def run(count: int) -> None:
        for number in range(count):
            body = {**request, "prompt": f"job {number} fake:step=0.002"}
            site.call("POST", "api/v1/jobs", body)
            if number % 10 == 9:
                site.settle()

    site.forget_jobs()
    run(20)  # caches and pools fill up first
    before = measure(site)
    run(JOBS)
    after = measure(site)
    print(before, after)
    assert after["gradio_bytes"] - before["gradio_bytes"] <= 10 * MB
    assert after["memory_bytes"] - before["memory_bytes"] <= 50 * MB
    assert after["files"] - before["files"] <= 10


def measure(site: Site) -> dict[str, int]:
    """The server process, from /proc."""
    process = Path("/proc") / str(site.pid)
    pages = int((process / "statm").read_text().split()[1])
    gradio = site.folder / "data" / "gradio"
    return {
        "memory_bytes": pages * 4096,
        "files": len(list((process / "fd").iterdir())),
        "gradio_bytes": sum(path.stat().st_size for path in gradio.rglob("*") if path.is_file()),
    }
