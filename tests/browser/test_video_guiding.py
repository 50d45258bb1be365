"""What guides the model in videos, set as a person does: ControlNets, a mask, and what is drawn over in a photo."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.animating import choose_mode, give_movie, set_field
from tests.browser.conftest import PHONE, WIDE
from tests.browser.filming import (
    choose_photo_to_life,
    give_photo,
    open_video,
    paint_brook,
    see,
    set_loop,
    videos,
)
from tests.browser.site import Site
from tests.browser.studio import Studio, within
from tests.browser.test_access import findings
from tests.browser.test_guides import CONTROL
from tests.paper_checkpoint import safetensors
from tests.pipelines.video.desk.movies import SIZE, movie

SEEN_MS = within(5)


@pytest.fixture(autouse=True)
def one_controlnet(no_videos: None, site: Site) -> Iterator[None]:
    folder = site.folder / "models" / "ControlNet"
    folder.mkdir()
    (folder / "canny.safetensors").write_bytes(safetensors(CONTROL))
    yield
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def png(size: tuple[int, int] = SIZE) -> FilePayload:
    """A mask, white on the left."""
    picture, data = Image.new("L", size, 0), io.BytesIO()
    picture.paste(255, (0, 0, size[0] // 2, size[1]))
    picture.save(data, "PNG")
    return {"name": "mask.png", "mimeType": "image/png", "buffer": data.getvalue()}


def restyling(page: Page) -> Locator:
    """The page with a movie that is quick to draw."""
    maker = give_movie(page, "restyle", movie(8))
    set_field(page, "restyle-sampling-steps", 4)
    return maker


def add_control(maker: Locator) -> Locator:
    maker.get_by_role("button", name="Add ControlNet").click(timeout=SEEN_MS)
    return maker.locator(".guide").last


def test_a_movie_is_restyled_by_a_controlnet_where_a_mask_lets_it(
    studio: Studio, site: Site
) -> None:
    page = choose_mode(studio, "restyle")
    maker = restyling(page)
    card = add_control(maker)
    expect(card).to_contain_text("Follows each frame")
    card.get_by_label("Prepare").select_option("softedge")
    card.get_by_label("Weight").fill("0.6")
    expect(card.get_by_label("Fit")).to_be_hidden()
    maker.locator(".movie-mask input[type=file]").set_input_files(png())
    expect(maker.locator(".movie-mask img")).to_be_visible()
    maker.locator("#mask-is_inverted").check()
    page.locator("#restyle-begin").click()
    see(page, "done", within(40))

    (video,) = videos(site)
    (control,) = video["request"]["controls"]
    assert (control["model"], control["image"]) == ("canny", "")
    assert (control["preprocessor"], control["weight"]) == ("softedge", 0.6)
    mask = video["asked"]["mask"]
    assert (mask["is_inverted"], mask["movie"], len(mask["image"])) == (True, "", 32)


def test_a_movie_can_be_the_mask_and_nothing_can(studio: Studio, site: Site) -> None:
    page = choose_mode(studio, "restyle")
    maker = restyling(page)
    content = movie(4)
    along: FilePayload = {"name": "along.mp4", "mimeType": "video/mp4", "buffer": content}
    maker.locator(".movie-mask input[type=file]").set_input_files(along)
    expect(maker.locator(".movie-mask")).to_contain_text("A movie of masks goes along")
    expect(maker.locator(".video-foot")).to_contain_text("its last frame holds")
    maker.get_by_role("button", name="No mask").click()
    expect(maker.locator(".video-foot")).not_to_contain_text("its last frame holds")
    expect(maker.locator(".movie-mask")).to_contain_text("All of it changes")


def test_a_mask_is_painted_on_a_frame(studio: Studio) -> None:
    page = choose_mode(studio, "restyle")
    maker = restyling(page)
    maker.get_by_role("button", name="Paint it").click()
    expect(maker.locator(".movie-player")).to_be_hidden()
    use = maker.get_by_role("button", name="Use this mask")
    expect(use).to_be_disabled()
    expect(maker.locator(".photo-image")).to_have_js_property("naturalWidth", SIZE[0])
    box = maker.locator(".photo-image").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4, steps=3)
    page.mouse.up()
    use.click()
    expect(maker.locator(".movie-mask img")).to_be_visible()
    expect(maker.locator(".movie-player")).to_be_visible()

    source = maker.locator(".movie-mask img").evaluate("image => image.src")
    with Image.open(io.BytesIO(page.request.get(source).body())) as painted:
        mask = painted.convert("L")
    assert mask.size == SIZE
    assert mask.getpixel((SIZE[0] // 4, SIZE[1] // 3)) == 255
    assert mask.getpixel((SIZE[0] - 4, SIZE[1] // 2)) == 0


def test_guides_and_mask_are_there_after_a_reload_and_in_no_picture(studio: Studio) -> None:
    page = choose_mode(studio, "restyle")
    maker = restyling(page)
    add_control(maker)
    maker.locator(".movie-mask input[type=file]").set_input_files(png())
    expect(maker.locator(".movie-mask img")).to_be_visible()
    expect(maker.locator(".video-estimate")).to_contain_text("8 frames")
    studio.reload()
    page.locator("#video-button").click()
    expect(maker.locator(".guide")).to_have_count(1)
    expect(maker.locator(".movie-mask img")).to_be_visible()
    expect(page.locator("[data-island=controls] .guide")).to_have_count(0)


def test_what_is_wrong_with_a_guide_or_mask_is_said_there(studio: Studio) -> None:
    page = choose_mode(studio, "restyle")
    maker = restyling(page)
    card = add_control(maker)
    card.locator("select").first.evaluate(
        "select => (select.add(new Option('gone', 'gone')), (select.value = 'gone'),"
        " select.dispatchEvent(new Event('change', { bubbles: true })))"
    )
    expect(card.locator(".field-error")).to_contain_text("no ControlNet of this name")
    card.get_by_role("button", name="Remove this ControlNet").click()
    expect(maker.locator(".field-error")).to_have_count(0)
    maker.locator(".movie-mask input[type=file]").set_input_files(png((50, 90)))
    expect(maker.locator(".movie-mask > .field-error")).to_contain_text("Has 50 × 90 px")


def test_a_photo_is_drawn_over_where_it_moves(studio: Studio, site: Site) -> None:
    page = open_video(studio)
    choose_photo_to_life(page)
    give_photo(page)
    paint_brook(page)
    set_loop(page, seconds=1, fps=12)
    estimate = page.locator(".photo .video-estimate")
    expect(estimate).to_contain_text("12 frames, 1 s")
    page.locator("#refine-isOn").check()
    expect(estimate).to_contain_text("12 frames, 1 drawn, 1 s")
    page.locator("#refine-spacing").fill("4")
    page.locator("#refine-strength").fill("0.2")
    set_field(page, "refine-prompt", "a clear brook")
    set_field(page, "refine-sampling-steps", 4)
    expect(estimate).to_contain_text("12 frames, 3 drawn, 1 s")
    page.locator("#photo-begin").click()
    see(page, "done", within(40))

    (video,) = videos(site)
    assert video["asked"]["refine"] == {"strength": 0.2, "spacing": 4}
    assert (video["request"]["prompt"], video["drawn"]) == ("a clear brook", 3)


def test_what_cannot_be_drawn_over_is_said_at_its_field(studio: Studio) -> None:
    page = open_video(studio)
    choose_photo_to_life(page)
    give_photo(page)
    page.locator("#refine-isOn").check()
    set_field(page, "refine-sampling-steps", 9999)
    expect(page.locator('[data-at="sampling.steps"] .field-error:visible')).to_have_count(1)
    page.locator("#refine-isOn").uncheck()
    expect(page.locator(".photo .field-error")).to_have_count(0)


def test_nothing_goes_sideways_on_a_phone(visit: Callable[..., Studio]) -> None:
    page = choose_mode(visit(PHONE), "restyle")
    maker = restyling(page)
    add_control(maker)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE[0]


def test_axe_finds_nothing_serious(visit: Callable[..., Studio]) -> None:
    page = choose_mode(visit(WIDE), "restyle")
    maker = restyling(page)
    add_control(maker)
    maker.locator(".movie-mask input[type=file]").set_input_files(png())
    expect(maker.locator(".movie-mask img")).to_be_visible()
    assert findings(page) == []
