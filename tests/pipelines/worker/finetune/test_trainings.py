"""Trainings in the engine: pictures go first and stay as they are, every way to stop is clean, damage is said."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from pipelines.worker.finetune.lora_layers import LoraLayers
from pipelines.worker.finetune.messages import (
    DropTraining,
    FinishTraining,
    RestTraining,
    TrainingDone,
    TrainingDropped,
    TrainingFailed,
    TrainingMark,
    TrainingProgress,
    TrainingRested,
    TrainingSample,
    TrainingStage,
)
from pipelines.worker.finetune.state import FILE, read
from pipelines.worker.messages import CheckpointRef, JobEnded, LoraRef, PictureDone, Stage
from tests import tiny
from tests.pipelines.worker.finetune.classroom import (
    are_equal,
    elsewhere,
    failure,
    shop_of,
    taught,
    train,
    weights,
)
from tests.pipelines.worker.workbench import Workbench, alone, as_on_the_gpu_thread


def said(bench: Workbench, kind: type) -> list[Any]:
    return [one for one in bench.said if isinstance(one, kind)]


def has_said(bench: Workbench, kind: type, **fields: Any) -> Callable[[], bool]:
    """Whether a message of this kind with these values has come."""
    return lambda: any(
        all(getattr(one, name) == value for name, value in fields.items())
        for one in said(bench, kind)
    )


@pytest.fixture(scope="module")
def whole(toy: CheckpointRef, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The weights of a training of the toy that nobody disturbs; samples and marks change nothing of them."""
    folder = tmp_path_factory.mktemp("whole")
    with as_on_the_gpu_thread():
        return uninterrupted(toy, train(folder, toy), folder / "whole")


def uninterrupted(checkpoint: CheckpointRef, asked: Any, folder: Path) -> Any:
    """The weights of the same training that nobody disturbs."""
    whole = elsewhere(asked, folder)
    taught(Workbench(checkpoint), whole)
    return weights(whole)


def test_a_training_from_its_pictures_to_its_files(toy: CheckpointRef, tmp_path: Path) -> None:
    bench = Workbench(toy)
    asked = train(tmp_path, toy, pictures=3, held_out=1, priors=1, samples=1, sample_every=4)
    taught(bench, asked)

    assert [one.step for one in said(bench, TrainingSample)] == [0, 4, 6]
    assert [one.step for one in said(bench, TrainingMark)] == [4, 6]
    assert all(one.held_out_loss is not None for one in said(bench, TrainingMark))
    assert said(bench, TrainingProgress)[-1].step == 6
    (done,) = said(bench, TrainingDone)
    assert (done.step, done.best_step in (4, 6)) == (6, True)
    assert bench.said[-1] is done
    assert not bench.engine.turn()
    assert not are_equal(weights(asked, 4), weights(asked, 6))


def test_pictures_before_in_the_middle_and_after_are_the_same_to_the_bit(
    each_toy: CheckpointRef, tmp_path: Path
) -> None:
    bench = Workbench(each_toy)
    taught(bench, train(tmp_path / "other", each_toy, steps=2, seed=9, learning_rate=0.1))
    bench.said.clear()
    lora = LoraRef("other", str(tmp_path / "other/steps/sks-000002.safetensors"))

    def draw(when: str) -> None:
        """One as it is, and one with a LoRA."""
        bench.submit(f"plain {when}", exact=True)
        bench.submit(f"lora {when}", loras=(lora,), exact=True)
        bench.run()

    draw("before")
    asked = train(tmp_path / "own", each_toy, trains_text=True, steps=4)
    taught(bench, asked, until=has_said(bench, TrainingProgress, step=1))
    draw("meanwhile")
    draw("after")

    assert said(bench, TrainingDone)
    assert not torch.equal(bench.pixels("plain before"), bench.pixels("lora before"))
    for kind in ("plain", "lora"):
        for when in ("meanwhile", "after"):
            assert torch.equal(bench.pixels(f"{kind} {when}"), bench.pixels(f"{kind} before"))
    expected = uninterrupted(each_toy, asked, tmp_path / "whole")
    assert are_equal(weights(asked), expected), "nor does a picture change the training"


def test_nothing_of_a_training_sits_on_the_networks_that_pictures_use(
    each_toy: CheckpointRef, tmp_path: Path
) -> None:
    bench = Workbench(each_toy)
    networks = [one.module for one in bench.model().networks]
    before = [repr(network) for network in networks]
    asked = train(tmp_path, each_toy, trains_text=True, saves_memory=True, steps=2)
    taught(bench, asked)

    assert [repr(network) for network in networks] == before
    for module in (module for network in networks for module in network.modules()):
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
        assert not hasattr(module, "_diffusers_hook")
        assert not getattr(module, "gradient_checkpointing", False)
    assert not torch.is_grad_enabled()


def test_a_picture_begins_at_once_and_no_step_comes_before_it_is_done(
    toy: CheckpointRef, tmp_path: Path
) -> None:
    bench = Workbench(toy)
    taught(bench, train(tmp_path, toy), until=has_said(bench, TrainingProgress, step=1))
    step = shop_of(bench).pulse
    forwards = step.forwards
    bench.submit()
    bench.engine.turn()

    assert step.forwards == forwards + 1, "the turn after it was asked for is the picture's"
    bench.run()
    order = [type(one) for one in bench.said if isinstance(one, PictureDone | TrainingMark)]
    assert order == [PictureDone, TrainingMark]
    assert torch.equal(bench.pixels(), alone(toy))


def test_a_picture_that_comes_while_samples_are_drawn_shares_the_device_with_one_of_them(
    toy: CheckpointRef, tmp_path: Path
) -> None:
    bench = Workbench(toy)
    stage = "drawing samples before the first step"
    taught(bench, train(tmp_path, toy, samples=4), until=has_said(bench, TrainingStage, text=stage))
    bench.engine.turn()
    bench.submit()
    while not said(bench, JobEnded):
        bench.engine.turn()

    assert len(said(bench, TrainingSample)) <= 1
    assert torch.equal(bench.pixels(), alone(toy))


def test_a_training_rests_within_a_step_and_goes_on_to_the_same_weights(
    toy: CheckpointRef, tmp_path: Path, whole: Any
) -> None:
    bench, asked = Workbench(toy), train(tmp_path / "own", toy, samples=1, sample_every=4)
    taught(bench, asked, until=has_said(bench, TrainingMark, step=4))
    bench.engine.turn()
    bench.engine.receive(RestTraining("one"))

    (rested,) = said(bench, TrainingRested)
    state = read(tmp_path / "own")
    assert state is not None
    assert state.step == rested.step == 5
    assert not bench.engine.turn()
    assert not any(holder.is_in_use for holder in bench.models.holders)

    taught(bench, asked)
    assert [one.step for one in said(bench, TrainingMark)] == [4, 4, 6], "a mark is told once more"
    assert [one.step for one in said(bench, TrainingSample)] == [0, 4, 6], "but not drawn"
    assert are_equal(weights(asked), whole)


@pytest.mark.parametrize("stage", ["preparing picture 2 of 3", "drawing 1 of 1 class pictures"])
def test_one_that_has_not_begun_rests_too(toy: CheckpointRef, tmp_path: Path, stage: str) -> None:
    bench, asked = Workbench(toy), train(tmp_path, toy, priors=1)
    taught(bench, asked, until=has_said(bench, TrainingStage, text=stage))
    bench.engine.receive(RestTraining("one"))

    assert said(bench, TrainingRested) == [TrainingRested("one", 0)]
    assert not bench.engine.turn()
    taught(bench, asked)
    assert said(bench, TrainingDone)


def test_a_training_that_is_finished_early_keeps_the_step_where_it_is(
    toy: CheckpointRef, tmp_path: Path
) -> None:
    bench, asked = Workbench(toy), train(tmp_path, toy)
    taught(bench, asked, until=has_said(bench, TrainingProgress, step=1))
    bench.engine.turn()
    bench.engine.receive(FinishTraining("one"))
    bench.run()

    assert said(bench, TrainingDone) == [TrainingDone("one", 2, 2)]
    assert weights(asked, 2)


def test_before_the_first_step_there_is_nothing_to_keep(toy: CheckpointRef, tmp_path: Path) -> None:
    bench, asked = Workbench(toy), train(tmp_path, toy)
    bench.engine.receive(asked)
    bench.engine.receive(FinishTraining("one"))
    bench.run()

    assert "before its first step" in failure(bench)["message"]


def test_a_training_that_is_dropped_writes_nothing_more(toy: CheckpointRef, tmp_path: Path) -> None:
    bench, asked = Workbench(toy), train(tmp_path, toy)
    taught(bench, asked, until=has_said(bench, TrainingProgress, step=1))
    bench.engine.receive(DropTraining("one"))

    assert bench.said[-1] == TrainingDropped("one")
    shutil.rmtree(tmp_path)
    assert not bench.engine.turn()
    assert not tmp_path.exists()
    assert not any(holder.is_in_use for holder in bench.models.holders)


def test_a_second_training_waits_for_the_first(toy: CheckpointRef, tmp_path: Path) -> None:
    bench = Workbench(toy)
    bench.engine.receive(train(tmp_path / "one", toy, steps=2))
    bench.engine.receive(replace(train(tmp_path / "two", toy, steps=2), training_id="two"))
    bench.run()

    assert [one.training_id for one in said(bench, TrainingDone)] == ["one", "two"]


def test_when_a_picture_waits_for_memory_the_training_makes_room_and_comes_back(
    toy: CheckpointRef, other_toy: CheckpointRef, tmp_path: Path, whole: Any
) -> None:
    room = Workbench(toy).model().home_bytes
    bench = Workbench(toy, budget_bytes=room * 3 // 2)
    asked = train(tmp_path / "own", toy)
    taught(bench, asked, until=has_said(bench, TrainingProgress, step=1))
    bench.submit(checkpoint=other_toy)
    bench.engine.turn()

    assert bench.all(Stage)[-1].text == "waiting for memory"
    assert said(bench, TrainingStage)[-1].text == "waiting for memory"
    while not said(bench, JobEnded):
        bench.engine.turn()
    assert bench.models.names == ("other",)
    bench.run()
    assert said(bench, TrainingDone)
    assert torch.equal(bench.pixels(), alone(other_toy))
    assert are_equal(weights(asked), whole)


def test_a_checkpoint_that_is_deleted_in_the_middle_is_still_trained_on(tmp_path: Path) -> None:
    own = tiny.save(tmp_path / "toy", tiny.components())
    bench = Workbench(own)
    asked = train(tmp_path / "own", own)
    taught(bench, asked, until=has_said(bench, TrainingProgress, step=1))
    shutil.rmtree(tmp_path / "toy")
    bench.run()

    assert said(bench, TrainingDone)


def test_one_that_is_gone_before_it_began_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    own = tiny.save(tmp_path / "toy", tiny.components())
    bench, asked = Workbench(own), train(tmp_path / "own", own)
    taught(bench, asked, until=has_said(bench, TrainingProgress, step=1))
    bench.engine.receive(RestTraining("one"))
    shutil.rmtree(tmp_path / "toy")
    again = taught(Workbench(own), asked)

    assert str(tmp_path / "toy") in failure(again)["message"]
    assert read(tmp_path / "own") is not None


@pytest.mark.parametrize("damage", [b"\0" * 64, None], ids=["no file of ours", "one bit"])
def test_a_damaged_state_is_said_and_the_training_begins_again(
    toy: CheckpointRef, tmp_path: Path, whole: Any, damage: bytes | None
) -> None:
    asked = train(tmp_path / "own", toy)
    bench = Workbench(toy)
    taught(bench, asked, until=has_said(bench, TrainingProgress, step=1))
    bench.engine.receive(RestTraining("one"))
    state = tmp_path / "own" / FILE
    content = bytearray(state.read_bytes())
    content[-1] ^= 1  # one bit of a weight
    state.write_bytes(content if damage is None else damage)
    again = taught(Workbench(toy), asked)

    stages = [one.text for one in said(again, TrainingStage)]
    assert any(text.startswith("beginning again: ") and str(state) in text for text in stages)
    assert said(again, TrainingDone)
    assert are_equal(weights(asked), whole)


def test_the_state_of_another_plan_is_not_taken_for_this_one(
    toy: CheckpointRef, tmp_path: Path
) -> None:
    taught(Workbench(toy), train(tmp_path, toy, seed=1))
    bench = taught(Workbench(toy), train(tmp_path, toy, seed=2))

    stages = [one.text for one in said(bench, TrainingStage)]
    assert "beginning again: the saved state is of another plan or of other pictures" in stages


def test_more_steps_go_on_from_where_a_training_ended(toy: CheckpointRef, tmp_path: Path) -> None:
    taught(Workbench(toy), train(tmp_path, toy, steps=3))
    bench = taught(Workbench(toy), train(tmp_path, toy, steps=6))

    assert said(bench, TrainingProgress)[0].step == 4


def test_a_full_disk_is_said_and_what_was_kept_stays(
    toy: CheckpointRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, asked = Workbench(toy), train(tmp_path, toy, sample_every=2)
    taught(bench, asked, until=has_said(bench, TrainingMark, step=2))
    before = read(tmp_path)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    bench.run()

    assert failure(bench)["code"] == "disk_full"
    assert "disk is full" in failure(bench)["message"]
    after = read(tmp_path)
    assert before is not None
    assert after is not None
    assert (before.step, after.step) == (2, 2)
    assert not [*tmp_path.rglob("*.part")]
    assert not any(holder.is_in_use for holder in bench.models.holders)


def test_a_picture_that_is_gone_is_named(toy: CheckpointRef, tmp_path: Path) -> None:
    asked = train(tmp_path, toy)
    (tmp_path / "crops/001.png").write_bytes(b"no picture")
    bench = taught(Workbench(toy), asked)

    assert "001.png" in failure(bench)["message"]


def test_a_plan_that_cannot_be_is_answered_at_once(toy: CheckpointRef, tmp_path: Path) -> None:
    bench = Workbench(toy)
    asked = train(tmp_path, toy)
    bench.engine.receive(replace(asked, plan=asked.plan | {"rank": 0}))

    assert "rank" in said(bench, TrainingFailed)[0].error["message"]


def test_an_unexpected_error_ends_the_training_and_not_the_process(
    toy: CheckpointRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, asked = Workbench(toy), train(tmp_path, toy)
    taught(bench, asked, until=has_said(bench, TrainingProgress, step=1))

    def stumble(*_: Any) -> None:
        raise ZeroDivisionError("of our own")

    monkeypatch.setattr(LoraLayers, "exported", stumble)
    bench.run()
    bench.submit()
    bench.run()

    assert "ZeroDivisionError: of our own" in failure(bench)["message"]
    assert bench.ended() == ["job"]


def test_recoloured_copies_are_learned_from_as_well(toy: CheckpointRef, tmp_path: Path) -> None:
    def learned(name: str, recolourings: int) -> tuple[Any, list[str]]:
        asked = train(tmp_path / name, toy, recolourings=recolourings)
        named = replace(asked.lessons[0], caption="a red sks on white")
        bench = taught(Workbench(toy), replace(asked, lessons=(named, *asked.lessons[1:])))
        return weights(asked), [stage.text for stage in said(bench, TrainingStage)]

    plain, stages = learned("plain", 0)
    assert "preparing picture 2 of 2" in stages, "there are two"
    more, stages = learned("more", 2)
    assert "preparing picture 4 of 4" in stages, "the second has no colour in its caption"
    assert not are_equal(plain, more)
