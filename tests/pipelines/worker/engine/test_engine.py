"""Jobs in, pictures out: what starts when, what is said about it, and how it ends. Real networks at toy size."""

from __future__ import annotations

import dataclasses

import torch

from pipelines.worker.messages import (
    CheckpointRef,
    JobEnded,
    Launch,
    PictureDone,
    PictureFailed,
    PictureHeld,
    PictureTask,
    Probe,
    Probed,
    Progress,
    Stage,
    Submit,
)
from tests.pipelines.worker.workbench import Later, Workbench, alone


def test_a_job_is_told_from_its_first_stage_to_its_end(bench: Workbench) -> None:
    bench.submit(steps=3)
    bench.run()

    kinds = [type(message) for message in bench.said]
    assert kinds == [Stage, Progress, Progress, PictureDone, JobEnded]
    assert bench.said[0].text == "developing"
    assert (bench.said[1].step, bench.said[1].steps) == (1, 3)
    assert bench.said[-1] == JobEnded("job", cancelled=False)
    done = bench.all(PictureDone)[0]
    assert (done.pixels.width, done.pixels.height) == (64, 64)
    assert (done.device, done.dtype) == ("cpu", "float32")


def test_the_pictures_of_a_job_differ_by_their_seeds_and_equal_single_ones(
    bench: Workbench, toy: CheckpointRef
) -> None:
    bench.submit(seed=7, batch_size=2, batch_count=2, exact=True)
    bench.run()

    for index in range(4):
        assert torch.equal(bench.pixels(index=index), alone(toy, seed=7 + index))
    assert bench.ended() == ["job"]


def test_batch_size_pictures_develop_together_and_batch_count_batches_after_one_another(
    bench: Workbench,
) -> None:
    bench.submit(batch_size=2, batch_count=3, steps=2)
    bench.run()

    seen = [message.index for message in bench.all(Progress)]
    assert seen == [0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5]


def test_not_more_pictures_develop_at_once_than_the_settings_allow(toy: CheckpointRef) -> None:
    bench = Workbench(toy, Launch(max_active_pictures=3))
    for number in range(3):
        bench.submit(f"job {number}", batch_size=2)
    bench.run(turns=3)

    assert len({(m.job_id, m.index) for m in bench.all(Progress)}) == 3
    bench.run()
    assert sorted(bench.ended()) == ["job 0", "job 1", "job 2"]


def test_only_some_pictures_of_a_request_can_be_asked_for(
    bench: Workbench, toy: CheckpointRef
) -> None:
    bench.submit(batch_size=4, pictures=(PictureTask(2, seed=9),))
    bench.run()

    assert [message.index for message in bench.all(PictureDone)] == [2]
    assert torch.equal(bench.pixels(index=2), alone(toy, seed=9))


def test_a_submit_without_pictures_ends_at_once(bench: Workbench) -> None:
    bench.submit(pictures=())

    assert bench.said == [JobEnded("job")]


def test_a_request_that_cannot_be_understood_fails_its_pictures(bench: Workbench) -> None:
    bench.engine.receive(
        Submit("job", {"moon": 1}, bench.checkpoint, (PictureTask(0, 1), PictureTask(1, 2)))
    )

    failures = bench.all(PictureFailed)
    assert [failure.index for failure in failures] == [0, 1]
    assert failures[0].error["code"] == "bad_request"
    assert bench.ended() == ["job"]


# ---- hold and go on --------------------------------------------------------------------------------------


def test_drafts_are_held_and_the_chosen_ones_go_on_to_the_same_bits(
    bench: Workbench, toy: CheckpointRef
) -> None:
    bench.submit(steps=6, batch_size=2, exact=True, hold_after_steps=2)
    bench.run()
    held = bench.all(PictureHeld)
    assert [(message.index, message.step) for message in held] == [(0, 2), (1, 2)]
    assert not bench.all(PictureDone)

    chosen = (PictureTask(1, seed=8, state=held[1].state),)
    bench.submit("again", steps=6, exact=True, pictures=chosen)
    bench.run()

    assert torch.equal(bench.pixels("again", index=1), alone(toy, steps=6, seed=8))
    assert bench.ended() == ["job", "again"]


def test_a_damaged_state_fails_its_picture_with_the_remedy(bench: Workbench) -> None:
    bench.submit(pictures=(PictureTask(0, seed=1, state=b"not a state"),))
    bench.run()

    (failure,) = bench.all(PictureFailed)
    assert failure.error["code"] == "state_damaged"
    assert "damaged" in failure.error["message"]
    assert failure.error["remedy"]


# ---- cancel ----------------------------------------------------------------------------------------------


def test_a_cancelled_job_leaves_its_place_within_one_step_and_others_unchanged(
    toy: CheckpointRef,
) -> None:
    bench = Workbench(toy, Launch(max_active_pictures=2))
    bench.submit("wanted", steps=4, exact=True)
    bench.submit("unwanted", steps=50, exact=True)
    bench.submit("next", steps=4, exact=True, seed=20)
    bench.run(turns=6)

    bench.cancel("unwanted")
    assert bench.said[-1] == JobEnded("unwanted", cancelled=True)
    bench.run()

    assert bench.ended() == ["unwanted", "wanted", "next"]
    assert torch.equal(bench.pixels("wanted"), alone(toy, steps=4))
    assert torch.equal(bench.pixels("next"), alone(toy, steps=4, seed=20))
    assert not bench.all(PictureDone, "unwanted")


def test_a_waiting_job_is_cancelled_at_once(toy: CheckpointRef) -> None:
    bench = Workbench(toy, Launch(max_active_pictures=1))
    bench.submit("first")
    bench.submit("second")
    bench.run(turns=2)

    bench.cancel("second")

    assert bench.ended() == ["second"]


def test_a_job_that_is_being_loaded_is_cancelled_at_once(toy: CheckpointRef) -> None:
    disk = Later()
    bench = Workbench(toy, reader=disk)
    bench.submit()
    bench.run()

    bench.cancel("job")
    disk.finish()
    bench.run()

    assert bench.ended() == ["job"]
    assert bench.pulse.forwards == 0


def test_cancelling_twice_or_too_late_says_nothing_more(bench: Workbench) -> None:
    bench.submit()
    bench.run()
    bench.submit("second")
    bench.cancel("second")
    bench.cancel("second")
    bench.cancel("job")
    bench.cancel("never heard of")

    assert bench.ended() == ["job", "second"]


# ---- models ----------------------------------------------------------------------------------------------


def test_other_pictures_develop_while_a_checkpoint_is_read(
    toy: CheckpointRef, other_toy: CheckpointRef
) -> None:
    disk = Later()
    bench = Workbench(toy, reader=disk)
    bench.submit("here")
    bench.run()
    disk.finish()
    bench.submit("there", checkpoint=other_toy)
    bench.run()
    assert bench.ended() == ["here"]
    assert [stage.text for stage in bench.all(Stage, "there")] == ["loading other"]

    disk.finish()
    bench.run()

    assert bench.ended() == ["here", "there"]
    assert [stage.text for stage in bench.all(Stage, "there")] == ["loading other", "developing"]
    assert bench.pulse.loaded == ("toy", "other")
    assert not torch.equal(bench.pixels("here"), bench.pixels("there"))


def test_a_checkpoint_that_does_not_fit_beside_the_others_waits_and_then_takes_their_place(
    toy: CheckpointRef, other_toy: CheckpointRef
) -> None:
    size_bytes = Workbench(toy).model().home_bytes
    bench = Workbench(toy, budget_bytes=size_bytes)
    bench.submit("first")
    bench.submit("second", checkpoint=other_toy)
    bench.submit("third")  # its model is there, but "second" came before it
    bench.run()

    assert bench.ended() == ["first", "second", "third"]
    assert bench.all(Stage, "second")[0].text == "waiting for memory"
    assert bench.pulse.loaded == ("toy",)


def test_a_damaged_checkpoint_fails_its_own_jobs_only(
    bench: Workbench, own_toy: CheckpointRef
) -> None:
    broken = dataclasses.replace(own_toy, path=own_toy.path + "/nowhere")
    bench.submit("broken", checkpoint=broken, batch_size=2)
    bench.submit("sound")
    bench.run()

    assert [m.error["code"] for m in bench.all(PictureFailed, "broken")] == ["model_unreadable"] * 2
    assert len(bench.all(PictureDone, "sound")) == 1
    assert sorted(bench.ended()) == ["broken", "sound"]


def test_one_text_is_encoded_once_for_all_pictures_of_a_job(bench: Workbench) -> None:
    texts = []
    with bench.network("text_encoder").register_forward_pre_hook(
        lambda module, args, kwargs: texts.append(kwargs["input_ids"]), with_kwargs=True
    ):
        bench.submit(batch_size=4, prompt="a boat", negative_prompt="fog")
        bench.run()

    assert len(texts) == 2


# ---- probes ----------------------------------------------------------------------------------------------


def test_a_probe_makes_a_real_picture_beside_the_others(bench: Workbench) -> None:
    bench.submit(steps=20)
    bench.run(turns=3)
    forwards = bench.pulse.forwards

    bench.engine.receive(Probe(nonce=5))
    bench.run(turns=8)

    assert [(m.nonce, m.is_ok, m.why) for m in bench.said if isinstance(m, Probed)] == [
        (5, True, "")
    ]
    assert bench.pulse.forwards > forwards
    assert not bench.ended()


def test_a_probe_of_a_model_gone_wrong_says_so(bench: Workbench) -> None:
    bench.submit()
    bench.run()
    for parameter in bench.network("denoiser").parameters():
        parameter.fill_(torch.nan)

    bench.engine.receive(Probe(nonce=6))
    bench.run()

    (probed,) = [m for m in bench.said if isinstance(m, Probed)]
    assert not probed.is_ok
    assert "NaN" in probed.why


def test_a_probe_without_any_checkpoint_says_so(toy: CheckpointRef) -> None:
    bench = Workbench(toy)

    bench.engine.receive(Probe(nonce=7))

    assert bench.said == [Probed(7, False, 0.0, "No checkpoint is loaded.")]


# ---- NaN -------------------------------------------------------------------------------------------------


def test_nan_in_one_row_fails_that_picture_only(bench: Workbench) -> None:
    def spoil(module: torch.nn.Module, inputs: object, output: tuple[torch.Tensor]) -> object:
        spoilt = output[0].clone()
        if len(spoilt) == 6:  # three pictures with guidance share this forward
            spoilt[3] = torch.nan
        return (spoilt,)

    with bench.network("denoiser").register_forward_hook(spoil):
        for number in range(3):
            bench.submit(f"job {number}", seed=number)
        bench.run()

    (failure,) = bench.all(PictureFailed)
    assert failure.job_id == "job 1"
    assert failure.error["code"] == "not_finite"
    assert failure.error["step"] == 1
    assert {m.job_id for m in bench.all(PictureDone)} == {"job 0", "job 2"}
    assert sorted(bench.ended()) == ["job 0", "job 1", "job 2"]
