"""The denoiser: a small UNet2DConditionModel, trained by one single-threaded process per core, resumable to the bit.

The drawings, noise and timesteps of a step follow from its number, so a checkpoint needs no random state but the count.
"""

import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch.nn import functional

from training.starter.dataset import Drawings, load_drawings
from training.starter.noise import Noise, add_noise, noise_table
from training.starter.optimiser import Optimiser
from training.starter.plan import SEED, TEXT_WIDTH, Plan

EMPTY_SHARE = 0.1
SAVE_SECONDS = 600


@dataclass(frozen=True)
class Run:
    """How long and how fast: a number of steps, or minutes when `steps` is 0."""

    minutes: float = 100.0
    steps: int = 0
    batch: int = 32  # per process
    rate: float = 2e-3
    warm_up: int = 100
    falling_share: float = 0.3
    average: float = 0.998
    half_precision: bool = True
    resume: bool = False
    save_seconds: float = SAVE_SECONDS


def build_denoiser(widths: tuple[int, ...], latent_px: int) -> UNet2DConditionModel:
    """Stable Diffusion's UNet in small: text is looked at on the two coarser levels."""
    depth = len(widths) - 1
    return UNet2DConditionModel(
        sample_size=latent_px,
        down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * depth,
        up_block_types=("CrossAttnUpBlock2D",) * depth + ("UpBlock2D",),
        block_out_channels=widths,
        layers_per_block=1,
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=4,
        norm_num_groups=8,
    )


def is_matrix(name: str, weight: torch.Tensor) -> bool:
    """Whether the orthogonalised update suits this weight: all but vectors and the outermost layers."""
    return weight.ndim > 1 and not name.startswith(("conv_in", "conv_out"))


def learning_rate(run: Run, step: int, progress: float) -> float:
    """Warm-up, a constant stretch, and a linear fall to zero at the end."""
    return (
        run.rate
        * min(1.0, (step + 1) / run.warm_up)
        * min(1.0, max(0.0, (1 - progress) / run.falling_share))
    )


class Training:
    """The state of one run in one process: fp32 masters, a working copy of the net, optimiser, average and clock."""

    def __init__(self, plan: Plan, run: Run, rank: int = 0, world: int = 1) -> None:
        torch.manual_seed(SEED)
        self.plan, self.run, self.rank, self.world = plan, run, rank, world
        self.net = build_denoiser(plan.denoiser_widths, plan.latent_px).to(plan.device).train()
        if (
            plan.device == "cpu"
        ):  # the fused attention's backward pass is slow there: a quarter of a step
            self.net.set_attn_processor(AttnProcessor())
        named = list(self.net.named_parameters())
        self.masters = [w.detach().clone().float() for _, w in named]
        self.average = [w.clone() for w in self.masters]
        self.optimiser = Optimiser(
            self.masters, [is_matrix(n, w) for n, w in named], rank=rank, world=world
        )
        if run.half_precision:
            self.net.to(torch.bfloat16)
        self.net.to(memory_format=torch.channels_last)
        self.weights = list(self.net.parameters())
        self.noise: Noise = noise_table()
        self.seconds = 0.0
        self.losses: list[float] = []
        self.drawings: Drawings = load_drawings(plan.folder)
        self.embeddings = np.load(plan.folder / "embeddings.npy", mmap_mode="r")

    @property
    def step_count(self) -> int:
        return self.optimiser.steps

    def batch(self, step: int) -> tuple[torch.Tensor, ...]:
        """Latents, text states, noise and timesteps of this process at this step."""
        rng = np.random.default_rng([SEED, 4, self.rank, step])
        rows = rng.integers(len(self.drawings.latents), size=self.run.batch)
        latents = torch.from_numpy(self.drawings.latents[rows].astype(np.float32))
        spoken = np.where(rng.random(self.run.batch) < EMPTY_SHARE, len(self.embeddings) - 1, rows)
        text = torch.from_numpy(self.embeddings[spoken].astype(np.float32))
        noise = torch.from_numpy(rng.standard_normal(latents.shape, dtype=np.float32))
        timesteps = torch.from_numpy(
            rng.choice(len(self.noise.share), size=self.run.batch, p=self.noise.share)
        )
        return latents, text, noise, timesteps

    def gradients(self) -> tuple[list[torch.Tensor], float]:
        """Gradients of one batch, averaged over the processes and clipped, and the progress that process 0 sees."""
        latents, text, noise, timesteps = self.batch(self.step_count)
        noised, wanted = add_noise(latents, noise, timesteps, self.noise)
        device, dtype = self.plan.device, self.weights[0].dtype
        noised = noised.to(device, dtype).contiguous(memory_format=torch.channels_last)
        said = self.net(noised, timesteps.to(device), text.to(device, dtype)).sample
        errors = functional.mse_loss(said.float(), wanted.to(device), reduction="none").mean(
            dim=(1, 2, 3)
        )
        weight = self.noise.weight[timesteps].to(device)
        (errors * weight).mean().backward()
        progress = (
            self.step_count / self.run.steps
            if self.run.steps
            else self.seconds / (60 * self.run.minutes)
        )
        extra = torch.tensor(
            [progress if self.rank == 0 else 0.0, errors.mean().item() / self.world], device=device
        )
        flat = torch.cat([*(w.grad.float().flatten() for w in self.weights), extra])
        if self.world > 1:
            dist.all_reduce(flat)
        for weight in self.weights:
            weight.grad = None
        self.losses.append(float(flat[-1]))
        progress, flat = float(flat[-2]), flat[:-2] / self.world
        flat = flat * min(1.0, 1.0 / (float(flat.norm()) + 1e-6))
        sizes = [m.numel() for m in self.masters]
        return [
            g.view_as(m) for g, m in zip(flat.split(sizes), self.masters, strict=True)
        ], progress

    def advance(self) -> float:
        """One step; the progress of the run before it, 0..1."""
        begin = time.monotonic()
        gradients, progress = self.gradients()
        self.optimiser.step(gradients, learning_rate(self.run, self.step_count, progress))
        keep = min(self.run.average, (1 + self.step_count) / (10 + self.step_count))
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.masters, 1 - keep)
            torch._foreach_copy_(self.weights, self.masters)
        self.seconds += time.monotonic() - begin
        return progress

    def save(self, path: Path) -> None:
        """Write everything that `restore` needs, all or nothing."""
        state = {
            "masters": self.masters,
            "average": self.average,
            "seconds": self.seconds,
            **self.optimiser.state(),
        }
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    @torch.no_grad()
    def restore(self, path: Path) -> None:
        """Go on exactly where `save` was called."""
        state = torch.load(path, map_location=self.plan.device)
        torch._foreach_copy_(self.masters, state["masters"])
        torch._foreach_copy_(self.weights, self.masters)
        self.average, self.seconds = state["average"], state["seconds"]
        self.optimiser.restore(state)


def train(rank: int, plan: Plan, run: Run, world: int, meeting: Path) -> None:
    """The loop of one process."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent that dies says so by this
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    if world > 1:
        dist.init_process_group(
            "gloo", init_method=f"file://{meeting}", rank=rank, world_size=world
        )
    training = Training(plan, run, rank, world)
    checkpoint = plan.folder / "denoiser.pt"
    if run.resume and checkpoint.exists():
        training.restore(checkpoint)
    saved, progress = time.monotonic(), 0.0
    while progress < 1 and not (run.steps and training.step_count >= run.steps):
        progress = training.advance()
        if rank == 0 and training.step_count % 50 == 0:
            loss = np.mean(training.losses[-50:])
            pace = run.batch * world * training.step_count / training.seconds
            print(
                f"denoiser: step {training.step_count}, loss {loss:.4f}, {pace:.1f} samples/s, {progress:.1%}",
                flush=True,
            )
        if rank == 0 and time.monotonic() - saved > run.save_seconds:
            training.save(checkpoint)
            saved = time.monotonic()
    if rank == 0:
        training.save(checkpoint)
    if world > 1:
        dist.destroy_process_group()


def train_denoiser(plan: Plan, run: Run) -> None:
    """Train on all the plan's processes; they meet at a file of this run alone."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = (plan, run, plan.processes, Path(folder) / "meeting")
        if plan.processes == 1:
            train(0, *arguments)
        else:
            torch.multiprocessing.spawn(train, args=arguments, nprocs=plan.processes)


def load_denoiser(plan: Plan) -> UNet2DConditionModel:
    """The net with the averaged weights of the last checkpoint."""
    net = build_denoiser(plan.denoiser_widths, plan.latent_px)
    average = torch.load(plan.folder / "denoiser.pt", map_location="cpu")["average"]
    with torch.no_grad():
        torch._foreach_copy_(list(net.parameters()), average)
    return net.eval()
