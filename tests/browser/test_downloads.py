"""Models from elsewhere as a person gets them: offered, looked up, licence accepted, held up, there and chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from pipelines.downloads.offers import OFFERS
from tests import paper_checkpoint, paper_file
from tests.browser.conftest import PHONE, WIDE
from tests.browser.site import Site
from tests.browser.studio import Studio
from tests.browser.test_access import findings
from tests.model_server import Fault, ModelServer

WEIGHTS = paper_checkpoint.safetensors(paper_file.SDXL)
REPOSITORY, _, COMMIT = OFFERS[0].source.partition("@")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    """Has the first of the offered models, of paper; a repository with two; and one that asks for a login."""
    root = paper_checkpoint.write(tmp_path_factory.mktemp("hub") / "paper")
    files = {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    with ModelServer() as server:
        server.repository(REPOSITORY, files, COMMIT, cardData={"license": "creativeml-openrail-m"})
        two = {"one.safetensors": WEIGHTS, "two.safetensors": WEIGHTS}
        server.repository("ada/two", two, cardData={"license": "mit"})
        server.repository("ada/shut", {"shut.safetensors": WEIGHTS}, gated="manual")
        yield server


@pytest.fixture(scope="module")
def toys(
    browser: Browser, server: ModelServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """An app that has nothing but its starter."""
    folder: Path = tmp_path_factory.mktemp("toys")
    (folder / "hub").write_text(server.address)
    with Site(folder, "step=0.05") as site:
        yield site


Visit = Callable[..., Studio]


def panel(studio: Studio) -> Locator:
    studio.page.get_by_role("tab", name="Models").click()
    return studio.page.get_by_role("region", name="Get models")


def look_up(there: Locator, source: str) -> Locator:
    there.get_by_label("Hugging Face id or CivitAI link").fill(source)
    there.get_by_role("button", name="Look it up").click()
    return there.get_by_role("region", name="Download")


def test_from_toys_to_a_real_model_that_is_chosen(
    visit: Visit, toys: Site, server: ModelServer
) -> None:
    weights = server.files[
        f"/{REPOSITORY}/resolve/{COMMIT}/unet/diffusion_pytorch_model.safetensors"
    ]
    weights.faults += [Fault(hold_after=100)]
    studio = visit(WIDE, address=toys.address)
    studio.page.get_by_role("button", name="Get a real model").click()
    there = studio.page.get_by_role("region", name="Get models")
    expect(there).to_contain_text("This model draws toys")
    expect(there.locator(".offer")).to_have_count(4)
    expect(there.locator(".primary")).to_have_count(1)

    there.locator(".offer").first.get_by_role("button").click()
    plan = there.get_by_role("region", name="Download")
    expect(plan).to_contain_text("CreativeML Open RAIL-M")
    expect(plan).to_contain_text("Pictures for money")
    expect(plan).to_contain_text(str(toys.folder / "models" / "stable-diffusion-v1-5"))
    expect(there.locator(".primary")).to_have_count(1)
    studio.page.emulate_media(reduced_motion="reduce")
    assert findings(studio.page) == []
    plan.get_by_role("button", name="Accept the licence and download").click()

    row = there.locator(".download")
    row.get_by_role("button", name="Pause").click()
    expect(row).to_have_attribute("data-state", "paused")
    assert findings(studio.page) == []
    server.release.set()
    studio.reload()
    row = panel(studio).locator(".download")
    row.get_by_role("button", name="Go on").click()
    expect(row).to_have_attribute("data-state", "done")
    expect(studio.page.locator(".picker-name")).to_have_text("stable-diffusion-v1-5")
    expect(studio.page.locator(".toast")).to_contain_text("is here and chosen")
    expect(studio.page.locator(".offers-fold")).to_have_text("Get more models")
    row.get_by_role("button", name="Clear").click()
    expect(row).to_have_count(0)


def test_any_other_is_looked_up_and_what_is_wrong_is_said_with_its_remedy(
    visit: Visit, toys: Site, server: ModelServer
) -> None:
    studio = visit(PHONE, address=toys.address)
    there = panel(studio)
    there.get_by_role("button", name="Get more models").click()

    expect(look_up(there, "nonsense").get_by_role("alert")).to_contain_text("names no model")
    expect(look_up(there, "ada/none").get_by_role("alert")).to_contain_text("no such model")
    plan = look_up(there, "ada/shut")
    expect(plan).to_contain_text("HF_TOKEN")
    expect(plan.locator(".primary")).to_have_count(0)

    plan = look_up(there, "ada/two")
    plan.get_by_label("It holds several models").select_option("two.safetensors")
    expect(plan.get_by_role("heading", name="two")).to_be_visible()
    server.served("ada/two", "two.safetensors").faults += [Fault(status=404)]
    plan.get_by_role("button", name="Accept the licence and download").click()
    row = there.locator(".download")
    expect(row).to_have_attribute("data-state", "failed")
    expect(row).to_contain_text("no such model")
    row.get_by_role("button", name="Try again").click()
    expect(row).to_have_attribute("data-state", "done")
    expect(studio.page.locator(".picker-name")).to_have_text("two")
    assert studio.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
