"""The life of the GPU thread, from the warm-up to the exit code."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
import torch

from pipelines.worker.engine import service
from pipelines.worker.engine.service import model_reader, serve
from pipelines.worker.messages import (
    CheckpointRef,
    Dying,
    JobEnded,
    Launch,
    PictureDone,
    PictureTask,
    Ready,
    Stop,
    Submit,
)
from pipelines.worker.pulse import Pulse
from tests.pipelines.worker.workbench import CPU, request


def serve_until(
    launch: Launch, react: Callable[[Any], Any], first: tuple[Any, ...] = ()
) -> tuple[int, list[Any]]:
    """Runs the service on this thread; `react` may answer each message that it sends with one for it."""
    inbox: SimpleQueue[Any] = SimpleQueue()
    said: list[Any] = []

    def send(message: Any) -> None:
        said.append(message)
        answer = react(message)
        if answer is not None:
            inbox.put(answer)

    for message in first:
        inbox.put(message)
    return serve(inbox, send, launch, CPU, Pulse()), said


def submit(checkpoint: CheckpointRef) -> Submit:
    return Submit("job", request().as_dict(), checkpoint, (PictureTask(0, 1),))


def stop_after(kind: type[Any]) -> Callable[[Any], Any]:
    return lambda message: Stop() if isinstance(message, kind) else None


def test_it_is_ready_when_the_warm_up_checkpoint_has_made_a_picture(toy: CheckpointRef) -> None:
    code, said = serve_until(Launch(warm_up=toy), stop_after(Ready))

    assert code == 0
    assert [type(message) for message in said] == [Ready]
    assert (said[0].checkpoint, said[0].problem) == ("toy", "")
    assert said[0].seconds > 0


def test_without_a_warm_up_checkpoint_it_is_ready_at_once() -> None:
    code, said = serve_until(Launch(), stop_after(Ready))

    assert code == 0
    assert said[0].checkpoint == ""


def test_a_damaged_warm_up_checkpoint_is_a_problem_and_not_the_end(
    own_toy: CheckpointRef, toy: CheckpointRef
) -> None:
    (Path(own_toy.path) / "unet/config.json").unlink()

    def react(message: Any) -> Any:
        if isinstance(message, Ready):
            return submit(toy)
        return Stop() if isinstance(message, JobEnded) else None

    code, said = serve_until(Launch(warm_up=own_toy), react)

    assert code == 0
    assert "config.json cannot be read" in said[0].problem
    assert any(isinstance(message, PictureDone) for message in said)


def test_stop_ends_it_in_the_middle_of_a_job(toy: CheckpointRef) -> None:
    code, said = serve_until(Launch(), lambda message: None, first=(submit(toy), Stop()))

    assert code == 0
    assert not any(isinstance(message, JobEnded) for message in said)


@pytest.mark.parametrize(
    "error",
    [
        torch.AcceleratorError("CUDA error: device-side assert triggered"),
        RuntimeError("CUDA error: an illegal memory access was encountered"),
        RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
    ],
)
def test_a_lost_gpu_ends_it_with_its_own_exit_code_and_a_sentence(
    toy: CheckpointRef, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    loaded = []
    build = service.Models._build

    def build_a_trap(models: Any, weights: Any) -> Any:
        model = build(models, weights)
        loaded.append(model.unet.register_forward_pre_hook(trap))
        return model

    def trap(module: torch.nn.Module, inputs: Any) -> None:
        raise error

    monkeypatch.setattr(service.Models, "_build", build_a_trap)

    code, said = serve_until(Launch(), lambda message: None, first=(submit(toy),))

    assert code == 77
    assert isinstance(said[-1], Dying)
    assert str(error) in said[-1].why
    assert threading.current_thread() is threading.main_thread()


def test_weights_are_read_on_one_thread_which_leaves_the_others_to_the_pictures() -> None:
    torch.set_num_threads(2)
    with model_reader() as reader:
        assert reader.submit(torch.get_num_threads).result() == 1
    assert torch.get_num_threads() == 2
