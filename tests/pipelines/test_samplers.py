"""Names of samplers and schedules: every spelling that clients and old pictures have, and help where it is none."""

from __future__ import annotations

import dataclasses

import pytest

from pipelines.asking.sampling import Sampling
from pipelines.errors import RequestError
from pipelines.samplers import (
    AUTOMATIC,
    SAMPLERS,
    SCHEDULES,
    SamplerName,
    ScheduleName,
    find_sampler,
    find_schedule,
    likely_first,
    sampler_named,
    schedule_named,
    schedule_of,
)


@pytest.mark.parametrize("row", SAMPLERS, ids=lambda row: row.name)
def test_a_sampler_is_found_by_name_and_alias_in_any_case(row: SamplerName) -> None:
    for spelling in (row.name, *row.aliases):
        for said in (spelling, spelling.upper(), f"  {spelling.lower()} "):
            assert find_sampler(said) == (row.name, None)


@pytest.mark.parametrize("row", SAMPLERS, ids=lambda row: row.name)
@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda row: row.name)
def test_a_schedule_is_split_off_its_end(row: SamplerName, schedule: ScheduleName) -> None:
    for spelling in (schedule.name, *schedule.aliases):
        assert find_sampler(f"{row.name} {spelling}") == (row.name, schedule.name)


@pytest.mark.parametrize("row", SCHEDULES, ids=lambda row: row.name)
def test_a_schedule_is_found_by_name_and_alias(row: ScheduleName) -> None:
    assert {find_schedule(spelling) for spelling in (row.name, *row.aliases)} == {row.name}
    assert find_schedule(row.name.upper()) == row.name


@pytest.mark.parametrize(
    ("said", "sampler", "schedule"),
    [
        # As AUTOMATIC1111 had them before schedules had a field of their own.
        ("LMS Karras", "LMS", "Karras"),
        ("DPM2 Karras", "DPM2", "Karras"),
        ("DPM2 a Karras", "DPM2 a", "Karras"),
        ("DPM++ 2S a Karras", "DPM++ 2S a", "Karras"),
        ("DPM++ SDE Karras", "DPM++ SDE", "Karras"),
        ("DPM++ 2M SDE Exponential", "DPM++ 2M SDE", "Exponential"),
        ("DPM++ 2M SDE Heun", "DPM++ 2M SDE Heun", None),
        ("DPM++ 2M SDE Heun Karras", "DPM++ 2M SDE Heun", "Karras"),
        ("DPM++ 3M SDE Exponential", "DPM++ 3M SDE", "Exponential"),
        ("k_lms_ka", "LMS", "Karras"),
        ("k_dpmpp_2m_ka", "DPM++ 2M", "Karras"),
        ("k_dpmpp_2s_a_ka", "DPM++ 2S a", "Karras"),
        ("k_dpmpp_3m_sde_exp", "DPM++ 3M SDE", "Exponential"),
        ("DPM++ 2M SGMUniform", "DPM++ 2M", "SGM Uniform"),
        ("DDIM Karras", "DDIM", "Karras"),
        ("Euler DDIM", "Euler", "DDIM"),
        ("ddim cfg++", "DDIM CFG++", None),
        ("euler  a", "Euler a", None),
    ],
)
def test_names_of_older_clients_are_understood(
    said: str, sampler: str, schedule: str | None
) -> None:
    assert find_sampler(said) == (sampler, schedule)


@pytest.mark.parametrize("said", ["", "Eulerr", "Karras", "DPM++ 2M Karas", "Euler_Karras", "_ka"])
def test_what_is_no_name_is_not_found(said: str) -> None:
    assert find_sampler(said) is None


@pytest.mark.parametrize(
    ("said", "meant"),
    [("Eulr a", "Euler a"), ("DPM 2M", "DPM++ 2M"), ("ddimm", "DDIM"), ("k_heunn", "Heun")],
)
def test_an_unknown_sampler_is_told_first_what_may_have_been_meant(said: str, meant: str) -> None:
    assert meant in likely_first(said, SAMPLERS)[:3]
    assert sorted(likely_first(said, SAMPLERS)) == sorted(row.name for row in SAMPLERS)
    with pytest.raises(RequestError, match="is no sampler") as refused:
        sampler_named("sampler", said)
    assert refused.value.field == "sampler"
    assert refused.value.remedy == f"Use one of: {', '.join(likely_first(said, SAMPLERS))}."


def test_an_unknown_schedule_likewise() -> None:
    with pytest.raises(RequestError, match="is no schedule") as refused:
        schedule_named("schedule", "karas")
    assert refused.value.remedy.startswith("Use one of: Karras, ")


def test_no_two_rows_share_a_spelling() -> None:
    for rows in (SAMPLERS, SCHEDULES):
        spellings = [one for row in rows for one in (row.name.casefold(), *row.aliases)]
        own = [one for row in rows for one in {row.name.casefold(), *row.aliases}]
        assert len(set(spellings)) == len(own)


def test_every_sampler_has_a_schedule_of_its_own_and_heeds_fields_that_there_are() -> None:
    fields = {field.name for field in dataclasses.fields(Sampling)}
    for row in SAMPLERS:
        assert schedule_of(row.name, AUTOMATIC) == row.schedule
        assert row.schedule in {schedule.name for schedule in SCHEDULES[1:]}
        assert set(row.heeds) <= fields
    for schedule in SCHEDULES:
        assert set(schedule.heeds) <= fields
        assert ("rho" in schedule.heeds) == (schedule.rho is not None)
