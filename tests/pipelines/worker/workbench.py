"""An engine in this process, turned by hand: what goes in, what it says, and a clock that the test moves."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Any, TypeVar

import torch
from torch import nn

from pipelines.asking.sampling import Sampling
from pipelines.request import Request
from pipelines.worker.device.choice import Device
from pipelines.worker.device.memory import Memory
from pipelines.worker.engine.engine import Bench, Engine
from pipelines.worker.messages import (
    Cancel,
    CheckpointRef,
    JobEnded,
    Launch,
    Pause,
    PictureDone,
    PictureFailed,
    PictureTask,
    Submit,
)
from pipelines.worker.pulse import Pulse
from pipelines.worker.weights.cache import Models
from pipelines.worker.weights.loading import Model
from pipelines.worker.weights.network import TEXT_ENCODER, VAE

Message = TypeVar("Message")
CPU = Device(torch.device("cpu"), "a processor")


@contextlib.contextmanager
def as_on_the_gpu_thread() -> Iterator[None]:
    """No gradients, one thread; put back afterwards."""
    had_grad, threads = torch.is_grad_enabled(), torch.get_num_threads()
    torch.set_grad_enabled(False)
    torch.set_num_threads(1)
    yield
    torch.set_grad_enabled(had_grad)
    torch.set_num_threads(threads)


class AtOnce(Executor):
    """An I/O thread that is none: what is submitted has been done when `submit` returns."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Later(Executor):
    """An I/O thread that waits until the test says `finish`."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._waiting.append((future, lambda: fn(*args, **kwargs)))
        return future

    def finish(self) -> None:
        for future, work in self._waiting:
            future.set_result(work())
        self._waiting.clear()


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Workbench:
    """The engine, everything it said, and shortcuts to ask and to look."""

    def __init__(
        self,
        checkpoint: CheckpointRef,
        launch: Launch | None = None,
        *,
        reader: Executor | None = None,
        budget_bytes: int | None = None,
        device: Device = CPU,
    ) -> None:
        self.checkpoint = checkpoint
        self.said: list[Any] = []
        self.clock = Clock()
        self.pulse = Pulse(self.clock)
        memory = Memory(CPU.torch_device)
        launch = launch or Launch(ram_bytes=budget_bytes)
        self.models = Models(device, memory, reader or AtOnce(), launch)
        bench = Bench(device, memory, self.models, self.pulse)
        self.engine = Engine(bench, launch, self.said.append, self.clock)

    def submit(self, job_id: str = "job", /, **asked: Any) -> None:
        """A job of as many pictures as the request has, or of `pictures=…`; the fields are those of `request`.

        `refiner` and `hires_checkpoint` are checkpoints.
        """
        given: dict[str, Any] = {"checkpoint": self.checkpoint, "hold_after_steps": None, **asked}
        checkpoint, hold = given.pop("checkpoint"), given.pop("hold_after_steps")
        names = ("loras", "vae", "embeddings", "refiner", "hires_checkpoint", "upscaler")
        brings = {name: given.pop(name) for name in names if name in given}
        pictures, refiner = given.pop("pictures", None), brings.get("refiner")
        if second := brings.get("hires_checkpoint"):
            given["hires"] = replace(given["hires"], checkpoint=second.name)
        wanted = request(**given, refiner=refiner.name if refiner else None)
        if pictures is None:
            pictures = tuple(PictureTask(n, wanted.seed + n) for n in range(wanted.pictures))
        values = wanted.as_dict()
        self.engine.receive(Submit(job_id, values, checkpoint, pictures, hold, **brings))

    def cancel(self, job_id: str) -> None:
        self.engine.receive(Cancel(job_id))

    def pause(self, job_id: str = "job") -> None:
        self.engine.receive(Pause(job_id))

    def run(self, turns: int = 10_000) -> None:
        """Turns until there is nothing to do, or `turns` times."""
        while turns and self.engine.turn():
            turns -= 1

    def all(self, kind: type[Message], job_id: str | None = None) -> list[Message]:
        """What was said of this kind, about one job or all, in order."""
        return [m for m in self.said if isinstance(m, kind) and job_id in (None, m.job_id)]

    def pixels(self, job_id: str = "job", index: int = 0) -> torch.Tensor:
        """The finished picture as numbers 0…255."""
        done = next(m for m in self.all(PictureDone, job_id) if m.index == index)
        assert len(done.pixels.data) == done.pixels.width * done.pixels.height * 3
        return torch.frombuffer(bytearray(done.pixels.data), dtype=torch.uint8).int()

    def failure(self, job_id: str = "job") -> str:
        """What the job's only picture is told, which has failed over a file."""
        (failed,) = self.all(PictureFailed, job_id)
        assert failed.error["code"] == "model_unreadable"
        assert failed.error["remedy"]
        assert not self.all(PictureDone, job_id)
        assert job_id in self.ended()
        return str(failed.error["message"])

    def ended(self) -> list[str]:
        return [message.job_id for message in self.all(JobEnded)]

    def model(self, checkpoint: CheckpointRef | None = None) -> Model:
        """The loaded model; it stays leased."""
        model = self.models.lease(checkpoint or self.checkpoint)
        assert model is not None
        return model

    def network(self, name: str) -> nn.Module:
        """The denoiser, VAE or (first) text encoder that the pictures share."""
        role = {"vae": VAE, "text_encoder": TEXT_ENCODER}.get(name, name)
        return next(one.module for one in self.model().networks if one.role == role)


def request(**fields: Any) -> Request:
    """A resolved request for the toy: 64 × 64, four steps."""
    sampling = Sampling(
        sampler=fields.pop("sampler", "Euler"),
        schedule=fields.pop("schedule", "Uniform"),
        steps=fields.pop("steps", 4),
        guidance_scale=fields.pop("guidance_scale", 5.0),
    )
    given = {"prompt": "a boat", "width": 64, "height": 64, "seed": 7, **fields}
    return Request(sampling=sampling, **given)


@functools.cache
def alone(checkpoint: CheckpointRef, **fields: Any) -> torch.Tensor:
    """The picture that a request gives when nothing else runs."""
    bench = Workbench(checkpoint)
    bench.submit(**fields)
    bench.run()
    return bench.pixels()
