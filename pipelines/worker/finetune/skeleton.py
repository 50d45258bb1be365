"""Skeleton: a second set of modules that compute with the loaded model's tensors, so that what is taught hangs on them.

The networks that pictures use never know of it. Where tensors come to the device and leave it (network.py), they are
pointed at anew for each step and let go after it; so they cost nothing beside the model, and may leave in between.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor, nn

from pipelines.errors import OutOfMemory
from pipelines.worker.device.choice import DTYPES
from pipelines.worker.device.memory import gigabytes
from pipelines.worker.engine.gate import Component
from pipelines.worker.finetune.method import Batch, Text
from pipelines.worker.weights.cache import Models
from pipelines.worker.weights.loading import Model


class Slot(NamedTuple):
    """A parameter of the model, where the skeleton has it too, and what lies there while it rests."""

    owner: nn.Module
    twin: nn.Module
    name: str
    away: nn.Parameter


class Skeleton:
    """Computes only inside `awake`. Everything that it is given lies on the model's device.

    `precision`: as in Plan; "auto" is the format of the model.
    """

    def __init__(self, model: Model, models: Models, precision: str = "auto") -> None:
        self.model, self._models = model, models
        self.dtype = DTYPES.get(precision, model.dtype)
        self._slots: list[Slot] = []
        self._components: list[Component] = []
        self._is_awake = self._is_frugal = False
        self.unet: Any = self._bones(model.denoiser)

    @cached_property
    def text_encoders(self) -> tuple[Any, ...]:
        """CLIPTextModels in the order of the family. Once asked for, not within `awake`, they are brought along."""
        return tuple(self._bones(encoder.component) for encoder in self.model.text_encoders)

    @contextmanager
    def awake(self) -> Iterator[None]:
        """The tensors are here, on the device. Raises OutOfMemory when there is no room for them."""
        self._bring()
        try:
            if not self._is_awake:
                self._point()
            yield
        finally:
            # Else they lie where they are, and may stay pointed at.
            if self.model.networks[0].moves:
                self._let_go()

    def computing(self) -> AbstractContextManager[Any]:
        """Mixed precision where the networks are half: what is taught stays float32 and computes as they do."""
        is_half = self.dtype != torch.float32
        return torch.autocast(self.model.device.type, self.dtype, enabled=is_half)

    def told(self, texts: Sequence[Text]) -> tuple[Tensor, Tensor | None]:
        """(hidden (texts, tokens, width), pooled (texts, width)) of texts of as many tokens; see Text.

        As they were encoded; those that were not are encoded now, as recipes/wording.py does, each once.
        """
        known = {text: (text.hidden, text.pooled) for text in texts if text.hidden is not None}
        if unknown := [text for text in dict.fromkeys(texts) if text.hidden is None]:
            known |= self._encoded(unknown)
        states, ends = zip(*(_meant(text, *known[text]) for text in texts), strict=True)
        return torch.cat(states), None if ends[0] is None else torch.cat(ends)

    def encoded(self, text: Text) -> Text:
        """With what the text encoders say of it now: for who asks the same of them again and again."""
        if text.hidden is not None:
            return text
        with self.computing():
            hidden, pooled = self._encoded([text])[text]
        return replace(text, hidden=hidden, pooled=pooled)

    def denoise(self, batch: Batch) -> Tensor:
        """What the denoiser answers, (rows, channels, height, width), float32."""
        with self.computing():
            hidden, pooled = self.told(batch.texts)
            added = None
            if self.model.family.is_told_its_size and batch.time_ids is not None:
                added = {"text_embeds": pooled, "time_ids": batch.time_ids}
            output = self.unet(
                batch.noisy.to(self.dtype),
                batch.timesteps,
                encoder_hidden_states=hidden.to(self.dtype),
                added_cond_kwargs=added,
                return_dict=False,
            )[0]
        answer: Tensor = output.float()
        return answer

    def save_memory(self) -> None:
        """Activations are computed twice instead of being kept (Chen et al. 2016, arXiv:1604.06174).

        And what is not trained on leaves the device.
        """
        self._is_frugal = True
        self.unet.enable_gradient_checkpointing()
        if "text_encoders" in self.__dict__:
            for encoder in self.text_encoders:
                encoder.activation_checkpointing_enable({"use_reentrant": False})
                encoder.train()  # else transformers keeps everything; there is no dropout in CLIP

    def _encoded(self, texts: Sequence[Text]) -> dict[Text, tuple[Tensor, Tensor | None]]:
        states: list[Tensor] = []
        pooled: Sequence[Tensor | None] = [None] * len(texts)
        for number, encoder in enumerate(self.model.text_encoders):
            ids = [chunk for text in texts for chunk in text.chunks[number].ids]
            answer = self.text_encoders[number](
                input_ids=torch.tensor(ids, device=self.model.device), output_hidden_states=True
            )
            layer = encoder.row.layer
            hidden = answer.last_hidden_state if layer == -1 else answer.hidden_states[layer]
            states.append(hidden.reshape(len(texts), -1, hidden.shape[-1]))
            if encoder.row.is_pooled:  # what stands at the end of the first chunk
                pooled = answer.text_embeds[:: len(ids) // len(texts)].chunk(len(texts))
        each = torch.cat(states, dim=-1).chunk(len(texts))
        return dict(zip(texts, zip(each, pooled, strict=True), strict=True))

    def _bring(self) -> None:
        if self._is_frugal:
            mine = [component.network for component in self._components]
            for network in self.model.networks:
                if network not in mine:
                    network.leave()
        for component in self._components:
            self._models.fit(component, 0)
        self._check_all_are_here()

    def _point(self) -> None:
        for owner, twin, name, _ in self._slots:
            twin._parameters[name] = self._in_format(owner._parameters[name])
        self._is_awake = True

    def _let_go(self) -> None:
        for _, twin, name, away in self._slots:
            twin._parameters[name] = away
        self._is_awake = False

    def _bones(self, component: Component) -> Any:
        """The network of a component once more, without any numbers yet."""
        assert component.network is not None
        network: Any = component.network.module
        with torch.device("meta"):
            if isinstance(network, UNet2DConditionModel):
                twin: Any = UNet2DConditionModel.from_config(network.config)
            else:
                twin = type(network)(copy.deepcopy(network.config))
        twin.eval().requires_grad_(False)
        modules = dict(twin.named_modules())
        for name, owner in network.named_modules():
            modules[name]._buffers.update(owner._buffers)  # small, and never gone
            for own in owner._parameters.keys() & modules[name]._parameters.keys():
                if (away := modules[name]._parameters[own]) is not None:
                    self._slots.append(Slot(owner, modules[name], own, away))
        self._components.append(component)
        self._is_awake = False
        return twin

    def _check_all_are_here(self) -> None:
        networks = [one.network for one in self._components if one.network]
        if not all(one.is_here and not one.is_streamed for one in networks):
            needed = sum(one.device_bytes for one in networks)
            raise OutOfMemory(
                f"To be trained on, {self.model.ref.name} must lie on the device as a whole, "
                f"which takes {gigabytes(needed)}.",
                "Train on a smaller checkpoint, or close other programs that use the GPU.",
                needed_bytes=needed,
            )

    def _in_format(self, tensor: Any) -> nn.Parameter:
        """The model's own numbers, without gradients; only where float32 was asked for, and they are half, a copy."""
        own: Tensor = tensor.detach()
        return nn.Parameter(
            own.float() if self.dtype == torch.float32 else own, requires_grad=False
        )


def _meant(text: Text, hidden: Tensor, pooled: Tensor | None) -> tuple[Tensor, Tensor | None]:
    if not text.is_nothing:
        return hidden, pooled
    return torch.zeros_like(hidden), None if pooled is None else torch.zeros_like(pooled)
