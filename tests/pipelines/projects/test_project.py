"""Steps and results as plain data: what is due, what counts, what is still true after a change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipelines.errors import NotFound, RequestError
from pipelines.projects import changes
from pipelines.projects.changes import STEPS_MAX, append, begun, change, redo, undo
from pipelines.projects.project import Project, Result, Step, due, place_of, places, shown
from pipelines.projects.telling import as_dict, assets_of, renamed


def project(*names: str) -> Project:
    empty = Project(id="p", owner="ada", base="base", created=0.0, changed=0.0)
    for name in names:
        empty = append(empty, step(name))
    return empty


def step(name: str, **request: Any) -> Step:
    return Step(id=name, name=name, request={"prompt": name, **request})


def made(one: Project) -> Project:
    """With everything made that is due; a picture is called after all that was done to it."""
    while place := due(one):
        image = f"{place.source}+{(place.step.request or {})['prompt']}"
        begin = begun(one, place)
        one = changes.finished(begin, place.step.id, Result(key=place.key, image=image))
    return one


def states(one: Project) -> list[str]:
    return [place.state for place in places(one)]


def next_name(one: Project) -> str | None:
    place = due(one)
    return place.step.id if place else None


# ---- the chain -----------------------------------------------------------------------------------------


def test_each_step_starts_from_the_result_of_the_one_before() -> None:
    one = made(project("sky", "door", "cat"))

    assert [place.source for place in places(one)] == ["base", "base+sky", "base+sky+door"]
    assert shown(one) == "base+sky+door+cat"
    assert states(one) == ["done"] * 3


def test_a_step_that_waits_for_its_source_is_not_due_and_one_is_made_at_a_time() -> None:
    one = project("sky", "door")
    first = due(one)
    assert first is not None

    under_way = begun(one, first)

    assert next_name(one) == "sky"
    assert next_name(under_way) is None
    assert states(under_way) == ["running", "waiting"]
    assert shown(under_way) == "base"


def test_after_a_step_that_failed_nothing_is_due_until_it_is_tried_again() -> None:
    one = project("sky", "door")
    first = due(one)
    assert first is not None
    stopped = changes.failed(begun(one, first), "sky", {"message": "no memory"})

    assert next_name(stopped) is None
    assert states(stopped) == ["failed", "waiting"]
    assert next_name(changes.again(stopped)) == "sky"
    with pytest.raises(RequestError, match="sky"):
        append(stopped, step("cat"))
    assert next_name(change(stopped, "sky", is_enabled=False)) == "door"


# ---- undo and redo -------------------------------------------------------------------------------------


def test_undo_and_redo_change_what_counts_and_nothing_is_made_anew() -> None:
    one = made(project("sky", "door"))

    back = undo(one)
    forth = redo(back)

    assert (shown(back), next_name(back)) == ("base+sky", None)
    assert (shown(forth), next_name(forth)) == ("base+sky+door", None)
    assert [place.is_counted for place in places(back)] == [True, False]


def test_undo_ends_at_the_base_and_redo_at_the_last_step() -> None:
    one = made(project("sky"))

    assert shown(undo(undo(undo(one)))) == "base"
    assert redo(redo(one)) == one


def test_a_new_step_takes_the_place_of_those_that_were_undone() -> None:
    one = append(undo(made(project("sky", "door"))), step("cat"))

    assert [place.step.id for place in places(one)] == ["sky", "cat"]
    assert one.position == 2


def test_a_project_has_an_end() -> None:
    with pytest.raises(RequestError, match="at most"):
        project(*map(str, range(STEPS_MAX + 1)))


# ---- switches and changes ------------------------------------------------------------------------------


def test_a_step_that_is_switched_off_is_passed_over_and_later_ones_are_stale() -> None:
    one = made(project("sky", "door", "cat"))

    off = change(one, "door", is_enabled=False)

    assert next_name(off) == "cat"
    assert place_of(off, "cat").source == "base+sky"
    assert states(off) == ["done", "done", "stale"]
    assert shown(made(off)) == "base+sky+cat"


def test_switching_back_finds_the_results_that_were_made_before() -> None:
    one = made(project("sky", "door"))
    off = made(change(one, "sky", is_enabled=False))

    on = change(off, "sky", is_enabled=True)

    assert next_name(on) is None
    assert shown(on) == "base+sky+door"


def test_a_change_of_an_early_step_makes_it_and_all_later_ones_due_in_turn() -> None:
    one = made(project("sky", "door"))

    other = change(one, "sky", request={"prompt": "night"})

    assert states(other) == ["stale", "stale"]
    assert next_name(other) == "sky"
    assert shown(made(other)) == "base+night+door"


def test_another_picture_of_the_batch_makes_later_steps_due() -> None:
    one = made(project("sky", "door"))
    key = place_of(one, "sky").key

    other = changes.pick(one, "sky", Result(key=key, image="second", picture_id="2"))

    assert next_name(other) == "door"
    assert shown(made(other)) == "second+door"


def test_made_again_from_a_step_on_nothing_is_taken_from_before_and_the_old_stays_in_sight() -> (
    None
):
    one = made(project("sky", "door"))

    again = changes.again(one, "door")

    assert next_name(again) == "door"
    assert as_dict(again)["steps"][1]["image"] == "base+sky+door"
    assert states(again) == ["done", "stale"]


def test_the_results_of_a_step_are_bounded() -> None:
    one = project("sky")
    for number in range(2 * changes.RESULTS_KEPT):
        one = made(change(one, "sky", request={"prompt": str(number)}))

    assert len(one.steps[0].results) == changes.RESULTS_KEPT
    assert shown(one) == f"base+{2 * changes.RESULTS_KEPT - 1}"


def test_what_is_under_way_for_another_source_is_forsaken_with_its_job() -> None:
    one = made(project("sky"))
    one = append(one, step("door"))
    place = due(one)
    assert place is not None
    one = changes.settled(begun(one, place), "door", {"prompt": "door", "seed": 5}, "job-1")
    assert changes.without_forsaken(one) == (one, [])

    for other in (
        undo(one),
        change(one, "door", is_enabled=False),
        change(one, "sky", is_enabled=False),
        change(one, "door", request={"prompt": "gate"}),
        replace(one, trashed=1.0),
    ):
        left, job_ids = changes.without_forsaken(other)
        assert job_ids == ["job-1"]
        assert left.steps[1].attempt is None


def test_a_step_that_is_not_there_is_not_found() -> None:
    for act in (place_of, changes.again):
        with pytest.raises(NotFound):
            act(project("sky"), "door")


# ---- names of pictures ---------------------------------------------------------------------------------


def test_every_picture_that_a_project_needs_is_named() -> None:
    request = {
        "inpainting": {"mask": "mask"},
        "controls": [{"image": "edges"}],
        "image_prompts": [{"image": "style"}],
    }
    one = append(made(project("sky")), step("door", **request))

    assert assets_of(one) == {"base", "base+sky", "mask", "edges", "style"}


def test_pictures_get_other_names_in_another_house() -> None:
    request: dict[str, Any] = {
        "inpainting": {"mask": "a"},
        "controls": [{"image": "b"}],
        "source": {"image": ""},
    }

    other = renamed(request, {"a": "A", "b": "B"})

    assert other["inpainting"]["mask"] == "A"
    assert other["controls"][0]["image"] == "B"
    assert request["inpainting"]["mask"] == "a"


@pytest.mark.parametrize(
    "odd", [{"controls": 3}, {"inpainting": []}, {"controls": [None, "x"]}, {}]
)
def test_requests_of_any_form_can_be_asked_for_their_pictures(odd: dict[str, Any]) -> None:
    assert assets_of(append(project(), Step(id="odd", request=odd))) == {"base"}
    assert renamed(odd, {}) == odd
