"""Pictures in: what is proposed for them, and what is said of the odd, the small, the many and the damaged."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter
from PIL.PngImagePlugin import PngInfo

from pipelines.errors import RequestError
from pipelines.finetune.pictures import focus
from pipelines.finetune.pictures.intake import Proposals, Sent, examine, sent
from pipelines.finetune.pictures.looking import Looks
from pipelines.finetune.plan import PICTURES_MAX, Plan
from tests.pipelines.finetune.pictures.uploads import Uploads, drawing, encoded, texture, written


@pytest.fixture(autouse=True)
def without_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking for faces takes most of the time; test_focus.py does it in earnest."""
    monkeypatch.setattr(focus, "faces", lambda picture, folder: [])


PLAN = Plan(name="Zorp", trigger="zorp", class_word="dog", resolution=128)


def examined(pictures: list[Sent], **changes: Any) -> Proposals:
    return examine(pictures, replace(PLAN, **changes), Looks())


def words(proposals: Proposals, index: int = 0) -> str:
    return " ".join(proposals.items[index].warnings)


def test_five_good_pictures_need_nothing(tmp_path: Path) -> None:
    found = examined(written(tmp_path, [drawing(n) for n in range(5)]))

    assert found.problems == found.warnings == ()
    for item in found.items:
        assert (item.size, item.crop) == ((128, 128), (0, 0, 128, 128))
        assert item.caption == "a zorp dog"
        assert not item.is_described
        assert item.warnings == ()
        assert item.duplicate_of is None


def test_mixed_sizes_each_get_the_size_most_like_their_own(tmp_path: Path) -> None:
    sides = [(700, 700), (1200, 800), (600, 1100), (2000, 640)]
    found = examined(
        written(tmp_path, [texture(n, s) for n, s in enumerate(sides)]), resolution=512
    )

    assert [item.size for item in found.items] == [(512, 512), (640, 384), (384, 640), (640, 384)]
    for item, side in zip(found.items, sides, strict=True):
        assert item.crop[2] == side[0] or item.crop[3] == side[1]
        assert item.crop[2] / item.crop[3] == pytest.approx(item.size[0] / item.size[1], rel=0.01)
    assert "only 53 % of it is trained" in words(found, 3)
    assert not found.items[0].warnings


def test_a_panorama_is_cut_round_what_it_shows(tmp_path: Path) -> None:
    wide = Image.new("RGB", (1600, 200), (210, 220, 240))
    ImageDraw.Draw(wide).ellipse((1250, 30, 1400, 180), fill=(180, 40, 30))

    item = examined(written(tmp_path, [wide])).items[0]

    assert item.crop[0] <= 1250
    assert item.crop[0] + item.crop[2] >= 1400


def test_an_object_at_the_edge_of_a_photograph_draws_the_crop_there(tmp_path: Path) -> None:
    lot = np.random.default_rng(3)
    noise = lot.normal(120, 14, (200, 700, 3))
    noise[40:160, 560:660] += 90 * (lot.random((120, 100, 1)) > 0.5)
    picture = Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8))

    item = examined(written(tmp_path, [picture])).items[0]

    assert item.crop[0] <= 560
    assert item.crop[0] + item.crop[2] >= 640


def test_one_picture_is_allowed_and_told_what_it_will_do(tmp_path: Path) -> None:
    found = examined(written(tmp_path, [drawing(1)]))

    assert not found.problems
    assert "learns that picture" in found.warnings[0]


def test_four_pictures_are_few_and_five_are_not(tmp_path: Path) -> None:
    pictures = written(tmp_path, [drawing(n) for n in range(5)])

    assert "From 4 pictures" in examined(pictures[:4]).warnings[0]
    assert examined(pictures).warnings == ()


def test_a_hundred_pictures_pass_in_one_go(tmp_path: Path) -> None:
    found = examined(written(tmp_path, [texture(n, (64, 64)) for n in range(100)]), resolution=64)

    assert len(found.items) == 100
    assert not found.problems
    assert all(item.duplicate_of is None for item in found.items)


def test_none_and_too_many_stop_the_training_before_anything_is_looked_at() -> None:
    def look(image: str, path: Path) -> Any:
        raise AssertionError

    one = Sent(image="a", path=Path("a"))
    assert examine([], PLAN, look).problems[0].field == "examples"
    many = examine([one] * (PICTURES_MAX + 1), PLAN, look)
    assert "too many" in many.problems[0].why


def test_the_last_picture_cannot_be_held_out(tmp_path: Path) -> None:
    pictures = written(tmp_path, [drawing(1), drawing(2)])
    all_out = [replace(one, is_held_out=True) for one in pictures]

    assert "held out" in examined(all_out).problems[0].why
    assert not examined([all_out[0], pictures[1]]).problems


def test_a_small_picture_is_enlarged_and_said_to_be_soft(tmp_path: Path) -> None:
    found = examined(written(tmp_path, [texture(1, (200, 300))]), resolution=512)

    assert found.items[0].size == (384, 640)
    assert "only 180 x 300 px, trained at 384 x 640" in words(found)


@pytest.mark.parametrize("size", [(1, 1), (20_000, 10), (10, 3000), (31, 31)])
def test_what_is_too_small_to_show_anything_is_named_and_stops_the_training(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    found = examined(written(tmp_path, [drawing(1), Image.new("RGB", size, "red"), drawing(2)]))

    assert [problem.field for problem in found.problems] == ["examples.1.image"]
    assert f"{size[0]} x {size[1]} px" in found.problems[0].message
    assert "Take it out" in found.problems[0].remedy
    assert (found.items[1].width, found.items[1].height) == size  # so that it can be shown
    assert "cannot be taught" in words(found, 1)


def test_a_transparent_picture_is_laid_on_white_and_cut_round_what_is_visible(
    tmp_path: Path,
) -> None:
    clear = Image.new("RGBA", (300, 100), (0, 0, 0, 0))
    ImageDraw.Draw(clear).rectangle((220, 10, 290, 90), fill=(200, 30, 40, 255))

    found = examined(written(tmp_path, [clear]))

    assert "trained as white" in words(found)
    assert found.items[0].crop[0] == 200


def test_a_white_cut_out_is_laid_on_grey(tmp_path: Path) -> None:
    ghost = Image.new("RGBA", (128, 128), (0, 0, 0, 0))
    ImageDraw.Draw(ghost).ellipse((20, 20, 100, 100), fill=(250, 250, 250, 255))

    assert "as grey" in words(examined(written(tmp_path, [ghost])))


def test_an_opaque_alpha_channel_and_an_empty_picture(tmp_path: Path) -> None:
    opaque, empty = drawing(1).convert("RGBA"), Image.new("RGBA", (128, 128), (9, 9, 9, 0))

    found = examined(written(tmp_path, [opaque, empty]))

    assert words(found, 0) == ""
    assert "one colour" in words(found, 1)


def test_a_picture_sent_twice_is_taught_once(tmp_path: Path) -> None:
    pictures = written(tmp_path, [drawing(n) for n in range(4)])

    found = examined([*pictures, pictures[2]])

    assert [item.is_left_out for item in found.items] == [False] * 4 + [True]
    assert found.items[4].duplicate_of == 2
    assert "picture 3 once more, and is taught once" in words(found, 4)
    assert "From 4 pictures" in found.warnings[0]
    assert "One picture was sent twice" in found.warnings[1]


def test_two_crops_of_one_picture_are_two_pictures(tmp_path: Path) -> None:
    one = written(tmp_path, [texture(1, (400, 400))])[0]

    found = examined([replace(one, crop=(0, 0, 200, 200)), replace(one, crop=(200, 0, 200, 200))])

    assert not found.items[1].is_left_out
    assert "with another crop" in words(found, 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.resize((64, 64), Image.Resampling.LANCZOS),
        lambda one: Image.open(io.BytesIO(encoded(one, "JPEG", quality=40))).convert("RGB"),
        lambda one: one.point(lambda level: min(255, int(level * 1.04))),
    ],
)
@pytest.mark.parametrize("draw", [drawing, texture])
def test_near_duplicates_are_kept_and_said(tmp_path: Path, change: Any, draw: Any) -> None:
    first = draw(5, (160, 160))

    found = examined(written(tmp_path, [draw(4, (160, 160)), first, change(first)]))

    assert [item.duplicate_of for item in found.items] == [None, None, 1]
    assert "looks like picture 2" in words(found, 2)
    assert not found.items[2].is_left_out


def test_the_same_creature_on_other_grounds_is_no_duplicate(tmp_path: Path) -> None:
    def creature(ground: str) -> Image.Image:
        picture = Image.new("RGB", (128, 128), ground)
        ImageDraw.Draw(picture).ellipse((40, 40, 90, 90), fill=(200, 60, 40))
        return picture

    grounds = ("white", "navy", "green", "gold", "grey")
    found = examined(written(tmp_path, [creature(one) for one in grounds]))

    assert all(item.duplicate_of is None for item in found.items)


def test_a_blurred_picture_is_warned_of_and_a_sharp_one_is_not(tmp_path: Path) -> None:
    sharp = [drawing(1, (256, 256)), texture(2, (256, 256))]
    blurred = [one.filter(ImageFilter.GaussianBlur(6)) for one in sharp]

    found = examined(written(tmp_path, [*sharp, *blurred]))

    assert ["blurred" in words(found, n) for n in range(4)] == [False, False, True, True]


def test_the_users_crop_wins_and_keeps_its_place_when_it_comes_back(tmp_path: Path) -> None:
    picture = written(tmp_path, [texture(1, (1000, 800))])[0]

    first = examined([replace(picture, crop=(100, 50, 600, 500))], resolution=512).items[0]
    again = examined([replace(picture, crop=first.crop)], resolution=512).items[0]

    assert first.size == (576, 448)
    assert 100 <= first.crop[0] <= 104
    assert first.crop[2] / first.crop[3] == pytest.approx(576 / 448, rel=0.01)
    assert (again.crop, again.size) == (first.crop, first.size)


@pytest.mark.parametrize(
    "crop", [(0, 0, 129, 128), (-1, 0, 64, 64), (100, 100, 64, 64), (0, 0, 0, 64), (0, 0, 128, 20)]
)
def test_a_crop_that_cannot_be_is_a_problem_of_its_field(
    tmp_path: Path, crop: tuple[int, int, int, int]
) -> None:
    pictures = written(tmp_path, [drawing(1), drawing(2)])

    found = examined([pictures[0], replace(pictures[1], crop=crop)])

    assert [problem.field for problem in found.problems] == ["examples.1.crop"]
    assert found.problems[0].remedy
    assert "cannot be taught" in words(found, 1)
    assert "From one picture" in found.warnings[0]


def test_a_file_that_is_gone_or_damaged_since_is_named_and_the_others_are_examined(
    tmp_path: Path,
) -> None:
    pictures = written(tmp_path, [drawing(n) for n in range(3)])
    pictures[0].path.unlink()
    pictures[1].path.write_bytes(pictures[1].path.read_bytes()[:300])

    found = examined(pictures)

    assert [one.field for one in found.problems] == ["examples.0.image", "examples.1.image"]
    assert found.items[2].caption == "a zorp dog"


def test_each_picture_is_looked_at_once(tmp_path: Path) -> None:
    pictures = written(tmp_path, [drawing(n) for n in range(2)])
    looks = Looks()
    first = examine(pictures, PLAN, looks)
    for picture in pictures:
        picture.path.unlink()

    second = examine(pictures, replace(PLAN, trigger="gork"), looks)

    assert second.items[0].caption == "a gork dog"
    assert second.items[0].crop == first.items[0].crop


def test_whatever_came_as_a_picture_is_plain_when_it_is_looked_at(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    cmyk = encoded(drawing(1).convert("CMYK"), "JPEG")
    deep = encoded(Image.fromarray(np.full((128, 128), 40_000, np.uint16)), "PNG")
    palette = drawing(2).quantize(8)
    palette.info["transparency"] = 0
    found = examined(uploads.sent([cmyk, deep, encoded(palette, "PNG", transparency=0)]))

    assert not found.problems
    assert [item.size for item in found.items] == [(128, 128)] * 3
    assert "transparent" in words(found, 2)


def test_the_prompt_inside_a_picture_becomes_its_caption(tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text("parameters", "a (fluffy:1.2) dog, <lora:x:1>\nSteps: 20, Seed: 1, Size: 128x128")
    asset = Uploads(tmp_path).add(encoded(drawing(1), "PNG", pnginfo=info))

    assert examined([sent(asset)]).items[0].caption == "a fluffy zorp dog"
    beside = sent(asset, {"image": asset.id, "text": "a dog in the snow"})
    assert examined([beside]).items[0].caption == "a zorp dog in the snow"
    own = sent(asset, {"image": asset.id, "caption": "my dog", "crop": [0, 0, 64, 64]})
    item = examined([own]).items[0]
    assert item.caption == "my dog"
    assert item.crop == (0, 0, 64, 64)
    assert "does not name zorp" in " ".join(item.warnings)


def test_what_a_person_has_written_into_a_photograph_becomes_its_caption(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Our dog in the garden"
    asset = Uploads(tmp_path).add(encoded(drawing(1), "JPEG", exif=exif))

    item = examined([sent(asset)]).items[0]
    assert item.caption == "Our zorp dog in the garden"
    assert item.is_described


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"crop": [1, 2, 3]}, "examples.7.crop"),
        ({"crop": [0, 0, True, 64]}, "examples.7.crop"),
        ({"caption": 5}, "examples.7.caption"),
        ({"caption": "x" * 501}, "examples.7.caption"),
        ({"is_held_out": "no"}, "examples.7.is_held_out"),
        ({"weight": 2}, "examples.7.weight"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_name(
    tmp_path: Path, given: dict[str, Any], field: str
) -> None:
    asset = Uploads(tmp_path).add(drawing(1))

    with pytest.raises(RequestError) as caught:
        sent(asset, {"image": asset.id, **given}, 7)

    assert caught.value.field == field
