"""LoRA layers (Hu et al. 2021, arXiv:2106.09685) as a method: peft's, in the skeletons of UNet and text encoders."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn

from pipelines.errors import StateDamaged
from pipelines.finetune.plan import Plan
from pipelines.worker.finetune.chances import WEIGHTS, generator
from pipelines.worker.finetune.kohya import layer_key
from pipelines.worker.finetune.method import Batch, Group, Text
from pipelines.worker.finetune.skeleton import Skeleton
from pipelines.worker.finetune.texts import encoded, tokenised

ADAPTER = "taught"
RANK, RATE = 16, 1e-4  # where a plan leaves them open
# Layers of a UNet by the ends of their names in diffusers: what kohya's `networks.lora` takes, and what its `conv_dim`
# does but for down- and upsamplers.
TRANSFORMERS = (
    *("to_q", "to_k", "to_v", "to_out.0"),
    *("ff.net.0.proj", "ff.net.2"),
    *("proj_in", "proj_out"),
)
CONVOLUTIONS = ("conv1", "conv2", "time_emb_proj", "conv_shortcut")
TEXT = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")  # kohya's: attention and MLP


@dataclass(frozen=True, eq=False)
class Taught:
    """A layer with its addition: up(down(x)) · alpha / rank."""

    network: str  # "unet" or the folder of a text encoder
    name: str  # in diffusers
    layer: LoraLayer

    @property
    def parts(self) -> dict[str, nn.Parameter]:
        """down: (rank, in, …), up: (out, rank, …)."""
        layer: Any = self.layer
        return {"down": layer.lora_A[ADAPTER].weight, "up": layer.lora_B[ADAPTER].weight}


def unet_ends(plan: Plan) -> list[str]:
    """Of the names of the layers that a plan teaches."""
    return [*TRANSFORMERS, *(CONVOLUTIONS if plan.trains_convolutions else ())]


class LoraLayers:
    """The additions to a model's networks. A Method; see there."""

    def __init__(self, skeleton: Skeleton, plan: Plan) -> None:
        self._skeleton, self._plan = skeleton, plan
        self._rank = plan.rank or RANK
        self._alpha = float(self._rank if plan.alpha is None else plan.alpha)
        self._layers = [*self._put_in("unet", skeleton.unet, unet_ends(plan))]
        if plan.trains_text:
            rows = skeleton.model.family.text_encoders
            for row, network in zip(rows, skeleton.text_encoders, strict=True):
                self._layers += self._put_in(row.folder, network, [*TEXT])
        self._begin()

    def groups(self) -> tuple[Group, ...]:
        rate = self._plan.learning_rate or RATE
        unet = Group("unet", self._parameters(is_unet=True), rate)
        if not self._plan.trains_text:
            return (unet,)
        text = self._parameters(is_unet=False)
        return unet, Group("text encoder", text, self._plan.text_learning_rate or rate)

    def text_of(self, caption: str) -> Text:
        if self._plan.trains_text:
            return tokenised(caption, self._skeleton.model)
        return encoded(caption, self._skeleton.model)

    def predict(self, batch: Batch) -> Tensor:
        return self._skeleton.denoise(batch)

    @contextmanager
    def untaught(self) -> Iterator[None]:
        # peft's `enable_adapters` also says anew of each parameter that it learns, which takes a tenth of a small step.
        for one in self._layers:
            one.layer._disable_adapters = True
        try:
            yield
        finally:
            for one in self._layers:
                one.layer._disable_adapters = False

    def after_step(self) -> None:
        """Nothing else has to hold."""

    def state(self) -> dict[str, Tensor]:
        return {name: parameter.detach() for name, parameter in self._named()}

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        own = dict(self._named())
        if {name: one.shape for name, one in own.items()} != {
            name: one.shape for name, one in tensors.items()
        }:
            why = f"The state holds {len(tensors)} tensors of other layers than the {len(own)} of this training."
            raise StateDamaged(why, "Begin the training anew.")
        for name, parameter in own.items():
            parameter.data.copy_(tensors[name])

    def exported(self) -> dict[str, Tensor]:
        """In kohya's names, float16, with an alpha for each layer."""
        model, tensors = self._skeleton.model, {}
        per_block = self._skeleton.unet.config.layers_per_block
        for one in self._layers:
            key = layer_key(model.family, one.network, one.name, per_block)
            for part, parameter in one.parts.items():
                tensors[f"{key}.lora_{part}.weight"] = parameter.detach().half().cpu().contiguous()
            tensors[f"{key}.alpha"] = torch.tensor(self._alpha, dtype=torch.float16)
        return tensors

    def metadata(self) -> dict[str, str]:
        convolutions = {"conv_dim": str(self._rank), "conv_alpha": str(self._alpha)}
        return {
            "ss_network_module": "networks.lora",
            "ss_network_args": json.dumps(convolutions if self._plan.trains_convolutions else {}),
            "ss_network_dim": str(self._rank),
            "ss_network_alpha": str(self._alpha),
            "ss_unet_lr": str(self._plan.learning_rate or RATE),
            "ss_text_encoder_lr": str(self.groups()[-1].learning_rate)
            if self._plan.trains_text
            else "None",
        }

    def _put_in(self, network: str, module: nn.Module, ends: list[str]) -> Iterator[Taught]:
        """Hangs layers without numbers on all that `ends` names."""
        config = LoraConfig(r=self._rank, lora_alpha=self._alpha, target_modules=ends)  # type: ignore[arg-type]
        inject_adapter_in_model(config, module, ADAPTER, low_cpu_mem_usage=True)
        for name, layer in module.named_modules():
            if isinstance(layer, LoraLayer):
                yield Taught(network, name, layer)

    def _begin(self) -> None:
        """As peft does it: `down` by chance (He et al. 2015, with a = √5), `up` zero, so that nothing is added yet."""
        device = self._skeleton.model.device
        for number, one in enumerate(self._layers):
            down, up = one.parts["down"], one.parts["up"]
            bound = 1 / math.sqrt(down[0].numel())
            chance = torch.rand(down.shape, generator=generator(self._plan.seed, WEIGHTS, number))
            layer: Any = one.layer
            first = ((2 * chance - 1) * bound).to(device)
            layer.lora_A[ADAPTER].weight = nn.Parameter(first, requires_grad=True)
            zero = torch.zeros(up.shape, device=device)
            layer.lora_B[ADAPTER].weight = nn.Parameter(zero, requires_grad=True)

    def _named(self) -> Iterator[tuple[str, nn.Parameter]]:
        for one in self._layers:
            for part, parameter in one.parts.items():
                yield f"{one.network}.{one.name}.{part}", parameter

    def _parameters(self, *, is_unet: bool) -> tuple[nn.Parameter, ...]:
        mine = [one for one in self._layers if (one.network == "unet") == is_unet]
        return tuple(parameter for one in mine for parameter in one.parts.values())
