"""The autoencoder: its encoder learns the latents' definition, its decoder learns to paint from them; each alone."""

import time

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import nn
from torch.nn import functional

from training.starter.dataset import Drawings, load_drawings
from training.starter.optimiser import Optimiser, Rates
from training.starter.plan import SEED, Plan

LATENT_NOISE = 0.15  # the decoder sees latents a little noised, as the denoiser's are
CROPPED_SHARE = 0.7  # this much of the time on crops, the rest on whole pictures
RATE = 2e-3
HALVES = {"encoder": ("encoder.", "quant_conv."), "decoder": ("decoder.", "post_quant_conv.")}
LOG_VARIANCE = -12.0  # the encoder's distribution is a point


def build_autoencoder(widths: tuple[int, ...]) -> AutoencoderKL:
    """An untrained autoencoder whose nets pass their input on, instead of losing two of three colour directions."""
    blocks = len(widths)
    net = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks,
        block_out_channels=widths,
        layers_per_block=1,
        norm_num_groups=2,
        latent_channels=4,
        sample_size=128,
        scaling_factor=1.0,
    )
    preserve_signal(net)
    return net


@torch.no_grad()
def preserve_signal(net: AutoencoderKL) -> None:
    """Identity-like weights: products of many random convolutions pass too few directions of colour to learn fast."""
    for name, module in net.named_modules():
        if name.endswith("conv2") or name.endswith("to_out.0"):
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Conv2d) and ("samplers" in name or "shortcut" in name):
            add_identity(module, averaging="downsamplers" in name)
        elif name.endswith("conv_in"):
            spread_input(module)
        elif name.endswith("quant_conv"):
            module.weight.copy_(torch.eye(len(module.weight))[:, :, None, None])
            module.bias.zero_()
    net.encoder.conv_out.weight[4:].zero_()
    net.encoder.conv_out.bias[4:].fill_(LOG_VARIANCE)


def add_identity(conv: nn.Conv2d, averaging: bool) -> None:
    """Identity (or, when downsampling, the mean of 2x2) plus a little of the random weights."""
    conv.weight.mul_(0.15)
    conv.bias.zero_()
    for channel in range(min(conv.weight.shape[:2])):
        if averaging:
            conv.weight[channel, channel, :2, :2] += 0.25
        else:
            centre = conv.kernel_size[0] // 2
            conv.weight[channel, channel, centre, centre] += 1.0


def spread_input(conv: nn.Conv2d) -> None:
    """Every channel a copy of an input: +z, -z, +z, …, and every fourth round a constant."""
    conv.weight.mul_(0.15)
    inputs = conv.weight.shape[1]
    for channel in range(len(conv.weight)):
        turn = channel // inputs
        conv.weight[channel, channel % inputs, 1, 1] += (1.0, -1.0, 1.0, 0.0)[turn % 4]
        conv.bias[channel] = 1.0 if turn % 4 == 3 else 0.0


def batch_of(
    drawings: Drawings, rng: np.random.Generator, size: int, crop: int | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Latents (size, 4, h, w) and pictures (size, 3, 8h, 8w) in -1..1, whole or cropped to `crop` patches."""
    rows = np.sort(rng.choice(len(drawings.pictures) - 200, size, replace=False))
    latents = torch.from_numpy(drawings.latents[rows].astype(np.float32))
    pictures = torch.from_numpy(drawings.pictures[rows]).permute(0, 3, 1, 2).float() / 127.5 - 1
    if crop:
        top, left = rng.integers(latents.shape[-1] - crop + 1, size=2)
        latents = latents[:, :, top : top + crop, left : left + crop]
        pictures = pictures[:, :, 8 * top : 8 * (top + crop), 8 * left : 8 * (left + crop)]
    return latents.contiguous(), pictures.contiguous()


def painting_loss(painted: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Right colours (L1, L2), right edges (gradients), right areas (L1 of 8x8 means)."""
    loss = functional.l1_loss(painted, wanted) + functional.mse_loss(painted, wanted)
    for axis in (2, 3):
        loss = loss + 0.5 * functional.l1_loss(painted.diff(dim=axis), wanted.diff(dim=axis))
    return loss + 0.5 * functional.l1_loss(
        functional.avg_pool2d(painted, 8), functional.avg_pool2d(wanted, 8)
    )


def train_half(plan: Plan, half: str, seconds: float, resume: bool = False) -> None:
    """Train the encoder or the decoder for so long and save its weights; `resume` starts from the saved ones."""
    torch.manual_seed(SEED)
    drawings = load_drawings(plan.folder)
    net = load_autoencoder(plan) if resume else build_autoencoder(plan.autoencoder_widths)
    net.to(plan.device).train()
    named = [(n, w) for n, w in net.named_parameters() if n.startswith(HALVES[half])]
    weights = [w for _, w in named]
    matrices = [w.ndim > 1 and "conv_in" not in n and "conv_out" not in n for n, w in named]
    optimiser = Optimiser([w.data for w in weights], matrices, Rates(decay=0.0))
    rng = np.random.default_rng([SEED, 3, int(resume)])
    begin, step, share = time.monotonic(), 0, 0.0
    while share < 1:
        share = min(1.0, (time.monotonic() - begin) / seconds)
        crop = 8 if share < CROPPED_SHARE else None
        batch = batch_of(drawings, rng, 16 if crop else 4, crop)
        loss = half_loss(net, half, *(t.to(plan.device) for t in batch))
        gradients = torch.autograd.grad(loss, weights)
        optimiser.step(list(gradients), RATE * min(1, (step + 1) / 100) * cosine_fall(share))
        step += 1
        if step % 100 == 0:
            print(f"{half}: step {step}, loss {loss.item():.4f}, {share:.0%}", flush=True)
            save_half(plan, net, half)
    save_half(plan, net, half)
    if half == "decoder":
        print(f"decoder: {decoder_psnr(net, drawings, plan.device):.2f} dB on unseen drawings")


def cosine_fall(share: float) -> float:
    """1 at the beginning, 0.01 at the end."""
    return 0.505 + 0.495 * float(np.cos(np.pi * share))


def half_loss(
    net: AutoencoderKL, half: str, latents: torch.Tensor, pictures: torch.Tensor
) -> torch.Tensor:
    """What the half is to make small."""
    if half == "encoder":
        return functional.mse_loss(net.encode(pictures).latent_dist.mean, latents)
    level = torch.rand(len(latents), 1, 1, 1, device=latents.device) * LATENT_NOISE
    return painting_loss(net.decode(latents + level * torch.randn_like(latents)).sample, pictures)


def save_half(plan: Plan, net: AutoencoderKL, half: str) -> None:
    """Keep the weights of one half in the plan's folder."""
    state = {k: v.cpu() for k, v in net.state_dict().items() if k.startswith(HALVES[half])}
    torch.save(state, plan.folder / f"{half}.pt")


def load_autoencoder(plan: Plan) -> AutoencoderKL:
    """The autoencoder with whatever halves have been trained so far."""
    net = build_autoencoder(plan.autoencoder_widths)
    for half in ("encoder", "decoder"):
        if (plan.folder / f"{half}.pt").exists():
            net.load_state_dict(torch.load(plan.folder / f"{half}.pt"), strict=False)
    return net.eval()


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    """Mean over pictures (n, h, w, 3) in 0..255 of the peak signal-to-noise ratio in dB."""
    errors = ((first.astype(float) - second.astype(float)) ** 2).mean(axis=(1, 2, 3))
    return float((10 * np.log10(255**2 / np.maximum(errors, 1e-3))).mean())


@torch.no_grad()
def decoder_psnr(net: AutoencoderKL, drawings: Drawings, device: str, count: int = 96) -> float:
    """How well the decoder paints drawings that it never saw from their exact latents."""
    latents = torch.from_numpy(
        drawings.latents[len(drawings.pictures) - 200 :][:count].astype(np.float32)
    )
    painted = torch.cat([net.decode(part.to(device)).sample.cpu() for part in latents.split(16)])
    wanted = drawings.pictures[-200:][:count]
    return psnr(((painted.clamp(-1, 1) + 1) * 127.5).permute(0, 2, 3, 1).numpy(), wanted)
