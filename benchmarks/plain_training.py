"""The other side of the comparison of trainings: a loop that does what diffusers' example of DreamBooth with LoRA does.

What `examples/dreambooth/train_dreambooth_lora.py` of diffusers 0.42 is documented to do, written anew for one device
with the library's public parts: in each step the pictures are read, cropped and encoded by the VAE, their prompts
encoded by the text encoder, noise of DDPM is added, and the mean square error of the two halves of the batch (the
pictures that are taught and those of the class) is added up; then AdamW, its gradient cut to a norm of 1. What the
example has accelerate do, torch does here directly, which saves it a little.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.optimization import get_scheduler
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from peft import LoraConfig
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn import functional
from transformers.models.clip.modeling_clip import CLIPTextModel
from transformers.models.clip.tokenization_clip import CLIPTokenizer

from pipelines.finetune.plan import Plan

ITS_LAYERS = ("to_k", "to_q", "to_v", "to_out.0", "add_k_proj", "add_v_proj")
ITS_TEXT_LAYERS = ("q_proj", "k_proj", "v_proj", "out_proj")
GRADIENT_NORM, WEIGHT_DECAY = 1.0, 1e-2


@dataclass(frozen=True)
class Layers:
    """The ends of the names of the layers that learn."""

    unet: tuple[str, ...] = ITS_LAYERS
    text: tuple[str, ...] = ITS_TEXT_LAYERS


@dataclass(frozen=True)
class Taught:
    """A picture file and its prompt."""

    path: Path
    prompt: str


@dataclass(frozen=True, eq=False)
class Parts:
    """What the example loads of a checkpoint of SD 1.x."""

    tokenizer: Any
    text_encoder: Any
    vae: Any
    unet: Any
    noise: Any


def read(folder: str) -> Parts:
    """In the layout of diffusers; float32, on the CPU."""
    where: dict[str, Any] = {"pretrained_model_name_or_path": folder, "local_files_only": True}
    return Parts(
        CLIPTokenizer.from_pretrained(folder, subfolder="tokenizer"),
        _of(CLIPTextModel, folder, "text_encoder"),
        _of(AutoencoderKL, folder, "vae"),
        _of(UNet2DConditionModel, folder, "unet"),
        DDPMScheduler.from_pretrained(subfolder="scheduler", **where),
    )


class PlainTraining:
    """One training, which changes the networks that it is given."""

    def __init__(self, parts: Parts, plan: Plan) -> None:
        self.tokenizer, self.text_encoder = parts.tokenizer, parts.text_encoder
        self.vae, self.unet, self.noise = parts.vae, parts.unet, parts.noise
        self.plan = plan
        self._taught: Sequence[Taught] = ()
        self._priors: Sequence[Taught] = ()
        self._batches: Iterator[tuple[Tensor, Tensor]] = iter(())

    def begin(
        self, layers: Layers, taught: Sequence[Taught], priors: Sequence[Taught] = ()
    ) -> None:
        """These pictures, again and again in another order; the first step is done."""
        self.prepare(layers)
        self._taught, self._priors = taught, priors
        self._batches = self._endless()
        self.step()

    @torch.enable_grad()
    def step(self) -> float:
        """The loss."""
        pictures, ids = next(self._batches)
        loss = self.loss(self.latents(pictures), ids)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.parameters, GRADIENT_NORM)
        self.optimizer.step()
        self.rates.step()
        self.optimizer.zero_grad()
        return float(loss.detach())

    def latents(self, pictures: Tensor) -> Tensor:
        """`pictures`: (rows, 3, height, width) in −1…1."""
        latents: Tensor = self.vae.encode(pictures).latent_dist.sample()
        return latents * self.vae.config.scaling_factor

    def loss(self, latents: Tensor, ids: Tensor) -> Tensor:
        """`ids`: (rows, 77)."""
        noise = torch.randn_like(latents)
        steps, rows = self.noise.config.num_train_timesteps, (len(latents),)
        timesteps = torch.randint(0, steps, rows, device=latents.device)
        noisy = self.noise.add_noise(latents, noise, timesteps)
        told = self.text_encoder(ids, return_dict=False)[0]
        answer = self.unet(noisy, timesteps, told, return_dict=False)[0]
        is_v = self.noise.config.prediction_type == "v_prediction"
        target = self.noise.get_velocity(latents, noise, timesteps) if is_v else noise
        if not self._priors:
            return functional.mse_loss(answer.float(), target.float())
        own, prior = (one.chunk(2) for one in (answer.float(), target.float()))
        first = functional.mse_loss(own[0], prior[0])
        return first + self.plan.prior_weight * functional.mse_loss(own[1], prior[1])

    def network_tensors(self) -> Iterator[Tensor]:
        """Of the loaded checkpoint."""
        for network in (self.text_encoder, self.vae, self.unet):
            yield from (one for one in network.parameters() if not one.requires_grad)

    def prepare(self, layers: Layers) -> None:
        """The layers that learn, and their optimizer."""
        for network in (self.text_encoder, self.vae, self.unet):
            network.requires_grad_(False)
        learning = [(self.unet, layers.unet)]
        if self.plan.trains_text:
            learning.append((self.text_encoder, layers.text))
        for network, ends in learning:
            network.add_adapter(_config(self.plan.rank or 4, ends))
            network.train()
        if self.plan.saves_memory:
            self.unet.enable_gradient_checkpointing()
            if self.plan.trains_text:
                self.text_encoder.gradient_checkpointing_enable()
        both = (*self.unet.parameters(), *self.text_encoder.parameters())
        self.parameters = [one for one in both if one.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=self.plan.learning_rate or 1e-4, weight_decay=WEIGHT_DECAY
        )
        self.rates = get_scheduler("constant", self.optimizer)

    def _endless(self) -> Iterator[tuple[Tensor, Tensor]]:
        """As its DataLoader without workers: read when they are needed, those that are taught first, then the class."""
        size, number = self.plan.batch_size or 1, 0
        while True:
            order = torch.randperm(len(self._taught)).tolist()
            for begin in range(0, len(order) - size + 1, size):
                own = [self._taught[place] for place in order[begin : begin + size]]
                prior = (
                    [self._priors[(number + n) % len(self._priors)] for n in range(size)]
                    if self._priors
                    else []
                )
                number += size
                rows = [*own, *prior]
                yield torch.stack([self._pixels(row.path) for row in rows]), self._ids(rows)

    def _pixels(self, path: Path) -> Tensor:
        side = self.plan.resolution or 512
        with Image.open(path) as file:
            picture = ImageOps.fit(
                ImageOps.exif_transpose(file).convert("RGB"),
                (side, side),
                Image.Resampling.BILINEAR,
            )
        return torch.from_numpy(np.asarray(picture, np.float32) / 127.5 - 1).permute(2, 0, 1)

    def _ids(self, rows: Sequence[Taught]) -> Tensor:
        """The example tokenises each prompt whenever its picture is read."""
        ids = [
            self.tokenizer(
                row.prompt,
                truncation=True,
                padding="max_length",
                max_length=77,
                return_tensors="pt",
            ).input_ids
            for row in rows
        ]
        return torch.cat(ids)


def _config(rank: int, ends: Sequence[str]) -> LoraConfig:
    return LoraConfig(
        r=rank, lora_alpha=rank, init_lora_weights="gaussian", target_modules=list(ends)
    )


def _of(kind: Any, folder: str, name: str) -> Any:
    return kind.from_pretrained(folder, subfolder=name, dtype=torch.float32, local_files_only=True)
