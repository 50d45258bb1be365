"""The form: what it sends, what it remembers, how it refuses, and the picture that comes back."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Route, expect

from tests.browser.site import Site
from tests.browser.studio import Studio, within
from tests.paper_checkpoint import safetensors

MOST_CONTROLS = 9
SMALL_DEFAULTS = {"steps": "12", "guidance_scale": "5", "width": "128", "height": "128"}


@pytest.fixture(autouse=True)
def _empty_dock(site: Site) -> None:
    site.forget_jobs()


def test_a_prompt_becomes_a_picture_with_its_settings(studio: Studio) -> None:
    studio.choose("small").generate("a red circle on a white background").see("done")
    expect(studio.picture).to_be_visible()
    expect(studio.page.locator(".result .words-prompt")).to_have_text(
        "a red circle on a white background"
    )
    facts = studio.page.locator(".result .facts")
    expect(facts).to_contain_text("128 × 128")
    expect(facts).to_contain_text("DPM++ 2M")


def test_ctrl_enter_shows_the_job_at_once(studio: Studio, site: Site) -> None:
    studio.choose("small").write("a quick one")
    studio.page.evaluate("performance.clearResourceTimings()")  # the buffer holds only 250 entries
    studio.prompt.press("Control+Enter")
    expect(studio.page.locator(".dock")).to_be_visible(timeout=within(0.3))
    sent, seen = studio.page.wait_for_function(
        """() => performance.getEntriesByType("resource")
             .filter((entry) => entry.name.endsWith("/api/v1/jobs"))
             .map((entry) => [entry.startTime, entry.responseEnd])[0]"""
    ).json_value()
    assert seen - sent < within(0.3)
    studio.see("done")
    assert [job["request"]["prompt"] for job in site.jobs()] == ["a quick one"]


def test_previews_fade_in_while_the_picture_develops(studio: Studio) -> None:
    studio.choose("large").generate("slowly fake:step=0.3")
    expect(studio.preview).to_be_visible()
    expect(studio.page.locator(".progress-text")).to_have_text(re.compile(r"step \d+ / 20"))
    seen = studio.page.evaluate(
        """() => new Promise((done) => {
             const shown = new Set();
             new MutationObserver((all) => {
               for (const change of all) for (const node of change.addedNodes) if (node.src) shown.add(node.src);
             }).observe(document.querySelector(".layers"), { childList: true });
             setTimeout(() => done(shown.size), 2000);
           })"""
    )
    assert seen >= 2, "previews do not keep coming"
    assert studio.page.title().endswith("% · Darkroom")


def test_at_most_nine_controls_are_in_sight(studio: Studio) -> None:
    count = studio.page.evaluate(
        """() => {
             const seen = [...document.querySelectorAll("#prompt-block, #settings-block")].flatMap((block) => [
               ...block.querySelectorAll(".field, #actions button, [role=radiogroup]"),
             ]);
             return seen.filter((node) => node.checkVisibility()).length;
           }"""
    )
    assert 0 < count <= MOST_CONTROLS


def test_the_form_survives_a_reload(studio: Studio) -> None:
    studio.write("kept words").number("steps").fill("33")
    studio.unfold("more").number("width").fill("640")
    studio.unfold("negative").page.locator("#field-negative_prompt textarea").fill("blur")
    studio.page.wait_for_function(
        "() => JSON.parse(localStorage.getItem('darkroom.form'))?.negative_prompt === 'blur'"
    )
    studio.reload()
    expect(studio.prompt).to_have_value("kept words")
    expect(studio.number("steps")).to_have_value("33")
    expect(studio.number("width")).to_have_value("640")
    expect(studio.page.locator("#field-negative_prompt textarea")).to_have_value("blur")


def test_a_checkpoint_sets_its_defaults_where_nothing_was_touched(studio: Studio) -> None:
    studio.choose("large").unfold("more").number("steps").fill("41")
    studio.choose("small")
    expect(studio.number("width")).to_have_value(SMALL_DEFAULTS["width"])
    expect(studio.number("guidance_scale")).to_have_value(SMALL_DEFAULTS["guidance_scale"])
    expect(studio.number("steps")).to_have_value("41")


def test_a_shape_sets_width_and_height(studio: Studio, site: Site) -> None:
    studio.choose("small").page.locator("[data-island=shape] .chip", has_text="3:2").click()
    expect(studio.page.locator("[data-island=shape] .value")).to_have_text("160 × 104 px")
    studio.generate("wide").see("done")
    assert site.jobs()[0]["request"]["width"] == 160


def test_a_refused_value_is_said_at_its_widget_with_a_remedy(studio: Studio, site: Site) -> None:
    studio.choose("small").unfold("more").number("width").fill("500")
    studio.page.locator("[data-fold=more]").click()
    studio.generate("odd")
    note = studio.page.locator("#field-width .field-error")
    expect(note).to_contain_text("Width 500 is no multiple of 8.")
    expect(studio.number("width")).to_be_focused()
    expect(studio.number("width")).to_have_attribute("aria-invalid", "true")
    note.get_by_role("button", name="Use 504").click()
    expect(studio.number("width")).to_have_value("504")
    expect(note).to_have_count(0)
    assert site.jobs() == []


def test_tokens_are_counted(studio: Studio) -> None:
    studio.write("red red red")
    expect(studio.page.locator(".tokens")).to_have_text("3 / 75")


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["ArrowUp"], "a (red:1.1) circle"),
        (["ArrowUp", "ArrowUp"], "a (red:1.2) circle"),
        (["ArrowDown"], "a (red:0.9) circle"),
        (["ArrowUp", "ArrowDown"], "a red circle"),
    ],
)
def test_ctrl_arrows_weigh_the_word_at_the_cursor(
    studio: Studio, keys: list[str], expected: str
) -> None:
    studio.write("a red circle").prompt.evaluate("box => box.setSelectionRange(3, 3)")
    for key in keys:
        studio.prompt.press(f"Control+{key}")
    expect(studio.prompt).to_have_value(expected)


def test_a_lost_answer_makes_no_second_job(studio: Studio, site: Site) -> None:
    """The server takes the job, the answer never arrives, the page asks again."""

    def lose_the_first(route: Route) -> None:
        route.fetch()
        route.abort()

    studio.choose("small").page.route("**/api/v1/jobs", lose_the_first, times=1)
    studio.generate("only one").see("done")
    assert len(site.jobs()) == 1


def test_a_failure_says_what_happened_and_offers_the_remedy(studio: Studio) -> None:
    studio.choose("large").generate("too much fake:oom").see("failed")
    card = studio.page.locator(".failure")
    expect(card).to_contain_text("9.1 GB are needed")
    card.get_by_role("button", name="Try 384 × 384 px").click()
    expect(studio.page.locator("[data-island=shape] .value")).to_have_text("384 × 384 px")


def test_a_full_queue_is_said_in_words(studio: Studio, site: Site) -> None:
    for _ in range(20):
        site.call("POST", "api/v1/jobs", {"prompt": "fake:step=2", "checkpoint": "small"})
    studio.generate("one too many")
    expect(studio.page.locator(".toast[role=alert]")).to_contain_text("20")
    expect(studio.page.locator(".toast[role=alert]")).to_contain_text("Try again")
    expect(studio.prompt).to_have_value("one too many")


def test_seed_can_be_reused_and_rolled_again(studio: Studio, site: Site) -> None:
    studio.choose("small").generate("seeds").see("done")
    seed = str(site.jobs()[0]["request"]["seed"])
    studio.page.get_by_label("Reuse the seed of the picture in view").click()
    expect(studio.number("seed")).to_have_value(seed)
    studio.page.get_by_label("Roll a new seed each time").click()
    expect(studio.number("seed")).to_have_value("-1")


def test_light_and_dark_are_kept(visit: Callable[..., Studio]) -> None:
    studio = visit()
    root = studio.page.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    studio.page.get_by_label("Switch to the light theme").click()
    expect(root).to_have_attribute("data-theme", "light")
    studio.reload()
    expect(root).to_have_attribute("data-theme", "light")


@pytest.fixture
def loras(site: Site) -> Iterator[None]:
    """Three LoRAs among the models, one of them for another family."""
    folder = site.folder / "models" / "loras"
    folder.mkdir()
    for name, width in (("ink pen", 768), ("pencil", 768), ("an XL style", 2048)):
        layer = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"
        shapes = {f"{layer}.lora_down.weight": (4, width), f"{layer}.lora_up.weight": (8, 4)}
        (folder / f"{name}.safetensors").write_bytes(safetensors(shapes))
    yield
    shutil.rmtree(folder)


@pytest.mark.usefixtures("loras")
def test_loras_are_offered_while_one_writes(studio: Studio, site: Site) -> None:
    offered = studio.page.locator("#suggest-list [role=option] .option-name")
    studio.choose("small").prompt.press_sequentially("a boat <lo")
    expect(offered).to_have_text(["ink pen", "pencil", "an XL style"])
    studio.page.keyboard.press("ArrowDown")
    studio.page.keyboard.press("Enter")
    expect(studio.prompt).to_have_value("a boat <lora:pencil:1>")
    expect(studio.page.locator("#suggest-list")).to_be_hidden()

    studio.prompt.press_sequentially(" <lora:xl")
    expect(offered).to_have_text(["an XL style"])
    studio.page.keyboard.press("Escape")
    expect(studio.page.locator("#suggest-list")).to_be_hidden()
    studio.prompt.fill("")
    studio.prompt.press_sequentially("<ink")
    expect(studio.page.locator("#suggest-list")).to_be_hidden()

    studio.prompt.fill("")
    studio.prompt.press_sequentially("<lora:")
    offered.first.click()
    expect(studio.prompt).to_have_value("<lora:ink pen:1>")
    studio.generate("a boat <lora:ink pen:0.5>").see("done")
    studio.generate("a boat <lora:none:1>")
    expect(studio.page.get_by_text("there is no LoRA of this name")).to_be_visible()
    assert [job["request"]["prompt"] for job in site.jobs()] == ["a boat <lora:ink pen:0.5>"]
