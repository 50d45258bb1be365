"""Marking a mask and sketching: every byte is where the hand was, whatever zoom, finger or key it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.browser import easel
from tests.browser.conftest import PHONE, WIDE, watch
from tests.browser.easel import Easel, Fingers, Plane
from tests.browser.test_access import findings

WIDTH, HEIGHT = 320, 240
NO_WEBGL = """
const given = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind.includes("webgl") ? null : given.call(this, kind, ...rest);
};
"""


@pytest.fixture(scope="module")
def pictures() -> dict[str, bytes]:
    return {}


@pytest.fixture(scope="module")
def address(browser: Browser, pictures: dict[str, bytes]) -> Iterator[str]:
    with easel.served(pictures) as address:
        yield address


@pytest.fixture(scope="module")
def easels(
    browser: Browser, address: str, pictures: dict[str, bytes]
) -> Iterator[Callable[[tuple[int, int]], Easel]]:
    """A wide screen and a phone, neither of which knows WebGL; each page is loaded once."""
    made: dict[tuple[int, int], Easel] = {}
    troubles: list[str] = []

    def of(size: tuple[int, int]) -> Easel:
        if size not in made:
            is_phone = size[0] < 700
            screen: ViewportSize = {"width": size[0], "height": size[1]}
            profile = browser.new_context(viewport=screen, has_touch=is_phone, is_mobile=is_phone)
            profile.add_init_script(NO_WEBGL)
            page = profile.new_page()
            watch(page, troubles)
            made[size] = Easel(page, address, pictures)
        return made[size].begin()

    yield of
    for easel_ in made.values():
        easel_.page.context.close()
    assert not troubles


@pytest.fixture
def canvas(easels: Callable[[tuple[int, int]], Easel]) -> Easel:
    """A blank picture of 320 × 240 on a wide screen."""
    canvas = easels(WIDE)
    canvas.blank(WIDTH, HEIGHT)
    return canvas


def blobs(seed: int, is_soft: bool = False) -> Plane:
    """A mask of some discs, one at the edge."""
    draw = np.random.default_rng(seed)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for _ in range(5):
        centre = (int(draw.integers(0, WIDTH)), int(draw.integers(0, HEIGHT)))
        cv2.circle(mask, centre, int(draw.integers(5, 40)), 255, -1)
    return cv2.GaussianBlur(mask, (0, 0), 3) if is_soft else mask


ZIGZAG = [(60, 50), (150, 90), (90, 160), (200, 200), (230, 60)]


@pytest.mark.parametrize("zoom", [0.5, 1, 4])
def test_a_stroke_marks_what_it_passes_over_at_every_zoom(canvas: Easel, zoom: float) -> None:
    canvas.brush(24)
    canvas(f"setZoom({zoom})")
    canvas.page.keyboard.press("ArrowLeft")
    canvas.page.keyboard.press("ArrowUp")
    points = [
        (100 + (x - 145) / max(1, zoom / 2), 110 + (y - 125) / max(1, zoom / 2)) for x, y in ZIGZAG
    ]
    went = canvas.draw(points)
    assert easel.overlap(canvas.mask(), easel.stroke(went, 24, WIDTH, HEIGHT)) >= 0.999
    assert set(np.unique(canvas.mask())) == {0, 255}


def test_a_soft_stroke_follows_its_formula_and_does_not_add_up(canvas: Easel) -> None:
    canvas.brush(60, 0.7)
    went = canvas.draw([*ZIGZAG, ZIGZAG[0]])
    wanted = easel.soft_stroke(went, 60, 0.7, WIDTH, HEIGHT)
    assert np.abs(canvas.mask().astype(int) - wanted).max() <= 1


def test_the_eraser_takes_away_by_the_same_shape(canvas: Easel) -> None:
    canvas.page.keyboard.press("Escape")
    canvas.brush(30, 0.5)
    canvas("loadMask(it)", canvas.lay("full.png", np.full((HEIGHT, WIDTH), 255, np.uint8)))
    canvas.tool("eraser")
    went = canvas.draw(ZIGZAG)
    wanted = 255 - easel.soft_stroke(went, 30, 0.5, WIDTH, HEIGHT).astype(int)
    assert np.abs(canvas.mask().astype(int) - wanted).max() <= 1


def test_fifty_strokes_are_undone_and_done_again_to_the_byte(canvas: Easel) -> None:
    draw = np.random.default_rng(1)
    seen = [canvas.digest()]
    for place in range(50):
        tool = "eraser" if place % 4 == 3 else "brush"
        canvas("set(it)", {"tool": tool, "size": 10 + place, "softness": place % 3 / 2})
        canvas.draw(draw.uniform((0, 0), (WIDTH, HEIGHT), (3, 2)).tolist())
        seen.append(canvas.digest())
    for wanted in reversed(seen[:-1]):
        canvas.page.keyboard.press("Control+z")
        assert canvas.digest() == wanted
    assert not canvas("canUndo()")
    assert not canvas("hasMask()")
    for wanted in seen[1:]:
        canvas.page.keyboard.press("Control+Shift+z")
        assert canvas.digest() == wanted
    assert not canvas("canRedo()")


def test_lasso_polygon_and_rectangle_hold_the_pixels_inside(canvas: Easel) -> None:
    canvas.tool("lasso")
    star = [(160, 20), (210, 200), (60, 80), (260, 80), (110, 200)]
    went = canvas.draw(star)
    assert easel.overlap(canvas.mask(), easel.polygon(went, WIDTH, HEIGHT)) >= 0.999
    canvas("clearMask()")
    canvas.tool("rectangle")
    canvas.draw([(40, 30), (100, 90), (200, 130)])
    wanted = np.zeros((HEIGHT, WIDTH), np.uint8)
    wanted[30:130, 40:200] = 255
    assert np.array_equal(canvas.mask(), wanted)
    canvas("set(it)", {"takesAway": True})
    canvas.draw([(150, 100), (100, 60)])
    wanted[60:100, 100:150] = 0
    assert np.array_equal(canvas.mask(), wanted)


@pytest.mark.parametrize("end", ["Enter", "double click", "first corner"])
def test_a_polygon_is_clicked_and_closed(canvas: Easel, end: str) -> None:
    canvas.tool("polygon")
    corners = [(40, 40), (250, 60), (280, 200), (120, 150)]
    screen = canvas.on_screen(corners)
    for x, y in screen:
        canvas.page.mouse.click(x, y)
    assert not canvas("hasMask()")
    if end == "Enter":
        canvas.page.keyboard.press("Enter")
    else:
        canvas.page.mouse.click(*screen[-1 if end == "double click" else 0])
    went = canvas.in_picture(screen)
    assert easel.overlap(canvas.mask(), easel.polygon(went, WIDTH, HEIGHT)) >= 0.999


def test_escape_gives_a_polygon_up(canvas: Easel) -> None:
    canvas.tool("polygon")
    for x, y in canvas.on_screen([(40, 40), (250, 60), (280, 200)]):
        canvas.page.mouse.click(x, y)
    canvas.page.keyboard.press("Escape")
    canvas.page.keyboard.press("Enter")
    assert not canvas("hasMask()")
    assert not canvas("canUndo()")


def test_fill_marks_what_a_ring_encloses(canvas: Easel) -> None:
    canvas.brush(14, 0.5)
    turn = np.linspace(0, 2 * np.pi, 40)
    went = canvas.draw(np.stack([160 + 80 * np.cos(turn), 120 + 80 * np.sin(turn)], 1).tolist())
    canvas.tool("fill")
    canvas.draw([(160, 120)])
    mask = canvas.mask()
    inside = easel.polygon(went, WIDTH, HEIGHT) > 0
    assert (mask[inside] == 255).mean() >= 0.99
    assert mask[:30].max() == 0


DISCS = {
    reach: cv2.circle(np.zeros((2 * reach + 1,) * 2, np.uint8), (reach, reach), 0, 0)
    for reach in (5, 12)
}
for reach, disc in DISCS.items():
    y, x = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    disc[x * x + y * y <= reach * reach] = 1


@pytest.mark.parametrize("is_soft", [False, True])
@pytest.mark.parametrize("reach", DISCS)
def test_grow_and_shrink_are_those_of_a_disc(canvas: Easel, reach: int, is_soft: bool) -> None:
    mask = blobs(reach, is_soft)
    canvas("loadMask(it)", canvas.lay("blobs.png", mask))
    canvas.page.get_by_role("button", name="Whole mask").click()
    canvas.page.get_by_label("By, px").fill(str(reach))
    canvas.page.get_by_role("button", name="Grow").click()
    assert np.array_equal(canvas.mask(), cv2.dilate(mask, DISCS[reach]))
    canvas("undo()")
    canvas.page.get_by_role("button", name="Shrink").click()
    assert np.array_equal(canvas.mask(), cv2.erode(mask, DISCS[reach]))


@pytest.mark.parametrize("reach", [1, 8, 24])
def test_feather_is_three_box_blurs(canvas: Easel, reach: int) -> None:
    mask = blobs(reach)
    canvas("loadMask(it)", canvas.lay("blobs.png", mask))
    canvas.page.get_by_role("button", name="Whole mask").click()
    canvas.page.get_by_label("By, px").fill(str(reach))
    canvas.page.get_by_role("button", name="Feather").click()
    wanted = mask.astype(np.float64)
    for radius in (reach // 3, (reach + 1) // 3, (reach + 2) // 3):
        wanted = cv2.blur(wanted, (2 * radius + 1,) * 2, borderType=cv2.BORDER_REPLICATE)
    assert np.abs(canvas.mask() - wanted).max() <= 1
    canvas("undo()")
    assert np.array_equal(canvas.mask(), mask)


def test_invert_twice_is_nothing(canvas: Easel) -> None:
    mask = blobs(3, is_soft=True)
    canvas("loadMask(it)", canvas.lay("blobs.png", mask))
    canvas.page.locator(".easel-view").hover()
    canvas.page.keyboard.press("i")
    assert np.array_equal(canvas.mask(), 255 - mask)
    canvas.page.keyboard.press("Shift+V")
    assert np.array_equal(canvas.mask(), mask)


@pytest.mark.parametrize("kind", ["grey", "alpha"])
def test_a_mask_comes_out_as_it_went_in(canvas: Easel, kind: str) -> None:
    mask = blobs(4, is_soft=True)
    pixels = mask if kind == "grey" else np.dstack([np.zeros((HEIGHT, WIDTH, 3), np.uint8), mask])
    canvas("loadMask(it)", canvas.lay("saved.png", pixels))
    assert np.array_equal(canvas.mask(), mask)
    given = canvas.blob("maskBlob")
    assert given.mode == "L"
    assert np.array_equal(np.asarray(given), mask)


def test_a_mask_is_saved_to_a_file_and_loaded_from_it(canvas: Easel) -> None:
    canvas.brush(40, 1)
    canvas.draw(ZIGZAG)
    mask = canvas.mask()
    canvas.page.get_by_role("button", name="Whole mask").click()
    with canvas.page.expect_download() as saved:
        canvas.page.get_by_role("button", name="Save mask").click()
    canvas.page.get_by_role("button", name="Clear").click()
    assert not canvas("hasMask()")
    canvas.page.locator("input[type=file]").set_input_files(saved.value.path())
    canvas.page.wait_for_function("canvas.hasMask()")
    assert np.array_equal(canvas.mask(), mask)


def test_a_file_that_is_no_picture_is_told_and_changes_nothing(canvas: Easel) -> None:
    canvas.draw(ZIGZAG)
    mask = canvas.mask()
    file: Any = {"name": "notes.png", "mimeType": "image/png", "buffer": b"no picture"}
    canvas.page.locator("input[type=file]").set_input_files(file)
    expect(canvas.page.get_by_role("alert")).to_contain_text("notes.png cannot be read")
    assert np.array_equal(canvas.mask(), mask)


def test_a_proposed_mask_is_added_and_can_be_undone(canvas: Easel) -> None:
    canvas.draw([(20, 20), (60, 60)])
    before, proposed = canvas.mask(), blobs(6)
    canvas("proposeMask(it)", canvas.lay("proposed.png", proposed))
    assert np.array_equal(canvas.mask(), np.maximum(before, proposed))
    canvas("undo()")
    assert np.array_equal(canvas.mask(), before)


def test_a_stroke_may_leave_the_canvas_and_come_back(canvas: Easel) -> None:
    canvas.brush(20)
    went = canvas.draw([(250, 120), (900, 120), (900, -900), (60, 40)])
    assert easel.overlap(canvas.mask(), easel.stroke(went, 20, WIDTH, HEIGHT)) >= 0.99


def test_a_stroke_counts_when_the_page_is_hidden_under_it(canvas: Easel) -> None:
    page = canvas.page
    first, second, third = canvas.on_screen([(60, 60), (200, 60), (200, 200)])
    page.mouse.move(*first)
    page.mouse.down()
    page.mouse.move(*second)
    page.evaluate(
        "() => { Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        " document.dispatchEvent(new Event('visibilitychange')); delete document.hidden; }"
    )
    mask = canvas.mask()
    assert mask[60, 130] == 255
    assert canvas("canUndo()")
    page.mouse.move(*third)
    page.mouse.up()
    assert np.array_equal(canvas.mask(), mask)


def test_undo_under_a_stroke_takes_that_stroke(canvas: Easel) -> None:
    page = canvas.page
    canvas.draw([(20, 20), (60, 20)])
    mask = canvas.mask()
    first, second, third = canvas.on_screen([(60, 100), (200, 100), (200, 200)])
    page.mouse.move(*first)
    page.mouse.down()
    page.mouse.move(*second)
    page.keyboard.press("Control+z")
    page.mouse.move(*third)
    page.mouse.up()
    assert np.array_equal(canvas.mask(), mask)
    canvas("undo()")
    assert not canvas("hasMask()")


def test_a_pen_paints_as_wide_as_it_is_pressed(canvas: Easel) -> None:
    canvas.brush(60)
    session = canvas.page.context.new_cdp_session(canvas.page)
    x, y = canvas.on_screen([(160, 120)])[0]
    for kind, force in (("mousePressed", 0.5), ("mouseReleased", 0)):
        event = {"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1}
        session.send("Input.dispatchMouseEvent", event | {"pointerType": "pen", "force": force})
    wide = int((canvas.mask().max(axis=0) > 0).sum())
    assert wide == pytest.approx(60 * (0.15 + 0.85 * 0.5), abs=2)


def test_a_picture_that_is_not_there_leaves_the_canvas_closed(canvas: Easel) -> None:
    told = canvas.page.evaluate(
        "() => canvas.open({src: '/nothing.png', width: 64, height: 64}).then(() => 'open', () => 'refused')"
    )
    assert told == "refused"
    assert not canvas("isOpen()")
    assert canvas("size()") == {"width": 0, "height": 0}


def test_drawing_asks_the_server_for_nothing(canvas: Easel) -> None:
    asked: list[str] = []
    canvas.page.on("request", lambda request: asked.append(request.url))
    canvas.draw(ZIGZAG)
    canvas("undo()")
    canvas("redo()")
    canvas.blob("maskBlob")
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == []


def test_wheel_zooms_at_the_pointer_and_middle_button_and_space_pan(canvas: Easel) -> None:
    page = canvas.page
    x, y = canvas.on_screen([(200, 100)])[0]
    before = canvas("zoom()")
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    page.wait_for_function(f"canvas.zoom() > {before} * 1.2")
    there = canvas(f"toPicture({x}, {y})")
    assert (round(there["x"]), round(there["y"])) == (200, 100)
    page.mouse.down(button="middle")
    page.mouse.move(x + 50, y + 20)
    page.mouse.up(button="middle")
    page.keyboard.down("Space")
    page.mouse.down()
    page.mouse.move(x + 90, y + 50)
    page.mouse.up()
    page.keyboard.up("Space")
    there = canvas(f"toPicture({x + 90}, {y + 50})")
    assert (round(there["x"]), round(there["y"])) == (200, 100)
    assert not canvas("hasMask()")


def test_keys_belong_to_the_canvas_but_never_while_somebody_writes(canvas: Easel) -> None:
    page = canvas.page
    canvas.brush(48)
    page.locator(".easel-view").hover()
    for key, tool in {
        "e": "eraser",
        "l": "lasso",
        "p": "polygon",
        "r": "rectangle",
        "g": "fill",
        "h": "hand",
        "x": "extend",
        "b": "brush",
    }.items():
        page.keyboard.press(key)
        expect(page.locator(f"button[data-tool={tool}][aria-pressed=true]")).to_have_count(1)
    page.keyboard.press("]")
    expect(page.locator(".easel-options .value").first).to_have_text("55 px")
    page.get_by_role("button", name="Whole mask").click()
    page.get_by_label("By, px").focus()
    page.keyboard.press("e")
    expect(page.locator("button[data-tool=brush]")).to_have_attribute("aria-pressed", "true")


def test_a_brush_that_nobody_has_chosen_suits_the_picture(canvas: Easel) -> None:
    size = canvas.page.locator(".easel-options .value").first
    for width, said in ((120, "10 px"), (4096, "48 px")):
        canvas.blank(width, 100)
        expect(size).to_have_text(said)
    canvas.brush(30)
    canvas.blank(120, 100)
    expect(size).to_have_text("30 px")


def test_a_mask_can_be_made_with_the_keyboard_alone(canvas: Easel) -> None:
    page = canvas.page
    page.get_by_role("button", name="Whole mask").focus()
    page.keyboard.press("Enter")
    for label, value in {"Left": 10, "Top": 20, "Width": 100, "Height": 50}.items():
        page.get_by_label(f"{label}, px", exact=True).fill(str(value))
    page.get_by_role("button", name="Mark it").press("Enter")
    wanted = np.zeros((HEIGHT, WIDTH), np.uint8)
    wanted[20:70, 10:110] = 255
    assert np.array_equal(canvas.mask(), wanted)
    page.get_by_role("button", name="Mark all").press("Enter")
    assert canvas.mask().min() == 255


def test_handles_extend_the_picture_by_eights(canvas: Easel) -> None:
    canvas.draw(ZIGZAG)
    mask = canvas.mask()
    canvas.tool("extend")
    zoom = canvas("zoom()")
    handle = canvas.page.locator("[data-sides='left top']").bounding_box()
    assert handle
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    canvas.page.mouse.move(x, y)
    canvas.page.mouse.down()
    canvas.page.mouse.move(x - 43 * zoom, y - 10 * zoom, steps=3)
    canvas.page.mouse.up()
    assert canvas("extension()") == {"left": 40, "top": 8, "right": 0, "bottom": 0}
    canvas.page.locator("[data-sides=right]").press("ArrowRight")
    assert canvas("extension()")["right"] == 8
    wanted = np.pad(mask, ((8, 0), (40, 8)))
    assert np.array_equal(canvas.mask(), wanted)
    assert canvas.blob("maskBlob").size == (WIDTH + 48, HEIGHT + 8)
    canvas.tool("brush")
    canvas.draw([(-30, 50), (-10, 50)])
    assert canvas.mask()[58, 10] == 255
    for _ in range(3):
        canvas("undo()")
    assert np.array_equal(canvas.mask(), mask)


def test_a_sketch_has_the_colours_that_were_chosen(canvas: Easel) -> None:
    picture = np.random.default_rng(5).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    canvas.open("photo.png", picture)
    canvas('setMode("sketch")')
    canvas("set(it)", {"size": 30, "softness": 0, "colour": "#123456"})
    first = canvas.draw(ZIGZAG)
    canvas("set(it)", {"colour": "#fedcba"})
    second = canvas.draw([(20, 20), (300, 220)])
    wanted = picture.copy()
    wanted[easel.stroke(first, 30, WIDTH, HEIGHT) > 0] = (0x12, 0x34, 0x56)
    wanted[easel.stroke(second, 30, WIDTH, HEIGHT) > 0] = (0xFE, 0xDC, 0xBA)
    given = canvas.blob("sketchBlob")
    assert given.mode == "RGB"
    assert (np.asarray(given) == wanted).all(axis=2).mean() >= 0.9995
    canvas.page.keyboard.press("c")
    canvas.draw([(5.5, 200.5)])
    expect(canvas.page.locator(".easel-colour").first).to_have_value(
        "#" + bytes(picture[200, 5]).hex()
    )
    canvas("undo()")
    canvas("undo()")
    assert np.array_equal(np.asarray(canvas.blob("sketchBlob")), picture)
    assert not canvas("hasMask()")


def test_a_soft_sketch_stroke_mixes_once(canvas: Easel) -> None:
    canvas.blank(WIDTH, HEIGHT, "#ff0000")
    canvas('setMode("sketch")')
    canvas("set(it)", {"size": 60, "softness": 0.8, "colour": "#0000ff"})
    went = canvas.draw([*ZIGZAG, ZIGZAG[0]])
    share = easel.soft_stroke(went, 60, 0.8, WIDTH, HEIGHT) / 255
    given = np.asarray(canvas.blob("sketchBlob")).astype(int)
    assert np.abs(given[..., 2] - 255 * share).max() <= 2
    assert np.abs(given[..., 0] - 255 * (1 - share)).max() <= 2


def test_before_and_after_are_compared_by_a_line(canvas: Easel) -> None:
    canvas.open("before.png", np.full((HEIGHT, WIDTH, 3), 40, np.uint8))
    canvas("setCompare(it)", canvas.lay("after.png", np.full((HEIGHT, WIDTH, 3), 200, np.uint8)))
    page = canvas.page
    line = page.get_by_role("slider", name="Before and after")
    box = line.bounding_box()
    assert box
    (_, y), (left, _) = canvas.on_screen([(240, 120), (80, 120)])
    assert pixel(canvas, 80, 120) == 40
    assert pixel(canvas, 240, 120) == 200
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(left - 20, y, steps=3)
    page.mouse.up()
    assert pixel(canvas, 80, 120) == 200
    line.press("End")
    assert pixel(canvas, 240, 120) == 40
    canvas.draw([(20, 20), (100, 100)])
    assert not canvas("hasMask()")
    page.keyboard.press("Escape")
    expect(line).to_be_hidden()


def pixel(canvas: Easel, x: float, y: float) -> int:
    """How bright the screen is at a place of the picture."""
    across, down = canvas.on_screen([(x, y)])[0]
    shot = canvas.page.screenshot(clip={"x": across, "y": down, "width": 1, "height": 1})
    decoded = cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_GRAYSCALE)
    return int(decoded[0, 0])


def test_a_preview_lies_in_its_region_and_changes_over_all(canvas: Easel) -> None:
    canvas.open("grey.png", np.full((HEIGHT, WIDTH, 3), 40, np.uint8))
    region = {"x": 100, "y": 50, "width": 64, "height": 64}
    src = canvas.lay("step.png", np.full((8, 8, 3), 180, np.uint8))
    canvas("showPreview(it.src, it.region)", {"src": src, "region": region})
    assert pixel(canvas, 130, 80) == 180
    assert pixel(canvas, 90, 80) == 40
    canvas("showPreview(null)")
    assert pixel(canvas, 130, 80) == 40
    canvas("showChanged(it)", canvas.lay("changed.png", np.full((HEIGHT, WIDTH, 3), 90, np.uint8)))
    assert pixel(canvas, 90, 80) == 90
    canvas("showChanged(null)")
    assert pixel(canvas, 90, 80) == 40


def test_another_picture_under_the_same_mask(canvas: Easel) -> None:
    canvas.draw(ZIGZAG)
    mask = canvas.mask()
    src = canvas.lay("next.png", np.full((HEIGHT, WIDTH, 3), 77, np.uint8))
    canvas("replacePicture(it)", src)
    assert np.array_equal(canvas.mask(), mask)
    assert pixel(canvas, 5, 5) == 77
    canvas("replacePicture(it, {keepMask: false})", src)
    assert not canvas("hasMask()")


@pytest.fixture
def phone(easels: Callable[[tuple[int, int]], Easel]) -> tuple[Easel, Fingers]:
    canvas = easels(PHONE)
    canvas.blank(WIDTH, HEIGHT)
    return canvas, Fingers(canvas.page.context.new_cdp_session(canvas.page))


def test_one_finger_paints(phone: tuple[Easel, Fingers]) -> None:
    canvas, fingers = phone
    canvas.brush(48)
    screen = canvas.on_screen(ZIGZAG)
    fingers.start(screen[0])
    for place in screen[1:]:
        fingers.move(place)
    fingers.end()
    went = canvas.in_picture(screen)
    assert easel.overlap(canvas.mask(), easel.stroke(went, 48, WIDTH, HEIGHT)) >= 0.99


def test_a_pinch_zooms_and_paints_nothing(phone: tuple[Easel, Fingers]) -> None:
    canvas, fingers = phone
    before = canvas("zoom()")
    (x, y), *_ = canvas.on_screen([(160, 120)])
    fingers.start((x - 30, y))
    fingers.move((x - 40, y + 4))
    fingers.start((x - 40, y + 4), (x + 40, y))
    for apart in (60, 80, 100):
        fingers.move((x - apart, y), (x + apart, y))
    fingers.end()
    assert canvas("zoom()") == pytest.approx(before * 2.5, rel=0.1)
    assert not canvas("hasMask()")
    assert not canvas("canUndo()")


def test_on_a_phone_nothing_is_too_small_and_the_picture_has_the_room(
    phone: tuple[Easel, Fingers],
) -> None:
    canvas, _ = phone
    view = canvas.page.locator(".easel-view").bounding_box()
    assert view
    assert view["height"] >= 0.8 * PHONE[1]
    for button in canvas.page.locator(".easel button:visible").all():
        box = button.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 44, button.get_attribute("aria-label")
    assert canvas.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


@pytest.mark.parametrize(
    ("size", "theme"), [(WIDE, "dark"), (PHONE, "light")], ids=["wide", "phone"]
)
def test_axe_finds_nothing_serious_on_the_canvas(
    easels: Callable[[tuple[int, int]], Easel], size: tuple[int, int], theme: str
) -> None:
    canvas = easels(size)
    canvas.page.emulate_media(reduced_motion="reduce")
    canvas.page.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)
    canvas.blank(WIDTH, HEIGHT)
    canvas.page.get_by_role("button", name="Whole mask").click()
    found = {"panel": findings(canvas.page)}
    canvas.page.keyboard.press("Escape")
    canvas.tool("extend")
    found["extend"] = findings(canvas.page)
    canvas('setMode("sketch")')
    canvas("setCompare(it)", canvas.lay("axe.png", np.zeros((HEIGHT, WIDTH), np.uint8)))
    found["compare"] = findings(canvas.page)
    canvas.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert found == {"panel": [], "extend": [], "compare": []}


def test_a_picture_of_4096_pixels_is_no_burden(canvas: Easel) -> None:
    size = 4096
    canvas.blank(size, size, "#808080")
    canvas.brush(200)
    session = canvas.page.context.new_cdp_session(canvas.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy_seconds() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float(next(row["value"] for row in metrics if row["name"] == "ThreadTime"))

    turn = np.linspace(0, 5, 20)
    points = np.stack([2048 + turn * 350 * np.cos(turn), 2048 + turn * 350 * np.sin(turn)], 1)
    before = busy_seconds()
    canvas.draw(points.tolist())
    assert busy_seconds() - before <= 1.0
    start = time.monotonic()
    canvas.page.evaluate("async () => { await canvas.maskBlob(); }")
    assert time.monotonic() - start <= 3.0
    before = busy_seconds()
    canvas("undo()")
    assert busy_seconds() - before <= 0.5
    assert not canvas("hasMask()")
