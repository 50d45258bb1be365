"""Settings files of Deforum: every key is taken over or told about, old forms too, and no file does any harm."""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import RequestError
from pipelines.request import Request
from pipelines.video.animation import Animation, Prompt, check
from pipelines.video.deforum import Imported, Row, read, write
from pipelines.video.deforum.keys import SETTINGS
from pipelines.video.frame_values import frame_values

DEFAULTS = {setting.key: setting.default for setting in SETTINGS}
# Taken over as they are, or as near as can be; all others are told about as ignored.
TAKEN = """
W H tiling seed_resize_from_w seed_resize_from_h seed sampler steps seed_behavior seed_iter_N strength prompts
positive_prompts negative_prompts animation_mode max_frames border angle zoom translation_x translation_y
transform_center_x transform_center_y enable_perspective_flip perspective_flip_theta perspective_flip_phi
perspective_flip_gamma perspective_flip_fv noise_schedule strength_schedule contrast_schedule cfg_scale_schedule
enable_steps_scheduling steps_schedule seed_schedule enable_subseed_scheduling subseed_schedule
subseed_strength_schedule enable_sampler_scheduling sampler_schedule enable_clipskip_scheduling clipskip_schedule
enable_noise_multiplier_scheduling noise_multiplier_schedule amount_schedule kernel_schedule sigma_schedule
threshold_schedule color_coherence diffusion_cadence noise_type perlin_octaves perlin_persistence fps
extract_nth_frame extract_from_frame extract_to_frame add_soundtrack
"""


def imported(**changes: Any) -> Imported:
    return read(json.dumps(changes))


def row(key: str, **changes: Any) -> Row:
    (found,) = (one for one in imported(**changes).report if one.key == key)
    return found


def refused(text: str) -> RequestError:
    with pytest.raises(RequestError) as raised:
        read(text)
    return raised.value


def test_the_table_has_every_key_once() -> None:
    assert len(SETTINGS) == len(DEFAULTS) == 253
    assert sum(key.startswith("cn_") for key in DEFAULTS) == 85


def test_every_key_of_a_file_is_told_about_once() -> None:
    report = read(json.dumps(DEFAULTS)).report

    assert Counter(one.key for one in report) == Counter([*DEFAULTS])
    assert all(one.is_default for one in report)
    for one in report:
        is_switched_off = one.key in ("steps_schedule", "subseed_schedule", "clipskip_schedule")
        is_switched_off |= one.key in ("subseed_strength_schedule", "sampler_schedule")
        wanted = "applied" if one.key in TAKEN.split() and not is_switched_off else "ignored"
        assert one.fate == wanted, one
        assert bool(one.why) == (one.fate == "ignored"), one


def test_every_field_that_a_key_goes_to_is_there() -> None:
    of_animations = {field.name for field in fields(Animation)}
    for setting in SETTINGS:
        place, _, name = setting.field.partition(".")
        if place == "animation":
            assert name in of_animations
        elif place:
            Request().changed({name: None} if "from" in name or name == "seamless" else {})
            assert setting.key in TAKEN.split()


def test_the_defaults_are_ours_too() -> None:
    assert read(json.dumps(DEFAULTS)).animation == read("{}").animation == Animation()


def test_what_a_file_says_goes_where_it_belongs() -> None:
    found = imported(
        W=640,
        H=768,
        seed=7,
        sampler="DPM++ 2M Karras",
        steps=30,
        tiling=True,
        seed_resize_from_w=512,
        seed_resize_from_h=512,
        animation_mode="Interpolation",
        max_frames=33,
        fps=24,
        zoom="0:(1.01), 30:(1.5)",
        angle="0:(sin(t))",
        border="wrap",
        strength_schedule="0:(0.5)",
        noise_schedule="0:(0.1)",
        cfg_scale_schedule="0:(5)",
        kernel_schedule="0:(3)",
        color_coherence="RGB",
        noise_type="uniform",
        diffusion_cadence=4,
        seed_behavior="ladder",
        seed_iter_N=3,
        strength=0.4,
        prompts={"0": "a cat", "max_f-5": "a dog --neg b"},
        positive_prompts="best",
        negative_prompts="worst",
    )

    assert found.request_fields == {
        "width": 640,
        "height": 768,
        "seed": 7,
        "sampling.sampler": "DPM++ 2M Karras",
        "sampling.steps": 30,
        "seamless": "both",
        "noise.from_width": 512,
        "noise.from_height": 512,
    }
    assert Request().changed(found.request_fields).sampling.steps == 30
    assert found.animation == Animation(
        mode="morph",
        max_frames=33,
        fps=24.0,
        zoom="0:(1.01), 30:(1.5)",
        angle="0:(sin(t))",
        border="wrap",
        strength="0:(0.5)",
        noise="0:(0.1)",
        guidance_scale="0:(5)",
        unsharp_kernel="0:(3)",
        colour_coherence="rgb",
        noise_type="uniform",
        diffusion_cadence=4,
        seed_behaviour="ladder",
        seed_every=3,
        init_strength=0.4,
        prompts=(Prompt(text="a cat"), Prompt(frame="max_f-5", text="a dog --neg b")),
        common_prompt="best",
        common_negative_prompt="worst",
    )
    check(found.animation)


def test_schedules_count_where_they_are_switched_on() -> None:
    names = {
        "steps": ("enable_steps_scheduling", "steps_schedule", "0: (9)"),
        "sampler": ("enable_sampler_scheduling", "sampler_schedule", '0: ("DDIM")'),
        "clip_skip": ("enable_clipskip_scheduling", "clipskip_schedule", "0: (2)"),
        "variation_seed": ("enable_subseed_scheduling", "subseed_schedule", "0: (2)"),
        "noise_multiplier": (
            *("enable_noise_multiplier_scheduling", "noise_multiplier_schedule"),
            "0: (1)",
        ),
    }
    for field, (switch, key, schedule) in names.items():
        on, off = (imported(**{switch: is_on, key: schedule}) for is_on in (True, False))
        assert getattr(on.animation, field) == schedule
        assert getattr(off.animation, field) == ""
        assert [one.fate for one in off.report if one.key == key] == ["ignored"]


@pytest.mark.parametrize(
    ("changes", "key", "fate", "words"),
    [
        ({"animation_mode": "3D"}, "animation_mode", "approximated", "3D camera"),
        ({"add_soundtrack": "Init Video"}, "add_soundtrack", "approximated", "times"),
        ({"add_soundtrack": "File"}, "add_soundtrack", "ignored", "choose it again"),
        ({"video_init_path": "C:/a.mp4"}, "video_init_path", "ignored", "choose it again"),
        (
            {"overwrite_extracted_frames": True},
            *("overwrite_extracted_frames", "ignored", "as they are needed"),
        ),
        ({"color_coherence": "Image"}, "color_coherence", "approximated", "first frame"),
        ({"steps": 200}, "steps", "approximated", "150"),
        ({"W": 515}, "W", "approximated", "512"),
        ({"sampler": "Turtle"}, "sampler", "ignored", "no such sampler"),
        ({"rotation_3d_y": "0:(1)"}, "rotation_3d_y", "ignored", "3D camera"),
        ({"use_looper": True}, "use_looper", "ignored", "Guided images"),
        ({"hybrid_motion": "Affine"}, "hybrid_motion", "ignored", "follow a video"),
        ({"cn_3_enabled": True}, "cn_3_enabled", "ignored", "ControlNets"),
        ({"parseq_manifest": "{}"}, "parseq_manifest", "ignored", "Parseq"),
        ({"init_image": "C:/cat.png"}, "init_image", "ignored", "choose it again"),
        ({"my_own": 5}, "my_own", "ignored", "does not know"),
        ({"histogram_matching": True}, "histogram_matching", "ignored", "any more"),
    ],
)
def test_what_is_not_the_same_here_is_told(
    changes: dict[str, Any], key: str, fate: str, words: str
) -> None:
    found = row(key, **changes)

    assert found.fate == fate
    assert words in found.why
    assert not found.is_default


def test_the_one_place_where_max_f_means_something_else_is_told() -> None:
    prompts = {"0": "a", "max_f-1": "b"}

    assert row("prompts", prompts=prompts, animation_mode="2D").fate == "applied"
    found = row("prompts", prompts=prompts, animation_mode="Interpolation")
    assert (found.fate, "max_f" in found.why) == ("approximated", True)


def test_frames_of_a_movie_are_taken_as_the_file_says() -> None:
    found = imported(
        animation_mode="Video Input",
        max_frames=50,
        extract_nth_frame=4,
        extract_from_frame=8,
        extract_to_frame=90,
        add_soundtrack="Init Video",
        video_init_path="C:/a.mp4",
    )

    assert found.animation == Animation(
        mode="movie",
        max_frames=50,
        extract_nth_frame=4,
        extract_from_frame=8,
        extract_to_frame=90,
        keeps_times=True,
    )
    fates = {one.key: one.fate for one in found.report}
    assert fates["animation_mode"] == fates["extract_from_frame"] == "applied"


def test_how_many_frames_of_a_movie_there_are_is_told_to_be_no_fixed_number() -> None:
    assert row("max_frames", max_frames=50, animation_mode="2D").fate == "applied"
    found = row("max_frames", max_frames=50, animation_mode="Video Input")
    assert (found.fate, "as the movie gives" in found.why) == ("approximated", True)


@pytest.mark.parametrize(("first", "fate"), [(0, "applied"), (8, "applied"), (9, "approximated")])
def test_where_a_movie_begins_is_the_frame_that_the_file_names(first: int, fate: str) -> None:
    assert row("extract_from_frame", extract_from_frame=first, extract_nth_frame=4).fate == fate


def test_steps_and_sides_become_what_can_be_made() -> None:
    found = imported(W=515, steps=200, sampler="Turtle")

    assert found.request_fields == {"width": 512, "sampling.steps": 150}


@pytest.mark.parametrize(
    "key", ["init_image", "mask_file", "video_init_path", "soundtrack_path", "parseq_manifest"]
)
def test_addresses_are_never_opened_and_it_is_said_why(key: str) -> None:
    found = row(key, **{key: "https://example.org/a.png"})

    assert (found.fate, found.is_default) == ("ignored", False)
    assert "network" in found.why


def test_deforums_own_examples_are_no_loss() -> None:
    assert row("video_init_path", video_init_path="https://deforum.github.io/a1/V1.mp4").is_default


@pytest.mark.parametrize(
    ("old", "today"),
    [
        ({"flip_2d_perspective": True}, {"enable_perspective_flip": True}),
        ({"color_coherence": "Match Frame 0 HSV"}, {"color_coherence": "HSV"}),
        ({"animation_prompts": {"0": "a"}}, {"prompts": {"0": "a"}}),
        ({"animation_prompts_positive": "a"}, {"positive_prompts": "a"}),
        ({"animation_prompts_negative": "a"}, {"negative_prompts": "a"}),
        ({"sampler": 0}, {"sampler": "Euler a"}),
        ({"sampler": 17}, {"sampler": "DDIM"}),
        ({"sampler": "klms"}, {"sampler": "LMS"}),
        ({"cfg_scale_schedule": 7}, {"cfg_scale_schedule": "0: (7)"}),
        ({"max_frames": 50.0}, {"max_frames": 50}),
        ({"skip_video_for_run_all": True}, {}),
        ({"use_zoe_depth": True}, {}),
        ({"hybrid_composite": True}, {}),
        ({"optical_flow_cadence": False}, {}),
        ({"optical_flow_redo_generation": True}, {}),
        ({"add_soundtrack": True}, {"add_soundtrack": "File"}),
        ({"fill": 1}, {}),
        ({"cn_1_weight": 1.0}, {}),
        ({"histogram_matching": True}, {}),
        ({"init_image": None}, {}),
    ],
)
def test_old_files_mean_what_they_meant(old: dict[str, Any], today: dict[str, Any]) -> None:
    then, now = imported(**old), imported(**today)

    assert (then.animation, then.request_fields) == (now.animation, now.request_fields)
    assert [one.key for one in then.report] == list(old)


def test_a_key_of_today_counts_more_than_an_old_one() -> None:
    found = imported(enable_perspective_flip=False, flip_2d_perspective=True)

    assert not found.animation.flips_perspective
    assert [one.fate for one in found.report] == ["applied", "ignored"]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "settings"),
        ("{", "settings"),
        ("[]", "settings"),
        ("5", "settings"),
        ("NaN", "settings"),
        ('{"fps": NaN}', "fps"),
        ('{"fps": Infinity}', "fps"),
        ('{"fps": 1e999}', "fps"),
        ('{"seed": ' + "9" * 5_000 + "}", "seed"),
        ('{"seed": ' + "9" * 299 + "}", "seed"),
        ('{"W": ' + "1" * 17 + "}", "W"),
        ('{"W": "512"}', "W"),
        ('{"W": true}', "W"),
        ('{"W": 512.5}', "W"),
        ('{"W": null}', "W"),
        ('{"W": 8}', "W"),
        ('{"tiling": "yes"}', "tiling"),
        ('{"max_frames": 1e9}', "max_frames"),
        ('{"max_frames": 0}', "max_frames"),
        ('{"max_frames": -5}', "max_frames"),
        ('{"extract_nth_frame": 0}', "extract_nth_frame"),
        ('{"extract_from_frame": -1}', "extract_from_frame"),
        ('{"extract_to_frame": "end"}', "extract_to_frame"),
        ('{"add_soundtrack": "Radio"}', "add_soundtrack"),
        ('{"border": "zeros"}', "border"),
        ('{"border": ["wrap"]}', "border"),
        ('{"animation_mode": 2}', "animation_mode"),
        ('{"seed_behavior": "up"}', "seed_behavior"),
        ('{"sampler": 99}', "sampler"),
        ('{"sampler": false}', "sampler"),
        ('{"zoom": null}', "zoom"),
        ('{"zoom": true}', "zoom"),
        ('{"zoom": ["0:(1)"]}', "zoom"),
        ('{"zoom": ""}', "zoom"),
        ('{"zoom": "0:(9**9**x)"}', "zoom"),
        ('{"zoom": "0:(__import__(1))"}', "zoom"),
        ('{"zoom": "' + "1" * 200_001 + '"}', "zoom"),
        ('{"enable_steps_scheduling": 1}', "enable_steps_scheduling"),
        ('{"enable_steps_scheduling": true, "steps_schedule": "0:(x)"}', "steps_schedule"),
        ('{"prompts": []}', "prompts"),
        ('{"prompts": {}}', "prompts"),
        ('{"prompts": "a"}', "prompts"),
        ('{"prompts": {"0": 5}}', "prompts.0"),
        ('{"prompts": {"x": "a"}}', "prompts.x.0.frame"),
        ('{"prompts": {"0": "\\ud800"}}', "prompts.0"),
        ('{"prompts": {"0": {"1": "a"}}}', "prompts"),
        ('{"positive_prompts": 5}', "positive_prompts"),
        ('{"positive_prompts": "\\u0000"}', "positive_prompts"),
        ('{"flip_2d_perspective": 7}', "flip_2d_perspective"),
        ('{"a": ' + "[" * 60 + "]" * 60 + "}", "a"),
        ('{"W": 512, "b": "c", "cn_1_model": ' + "[" * 100_000, "cn_1_model"),
        ('{"d": ' + '{"e":' * 100_000, "d"),
        ("[" * 100_000, "settings"),
        ("{" + ",".join(f'"k{n}": 1' for n in range(2_001)) + "}", "settings"),
        ('{"a": "' + "x" * 2_000_001 + '"}', "settings"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_its_key(text: str, field: str) -> None:
    begun = time.process_time()

    error = refused(text)

    assert time.process_time() - begun < 1
    assert error.field == field
    assert error.remedy
    assert len(str(error)) < 600


def test_a_byte_order_mark_does_no_harm() -> None:
    assert read('\ufeff{"fps": 30}').animation.fps == 30


def test_long_values_are_shortened_in_the_report() -> None:
    assert len(row("init_images", init_images="x" * 9_000).value) == 80
    assert row("my_own", my_own=[1, 2]).value == "2 entries"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
KEYS = st.sampled_from([*DEFAULTS, "use_zoe_depth", "flip_2d_perspective", "sampler", "prompts"])


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(KEYS, JSON, max_size=4) | JSON)
def test_no_file_raises_anything_else(values: Any) -> None:
    text, remedy = json.dumps(values), ""
    try:
        found = read(text)
    except RequestError as error:
        remedy = error.remedy
    assert remedy or len(found.report) == len(json.loads(text))


def test_a_file_with_every_value_of_its_own_kind_can_be_animated() -> None:
    found = read(write(Animation(max_frames=20), {"seed": 5}))

    assert frame_values(found.animation, 5).frame_count == 20
