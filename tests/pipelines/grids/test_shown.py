"""A grid as a picture and as a page: everything in its place, bounded, and safe whatever stands in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from pipelines.asking.grid import Axis, Grid
from pipelines.grids import page as pages
from pipelines.grids import sheet
from pipelines.grids.cells import varied
from pipelines.grids.page import page
from pipelines.grids.sheet import draw
from pipelines.grids.table import Place, Table, told
from pipelines.output import infotext

HOSTILE = '</pre><script>alert(1)</script>" onerror="alert(2)'


def table(folder: Path, size: tuple[int, int] = (64, 48), **axes: tuple[str, str]) -> Table:
    grid = Grid(**{name: Axis(field=field, values=text) for name, (field, text) in axes.items()})
    read = varied(grid)
    count = 1
    for axis in read:
        count *= len(axis.values)
    places = []
    for number in range(count):
        path = folder / f"{number}.png"
        Image.new("RGB", size, (number * 20 % 256, 200, 100)).save(path)
        places.append(Place(path, settings=f"a cat\nSteps: {number}, Sampler: Euler"))
    return Table("a grid", read, tuple(places))


def test_every_picture_stands_in_its_place(tmp_path: Path) -> None:
    one = table(tmp_path, x=("sampling.steps", "1,2,3"), y=("clip_skip", "1,2"), z=("seed", "5,6"))
    picture = draw(one)

    seen = [picture.getpixel((x, y)) for y in range(picture.height) for x in range(picture.width)]
    for number in range(12):
        colour = (number * 20 % 256, 200, 100)
        assert seen.count(colour) == 64 * 48
    first = [seen.index((number * 20 % 256, 200, 100)) for number in range(12)]
    rows = [(at // picture.width, at % picture.width) for at in first]
    assert rows == sorted(rows)


def test_a_grid_of_one_axis_has_labels_on_one_side(tmp_path: Path) -> None:
    columns = draw(table(tmp_path, x=("sampling.steps", "1,2")))
    rows = draw(table(tmp_path, y=("sampling.steps", "1,2")))

    assert columns.width == 2 * 64
    assert columns.height > 48
    assert rows.height == 2 * 48
    assert rows.width > 64


def test_places_without_a_picture_say_why(tmp_path: Path) -> None:
    one = table(tmp_path, x=("sampling.steps", "1,2"))
    places = (one.places[0], Place(None, "failed"))
    picture = draw(Table("a", one.axes, places))

    assert picture.size == draw(one).size
    assert picture.getpixel((66, picture.height - 5)) == (238, 238, 238)
    assert draw(Table("a", one.axes, (Place(None), Place(tmp_path / "gone.png")))).width > 64


def test_long_labels_are_broken_and_shrunk(tmp_path: Path) -> None:
    text = ",".join(f'"{word * 60} {"and so on, " * 30}"' for word in "ab")
    one = draw(table(tmp_path, x=("vae", text), y=("vae", text)))
    assert one.width < 64 * 4


def test_a_huge_grid_is_scaled_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "PIXELS_MAX", 30_000)
    one = table(tmp_path, (200, 200), x=("sampling.steps", "1-4"), y=("clip_skip", "1-2"))
    picture = draw(one)
    assert picture.width * picture.height <= 30_000


def test_its_text_says_what_varies(tmp_path: Path) -> None:
    one = table(tmp_path, x=("seed", "5,6"), y=("vae", '"a, b",c'))
    said = infotext.read(told(one.axes, one.places[0]))
    assert said["Script"] == "X/Y/Z plot"
    assert (said["X Type"], said["X Values"], said["Fixed X Values"]) == ("Seed", "5, 6", "5, 6")
    assert (said["Y Type"], said["Y Values"]) == ("VAE", '"a, b", c')
    assert said["Prompt"] == "a cat"


def test_the_page_needs_nothing_and_runs_nothing(tmp_path: Path) -> None:
    one = table(tmp_path, x=("vae", f'"{HOSTILE.replace(chr(34), chr(34) * 2)}",b'))
    places = (Place(one.places[0].picture, settings=HOSTILE), Place(None, HOSTILE))
    text = page(Table(HOSTILE, one.axes, places))

    assert "<script" not in text
    assert not re.search(r"<[^>]*\sonerror=", text)
    assert set(re.findall(r'src="([a-z]+:)', text)) == {"data:"}
    assert "http" not in text.replace("http-equiv", "")
    assert text.count("data:image/png;base64,") == 1
    assert "&lt;script&gt;" in text


def test_pictures_on_the_page_are_made_smaller_where_they_are_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = table(tmp_path, x=("sampling.steps", "1,2"))
    for place in one.places:
        assert place.picture is not None
        Image.effect_noise((700, 700), 90).convert("RGB").save(place.picture)
    monkeypatch.setattr(pages, "PAGE_BYTES_MAX", 150_000)
    text = page(one)

    assert text.count("data:image/webp") == 2
    assert len(text) < 400_000
