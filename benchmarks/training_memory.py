"""Counts what a training step of full size takes on a card, without one: the real trainer's parts on shapes alone.

Networks as published, without numbers; the layers that are taught as `worker/finetune` hangs them on; forward, loss,
backward and optimizer as the trainer does them. Operations compute in the formats that torch's autocast picks on CUDA,
and attention keeps for its backward what the fused kernels keep (Dao 2023, arXiv:2307.08691): its inputs, its output
and a number for each row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.counting import Ledger
from pipelines.finetune.plan import EMBEDDING, Plan
from pipelines.worker.engine.gate import Component
from pipelines.worker.finetune.lora_layers import LoraLayers
from pipelines.worker.finetune.method import Batch, Method, Text
from pipelines.worker.finetune.skeleton import Skeleton
from pipelines.worker.recipes.chunks import Chunks
from pipelines.worker.weights.families import find_family
from pipelines.worker.weights.network import DENOISER, TEXT_ENCODER, Network
from tests import tiny

META = torch.device("meta")
TOKENS = 77
# What CUDA's autocast computes in float32, of what these networks ask; in half: whatever multiplies matrices.
# https://docs.pytorch.org/docs/stable/amp.html#cuda-ops-that-autocast-to-float32
WIDE = ("group_norm", "layer_norm", "mse_loss", "softmax")
NARROW = ("linear", "conv2d")


@dataclass(frozen=True)
class Counted:
    """Bytes, but for `numbers`."""

    denoiser: int
    text_encoders: int
    numbers: int  # that are trained
    peak: int  # the most that a step has alive beside these and their moments, gradients among it


def count(parts: tiny.Components, plan: Plan, dtype: torch.dtype, rows: int) -> Counted:
    """A step of a settled plan, with so many pictures in one forward. `parts`: their numbers are not looked at."""
    skeleton = skeleton_of(parts, dtype)
    method = method_of(skeleton, plan)
    if plan.saves_memory:
        skeleton.save_memory()
    batch = batch_of(skeleton, plan, rows, learns_text=bool(plan.trains_text))
    parameters = [one for group in method.groups() for one in group.parameters]
    with torch.enable_grad(), Ledger(parameters) as ledger, as_on_a_card(dtype), skeleton.awake():
        method.predict(batch).square().mean().backward()  # type: ignore[no-untyped-call]
    networks = [bytes_of(network, dtype) for network in (skeleton.unet, *_encoders(skeleton))]
    numbers = sum(one.numel() for one in parameters)
    return Counted(networks[0], sum(networks[1:]), numbers, ledger.peak_bytes)


def skeleton_of(parts: tiny.Components, dtype: torch.dtype) -> Skeleton:
    """Of a model that has no numbers and is where it computes."""
    modules = [one for one in (parts.text_encoder, parts.text_encoder_2) if one is not None]
    denoiser, *encoders = (
        Component(role, module, network=Network(role, module.to(META, dtype), (META, dtype)))
        for role, module in [(DENOISER, parts.unet), *((TEXT_ENCODER, one) for one in modules)]
    )
    row = find_family(parts.family)
    model: Any = SimpleNamespace(
        ref=SimpleNamespace(name=row.name),
        family=row,
        dtype=dtype,
        device=META,
        networks=[one.network for one in (denoiser, *encoders)],
        denoiser=denoiser,
        text_encoders=[
            SimpleNamespace(component=one, row=own)
            for one, own in zip(encoders, row.text_encoders, strict=True)
        ],
    )
    stay: Any = SimpleNamespace(fit=lambda component, work_bytes: component)
    return Skeleton(model, stay)


def method_of(skeleton: Skeleton, plan: Plan) -> Method:
    if plan.method == EMBEDDING:
        raise NotImplementedError("vectors are so few that only the text encoders' states count")
    return LoraLayers(skeleton, plan)


def batch_of(skeleton: Skeleton, plan: Plan, rows: int, *, learns_text: bool) -> Batch:
    """Noise and captions; encoded already unless the text encoders learn."""
    family, unet = skeleton.model.family, skeleton.unet
    side = (plan.resolution or family.size_px) // family.px_per_cell
    width, pooled = unet.config.cross_attention_dim, 1280
    chunks = tuple(Chunks(((0,) * TOKENS,), ((1.0,) * TOKENS,)) for _ in family.text_encoders)
    text = Text("", chunks)
    if not learns_text:
        told = _empty(1, pooled, dtype=skeleton.dtype) if family.is_told_its_size else None
        text = replace(text, hidden=_empty(1, TOKENS, width, dtype=skeleton.dtype), pooled=told)
    return Batch(
        noisy=_empty(rows, family.latent_channels, side, side),
        timesteps=_empty(rows, dtype=torch.int64),
        texts=tuple(replace(text, caption=str(number)) for number in range(rows)),
        time_ids=_empty(rows, 6) if family.is_told_its_size else None,
    )


@contextmanager
def as_on_a_card(dtype: torch.dtype) -> Iterator[None]:
    """Until the end, also where a backward computes something once more: attention is fused, formats are CUDA's."""
    with ExitStack() as stack:
        change = stack.enter_context
        change(patch.object(functional, "scaled_dot_product_attention", _attention(dtype)))
        change(patch.object(Skeleton, "computing", lambda _: ExitStack()))
        if dtype != torch.float32:
            for names, own in ((WIDE, torch.float32), (NARROW, dtype)):
                for name in names:
                    change(patch.object(functional, name, _in(own, getattr(functional, name))))
        yield


def bytes_of(network: nn.Module, dtype: torch.dtype) -> int:
    """Without what is taught."""
    return (
        sum(one.numel() for one in network.parameters() if not one.requires_grad) * dtype.itemsize
    )


def _encoders(skeleton: Skeleton) -> tuple[Any, ...]:
    """Those that are needed in a step."""
    return skeleton.text_encoders if "text_encoders" in skeleton.__dict__ else ()


def _in(dtype: torch.dtype, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function on all its tensors in this format."""

    def cast(value: Any) -> Any:
        is_number = isinstance(value, Tensor) and value.is_floating_point()
        return value.to(dtype) if is_number else value

    def called(*args: Any, **kwargs: Any) -> Any:
        return function(*map(cast, args), **{name: cast(value) for name, value in kwargs.items()})

    return called


def _attention(dtype: torch.dtype) -> Callable[..., Tensor]:
    def attention(query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any) -> Tensor:
        answer: Tensor = _Fused.apply(query.to(dtype), key.to(dtype), value.to(dtype))  # type: ignore[no-untyped-call]
        return answer

    return attention


class _Fused(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        answer = torch.empty_like(query)
        sums = torch.empty(query.shape[:-1], dtype=torch.float32, device=query.device)
        ctx.save_for_backward(query, key, value, answer, sums)
        return answer

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, ...]:  # type: ignore[override]
        return tuple(torch.empty_like(one) for one in ctx.saved_tensors[:3])


def _empty(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.empty(shape, dtype=dtype, device=META)
