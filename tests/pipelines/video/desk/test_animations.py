"""Animations with the fake worker: which frames are drawn, from what, and what survives the death of everything."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from pipelines import PipelineManager, RequestError, Video
from tests.pipelines.video.desk.clips import animation, film, frames, in_state, kill_crew
from tests.studio import OWNER, asking, ended, ready, studio


def made(manager: PipelineManager, owner: str, **asked: object) -> Video:
    return in_state(manager, manager.videos.create(animation(**asked), owner), "done")  # type: ignore[arg-type]


def test_every_second_frame_is_drawn_and_the_last(manager: PipelineManager, owner: str) -> None:
    done = made(manager, owner, frames=12, diffusion_cadence=2)

    assert (done.drawings, done.drawn, done.frame) == (7, 7, 12)
    keys = [number for number in range(12) if is_key(manager, done, number)]
    assert keys == [0, 2, 4, 6, 8, 10, 11]
    assert done.film is not None
    assert len(frames(film(manager, done))) == 12


def is_key(manager: PipelineManager, video: Video, number: int) -> bool:
    return (manager.videos.store.folder(video.id) / "keys" / f"{number:06}.png").exists()


def test_the_same_animation_is_the_same_to_the_byte_and_another_seed_another(
    manager: PipelineManager, owner: str
) -> None:
    asked = animation()
    other = animation()
    other["request"] = other["request"] | {"seed": 6}

    one, two, three = (
        in_state(manager, manager.videos.create(values, owner), "done")
        for values in (asked, asked, other)
    )

    assert film(manager, one).read_bytes() == film(manager, two).read_bytes()
    assert film(manager, one).read_bytes() != film(manager, three).read_bytes()


def test_a_picture_is_made_while_a_video_is(manager: PipelineManager, owner: str) -> None:
    begun = manager.videos.create(animation(frames=60, prompt="fake:step=0.03"), owner)
    in_state(manager, begun, lambda now: now.drawn > 1)

    picture = ended(manager, manager.submit(asking(), f"{owner}-other"))

    assert picture.state == "done"
    assert manager.videos.get(begun.id, owner).state == "running"
    manager.videos.delete(begun.id, owner)


def test_what_the_model_cannot_draw_fails_with_its_reason_and_can_go_on(
    manager: PipelineManager, owner: str
) -> None:
    begun = manager.videos.create(animation(prompt="a red circle fake:nan@2"), owner)

    failed = in_state(manager, begun, "failed")

    assert failed.error is not None
    assert failed.error["code"] == "not_finite"
    assert manager.videos.resume(begun.id, owner).state in ("queued", "running")
    in_state(manager, begun, "failed")


def test_an_error_in_a_schedule_names_the_field_and_the_character(
    manager: PipelineManager, owner: str
) -> None:
    with pytest.raises(RequestError) as raised:
        manager.videos.draft(animation(zoom="0: (1.02), 5: (sin(t)"), owner)

    assert raised.value.field == "animation.zoom"
    assert raised.value.details["position"] == 14


def test_of_a_loop_nothing_is_drawn_for_its_end(manager: PipelineManager, owner: str) -> None:
    looped, plain = (
        manager.videos.draft(animation(frames=20, diffusion_cadence=4, is_looped=is_so), owner)
        for is_so in (True, False)
    )

    assert (looped["drawings"], plain["drawings"]) == (5, 6)
    assert looped["warnings"] == []


def test_a_video_outlives_the_death_of_its_process(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        ready(manager)
        whole = made(manager, OWNER, frames=40)
        begun = manager.videos.create(animation(frames=40, prompt="a red circle"), OWNER)
        for count in (2, 7, 15, 24, 33):
            in_state(manager, begun, lambda now, count=count: now.frame >= count)
            kill_crew(manager, begun)
        done = in_state(manager, begun, "done")

        assert film(manager, done).read_bytes() == film(manager, whole).read_bytes()


def test_a_loop_outlives_the_death_of_its_process(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        ready(manager)
        asked = animation(frames=72, diffusion_cadence=4, is_looped=True, zoom="0: (1.01)")
        whole = in_state(manager, manager.videos.create(asked, OWNER), "done")
        begun = manager.videos.create(asked, OWNER)
        for count in (3, 50, 66):
            in_state(manager, begun, lambda now, count=count: now.frame >= count)
            kill_crew(manager, begun)
        done = in_state(manager, begun, "done")

        assert film(manager, done).read_bytes() == film(manager, whole).read_bytes()


def test_a_video_that_gets_no_further_is_not_begun_for_ever(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        ready(manager)
        begun = manager.videos.create(animation(frames=60), OWNER)
        reached = in_state(manager, begun, lambda now: now.frame >= 20).frame
        for attempt in (1, 2, 3):
            kill_crew(manager, begun)
            now = in_state(manager, begun, lambda now, a=attempt: now.attempt >= a)
            assert now.frame >= reached

        failed = in_state(manager, begun, "failed")

        assert failed.error is not None
        assert failed.error["code"] == "worker_died"


def test_a_video_outlives_the_death_of_the_worker(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        pid = ready(manager)
        whole = made(manager, OWNER)
        slow = animation(prompt="a red circle fake:step=0.05")
        begun = manager.videos.create(slow, OWNER)
        in_state(manager, begun, lambda now: now.drawn >= 2)

        os.kill(pid, signal.SIGKILL)
        done = in_state(manager, begun, "done")

        assert done.drawn == whole.drawn
        assert done.attempt == 0


def test_a_video_that_always_kills_the_worker_fails_and_the_others_go_on(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        ready(manager)
        begun = manager.videos.create(animation(prompt="fake:die@2"), OWNER)

        failed = in_state(manager, begun, "failed")

        assert failed.error is not None
        assert failed.error["code"] == "worker_died"
        assert ended(manager, manager.submit(asking(), OWNER)).state == "done"


def test_a_video_goes_on_after_a_restart_to_the_same_bytes(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        ready(manager)
        slow = {"frames": 30, "prompt": "a red circle fake:step=0.02"}
        whole = made(manager, OWNER, **slow)
        expected = film(manager, whole).read_bytes()
        begun = manager.videos.create(animation(**slow), OWNER)
        in_state(manager, begun, lambda now: now.frame >= 6)
    with studio(tmp_path) as manager:
        assert manager.videos.get(begun.id, OWNER).state in ("queued", "running")
        done = in_state(manager, begun, "done")

        assert film(manager, done).read_bytes() == expected


def test_all_from_a_frame_on_is_made_anew(manager: PipelineManager, owner: str) -> None:
    done = made(manager, owner)
    folder = manager.videos.store.folder(done.id) / "keys"
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}

    manager.videos.remake(done.id, owner, 5)
    again = in_state(manager, done, lambda now: now.state == "done" and now.film is not None)

    after = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    kept = {name for name in before if before[name] == after[name]}
    assert kept == {"000000.png", "000002.png", "000004.png"}
    assert after.keys() == before.keys()
    assert again.film is not None
    assert again.film.frames == 12
