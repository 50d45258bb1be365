"""Schedules as curves: what Deforum shows for the same text, better where it breaks, and fast."""

from __future__ import annotations

import time

import numpy as np
import pytest

from pipelines.video.schedules.curves import Clip, frames, texts, values
from pipelines.video.schedules.keyframes import parse, parse_texts
from pipelines.video.schedules.mistakes import ScheduleError

CLIP = Clip(10, 42, 15.0)
RANDOM = -1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0:(1), 9:(10)", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ("0:(1), 5:(6)", [1, 2, 3, 4, 5, 6, 6, 6, 6, 6]),
        ("0:(1), 3:(t*10), 6:(7)", [1, 32 / 3, 61 / 3, 30, 40, 50, 7, 7, 7, 7]),
        ("0:(1), 2:(t+3)", [1, 3, 5, 6, 7, 8, 9, 10, 11, 12]),
        ("0:(1), 4:(t), 7:(3), 9:(t+1)", [1, 1.75, 2.5, 3.25, 4, 5, 6, 3, 6.5, 10]),
        ("0:(0), 20:(5)", [0] * 10),
        ("0:(1),5:(9),5:(2)", [1, 1.2, 1.4, 1.6, 1.8, 2, 2, 2, 2, 2]),
        ("0:(1), max_f/2:(10)", [1, 3.25, 5.5, 7.75, 10, 10, 10, 10, 10, 10]),
        (
            '0:(s), 1:(-1), "max_f-2":(-1), "max_f-1":(s)',
            [42, *[RANDOM] * 7, 42, 42],
        ),
        ("0:(t%3==0)", [1, 0, 0, 1, 0, 0, 1, 0, 0, 1]),
        # From here on Deforum breaks.
        ("2:(5), 8:(1)", [5, 5, 5, 13 / 3, 11 / 3, 3, 7 / 3, 5 / 3, 1, 1]),
        ("2:(t*10)", [20, 20, 20, 30, 40, 50, 60, 70, 80, 90]),
        ("0:(where(t<5,1,2))", [1] * 5 + [2] * 5),
        ("0:(min(t,3)), 6:(max(t, 8))", [0, 1, 2, 3, 3, 3, 8, 8, 8, 9]),
        ("0:(1), 5:(6),", [1, 2, 3, 4, 5, 6, 6, 6, 6, 6]),
        ("0:(2*pi)", [2 * np.pi] * 10),
        ("1.5", [1.5] * 10),
        ("t*2", [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]),
        ("20:(t), 30:(0)", [20] * 10),
        ("-3:(7), -2:(8)", [8] * 10),
        ("-3:(7), 2:(1)", [1] * 10),
        ("9:(1), 0:(10)", [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        # 1e1 is an expression to Deforum, so it jumps.
        ("0:(1e1), 5:(0)", [10] * 5 + [0] * 5),
        ("0: 1, 9: 10", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ("'0' : ( ( -2 ) )", [-2] * 10),
        ("0:((t)+(1))", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ("0:(1)\n,\n9:(10)\n", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ("0:(fps)", [15] * 10),
    ],
)
def test_a_schedule_gives_the_values_that_it_says(text: str, wanted: list[float]) -> None:
    np.testing.assert_allclose(values(parse(text), CLIP), wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('0:("Euler a"), 5:("DDIM")', ["Euler a"] * 5 + ["DDIM"] * 5),
        ('2:("Euler a"), "max_f-1":("DDIM")', ["Euler a"] * 8 + ["DDIM"] * 2),
        ("Euler a", ["Euler a"] * 10),
        ("0: (Euler a), 9: ('DPM++ 2M, fast')", ["Euler a"] * 9 + ["DPM++ 2M, fast"]),
        ('50:("DDIM")', ["DDIM"] * 10),
        ("0: (model [a, b]), 9: (other)", ["model [a, b]"] * 9 + ["other"]),
    ],
)
def test_names_are_held_from_key_to_key(text: str, wanted: list[str]) -> None:
    assert list(texts(parse_texts(text), CLIP)) == wanted


def test_a_clip_of_one_frame_has_the_first_value() -> None:
    assert values(parse("0:(3), 1:(5)"), Clip(1, 0, 15)).tolist() == [3]


def test_frames_of_keys_are_cut_towards_zero() -> None:
    schedule = parse('0:(1), max_f/2:(1), "2.9":(1), "-max_f/2":(1), "1e30":(1)')

    assert frames(schedule, CLIP) == (0, 4, 2, -4, 1_000_000_000)


def test_a_value_out_of_bounds_names_its_frame_and_its_key() -> None:
    text = "0: (1), 5: (0.1*t)"
    with pytest.raises(ScheduleError, match="is 1 at frame 0, outside 0 to 0") as raised:
        values(parse(text), CLIP, (0.0, 0.95))
    assert raised.value.position == text.index("1)")

    with pytest.raises(ScheduleError, match=r"is 0\.9 at frame 9") as raised:
        values(parse(text.replace("(1)", "(0)")), CLIP, (0.0, 0.85))
    assert raised.value.position == text.index("0.1*t")
    assert "clip(" in raised.value.remedy


def test_bounds_belong_to_what_is_allowed() -> None:
    assert values(parse("0:(0), 9:(1)"), CLIP, (0.0, 1.0))[-1] == 1


def test_an_expression_that_breaks_at_a_frame_is_told_only_where_it_holds() -> None:
    assert values(parse("0:(1/(t-9)), 9:(1)"), CLIP)[9] == 1
    with pytest.raises(ScheduleError, match="infinite at frame 4") as raised:
        values(parse("0:(1), 2:(1/(t-4))"), CLIP)
    assert raised.value.position == len("0:(1), 2:(")


def test_forty_schedules_of_ten_thousand_frames_are_worked_out_while_one_types() -> None:
    clip = Clip(10_000, 42, 15)
    written = [
        "0: (1.0025+0.002*sin(1.25*3.14*t/30))",
        "0:(1), 3000:(t*10), 6000:(7)",
        "0:(where(t%30<15, 1, sin(t)**2)), 9000:(2)",
        "0:(1), 100:(2), 5000:(3.5)",
    ] * 10

    def seconds() -> float:
        begun = time.process_time()
        for text in written:
            assert values(parse(text), clip).shape == (10_000,)
        return time.process_time() - begun

    assert min(seconds() for _ in range(3)) < 0.2
