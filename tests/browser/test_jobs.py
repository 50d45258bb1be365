"""Jobs outlive the page: reload, closed tabs, cut connections, a killed server, many tabs; and the dock."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.conftest import WIDE
from tests.browser.site import PASSWORD, Proxy, Site
from tests.browser.studio import Studio, within


@pytest.fixture(autouse=True)
def _empty_dock(site: Site) -> None:
    site.forget_jobs()


def test_a_reload_finds_the_running_job_again(studio: Studio) -> None:
    studio.choose("large").generate("again fake:step=1").see("running")
    job = studio.job_in_view()
    studio.reload().see("running")
    assert studio.job_in_view() == job
    expect(studio.preview).to_be_visible(timeout=within(1.5))


def test_the_result_waits_for_a_browser_that_was_closed(visit: Callable[..., Studio]) -> None:
    studio = visit()
    studio.choose("small").generate("come back later").see("running")
    job = studio.job_in_view()
    keeper = visit(beside=studio)  # keeps the context open, as a browser does
    keeper.page.goto("about:blank")
    studio.page.close()
    keeper.open().see("done")
    assert keeper.job_in_view() == job
    expect(keeper.picture).to_be_visible()


def test_cancel_takes_a_step_and_frees_the_slot(studio: Studio) -> None:
    studio.choose("large").generate("never mind fake:step=0.5").see("running")
    expect(studio.preview).to_be_visible()
    studio.page.locator("#cancel").click()
    studio.see("cancelled", within(1.0))
    studio.choose("small").generate("the next one").see("done")


def test_a_waiting_job_can_be_cancelled_from_the_dock(studio: Studio) -> None:
    studio.choose("large").generate("first fake:step=1").see("running")
    studio.number("batch_size").fill("8")
    studio.generate("second fake:step=0.3")
    rows = studio.open_dock()
    expect(rows).to_have_count(2)
    rows.first.locator("[data-act=cancel]").click()
    expect(rows.first).to_have_attribute("data-state", "cancelled", timeout=within(0.5))


def test_the_dock_runs_again_and_forgets(studio: Studio) -> None:
    studio.choose("small").generate("fails fake:nan@3").see("failed")
    rows = studio.open_dock()
    expect(rows.first).to_contain_text("NaN")
    rows.first.locator("[data-act=retry]").click()
    studio.see("failed")
    rows.first.locator("[data-act=close]").click()
    expect(studio.page.locator(".dock")).to_be_hidden()
    expect(studio.page.locator(".empty-title").first).to_be_visible()


def test_other_tabs_hear_of_a_job_and_only_one_of_them_asks(visit: Callable[..., Studio]) -> None:
    one = visit()
    other = visit(beside=one)
    polls: list[str] = []
    for studio in (one, other):
        studio.page.on(
            "request",
            lambda request, tab=studio: polls.append(id(tab)) if "jobs?since" in request.url else 0,
        )
    one.choose("small").generate("told to both")
    expect(other.open_dock()).to_have_count(1)
    other.see("done")
    one.see("done")
    assert len(set(polls)) == 1


def test_the_next_tab_takes_over_when_the_asking_one_is_closed(
    visit: Callable[..., Studio],
) -> None:
    one = visit()
    other = visit(beside=one)
    one.page.close()
    other.choose("small").generate("still heard").see("done")


def test_ten_tabs_load_and_follow(visit: Callable[..., Studio]) -> None:
    first = visit()
    tabs = [first, *(visit(beside=first) for _ in range(9))]
    tabs[-1].choose("large").generate("for all").see("done")
    job = tabs[-1].job_in_view()
    for tab in tabs:
        tab.see("done")
        assert tab.job_in_view() == job


def test_a_cut_connection_recovers_by_itself(site: Site, visit: Callable[..., Studio]) -> None:
    with Proxy(site.port) as proxy:
        studio = visit(address=proxy.address)
        studio.choose("large").generate("through the cut fake:step=1").see("running")
        expect(studio.preview).to_be_visible()
        proxy.cut()
        expect(studio.page.locator(".banner")).to_contain_text("Reconnecting")
        studio.page.locator("#generate").click()  # sent as soon as the connection is back
        expect(studio.toast("as soon as it is back")).to_be_visible()
        proxy.mend()
        expect(studio.page.locator(".banner")).to_be_hidden(timeout=within(5))
        expect(studio.open_dock()).to_have_count(2)
    assert len(site.jobs()) == 2


def test_a_broken_worker_can_be_started_from_the_banner(
    visit: Callable[..., Studio], site: Site
) -> None:
    studio = visit()
    started: list[str] = []

    def broken(route: Route) -> None:
        answer = route.fetch(url=re.sub(r"wait=\d+", "wait=0", route.request.url))
        body = answer.json()
        if not started:
            body["status"] |= {"worker": "broken", "why": "The GPU process was killed (signal 9)."}
        route.fulfill(response=answer, json=body)

    studio.page.route("**/api/v1/jobs?**", broken)
    studio.page.on(
        "request",
        lambda request: started.append(request.method) if "worker/start" in request.url else None,
    )
    studio.page.reload()
    banner = studio.page.locator(".banner")
    expect(banner).to_contain_text("does not start: The GPU process was killed (signal 9).")

    banner.get_by_role("button", name="Start it now").click()

    expect(banner).to_be_hidden(timeout=within(5))
    assert started == ["POST"]
    studio.page.unroute_all(behavior="ignoreErrors")


def test_a_killed_server_comes_back_with_its_jobs(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Site(tmp_path_factory.mktemp("killed"), "step=0.05") as site:
        context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]})
        studio = Studio(context.new_page(), site.address).open()
        studio.choose("small").generate("survives fake:step=0.5").see("running")
        studio.number("batch_size").fill("8")
        studio.generate("waits")
        expect(studio.open_dock()).to_have_count(2)
        site.kill()
        expect(studio.page.locator(".banner")).to_contain_text("Reconnecting")
        site.start()
        expect(studio.page.locator(".banner")).to_be_hidden(timeout=within(5))
        expect(studio.page.locator(".dock-row[data-state=done]")).to_have_count(2, timeout=60_000)
        context.close()


def test_two_owners_take_turns(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Five jobs of one, then one of another: it starts within two starts of the first owner's."""
    with Site(tmp_path_factory.mktemp("owners"), "step=0.1", has_password=True) as site:
        busy, late = log_in(browser, site), log_in(browser, site)
        body = {"prompt": "busy", "checkpoint": "small", "batch_size": 8}
        for _ in range(5):
            assert busy.page.request.post(site.address + "api/v1/jobs", data=body).ok
        late.choose("small").generate("late").see("done")
        expect(late.open_dock()).to_have_count(1)
        (mine,) = jobs_of(late)
        others = [job["started"] or math.inf for job in jobs_of(busy)]
        assert sum(mine["created"] < started < mine["started"] for started in others) <= 2
        for studio in (busy, late):
            studio.page.context.close()


def log_in(browser: Browser, site: Site) -> Studio:
    page = browser.new_context().new_page()
    page.goto(site.address)
    page.fill("#password", PASSWORD)
    page.get_by_role("button").click()
    return Studio(page, site.address).ready()


def jobs_of(studio: Studio) -> list[dict[str, float]]:
    answer = studio.page.request.get(studio.address + "api/v1/jobs").json()
    return list(answer["jobs"])
