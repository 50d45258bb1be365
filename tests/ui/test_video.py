"""The page's tables of what a video can be, held against the pipelines."""

from __future__ import annotations

import dataclasses
import re

from pipelines.editing.source import BLUR_PX
from pipelines.video.media.encoders import QUALITIES
from pipelines.video.media.loops import KINDS as LOOPS
from pipelines.video.modes.masks import Mask
from pipelines.video.modes.modes import MODES
from pipelines.video.modes.refining import STRENGTH, Refine
from pipelines.video.output import FORMATS, Output
from pipelines.video.photo.loop import SIDE_PX
from pipelines.video.photo.plan import BOUNDS, EFFECTS_MAX, FPS, KINDS, LOOP_SECONDS, PATHS
from pipelines.video.steady.keyframes import SPACING_BOUNDS
from ui import layout

FOLDER = layout.FOLDER / "islands" / "video"
HORIZON = (0.0, 0.99)
SLIDER = re.compile(r'slider\("(\w+)", "[^"]+", \[([^,\]]+), ([^\]]+)\], ([^,)]+)')
PAIR = re.compile(r'\["([^"]+)", "[^"]+"\]')


def script(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def effects() -> dict[str, str]:
    """What the page's table says of each kind."""
    rows = re.split(r"^  (\w+): \{$", script("photo_effects.js"), flags=re.MULTILINE)[1:]
    return dict(zip(rows[::2], rows[1::2], strict=True))


def listed(name: str, file: str) -> list[str]:
    """The values of a list of choices."""
    found = re.search(rf"{name} = (\[\[.*?\]\]);", script(file))
    assert found
    return PAIR.findall(found[1])


def test_every_effect_and_setting_has_its_widget_with_its_range_and_default() -> None:
    told = effects()

    assert list(told) == list(KINDS)
    for kind, row in told.items():
        defaults = {field.name: field.default for field in dataclasses.fields(KINDS[kind])}
        for name, low, high, start in SLIDER.findall(row):
            bounds = BOUNDS[kind].get(name, HORIZON)
            assert (float(low), float(high)) == bounds, f"{kind}.{name}"
            assert (None if start == "null" else float(start)) == defaults[name], f"{kind}.{name}"
        placed = {name for name, *_ in SLIDER.findall(row)}
        placed |= set(re.findall(r'choice\("(\w+)"', row))
        assert placed == defaults.keys() - {"arrows", "anchor"}


def test_paths_of_the_camera_are_those_of_the_plan() -> None:
    assert tuple(PAIR.findall(effects()["parallax"])) == PATHS


def test_the_loop_keeps_to_what_a_plan_bears() -> None:
    text = script("photo_loop.js")
    low, high = (float(one) for one in re.findall(r'"Loop", range: \[([^,]+), ([^\]]+)\]', text)[0])
    rates = [int(one) for one in re.findall(r"RATES = \[(.*)\];", text)[0].split(", ")]

    assert (low, high) == LOOP_SECONDS
    assert all(FPS[0] <= rate <= FPS[1] for rate in rates)
    assert f"EFFECTS_MOST = {EFFECTS_MAX};" in script("photo_draft.js")


def test_photos_are_offered_up_to_the_largest_that_can_be_animated() -> None:
    sides = re.findall(r"SIDES = \[(.*)\];", script("photo_files.js"))[0].split(", ")

    assert int(sides[-1]) == SIDE_PX[1]
    assert [int(side) for side in sides] == sorted(map(int, sides))


def test_files_and_qualities_are_those_that_can_be_written() -> None:
    start = re.findall(
        r'OUTPUT_START = \{ format: "(\w+)", quality: "(\w+)" \}', script("output_fields.js")
    )

    loops = re.findall(r"LOOPS = \[(.*)\];", script("output_fields.js"))[0]

    assert tuple(listed("FORMATS", "output_fields.js")) == FORMATS
    assert re.findall(r'"(\w+)"', loops) == list(LOOPS)
    assert tuple(listed("QUALITIES", "output_fields.js")) == QUALITIES
    assert Output(format=start[0][0], quality=start[0][1]) == Output()


def test_every_mode_of_the_page_is_one_of_the_pipelines() -> None:
    text = script("modes.js")
    ways = re.findall(r'\{ name: "(\w+)"', text)
    made = re.findall(r"(\w+): create", text)

    assert made
    assert set(made) <= set(ways)
    assert set(made) <= set(MODES)


def test_masks_and_refining_begin_and_end_as_in_the_pipelines() -> None:
    refine, mask = script("photo_refine.js"), script("movie_mask.js")
    ranges = {
        name: (float(low), float(high))
        for name, low, high in re.findall(
            r'name: "(\w+)", label: "[^"]+", kind: "slider", range: \[([\d.]+), ([\d.]+)\]',
            refine + mask,
        )
    }
    start = Refine()

    assert ranges == {"strength": STRENGTH, "spacing": SPACING_BOUNDS, "blur": BLUR_PX}
    assert f"strength: {start.strength:g}, spacing: {start.spacing}," in refine
    told = re.search(r"MASK_START = \{ (.*) \};", mask)
    assert told
    assert dict(re.findall(r"(\w+): ([^,]+)", told[1])) == {
        "image": f'"{Mask().image}"',
        "movie": f'"{Mask().movie}"',
        "is_inverted": str(Mask().is_inverted).lower(),
        "blur": f"{Mask().blur:g}",
    }
