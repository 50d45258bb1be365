"""An independent judge: a small convolutional net that names thing, colour, backdrop and style of a picture.

It learns from the drawings alone and never sees a generated picture; its own accuracy on unseen drawings stands beside
every figure that it gives. Its weights ship, so that tests can ask whether a red circle is red and a circle.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from training.starter.drawings import THINGS
from training.starter.optimiser import Optimiser
from training.starter.plan import SEED, Plan
from training.starter.scenes import (
    BACKDROPS,
    COLOURS,
    SCENERY,
    STYLES,
    Scene,
    Subject,
    compose_one,
)
from training.starter.styles import render

WEIGHTS = Path(__file__).with_name("checker.safetensors")
LOOK_PX = 64
DRAWINGS, STEPS = 24_000, 1500
QUESTIONS = {
    "thing": tuple(THINGS),
    "colour": tuple(COLOURS),
    "backdrop": BACKDROPS,
    "style": tuple(STYLES),
}


class Checker(nn.Module):
    """Four strided convolutions and a linear answer per question."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise((3, 32, 64, 128, 128)):
            size = 5 if before == 3 else 3
            layers += [
                nn.Conv2d(before, after, size, 2, size // 2),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            ]
        self.features = nn.Sequential(*layers).to(memory_format=torch.channels_last)
        self.hidden = nn.Sequential(nn.Flatten(), nn.Linear(128 * 16, 96), nn.ReLU())
        self.answers = nn.ModuleDict(
            {name: nn.Linear(96, len(values)) for name, values in QUESTIONS.items()}
        )

    def forward(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        """`pictures`: (batch, 3, h, w) in 0..1 -> per question (batch, values)."""
        seen = self.features(
            functional.interpolate(pictures, (LOOK_PX, LOOK_PX), mode="area") - 0.5
        )
        hidden = self.hidden(seen)
        return {name: answer(hidden) for name, answer in self.answers.items()}


def any_single(rng: np.random.Generator) -> Scene:
    """One ordinary subject of any colour, also of the held-out pairs: the judge must know what those look like."""
    style = tuple(STYLES)[rng.integers(len(STYLES))]
    choices = tuple(COLOURS) if style == "logo" or rng.random() < 0.5 else tuple(SCENERY)
    backdrop = choices[rng.integers(len(choices))]
    allowed = [c for c in COLOURS if c != backdrop]
    subject = Subject(tuple(THINGS)[rng.integers(len(THINGS))], allowed[rng.integers(len(allowed))])
    return compose_one(rng, subject, backdrop, style)


def drawn(seed: int, index: int, size_px: int) -> tuple[np.ndarray, tuple[int, ...]]:
    """A drawing for the judge, with the right answers."""
    rng = np.random.default_rng([seed, index])
    scene = any_single(rng)
    subject = scene.subjects[0]
    facts = (subject.thing, subject.colour, scene.backdrop, scene.style)
    picture = np.asarray(render(scene, size_px, rng).reduce(2 if size_px == 128 else 4))
    return picture, tuple(
        values.index(f) for values, f in zip(QUESTIONS.values(), facts, strict=True)
    )


def as_tensor(pictures: np.ndarray) -> torch.Tensor:
    """(n, h, w, 3) bytes -> (n, 3, h, w) in 0..1."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 255


def roughen(pictures: torch.Tensor) -> torch.Tensor:
    """Noise, softness and shifted tints, so that the judge looks at shapes and not at the hand that drew them."""
    count = len(pictures)
    soft = functional.avg_pool2d(pictures, 3, 1, 1, count_include_pad=False)
    share = torch.rand(count, 1, 1, 1) * 0.8
    mixed = pictures + (soft - pictures) * share
    return (mixed + torch.randn(count, 3, 1, 1) * 0.02 + torch.randn_like(mixed) * 0.03).clamp(0, 1)


def train_checker(plan: Plan, steps: int = STEPS, count: int = DRAWINGS) -> None:
    """Draw, learn, report on unseen drawings, save beside this file."""
    torch.manual_seed(SEED)
    drawings = zip(*(drawn(SEED + 1, i, plan.size_px) for i in range(count)), strict=True)
    pictures, answers = (np.stack(part) for part in drawings)
    targets = torch.from_numpy(answers).long()
    net = Checker()
    weights = list(net.parameters())
    optimiser = Optimiser([w.data for w in weights], [w.ndim > 1 and len(w) > 40 for w in weights])
    rng = np.random.default_rng([SEED, 5])
    for step in range(steps):
        rows = rng.integers(count, size=64)
        said = net(roughen(as_tensor(pictures[rows])))
        loss = sum(
            functional.cross_entropy(said[name], targets[rows, i])
            for i, name in enumerate(QUESTIONS)
        )
        optimiser.step(
            list(torch.autograd.grad(loss, weights)), 3e-3 * min(1, 2 - 2 * step / steps)
        )
        if step % 100 == 0:
            print(f"checker: step {step}, loss {loss.item():.3f}", flush=True)
    state = {k: v.half() if v.is_floating_point() else v for k, v in net.state_dict().items()}
    save_file({k: v.contiguous() for k, v in state.items()}, WEIGHTS)
    WEIGHTS.chmod(0o644)
    for name, accuracy in own_accuracy(load_checker(), plan.size_px).items():
        print(f"checker: {name} {accuracy:.1%}", flush=True)


def load_checker() -> Checker:
    """The judge with its shipped weights."""
    net = Checker()
    net.load_state_dict(
        {k: v.float() if v.is_floating_point() else v for k, v in load_file(WEIGHTS).items()}
    )
    return net.eval()


@torch.no_grad()
def name_all(net: Checker, pictures: np.ndarray) -> list[dict[str, str]]:
    """What the judge sees in pictures (n, h, w, 3) of bytes."""
    said = net(as_tensor(pictures))
    best = {name: values.argmax(1).tolist() for name, values in said.items()}
    return [
        {name: QUESTIONS[name][best[name][i]] for name in QUESTIONS} for i in range(len(pictures))
    ]


def own_accuracy(net: Checker, size_px: int, count: int = 600) -> dict[str, float]:
    """Share of right answers on drawings that it never saw."""
    pictures, answers = (
        np.stack(part)
        for part in zip(*(drawn(SEED + 2, i, size_px) for i in range(count)), strict=True)
    )
    said = name_all(net, pictures)
    return {
        name: float(
            np.mean([s[name] == QUESTIONS[name][a[i]] for s, a in zip(said, answers, strict=True)])
        )
        for i, name in enumerate(QUESTIONS)
    }
