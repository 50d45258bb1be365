"""Messages as torch and the drivers really write them, and what they mean for the process."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch

from pipelines.worker.device.faults import (
    BAD_INPUT,
    OOM,
    POISONED,
    UNKNOWN,
    Fault,
    classify_gpu_error,
)

ASYNCHRONOUS = (
    "\nCUDA kernel errors might be asynchronously reported at some other API call, so the stacktrace below "
    "might be incorrect.\nFor debugging consider passing CUDA_LAUNCH_BLOCKING=1.\nCompile with "
    "`TORCH_USE_CUDA_DSA` to enable device-side assertions.\n"
)
MESSAGES = [
    (
        OOM,
        "CUDA out of memory. Tried to allocate 22.00 MiB. GPU 0 has a total capacity of 23.65 GiB of which "
        "11.06 MiB is free. Including non-PyTorch memory, this process has 23.60 GiB memory in use.",
    ),
    (
        OOM,
        "CUDA out of memory. Tried to allocate 192.00 MiB (GPU 0; 4.00 GiB total capacity; 3.08 GiB already "
        "allocated; 0 bytes free; 3.47 GiB reserved in total by PyTorch)",
    ),
    (OOM, "CUDA error: out of memory" + ASYNCHRONOUS),
    (
        OOM,
        "HIP out of memory. Tried to allocate 16.00 GiB. GPU 0 has a total capacity of 23.98 GiB",
    ),
    (
        OOM,
        "MPS backend out of memory (MPS allocated: 17.18 GB, other allocations: 384.00 KB, max allowed: 18.13 "
        "GB). Tried to allocate 1.00 GB on private pool.",
    ),
    (OOM, "Invalid buffer size: 16.00 GB"),
    (
        OOM,
        "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
        "allocate 4000000000000000 bytes. Error code 12 (Cannot allocate memory)",
    ),
    (
        OOM,
        "[enforce fail at alloc_cpu.cpp:114] data. DefaultCPUAllocator: not enough memory: you tried to "
        "allocate 9663676416 bytes.",
    ),
    (OOM, "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    (OOM, "cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    (POISONED, "CUDA error: device-side assert triggered" + ASYNCHRONOUS),
    (POISONED, "CUDA error: an illegal memory access was encountered" + ASYNCHRONOUS),
    (POISONED, "HIP error: an illegal memory access was encountered"),
    (POISONED, "CUDA error: unspecified launch failure" + ASYNCHRONOUS),
    (POISONED, "CUDA error: misaligned address" + ASYNCHRONOUS),
    (POISONED, "CUDA error: an illegal instruction was encountered" + ASYNCHRONOUS),
    (POISONED, "CUDA error: the launch timed out and was terminated" + ASYNCHRONOUS),
    (POISONED, "CUDA error: uncorrectable ECC error encountered" + ASYNCHRONOUS),
    (POISONED, "CUDA error: all CUDA-capable devices are busy or unavailable" + ASYNCHRONOUS),
    (POISONED, "CUDA error: unknown error" + ASYNCHRONOUS),
    (POISONED, "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
    (POISONED, "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasGemmEx(...)`"),
    (POISONED, "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`"),
    (
        BAD_INPUT,
        "CUDA error: no kernel image is available for execution on the device" + ASYNCHRONOUS,
    ),
    (BAD_INPUT, "CUDA error: invalid device ordinal" + ASYNCHRONOUS),
    (BAD_INPUT, "mat1 and mat2 shapes cannot be multiplied (154x768 and 1024x320)"),
    (
        BAD_INPUT,
        "Sizes of tensors must match except in dimension 1. Expected size 10 but got size 9",
    ),
    (
        BAD_INPUT,
        "Given groups=1, weight of size [320, 4, 3, 3], expected input[2, 9, 64, 64] to have 4 channels, but "
        "got 9 channels instead",
    ),
    (
        BAD_INPUT,
        "Input type (float) and bias type (c10::Half) should be the same",
    ),
    (
        BAD_INPUT,
        "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!",
    ),
    (BAD_INPUT, "index out of range in self"),
    (UNKNOWN, "the moon is in the wrong house"),
]


@pytest.mark.parametrize(("kind", "message"), MESSAGES)
def test_messages_are_understood(kind: str, message: str) -> None:
    assert classify_gpu_error(RuntimeError(message)) == kind


def test_types_are_understood_whatever_they_say() -> None:
    assert classify_gpu_error(torch.OutOfMemoryError("")) == OOM
    assert classify_gpu_error(MemoryError()) == OOM
    assert classify_gpu_error(torch.AcceleratorError("device-side assert")) == POISONED
    assert classify_gpu_error(torch.AcceleratorError("never heard of")) == POISONED
    assert classify_gpu_error(TypeError("no such argument")) == BAD_INPUT


@pytest.mark.parametrize(
    ("message", "needed"),
    [
        (MESSAGES[0][1], 22 * 2**20),
        (MESSAGES[6][1], 4_000_000_000_000_000),
        ("CUDA error: out of memory", None),
    ],
)
def test_the_figure_is_read_where_there_is_one(message: str, needed: int | None) -> None:
    assert Fault.of(RuntimeError(message)).needed_bytes == needed


def test_a_real_failed_allocation_is_out_of_memory() -> None:
    with pytest.raises(RuntimeError) as raised:
        torch.empty(10**15)

    assert Fault.of(raised.value).kind == OOM


def test_a_fault_keeps_no_tensor_of_the_failed_frames_alive() -> None:
    remembered = []

    def fail() -> None:
        activations = torch.zeros(1000)
        remembered.append(weakref.ref(activations))
        raise torch.OutOfMemoryError("CUDA out of memory.")

    try:
        fail()
    except RuntimeError as error:
        kept_on_purpose = error
        fault = Fault.of(error)

    gc.collect()
    assert fault.kind == OOM
    assert kept_on_purpose.__traceback__ is not None
    assert remembered[0]() is None
