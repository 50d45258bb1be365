"""A stand-in for spandrel, which needs torchvision: descriptors of one architecture, with the face of the real ones."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from pipelines.worker.messages import GuideRef


class Shuffle(nn.Module):
    """Two convolutions, then channels become pixels. It looks no further than 2 px."""

    def __init__(self, channels: int, scale: int) -> None:
        super().__init__()
        self.conv_first = nn.Conv2d(channels, 8, 3, padding=1)
        self.conv_last = nn.Conv2d(8, channels * scale**2, 3, padding=1)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        inner = self.conv_last(torch.relu(self.conv_first(x)))
        return torch.sigmoid(nn.functional.pixel_shuffle(inner, self.scale))


class ImageModelDescriptor:
    """What of spandrel 0.4 is asked for."""

    supports_half, supports_bfloat16 = False, True

    def __init__(self, model: Shuffle, channels: int) -> None:
        self.model, self.scale = model, model.scale
        self.input_channels = self.output_channels = channels
        self.seen: list[tuple[int, ...]] = []

    @torch.inference_mode()
    def __call__(self, image: Tensor) -> Tensor:
        assert image.ndim == 4
        assert len(image) == 1
        self.seen.append(tuple(image.shape))
        return self.model(image).clamp_(0, 1)  # type: ignore[no-any-return]


class ModelLoader:
    def __init__(self, device: str) -> None:
        assert device == "cpu"

    def load_from_state_dict(self, tensors: dict[str, Tensor]) -> Any:
        if "conv_first.weight" not in tensors:
            raise LookupError("no architecture has these tensors")
        channels = tensors["conv_first.weight"].shape[1]
        scale = round((len(tensors["conv_last.weight"]) / channels) ** 0.5)
        model = Shuffle(channels, scale)
        model.load_state_dict(tensors)
        return ImageModelDescriptor(model, channels)


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on this is what `import spandrel` finds."""
    module: Any = ModuleType("spandrel")
    module.__spec__ = ModuleSpec("spandrel", None)
    module.ModelLoader, module.ImageModelDescriptor = ModelLoader, ImageModelDescriptor
    monkeypatch.setitem(sys.modules, "spandrel", module)


def saved(folder: Path, channels: int = 3, scale: int = 2, **others: Tensor) -> GuideRef:
    """The file of a network of random weights, and of whatever else is to lie in it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(channels * 10 + scale)
        tensors = Shuffle(channels, scale).state_dict()
    path = folder / f"{scale}x of {channels}.safetensors"
    save_file({**tensors, **others}, path)
    return GuideRef("upscaler", path.stem, str(path))
