"""The finer fields of the form, the explainer, styles, wildcards and presets, used as a person does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.conftest import PHONE, WIDE
from tests.browser.site import Site
from tests.browser.studio import Studio
from tests.browser.test_access import findings

FOLDS = ("hires", "sampling", "seeds", "more", "negative")
# Every field beside those of a first visit: what to put in, and what the request then says.
FINER: dict[str, tuple[str, Any]] = {
    "noise.variation_seed": ("7", 7),
    "noise.variation_strength": ("0.25", 0.25),
    "noise.from_width": ("96", 96),
    "noise.from_height": ("64", 64),
    "noise.seed_delta": ("31337", 31337),
    "sampling.eta": ("0.5", 0.5),
    "sampling.guidance_rescale": ("0.7", 0.7),
    "sampling.churn": ("2", 2.0),
    "sampling.churn_from": ("0.5", 0.5),
    "sampling.churn_to": ("10", 10.0),
    "sampling.noise_scale": ("1.003", 1.003),
    "sampling.sigma_min": ("0.05", 0.05),
    "sampling.sigma_max": ("12.5", 12.5),
    "sampling.rho": ("6", 6.0),
    "sampling.beta_alpha": ("0.7", 0.7),
    "sampling.beta_beta": ("0.8", 0.8),
    "wording.comma_backtrack": ("10", 10),
    "hires.scale": ("1.5", 1.5),
    "hires.strength": ("0.6", 0.6),
    "hires.steps": ("4", 4),
    "hires.guidance_scale": ("3", 3.0),
}
CHOSEN: dict[str, tuple[str, Any]] = {
    "noise.source": ("CPU", "cpu"),
    "sampling.skips_penultimate": ("Yes", True),
    "wording.emphasis": ("No norm", "no norm"),
    "seamless": ("All four edges", "both"),
    "hires.sampler": ("Euler a", "Euler a"),
    "hires.schedule": ("Karras", "Karras"),
}


@pytest.fixture(autouse=True)
def _clean(site: Site) -> Iterator[None]:
    site.forget_jobs()
    yield
    for path, mine in (("styles", "editable"), ("presets", None)):
        for row in site.call("GET", f"api/v1/{path}")["items"]:
            if row[mine] if mine else not row["builtin"]:
                site.call("DELETE", f"api/v1/{path}/{quote(row['name'])}")


@pytest.fixture
def wildcards(site: Site) -> None:
    folder = site.folder / "models" / "wildcards"
    folder.mkdir(exist_ok=True)
    (folder / "colour.txt").write_text("crimson\nteal\nochre\n")


def field(studio: Studio, name: str) -> Locator:
    own = name.removeprefix("sampling.").replace(".", "-")
    return studio.page.locator(f"#field-{own}")


def choose(studio: Studio, name: str, label: str) -> None:
    field(studio, name).locator("input").click()
    option = re.compile(f"^{re.escape(label)}(,|$)")
    field(studio, name).get_by_role("option", name=option).click()


def unfold(studio: Studio) -> Studio:
    for name in FOLDS:
        studio.unfold(name)
    field(studio, "hires").locator("input").check()
    return studio


def fill_everything(studio: Studio) -> None:
    unfold(studio)
    for name, (text, _) in FINER.items():
        box = field(studio, name).locator("input[type=number]")
        box.fill(text)
        box.blur()
    for name, (label, _) in CHOSEN.items():
        choose(studio, name, label)
    field(studio, "sampling.sgm_noise").locator("input").check()
    field(studio, "hires.prompt").locator("textarea").fill("more detail")


def said(request: dict[str, Any], name: str) -> Any:
    for key in name.split("."):
        request = request[key]
    return request


def kept(studio: Studio, name: str, value: Any) -> None:
    """Waits until the browser has stored the form with this value."""
    studio.page.wait_for_function(
        "([name, value]) => JSON.parse(localStorage.getItem('darkroom.form'))?.[name] === value",
        arg=[name, value],
    )


def test_every_finer_field_reaches_the_request_and_survives_a_reload(
    studio: Studio, site: Site
) -> None:
    studio.choose("small").write("everything")
    fill_everything(studio)
    kept(studio, "hires.prompt", "more detail")
    studio.reload().generate()
    expect(studio.result).to_have_attribute("data-job", re.compile("."))
    request = site.jobs()[0]["request"]
    for name, (_, value) in (FINER | CHOSEN).items():
        assert said(request, name) == value, name
    assert request["sampling"]["sgm_noise"] is True
    assert request["hires"]["prompt"] == "more detail"


def test_the_settings_of_a_picture_fill_every_field_or_empty_it(studio: Studio, site: Site) -> None:
    studio.choose("small").generate("plain").see("done")
    plain = site.jobs()[0]["id"]
    fill_everything(studio)
    studio.write("everything").generate()
    expect(studio.result).not_to_have_attribute("data-job", plain)
    studio.see("done")
    studio.open_dock().filter(has_text="plain").locator(".dock-open").click()
    expect(studio.result).to_have_attribute("data-job", plain)
    studio.act("sliders")
    expect(field(studio, "hires").locator("input")).not_to_be_checked()
    expect(field(studio, "sampling.eta").locator("input")).to_have_value("")
    expect(field(studio, "noise.variation_strength").locator("input[type=number]")).to_have_value(
        "0"
    )
    expect(field(studio, "sampling.skips_penultimate").locator("input")).to_have_value(
        "By the sampler"
    )
    studio.open_dock().filter(has_text="everything").locator(".dock-open").click()
    expect(studio.result).not_to_have_attribute("data-job", plain)
    studio.act("sliders")
    expect(field(studio, "hires").locator("input")).to_be_checked()
    for name, (text, _) in FINER.items():
        expect(field(studio, name).locator("input[type=number]")).to_have_value(text)
    for name, (label, _) in CHOSEN.items():
        expect(field(studio, name).locator("input")).to_have_value(
            re.compile(f"^{re.escape(label)}")
        )


def test_values_of_an_older_version_are_taken_up(studio: Studio) -> None:
    studio.page.evaluate(
        """() => localStorage.setItem("darkroom.form", JSON.stringify({ prompt: "old", "sampling.steps": 9 }))"""
    )
    studio.page.goto("about:blank")
    studio.open()
    expect(studio.prompt).to_have_value("old")
    expect(studio.number("steps")).to_have_value("9")
    expect(field(studio, "sampling.noise_scale").locator("input")).to_have_value("1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sampling.eta", "4"),
        ("sampling.noise_scale", "9"),
        ("noise.from_width", "96"),
        ("noise.from_height", "5"),
        ("noise.variation_seed", "-5"),
        ("wording.comma_backtrack", "900"),
        ("hires.steps", "900"),
        ("hires.width", "9000"),
        ("hires.guidance_scale", "99"),
        ("sampling.beta_alpha", "77"),
    ],
)
def test_a_refused_value_is_said_at_its_own_widget(
    studio: Studio, site: Site, name: str, value: str
) -> None:
    unfold(studio.choose("small"))
    box = field(studio, name).locator("input[type=number]")
    box.fill(value)
    box.blur()
    for fold in FOLDS:
        studio.page.locator(f"[data-fold={fold}]").click()
    studio.generate("odd")
    where = "noise.from_height" if name == "noise.from_width" else name
    note = field(studio, where).locator(".field-error:not([hidden])")
    expect(note.first).to_be_visible()
    expect(note).to_have_count(1)
    assert site.jobs() == []


def test_hires_fix_says_how_large_the_picture_will_be(studio: Studio, site: Site) -> None:
    studio.choose("small").unfold("hires")
    expect(studio.page.locator("#hires-block")).to_be_hidden()
    field(studio, "hires").locator("input").check()
    size = studio.page.locator(".hires-size")
    expect(size).to_have_text("128 × 128 → 256 × 256 px")
    width = field(studio, "hires.width").locator("input")
    width.fill("320")
    width.blur()
    expect(size).to_have_text("128 × 128 → 320 × 320 px")
    width.fill("9000")
    width.blur()
    expect(field(studio, "hires.width").locator(".field-error")).to_contain_text("9000 × 9000 px")
    width.fill("")
    width.blur()
    expect(size).to_have_text("128 × 128 → 256 × 256 px")


def test_image_to_image_sends_no_hires_fix(studio: Studio) -> None:
    studio.choose("small").unfold("hires")
    field(studio, "hires").locator("input").check()
    studio.page.locator("#image-to-image-button").click()
    expect(studio.page.locator("[data-fold=hires]")).to_be_hidden()
    with studio.page.expect_request("**/api/v1/jobs") as sent:
        studio.generate("a fox")
    assert "hires" not in json.loads(sent.value.post_data or "")


def test_samplers_are_found_by_typing_and_say_what_they_are_like(studio: Studio) -> None:
    box = field(studio, "sampling.sampler").locator("input")
    box.click()
    options = field(studio, "sampling.sampler").get_by_role("option")
    expect(options.filter(has_text="Heun").first).to_have_attribute("data-hint", re.compile(r"\w"))
    box.press("Control+A")
    box.press_sequentially("unip")
    expect(options).to_have_count(1)
    options.first.click()
    expect(box).to_have_value("UniPC")


def test_what_the_sampler_does_not_heed_is_grey_with_the_reason(studio: Studio) -> None:
    studio.choose("small").unfold("sampling")
    choose(studio, "sampling.sampler", "DPM++ 2M")
    expect(field(studio, "sampling.churn")).to_have_class(re.compile("unheeded"))
    expect(studio.page.locator("#heeded-line")).to_contain_text("DPM++ 2M")
    choose(studio, "sampling.sampler", "Euler")
    expect(field(studio, "sampling.churn")).not_to_have_class(re.compile("unheeded"))


# ---- the explainer -----------------------------------------------------------------------------------


def panel(studio: Studio, name: str) -> Locator:
    button = studio.page.locator(f".bar-button[data-panel={name}]")
    if button.get_attribute("aria-expanded") != "true":
        button.click()
    return studio.page.locator(f"#panel-{name}")


def test_a_prompt_is_explained_as_it_is_read(studio: Studio) -> None:
    studio.choose("small").number("steps").fill("20")
    studio.write("a (red:1.3) [cat|dog] BREAK sky AND moon:0.5")
    explained = panel(studio, "explain")
    expect(explained.locator(".part-name")).to_have_text(
        ["AND 1 of 2, weight 1", "AND 2 of 2, weight 0.5"]
    )
    expect(explained.locator(".when-words")).to_have_text(
        ["steps 1, 3, 5 … 19", "steps 2, 4, 6 … 20"]
    )
    expect(explained.locator(".run[data-weight=more] .run-weight").first).to_have_text("1.3")
    expect(explained.locator(".chunk-end").first).to_contain_text("BREAK")
    studio.unfold("negative").page.locator("#field-negative_prompt textarea").fill("blur")
    expect(explained.get_by_role("region", name="Negative prompt")).to_contain_text("tokens")


def test_warnings_are_counted_while_the_explainer_is_closed_and_mended_with_a_click(
    studio: Studio,
) -> None:
    studio.choose("small").write("a smile (:3) here")
    expect(studio.page.locator(".bar-warnings")).to_have_text("1")
    trap = panel(studio, "explain").locator(".trap")
    trap.get_by_role("button", name="(:3)").click()
    assert (
        studio.prompt.evaluate("box => box.value.slice(box.selectionStart, box.selectionEnd)")
        == "(:3)"
    )
    trap.get_by_role("button", name="Escape the brackets").click()
    expect(studio.prompt).to_have_value(r"a smile \(:3\) here")
    expect(studio.page.locator(".bar-warnings")).to_be_hidden()
    expect(trap).to_have_count(0)


def test_only_one_explanation_is_asked_for_at_a_time(studio: Studio) -> None:
    running: list[int] = [0, 0]

    def answer(route: Route) -> None:
        running[0] += 1
        running[1] = max(running)
        found = route.fetch()
        studio.page.wait_for_timeout(150)  # longer than it takes to write on
        running[0] -= 1
        route.fulfill(response=found)

    studio.page.route("**/prompts/explain", answer)
    studio.prompt.press_sequentially("one two three four five six", delay=40)
    expect(studio.page.locator(".tokens")).to_have_text(re.compile(r"^[6-9] / 75|^\d\d / 75"))
    assert running[1] == 1


# ---- styles ------------------------------------------------------------------------------------------


def test_styles_are_saved_chosen_sent_and_taken_out_again(studio: Studio, site: Site) -> None:
    studio.choose("small").write("{prompt}, oil on canvas")
    styles = panel(studio, "styles")
    styles.get_by_role("button", name="Save the prompt as a style").click()
    styles.get_by_label("Name").fill("Oil")
    styles.get_by_role("button", name="Save", exact=True).click()
    expect(studio.toast("The style Oil is saved")).to_be_visible()
    studio.write("a fox")
    styles.get_by_label("Search styles").fill("oil")
    styles.locator(".style-row", has_text="Oil").click()
    expect(styles.locator(".sent-as")).to_have_text("Sent as a fox, oil on canvas")
    expect(studio.page.locator(".chosen-styles")).to_contain_text("Oil")
    studio.generate().see("done")
    assert site.jobs()[0]["request"]["prompt"] == "a fox, oil on canvas"
    studio.act("sliders")
    expect(studio.prompt).to_have_value("a fox, oil on canvas")
    expect(studio.page.locator(".chosen-styles li")).to_have_count(0)
    styles.get_by_role("button", name="Take out of the prompt").click()
    expect(studio.prompt).to_have_value("a fox")
    expect(studio.page.locator(".chosen-styles")).to_contain_text("Oil")
    studio.page.get_by_label("Without the style Oil").click()
    expect(studio.page.locator(".chosen-styles li")).to_have_count(0)


def test_an_own_style_is_edited_and_deleted_with_a_way_back(studio: Studio, site: Site) -> None:
    site.call("PUT", "api/v1/styles/Mine", {"prompt": "soft light", "negative_prompt": ""})
    styles = panel(studio, "styles")
    styles.get_by_label("Search styles").fill("mine")
    styles.get_by_label("Edit Mine").click()
    styles.get_by_label("Name").fill("Mine too")
    styles.get_by_label("Negative prompt").fill("harsh")
    styles.get_by_role("button", name="Save", exact=True).click()
    expect(styles.locator(".style-row", has_text="Mine too")).to_contain_text("harsh")
    styles.get_by_label("Delete Mine too").click()
    expect(styles.locator(".style-row")).to_have_count(0)
    studio.toast("deleted").get_by_role("button", name="Undo").click()
    expect(styles.locator(".style-row", has_text="Mine too")).to_be_visible()


# ---- wildcards ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("wildcards")
def test_a_wildcard_is_offered_while_one_writes_and_its_words_stand_below_the_picture(
    studio: Studio, site: Site
) -> None:
    studio.choose("small").prompt.press_sequentially("a __col")
    expect(studio.page.locator(".suggest .picker-option")).to_contain_text(
        "3: crimson, teal, ochre"
    )
    studio.prompt.press("Enter")
    expect(studio.prompt).to_have_value("a __colour__")
    studio.prompt.press("End")
    studio.generate().see("done")
    words = site.jobs()[0]["request"]["prompt"].removeprefix("a ")
    assert words in ("crimson", "teal", "ochre")
    expect(studio.page.locator(".result .words-prompt")).to_have_text(f"a {words}")
    expect(studio.page.locator(".result .words-template")).to_contain_text(
        "Written as a __colour__"
    )
    studio.write("else")
    studio.page.get_by_role("button", name="Write it again").click()
    expect(studio.prompt).to_have_value("a __colour__")


@pytest.mark.usefixtures("wildcards")
def test_wildcards_are_listed_and_tried(studio: Studio) -> None:
    studio.write("a fox")
    wild = panel(studio, "wildcards")
    wild.locator(".style-row", has_text="__colour__").click()
    expect(studio.prompt).to_have_value(re.compile("__colour__"))
    wild.get_by_role("button", name="Try the prompt").click()
    expect(wild.locator(".tries li")).to_have_count(5)
    expect(wild.locator(".tries li").first).to_contain_text(re.compile("crimson|teal|ochre"))


def test_a_prompt_that_becomes_too_much_is_said_at_its_field(studio: Studio) -> None:
    text = "{60$$" + "|".join(f"a long choice of words {n}" * 12 for n in range(60)) + "}"
    studio.write(text[:9900])
    panel(studio, "wildcards").get_by_role("button", name="Try the prompt").click()
    expect(studio.page.locator("#field-prompt .field-error, .tries li").first).to_be_visible()


# ---- presets -----------------------------------------------------------------------------------------


def presets(studio: Studio) -> Locator:
    studio.page.locator(".presets-button").click()
    menu = studio.page.locator("#presets-menu")
    expect(menu.locator(".style-row").first).to_be_visible()
    return menu


def test_a_preset_fills_what_it_names_says_so_and_is_undone(studio: Studio) -> None:
    studio.choose("small").write("kept").number("steps").fill("13")
    kept(studio, "sampling.steps", 13)
    presets(studio).locator(".style-row", has_text="Photo").click()
    expect(studio.number("steps")).to_have_value("28")
    expect(studio.prompt).to_have_value("kept")
    toast = studio.toast("Photo:")
    expect(toast).to_contain_text("Steps")
    expect(toast).to_contain_text("Hires fix")
    toast.get_by_role("button", name="Undo").click()
    expect(studio.number("steps")).to_have_value("13")
    kept(studio, "hires", False)


def test_own_presets_are_saved_with_chosen_settings_renamed_and_deleted(
    studio: Studio, site: Site
) -> None:
    studio.choose("small").number("steps").fill("17")
    kept(studio, "sampling.steps", 17)
    presets(studio).get_by_role("button", name="Save as preset").click()
    dialog = studio.page.get_by_role("dialog", name="Save as preset")
    dialog.get_by_label("Name").fill("Quick")
    dialog.get_by_label("Width").uncheck()
    dialog.get_by_label("Height").uncheck()
    dialog.get_by_role("button", name="Save").click()
    expect(studio.toast("Quick is saved")).to_be_visible()
    mine = [row for row in site.call("GET", "api/v1/presets")["items"] if not row["builtin"]]
    assert [row["name"] for row in mine] == ["Quick"]
    assert mine[0]["settings"]["sampling"]["steps"] == 17
    assert not {"width", "prompt", "seed"} & set(mine[0]["settings"])
    presets(studio).get_by_label("Rename Quick").click()
    dialog = studio.page.get_by_role("dialog", name="Rename Quick")
    dialog.get_by_label("Name").fill("Quicker")
    dialog.get_by_role("button", name="Save").click()
    menu = presets(studio)
    menu.get_by_label("Delete Quicker").click()
    expect(menu.locator(".style-row", has_text="Quicker")).to_have_count(0)


def test_a_preset_must_not_take_the_name_of_another(studio: Studio) -> None:
    presets(studio).get_by_role("button", name="Save as preset").click()
    dialog = studio.page.get_by_role("dialog", name="Save as preset")
    dialog.get_by_label("Name").fill("photo")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.locator(".field-error")).to_contain_text("of this name")


def test_all_settings_go_back_to_where_they_began(studio: Studio) -> None:
    studio.choose("small").write("kept")
    fill_everything(studio)
    kept(studio, "hires.prompt", "more detail")
    presets(studio).get_by_role("button", name="Reset the settings").click()
    kept(studio, "hires.prompt", "")
    stored = studio.stored("form")
    fields = json.loads(studio.page.locator("#darkroom-fields").text_content() or "[]")
    own = {row["name"]: row["value"] for row in fields if not row["follows_checkpoint"]}
    differing = {name for name, value in own.items() if stored[name] != value}
    assert differing == {"prompt"}
    assert stored["sampling.steps"] == 12


# ---- for everybody -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "theme"),
    [(WIDE, "dark"), (WIDE, "light"), (PHONE, "dark")],
    ids=["wide", "light", "phone"],
)
@pytest.mark.usefixtures("wildcards")
def test_axe_finds_nothing_serious(
    visit: Callable[..., Studio], size: tuple[int, int], theme: str
) -> None:
    studio = visit(size)
    studio.page.emulate_media(reduced_motion="reduce")
    if theme == "light":
        studio.page.get_by_label("Switch to the light theme").click()
    unfold(studio.choose("small"))
    studio.write("a (red:1.3) (fox:0.8) (:3) [cat|dog] <lora:none:1> AND moon")
    expect(studio.page.locator(".bar-warnings")).to_be_visible()
    found = {"folds": findings(studio.page)}
    for name in ("styles", "wildcards", "explain"):
        expect(panel(studio, name).locator(".style-row, .trap").first).to_be_visible()
        found[name] = findings(studio.page)
    menu = presets(studio)
    found["presets"] = findings(studio.page)
    menu.get_by_role("button", name="Save as preset").click()
    found["dialog"] = findings(studio.page)
    assert {where: what for where, what in found.items() if what} == {}


def test_a_narrow_phone_has_no_sideways_scroll(visit: Callable[..., Studio]) -> None:
    studio = visit((360, 740))
    unfold(studio.choose("small"))
    studio.write("a (red:1.3) (:3) [cat|dog]")
    for name in ("styles", "wildcards", "explain"):
        panel(studio, name)
        assert studio.page.evaluate("() => document.documentElement.scrollWidth") <= 360
