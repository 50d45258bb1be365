"""Which device and format are chosen, and what is said when it is not the one that was asked for."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from pipelines.worker.device import choice
from pipelines.worker.device.choice import Device, greeting, pick_device, settle
from pipelines.worker.device.memory import Memory
from pipelines.worker.messages import CheckpointRef, Launch

needs_cpu_torch = pytest.mark.skipif(torch.cuda.is_available(), reason="needs a torch without GPU")
LARGE, SMALL = 860_000_000, 8_000_000


@needs_cpu_torch
def test_without_a_gpu_the_processor_is_used_and_nothing_is_complained_about() -> None:
    device = pick_device(Launch())

    assert device.torch_device.type == "cpu"
    assert device.notice == ""


@needs_cpu_torch
@pytest.mark.parametrize("wanted", ["cuda", "cuda:1", "mps"])
def test_a_device_that_is_not_there_is_replaced_with_a_notice(wanted: str) -> None:
    device = pick_device(Launch(device=wanted))

    assert device.torch_device.type == "cpu"
    assert wanted in device.notice
    assert "cpu is used" in device.notice


@needs_cpu_torch
def test_a_gpu_beside_a_torch_without_gpu_support_is_noticed_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "GPU_SIGNS", ((str(tmp_path), "NVIDIA"),))

    device = pick_device(Launch())

    assert "NVIDIA GPU" in device.notice
    assert "Install torch with GPU support" in device.notice


def test_small_models_compute_in_float32_so_that_every_machine_draws_the_same() -> None:
    device = Device(torch.device("cuda"), "a GPU", large_dtype=torch.float16)

    assert device.dtype_for(SMALL) is torch.float32
    assert device.dtype_for(LARGE) is torch.float16


def test_a_format_that_was_asked_for_holds_for_all_models() -> None:
    device = pick_device(Launch(device="cpu", dtype="bfloat16"))

    assert device.dtype_for(SMALL) is torch.bfloat16
    assert device.dtype_for(LARGE) is torch.bfloat16


def test_float16_is_never_used_on_a_processor() -> None:
    device = pick_device(Launch(device="cpu", dtype="float16"))

    assert device.dtype_for(SMALL) is not torch.float16
    assert device.dtype_for(LARGE) is not torch.float16
    assert "float16" in device.notice


def test_xformers_that_is_not_there_is_replaced_with_a_notice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choice.importlib.util, "find_spec", lambda name: None)

    device = pick_device(Launch(device="cpu", attention="xformers"))

    assert device.attention == "sdpa"
    assert "not installed" in device.notice


def test_xformers_without_an_operator_for_the_device_is_replaced_with_a_notice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Operators:
        @staticmethod
        def memory_efficient_attention(*tensors: torch.Tensor) -> None:
            raise NotImplementedError("No operator found for `memory_efficient_attention_forward`")

    monkeypatch.setattr(choice.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(choice.importlib, "import_module", lambda name: Operators)

    device = pick_device(Launch(device="cpu", attention="xformers"))

    assert device.attention == "sdpa"
    assert "NotImplementedError on cpu" in device.notice


@pytest.mark.parametrize(
    ("parameters", "positions", "threads"),
    [
        (5_000_000, 2 * 16 * 16, 1),  # one 128 px picture of a small model: threads would only wait
        (5_000_000, 16 * 16 * 16, 2),  # eight of them in one forward
        (LARGE, 2 * 64 * 64, 4),
    ],
)
def test_threads_follow_the_work_of_a_forward(
    parameters: int, positions: int, threads: int
) -> None:
    device = Device(torch.device("cpu"), "", max_threads=4)

    device.use_threads(parameters, positions)

    assert torch.get_num_threads() == threads


def test_no_more_threads_than_the_process_was_given() -> None:
    device = Device(torch.device("cpu"), "", max_threads=1)

    device.use_threads(LARGE, 100_000)

    assert torch.get_num_threads() == 1


def test_the_gpu_thread_computes_no_gradients() -> None:
    torch.set_grad_enabled(True)

    settle(Device(torch.device("cpu"), ""))

    assert not torch.is_grad_enabled()


def test_the_greeting_says_what_the_page_shows(toy: CheckpointRef) -> None:
    device = dataclasses.replace(
        pick_device(Launch(device="cpu")), name="Abacus 3000", notice="beads are missing"
    )

    hello = greeting(device, Launch(warm_up=toy), Memory(device.torch_device))

    assert hello.device == "cpu"
    assert hello.device_name == "Abacus 3000"
    assert hello.dtype == "float32"
    assert hello.torch_version == torch.__version__
    assert hello.total_bytes > 2**28
    assert hello.notice == "beads are missing"
