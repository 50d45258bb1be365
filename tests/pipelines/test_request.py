"""Request: what may be asked, what is filled in, and what is refused with field, value and remedy."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.asking.sampling import Sampling
from pipelines.errors import RequestError
from pipelines.request import Defaults, Request, check, resolve

DEFAULTS = Defaults(
    width=128, height=128, sampler="DPM++ 2M", schedule="Karras", steps=20, guidance_scale=3.0
)


def resolved(**fields: object) -> Request:
    return resolve(Request.from_dict(fields), "starter", DEFAULTS)


def test_open_fields_take_the_defaults_of_the_checkpoint() -> None:
    request = resolved(prompt="a red boat")

    assert (request.width, request.height, request.checkpoint) == (128, 128, "starter")
    assert request.sampling == Sampling(
        sampler="DPM++ 2M", schedule="Karras", steps=20, guidance_scale=3.0
    )
    assert request.seed >= 0


def test_clip_skip_is_the_checkpoints_own_unless_it_is_given() -> None:
    anime = dataclasses.replace(DEFAULTS, clip_skip=2)

    assert resolve(Request(), "anime", anime).clip_skip == 2
    assert resolve(Request(clip_skip=1), "anime", anime).clip_skip == 1


def test_a_refiner_takes_over_at_four_fifths_unless_it_is_said_when() -> None:
    assert resolved(refiner="fine").refiner_switch_at == 0.8
    assert resolved(refiner="fine", refiner_switch_at=0.3).refiner_switch_at == 0.3


@pytest.mark.parametrize("nobody", [None, "", "starter"], ids=["none", "empty", "itself"])
def test_without_another_checkpoint_there_is_no_refiner(nobody: str | None) -> None:
    request = resolved(refiner=nobody, refiner_switch_at=0.3)

    assert (request.refiner, request.refiner_switch_at) == (None, None)


def test_given_fields_are_kept() -> None:
    sampling = {"sampler": "Euler a", "steps": 7, "guidance_scale": 1}
    request = resolved(width=64, height=256, seed=5, sampling=sampling)

    assert (request.width, request.height, request.seed) == (64, 256, 5)
    assert request.sampling == Sampling(
        sampler="Euler a", schedule="Automatic", steps=7, guidance_scale=1.0
    )


@pytest.mark.parametrize(
    ("given_name", "sampler", "schedule"),
    [
        pytest.param("DPM++ 2M Karras", "DPM++ 2M", "Karras", id="schedule-in-the-name"),
        pytest.param("dpm++ 2m sde", "DPM++ 2M SDE", "Automatic", id="any-case"),
        pytest.param("k_euler_a", "Euler a", "Automatic", id="alias"),
        pytest.param("euler a sgm uniform", "Euler a", "SGM Uniform", id="schedule-of-two-words"),
        pytest.param("DDIM", "DDIM", "Automatic", id="another-sampler-leaves-the-default-schedule"),
    ],
)
def test_sampler_names_are_understood_in_every_spelling(
    given_name: str, sampler: str, schedule: str
) -> None:
    request = resolved(sampling={"sampler": given_name})

    assert (request.sampling.sampler, request.sampling.schedule) == (sampler, schedule)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"width": 0}, "width"),
        ({"width": 7}, "width"),
        ({"height": 100}, "height"),
        ({"height": 100000}, "height"),
        ({"sampling": {"steps": -1}}, "steps"),
        ({"sampling": {"steps": 1000}}, "steps"),
        ({"sampling": {"guidance_scale": math.nan}}, "guidance_scale"),
        ({"clip_skip": 0}, "clip_skip"),
        ({"refiner": "x", "refiner_switch_at": 1.1}, "refiner_switch_at"),
        ({"refiner": 3}, "refiner"),
        ({"clip_skip": 13}, "clip_skip"),
        ({"sampling": {"guidance_scale": math.inf}}, "guidance_scale"),
        ({"sampling": {"guidance_scale": 10**400}}, "sampling.guidance_scale"),
        ({"sampling": {"sampler": "Eulerr"}}, "sampler"),
        ({"sampling": {"schedule": "karas"}}, "schedule"),
        ({"prompt": "x" * 20_000}, "prompt"),
        ({"negative_prompt": "ä" * 6_000}, "negative_prompt"),
        ({"prompt": "half a pair \ud800"}, "prompt"),
        ({"prompt": "nul \0"}, "prompt"),
        ({"seed": -2}, "seed"),
        ({"seed": 2**60}, "seed"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_count": 1000}, "batch_count"),
        ({"draft_fraction": 1.5}, "draft_fraction"),
        ({"format": "tiff"}, "format"),
        ({"kind": "movie"}, "kind"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_a_remedy(
    fields: dict[str, object], field: str
) -> None:
    with pytest.raises(RequestError) as refused:
        resolved(**fields)

    assert refused.value.field == field
    assert refused.value.remedy
    json.dumps(refused.value.as_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"width": "512"}, "width"),
        ({"width": True}, "width"),
        ({"width": 51.5}, "width"),
        ({"prompt": 5}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"stepz": 5}, "stepz"),
        ({"sampling": {"cfg": 5}}, "sampling.cfg"),
        ({"sampling": 5}, "sampling"),
        ({"exact": 1}, "exact"),
    ],
)
def test_wrong_types_and_unknown_names_are_refused(fields: dict[str, object], field: str) -> None:
    with pytest.raises(RequestError) as refused:
        Request.from_dict(fields)

    assert refused.value.field == field


def test_a_whole_float_is_an_int_for_clients_that_know_no_ints() -> None:
    assert resolved(width=256.0).width == 256


def test_drafts_hold_after_their_share_of_the_steps_and_never_at_the_end() -> None:
    assert resolved(draft_fraction=0.33).draft_steps == 7
    assert resolved(draft_fraction=0.95, sampling={"steps": 2}).draft_steps == 1
    assert resolved(draft_fraction=0.5, sampling={"steps": 1}).draft_steps is None
    assert resolved().draft_steps is None


@given(
    prompt=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200),
    negative=st.text(
        st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200
    ),
    seed=st.integers(0, 2**53 - 1),
    steps=st.integers(1, 150),
    guidance=st.floats(0, 30),
    size=st.integers(8, 256).map(lambda n: n * 8),
    exact=st.booleans(),
)
def test_json_holds_every_fact(
    prompt: str, negative: str, seed: int, steps: int, guidance: float, size: int, exact: bool
) -> None:
    asked = Request(
        prompt=prompt,
        negative_prompt=negative,
        seed=seed,
        width=size,
        sampling=Sampling(steps=steps, guidance_scale=guidance),
        exact=exact,
    )
    request = resolve(asked, "starter", DEFAULTS)

    assert Request.from_dict(json.loads(request.to_json())) == request
    check(request)
