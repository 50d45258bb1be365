"""A second judge, which also knows what the starter model has never seen: for what the model can be taught.

It names thing, colour and backdrop. Like the first judge it learns from drawings alone, never from generated pictures.
"nothing" is a thing to it as well: blobs of any outline, so that a smear is not taken for whatever it is most like.
Its drawings are softened, bent and blotched on the way, as a model paints that has seen a thing five times: sharp ones
alone would teach it that whatever has soft edges is a moon.
`python -m training.starter.onlooker` draws, trains and says how good it is; that takes ten minutes of one core.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from training.starter.checker import LOOK_PX, as_tensor
from training.starter.plan import SEED
from training.starter.scenes import BACKDROPS, COLOURS, SCENERY, STYLES, Subject, compose_one
from training.starter.styles import render
from training.starter.unseen import DRAWABLE

WEIGHTS = Path(__file__).with_name("onlooker.safetensors")
WIDTHS = (3, 24, 48, 72, 72)
DRAWINGS, STEPS, BATCH, RATE = 26_000, 3000, 64, 2e-3
SIZE_PX = 128
BLURS_PX = (3, 5)
BEND, BEND_PARTS = 0.035, 8  # of half the picture's width, at so many points a side
BLOTCH, BLOTCH_PARTS = 0.08, 12  # of the range of brightness
TINT, NOISE = 0.02, 0.02
QUESTIONS = {"thing": tuple(DRAWABLE), "colour": tuple(COLOURS), "backdrop": BACKDROPS}


class Onlooker(nn.Module):
    """Four strided convolutions and a linear answer per question; 0.3 MB in half precision."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise(WIDTHS):
            size = 5 if before == 3 else 3
            conv = nn.Conv2d(before, after, size, 2, size // 2)
            layers += [conv, nn.BatchNorm2d(after), nn.ReLU()]
        self.features = nn.Sequential(*layers)
        self.hidden = nn.Sequential(nn.Flatten(), nn.Linear(WIDTHS[-1] * 16, 64), nn.ReLU())
        self.answers = nn.ModuleDict({q: nn.Linear(64, len(a)) for q, a in QUESTIONS.items()})

    def forward(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        """`pictures`: (batch, 3, h, w) in 0..1 -> per question (batch, answers)."""
        small = functional.interpolate(pictures, (LOOK_PX, LOOK_PX), mode="area")
        hidden = self.hidden(self.features(small - 0.5))
        return {question: answer(hidden) for question, answer in self.answers.items()}


def drawn(seed: int, index: int) -> tuple[np.ndarray, tuple[int, ...]]:
    """A drawing (64, 64, 3) of bytes: any thing in any colour, style and before any backdrop; and the right answers."""
    rng = np.random.default_rng([seed, index])
    style = tuple(STYLES)[rng.integers(len(STYLES))]
    plain = style == "logo" or rng.random() < 0.6
    backdrop = str(rng.choice(list(COLOURS if plain else SCENERY)))
    colour = str(rng.choice([c for c in COLOURS if c != backdrop]))
    thing = str(rng.choice(QUESTIONS["thing"]))
    scene = compose_one(rng, Subject(thing, colour), backdrop, style)
    picture = np.asarray(render(scene, SIZE_PX, rng).reduce(SIZE_PX // LOOK_PX))
    facts = (thing, colour, backdrop)
    return picture, tuple(a.index(f) for a, f in zip(QUESTIONS.values(), facts, strict=True))


def draw_many(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` drawings (count, 64, 64, 3) and their answers (count, questions)."""
    pictures, answers = zip(*(drawn(seed, i) for i in range(count)), strict=True)
    return np.stack(pictures), np.array(answers)


def soften(pictures: torch.Tensor) -> torch.Tensor:
    """(n, 3, h, w) in 0..1, each as an unpractised hand would paint it: soft, bent, blotched, tinted, grainy."""
    count, _, height, width = pictures.shape
    for size in BLURS_PX:
        soft = functional.avg_pool2d(pictures, size, 1, size // 2, count_include_pad=False)
        pictures = pictures + (soft - pictures) * torch.rand(count, 1, 1, 1)
    points = torch.randn(count, 2, BEND_PARTS, BEND_PARTS)
    shift = functional.interpolate(points, (height, width), mode="bicubic", align_corners=False)
    shift = shift * torch.rand(count, 1, 1, 1) * BEND
    straight = torch.eye(2, 3).expand(count, 2, 3)
    places = functional.affine_grid(straight, list(pictures.shape), align_corners=False)
    places = places + shift.permute(0, 2, 3, 1)
    pictures = functional.grid_sample(pictures, places, padding_mode="border", align_corners=False)
    spots = torch.randn(count, 3, BLOTCH_PARTS, BLOTCH_PARTS)
    blotches = functional.interpolate(spots, (height, width), mode="bilinear", align_corners=False)
    blotches = blotches * torch.rand(count, 1, 1, 1) * BLOTCH
    tinted = pictures + blotches + torch.randn(count, 3, 1, 1) * TINT
    return (tinted + torch.randn_like(tinted) * NOISE).clamp(0, 1)


def train() -> Onlooker:
    """From nothing, with a falling rate."""
    torch.manual_seed(SEED)
    pictures, answers = draw_many(SEED + 3, DRAWINGS)
    targets = torch.from_numpy(answers)
    net = Onlooker()
    optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=0.05)
    falling = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, STEPS)
    rng = np.random.default_rng([SEED, 6])
    for step in range(STEPS):
        rows = rng.integers(DRAWINGS, size=BATCH)
        said = net(soften(as_tensor(pictures[rows])))
        losses = [
            functional.cross_entropy(s, targets[rows, q]) for q, s in enumerate(said.values())
        ]
        optimiser.zero_grad()
        sum(losses).backward()
        optimiser.step()
        falling.step()
        if step % 200 == 0:
            print(f"onlooker: step {step}, loss {sum(losses).item():.3f}", flush=True)
    return net.eval()


def load_onlooker() -> Onlooker:
    """The judge with its shipped weights."""
    net = Onlooker()
    net.load_state_dict(
        {k: v.float() if v.is_floating_point() else v for k, v in load_file(WEIGHTS).items()}
    )
    return net.eval()


@torch.no_grad()
def see_all(net: Onlooker, pictures: np.ndarray) -> list[dict[str, str]]:
    """What the judge sees in pictures (n, h, w, 3) of bytes."""
    best = {q: said.argmax(1).tolist() for q, said in net(as_tensor(pictures)).items()}
    return [{q: QUESTIONS[q][best[q][i]] for q in QUESTIONS} for i in range(len(pictures))]


def accuracy(net: Onlooker, count: int = 1000) -> dict[str, float]:
    """Share of right answers per question on drawings that it never saw."""
    pictures, answers = draw_many(SEED + 4, count)
    said = see_all(net, pictures)
    right = [
        [s[q] == QUESTIONS[q][a[i]] for i, q in enumerate(QUESTIONS)]
        for s, a in zip(said, answers, strict=True)
    ]
    return dict(zip(QUESTIONS, np.mean(right, axis=0).tolist(), strict=True))


def main() -> None:
    torch.set_num_threads(1)
    net = train()
    state = {k: v.half() if v.is_floating_point() else v for k, v in net.state_dict().items()}
    save_file({k: v.contiguous() for k, v in state.items()}, WEIGHTS)
    WEIGHTS.chmod(0o644)
    for question, share in accuracy(load_onlooker()).items():
        print(f"onlooker: {question} {share:.1%}", flush=True)


if __name__ == "__main__":
    main()
