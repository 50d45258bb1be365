"""What is measured: one checkpoint with its own defaults, on one device; both sides of a comparison get the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.plain import SCHEDULERS
from pipelines.asking.sampling import Sampling
from pipelines.catalog import diffusers_folder
from pipelines.catalog.checkpoint import Checkpoint
from pipelines.catalog.weights_file import read_shapes
from pipelines.request import Request, resolve
from pipelines.samplers import schedule_of
from pipelines.worker.device.choice import pick_device
from pipelines.worker.messages import Launch
from tests import tiny

ROOT = Path(__file__).parent.parent
STARTER = ROOT / "models" / "starter"
TOY_DEFAULTS = (
    '{"defaults": {"width": 128, "height": 128, "sampler": "Euler", "guidance_scale": 3.0}}'
)
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white")
THINGS = ("circle", "square", "star", "heart", "house", "tree", "flower", "fish", "boat", "moon")


@dataclass(frozen=True)
class Subject:
    """`models_dir` is the folder that the app must be told about to find the checkpoint."""

    checkpoint: Checkpoint
    device: str
    is_toy: bool = False

    @property
    def models_dir(self) -> Path | None:
        folder = self.checkpoint.path.parent
        return None if folder == ROOT / "models" else folder

    @property
    def flags(self) -> tuple[str, ...]:
        return ("--device", self.device)

    @property
    def dtype(self) -> torch.dtype:
        """The number format that the worker picks for a model of this size on this device."""
        file = self.checkpoint.path / "unet" / "diffusion_pytorch_model.safetensors"
        parameters = sum(math.prod(shape) for shape in read_shapes(file).values())
        return pick_device(Launch(device=self.device)).dtype_for(parameters)

    def request(self, prompt: str = "", seed: int = 0) -> Request:
        """The resolved request for one picture, with a sampler and schedule that diffusers has as well."""
        defaults = self.checkpoint.defaults
        pair = (defaults.sampler, schedule_of(defaults.sampler, defaults.schedule))
        sampler, schedule = pair if pair in SCHEDULERS else ("Euler", "Uniform")
        request = Request(
            prompt=prompt, seed=seed, sampling=Sampling(sampler=sampler, schedule=schedule)
        )
        return resolve(request, self.checkpoint.name, defaults)

    def asked(self, seed: int) -> dict[str, Any]:
        """The same as JSON for the API."""
        return self.request(prompts(seed, 1)[0], seed).as_dict()

    def __str__(self) -> str:
        request = self.request()
        sampling = request.sampling
        return (
            f"{self.checkpoint.name}{' (random weights)' if self.is_toy else ''}, "
            f"{request.width}×{request.height}, {sampling.steps} steps {sampling.sampler} "
            f"{sampling.schedule}, CFG {sampling.guidance_scale:g}, {str(self.dtype)[6:]}, {self.device}"
        )


def prompts(start: int, count: int) -> list[str]:
    """Different texts, so that neither side can remember an encoded one; a hundred and then a number."""
    return [
        f"a {COLOURS[n % 10]} {THINGS[n // 10 % 10]} {n // 100 or ''}".strip()
        for n in range(start, start + count)
    ]


def find(model: Path | None, toy_folder: Path | None, device: str) -> Subject:
    """The model that was named, else the starter model, else a random one of the starter's size in `toy_folder`."""
    if toy_folder is not None or (model is None and not STARTER.exists()):
        assert toy_folder is not None, "the starter model is missing; say --model or --toy"
        return Subject(_toy(toy_folder), device, is_toy=True)
    folder = (model or STARTER).resolve()
    checkpoint = diffusers_folder.read(folder, folder.name)
    checkpoint.ref()  # says what is wrong with it
    return Subject(checkpoint, device)


def _toy(folder: Path) -> Checkpoint:
    path = folder / "models" / "toy"
    torch.manual_seed(0)
    tiny.save(path, tiny.components(tiny.STARTER_LIKE))
    (path / "darkroom.json").write_text(TOY_DEFAULTS, encoding="utf-8")
    return diffusers_folder.read(path, path.name)
