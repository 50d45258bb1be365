"""ControlNets and image prompts on the page: without one, chosen or dropped, sent, refused and taken up again."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from tests.browser.site import Site
from tests.browser.studio import Studio, within
from tests.paper_checkpoint import safetensors

SEEN_MS = within(5)
CONTROL = {
    "controlnet_cond_embedding.conv_in.weight": (16, 3, 3, 3),
    "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight": (4, 768),
}
ADAPTER = {"image_proj.proj.weight": (12, 5), "ip_adapter.1.to_k_ip.weight": (4, 768)}
ENCODER = {
    "vision_model.embeddings.class_embedding": (7,),
    "visual_projection.weight": (5, 7),
}
DROP = """(target, data) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], "drawing.png", { type: "image/png" }));
  for (const name of ["dragenter", "dragover", "drop"])
    target.dispatchEvent(new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer: transfer }));
}"""


def drawing(colour: str = "red") -> bytes:
    data = io.BytesIO()
    picture = Image.new("RGB", (90, 60), "white")
    picture.paste(colour, (30, 10, 60, 50))
    picture.save(data, "PNG")
    return data.getvalue()


@pytest.fixture
def folder(site: Site) -> Iterator[Path]:
    """Where ControlNets lie; empty again afterwards."""
    folder = site.folder / "models" / "ControlNet"
    folder.mkdir()
    yield folder
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


@pytest.fixture
def canny(folder: Path) -> Path:
    file = folder / "canny.safetensors"
    file.write_bytes(safetensors(CONTROL))
    return file


def island(studio: Studio) -> Locator:
    place = studio.page.locator("[data-island=controls]")
    return place if place.is_visible() else (studio.unfold("controls"), place)[1]


def added(studio: Studio) -> Locator:
    place = island(studio)
    place.get_by_role("button", name="Add ControlNet").click(timeout=SEEN_MS)
    return place.locator(".guide").last


def shown(image: Locator) -> None:
    """The picture is there and has been decoded."""
    expect(image).to_be_visible()
    image.page.wait_for_function("(one) => one.naturalWidth > 0", arg=image.element_handle())


def test_without_a_controlnet_it_says_what_to_put_where(studio: Studio, folder: Path) -> None:
    place = island(studio)
    expect(place).to_contain_text("put a safetensors file into models/ControlNet")
    expect(place.get_by_role("button")).to_have_count(0)

    (folder / "canny.safetensors").write_bytes(safetensors(CONTROL))

    expect(place.get_by_role("button", name="Add ControlNet")).to_be_visible(timeout=SEEN_MS)


def test_a_picture_is_chosen_seen_prepared_sent_and_taken_up_again(
    studio: Studio, canny: Path, tmp_path: Path
) -> None:
    (tmp_path / "drawing.png").write_bytes(drawing())
    card = added(studio)
    expect(card.get_by_role("combobox", name="ControlNet")).to_have_value("canny")
    card.locator("input[type=file]").set_input_files(tmp_path / "drawing.png")
    shown(card.get_by_alt_text("The picture that guides"))
    card.get_by_label("Prepare").select_option("canny")
    shown(card.get_by_alt_text("What the ControlNet will see"))
    card.get_by_label("Weight").fill("0.7")
    card.get_by_label("Until").fill("0.5")

    with studio.page.expect_request(
        lambda asked: asked.method == "POST" and asked.url.endswith("/jobs")
    ) as asked:
        studio.generate("a boat").see("done")

    (sent,) = asked.value.post_data_json["controls"]
    assert {**sent, "image": ""} == {
        "model": "canny",
        "image": "",
        "weight": 0.7,
        "start": 0,
        "end": 0.5,
        "resize": "crop",
        "preprocessor": "canny",
    }
    expect(studio.page.locator(".facts")).to_contain_text("canny 0.7")
    card.get_by_role("button", name="Remove this ControlNet").click()
    expect(studio.page.locator(".guide")).to_have_count(0)
    studio.act("sliders")
    expect(card.get_by_label("Weight")).to_have_value("0.7")
    shown(card.get_by_alt_text("The picture that guides"))
    studio.reload()
    expect(card.get_by_label("Weight")).to_have_value("0.7")


def test_a_picture_dropped_on_the_card_stays_there(studio: Studio, canny: Path) -> None:
    card = added(studio)
    data = base64.b64encode(drawing("blue")).decode()

    card.locator(".guide-picture").evaluate(DROP, data)

    shown(card.get_by_alt_text("The picture that guides"))
    expect(studio.page.locator(".toast")).to_have_count(0)


def test_a_card_without_a_picture_is_told_so_before_anything_runs(
    studio: Studio, canny: Path
) -> None:
    card = added(studio)

    with studio.page.expect_response(
        lambda answer: answer.request.method == "POST" and answer.url.endswith("/jobs")
    ) as answered:
        studio.generate("a boat")

    assert answered.value.status == 422
    expect(card.locator(".field-error")).to_contain_text("No picture is chosen")
    card.get_by_role("button", name="Remove this ControlNet").click()
    studio.generate("a boat").see("done")


def test_a_picture_can_be_a_prompt(studio: Studio, folder: Path, tmp_path: Path) -> None:
    (folder / "adapter.safetensors").write_bytes(safetensors(ADAPTER))
    (tmp_path / "drawing.png").write_bytes(drawing())
    place = studio.unfold("prompts").page.locator("[data-island=prompts]")
    lack = place.get_by_text("An image encoder is missing")
    expect(lack).to_be_visible(timeout=SEEN_MS)
    (folder / "encoder.safetensors").write_bytes(safetensors(ENCODER))
    expect(lack).to_be_hidden(timeout=SEEN_MS)
    place.get_by_role("button", name="Add image prompt").click(timeout=SEEN_MS)
    card = place.locator(".guide")
    expect(card.get_by_role("combobox", name="IP-Adapter")).to_have_value("adapter")
    expect(card.get_by_label("Prepare")).to_have_count(0)
    card.locator("input[type=file]").set_input_files(tmp_path / "drawing.png")
    shown(card.get_by_alt_text("The picture that guides"))

    with studio.page.expect_request(
        lambda asked: asked.method == "POST" and asked.url.endswith("/jobs")
    ) as asked:
        studio.generate("a boat").see("done")

    (sent,) = asked.value.post_data_json["image_prompts"]
    assert {**sent, "image": ""} == {
        "model": "adapter",
        "image": "",
        "weight": 0.7,
        "start": 0,
        "end": 1,
    }
    expect(studio.page.locator(".facts")).to_contain_text("adapter 0.7")


def test_those_for_other_families_come_last_and_three_are_the_most(
    studio: Studio, canny: Path
) -> None:
    layer = next(name for name in CONTROL if "to_k" in name)
    (canny.parent / "a depth.safetensors").write_bytes(safetensors({**CONTROL, layer: (4, 2048)}))
    card = added(studio)
    expect(card.locator("optgroup")).to_have_attribute("label", "For SDXL", timeout=SEEN_MS)
    expect(card.locator("option").first).to_have_text("canny")

    for _ in range(2):
        added(studio)

    expect(island(studio).get_by_role("button", name="Add ControlNet")).to_be_hidden()
