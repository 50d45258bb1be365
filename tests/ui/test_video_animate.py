"""The page's tables of an animation, and of what begins with a movie, held against the pipelines."""

from __future__ import annotations

import dataclasses
import json
import re

from pipelines.video.animation import BOUNDS, CHOICES, FRAMES, LANES, Animation
from pipelines.video.modes import deflicker, edit, recut, restyle, scaling, sizing
from pipelines.video.modes.spans import Part
from pipelines.video.steady.keyframes import SPACING_BOUNDS
from pipelines.video.steady.retiming import FPS_BOUNDS, SPEED_BOUNDS
from ui import layout

FOLDER = layout.FOLDER / "islands" / "video"
PAIR = re.compile(r'\["([^"]+)", ')
KEPT = (0.0, 0.98)
# Of an Animation, what the page holds in other ways than by a lane or a field of a group.
ELSEWHERE = {"mode", "prompts", "common_prompt", "common_negative_prompt", "max_frames", "fps"}
ELSEWHERE |= {"diffusion_cadence", "is_looped"}
# What is sent: a place of its own for each.
SENT = {"colour_image", "init_image", "init_video"}
MODULES = {"restyle": restyle, "deflicker": deflicker, "recut": recut, "edit": edit}


def script(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def fields_of(text: str) -> set[str]:
    named = re.findall(r'(?:lane|choice|number|slider)\("(\w+)"', text)
    return {*named, *re.findall(r'\{ name: "(\w+)", label: "[^"]+", kind:', text)}


def test_every_schedule_has_its_lane() -> None:
    lanes = re.findall(r'lane\("(\w+)"', script("animate_lanes.js"))

    assert sorted(lanes) == sorted([*LANES, "sampler"])


def test_lanes_that_may_be_left_to_the_fields_know_their_first_value() -> None:
    rows = re.findall(r'lane\("(\w+)", [^,]+, [^,)]+(.*)\)', script("animate_lanes.js"))
    started = {name for name, more in rows if "start:" in more}

    assert started == {name for name, row in LANES.items() if row.is_optional}


def test_all_of_an_animation_can_be_set() -> None:
    text = script("animate_lanes.js").split("export const MODES_OF_MOTION")[0]
    all_of_it = {field.name for field in dataclasses.fields(Animation)}

    places = set(re.findall(r'Slot\(\{ name: "(\w+)"', script("animate_start.js")))
    assert places == SENT
    assert fields_of(text) | ELSEWHERE | SENT == all_of_it


def test_choices_of_an_animation_are_those_of_the_pipelines() -> None:
    text = script("animate_lanes.js")
    for name, known in CHOICES.items():
        if name == "mode":
            found = re.search(r"MODES_OF_MOTION = (\[.*?\n\]);", text, re.DOTALL)
        else:
            found = re.search(rf'choice\("{name}", "[^"]+", (\[\[.*?\]\])\)', text)
        assert found, name
        assert PAIR.findall(found[1]) == list(known), name


def test_bounds_of_an_animation_are_those_of_the_pipelines() -> None:
    told = re.findall(
        r'number\("(\w+)", "[^"]+", \[([^,]+), ([^\]]+)\]', script("animate_lanes.js")
    )

    assert {"max_frames", "extract_nth_frame", "perlin_width"} <= {name for name, *_ in told}
    for name, low, high in told:
        assert (float(low), float(high)) == BOUNDS[name], name


def test_what_counts_for_a_picture_and_a_movie_is_shown_there() -> None:
    """Fields of the wrong mode would be asked for nothing."""
    text = script("animate_lanes.js")
    for name in ("extract_from_frame", "extract_to_frame", "extract_nth_frame", "keeps_times"):
        row = re.search(rf'"{name}".*', text)
        assert row
        assert 'modes: ["movie"]' in row[0], name
    looped = re.search(r'"is_looped".*', text)
    assert looped
    assert '"2d", "morph"' in looped[0]
    most = re.search(r"FRAMES_MOST = (\d+)", text)
    assert most
    assert int(most[1]) == FRAMES[1]


def test_what_is_done_to_a_movie_begins_as_in_the_pipelines() -> None:
    part = {field.name for field in dataclasses.fields(Part)}
    for mode, module in MODULES.items():
        found = re.search(rf"  {mode}: \{{.*?start: \{{ (.*?) \}}", script("movie_fields.js"), re.S)
        assert found
        told = dict(re.findall(r"(\w+): ([^,]+)", found[1]))
        own = {
            field.name: field.default
            for field in dataclasses.fields(module.Settings)
            if field.name not in part
        }
        assert told.keys() == own.keys()
        for name, value in own.items():
            assert told[name].strip('"') == written(value), f"{mode}.{name}"


def written(value: object) -> str:
    """As JavaScript has it."""
    text = json.dumps(value).strip('"')
    return text.removesuffix(".0")


def test_what_is_done_to_a_movie_keeps_to_its_bounds() -> None:
    text = script("movie_fields.js")
    ranges = {
        name: (float(low), float(high))
        for name, low, high in re.findall(
            r'(?:slider\(|name: )"(\w+)", (?:label: )?"[^"]+", (?:kind: "\w+", range: )?'
            r"\[([\d.]+), ([\d.]+)\]",
            text,
        )
    }

    assert ranges == {
        "strength": restyle.STRENGTH,
        "spacing": SPACING_BOUNDS,
        "steadiness": KEPT,
        "light": KEPT,
        "texture": KEPT,
        "speed": SPEED_BOUNDS,
        "fps": FPS_BOUNDS,
        "scale": scaling.SCALE,
        "reach": edit.REACH,
    }
    ways = re.search(r'name: "way".*?options: (\[\[.*?\]\])', text)
    seeds = re.search(r'name: "seeds".*?options: (\[\[.*?\]\])', text)
    assert ways
    assert seeds
    assert PAIR.findall(ways[1]) == list(restyle.WAYS)
    assert PAIR.findall(seeds[1]) == list(restyle.SEEDS)


def test_a_picture_goes_back_into_the_frame_whose_proportions_it_has() -> None:
    text = (layout.FOLDER / "islands" / "lent_frame.js").read_text(encoding="utf-8")
    found = re.search(r"const MISS = ([\d.]+);", text)

    assert found
    assert float(found[1]) == sizing.ASPECT_MISS
