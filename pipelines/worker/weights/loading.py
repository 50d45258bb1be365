"""From tensors to a model that draws: networks built without first filling them with random numbers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor, nn
from transformers.models.clip.configuration_clip import CLIPTextConfig
from transformers.models.clip.modeling_clip import CLIPTextModel, CLIPTextModelWithProjection
from transformers.models.clip.tokenization_clip import CLIPTokenizer

from pipelines.errors import ModelUnreadable
from pipelines.tiers import Sizes, Tier, home_bytes
from pipelines.worker.device.choice import Device
from pipelines.worker.engine.batching import Patch
from pipelines.worker.engine.gate import Component
from pipelines.worker.messages import CheckpointRef
from pipelines.worker.sampling import NoiseSchedule
from pipelines.worker.weights.adapters import Adapters, Worn
from pipelines.worker.weights.families import Family, TextEncoderRow, find_family
from pipelines.worker.weights.image_attention import looking
from pipelines.worker.weights.inversion import Inversion
from pipelines.worker.weights.network import DENOISER, TEXT_ENCODER, VAE, Network, keep_in_float8
from pipelines.worker.weights.reading import REPAIR, Part, Weights
from pipelines.worker.weights.seamless import edges_meeting
from pipelines.worker.weights.vae import Vae, vae_of

REMEMBERED_TEXTS = 64

INPAINTING_CHANNELS = 9  # latents, a mask, and the latents of a picture

TOKENIZER_FILES = (("tokenizer.json",), ("vocab.json", "merges.txt"))

# Attention layers of autoencoders saved before diffusers 0.12.
OLD_NAMES = (
    (".query.", ".to_q."),
    (".key.", ".to_k."),
    (".value.", ".to_v."),
    (".proj_attn.", ".to_out.0."),
)


class Embeddings:
    """What was encoded last, by text and patch: a new seed does not need the text encoder again. None: no text."""

    def __init__(self, limit: int = REMEMBERED_TEXTS) -> None:
        self._known: OrderedDict[Hashable, Any] = OrderedDict()
        self._limit = limit

    def get(self, text: Hashable) -> Any:
        if text in self._known:
            self._known.move_to_end(text)
        return self._known.get(text)

    def keep(self, text: Hashable, embedding: Any) -> None:
        self._known[text] = embedding
        if len(self._known) > self._limit:
            self._known.popitem(last=False)


@dataclass(frozen=True, eq=False)
class TextEncoder:
    """A text encoder with its tokenizer. `component`: input_ids (chunks, 77) → hidden states of all layers."""

    row: TextEncoderRow
    component: Component
    skipping: Component  # the same with `clip_skip`: the states of that layer alone, normalised
    words: nn.Embedding  # what the tokens mean to it
    layers: int
    tokenizer: CLIPTokenizer
    padding: int  # token id


@dataclass(frozen=True, eq=False)
class Model:
    """A checkpoint ready to draw: its networks, each behind the gate, and what else a recipe must know of it."""

    ref: CheckpointRef
    family: Family
    dtype: torch.dtype
    device: torch.device
    sizes: Sizes
    tier: Tier
    networks: tuple[Network, ...]
    text_encoders: tuple[TextEncoder, ...]
    denoiser: Component
    vae: Vae
    training: NoiseSchedule
    adapters: dict[str, Adapters]  # of denoiser, text_encoder and text_encoder_2
    patches: dict[Patch, Worn] = field(default_factory=dict)  # the one used last at the end
    embeddings: Embeddings = field(default_factory=Embeddings)
    # Its denoiser is also told what stands around the place where it paints.
    is_inpainting: bool = False
    inversions: tuple[Inversion, ...] = ()  # the embeddings that a job brings

    @property
    def home_bytes(self) -> int:
        """What it takes as long as it is loaded: in RAM, or on a device that has no other memory."""
        return home_bytes(self.tier, self.sizes)

    @property
    def unet(self) -> Any:
        """The denoiser's network itself, a UNet2DConditionModel, wherever its weights lie now."""
        return self.networks[0].module


def build(weights: Weights, device: Device) -> Model:
    """The model on the device; the GPU thread's part of loading. Raises ModelUnreadable."""
    family, where = find_family(weights.ref.family), (device.torch_device, weights.dtype)
    place = partial(
        Network, where=where, moves=device.has_own_memory, is_parked=weights.tier.is_parked
    )
    unet = network_of(UNet2DConditionModel.from_config, weights.unet)
    if device.attention == "xformers":
        unet.enable_xformers_memory_efficient_attention()
    is_inpainting = unet.config.in_channels == INPAINTING_CHANNELS
    if weights.tier.is_float8:
        keep_in_float8(unet, weights.dtype)
    denoiser = place(DENOISER, unet)
    if weights.tier.is_streamed:
        denoiser.stream()
    scheduler = weights.scheduler
    if "prediction_type" not in scheduler:
        with denoiser.awake():
            scheduler = {**scheduler, "prediction_type": prediction_by_trial(unet, where)}
    vae = place(VAE, network_of(AutoencoderKL.from_config, weights.vae))
    adapters = {"denoiser": Adapters(unet)}
    networks, text_encoders = [denoiser, vae], []
    for number, row in enumerate(family.text_encoders):
        part = weights.text_encoders[number]
        network = place(TEXT_ENCODER, network_of(_pooled_clip if row.is_pooled else _clip, part))
        adapters[row.folder] = Adapters(network.module)
        networks.append(network)
        text_encoders.append(_text_encoder(weights, number, network, adapters[row.folder]))
    return Model(
        ref=weights.ref,
        family=family,
        dtype=weights.dtype,
        device=device.torch_device,
        sizes=weights.sizes,
        tier=weights.tier,
        networks=tuple(networks),
        text_encoders=tuple(text_encoders),
        denoiser=Component(
            DENOISER,
            _Told(unet),
            weights.unet.parameters,
            family.denoiser_rules,
            wear=adapters["denoiser"].wear,
            network=denoiser,
            work_bytes=family.denoiser_work(unet.config.block_out_channels[0])
            * weights.dtype.itemsize,
        ),
        vae=vae_of(vae, str(weights.vae.file), family),
        training=NoiseSchedule.from_config(scheduler, family.aligned_sigmas),
        adapters=adapters,
        is_inpainting=is_inpainting,
    )


def _text_encoder(
    weights: Weights, number: int, network: Network, adapters: Adapters
) -> TextEncoder:
    row = find_family(weights.ref.family).text_encoders[number]
    clip: Any = network.module
    component = Component(
        *(TEXT_ENCODER, clip, weights.text_encoders[number].parameters),
        wear=adapters.wear,
        network=network,
    )
    tokenizer = _tokenizer(weights.tokenizers[number], clip.config.vocab_size)
    padding = row.padding if weights.ref.is_single_file else tokenizer.pad_token_id
    return TextEncoder(
        row=row,
        component=component,
        skipping=replace(component, forward=_skipping(clip)),
        words=clip.get_input_embeddings(),
        layers=clip.config.num_hidden_layers,
        tokenizer=tokenizer,
        padding=tokenizer.eos_token_id if padding is None else padding,
    )


class _Told:
    """A UNet whose further conditions are plain arguments, so that they are joined in batches like all others."""

    def __init__(self, unet: UNet2DConditionModel) -> None:
        self.unet = unet

    def __call__(
        self,
        *,
        sample: Tensor,
        surroundings: Tensor | None = None,
        image_states: tuple[Tensor, ...] = (),
        seamless: str | None = None,
        **inputs: Any,
    ) -> Any:
        if surroundings is not None:
            sample = torch.cat([sample, surroundings], dim=1)
        names = inputs.keys() & {"text_embeds", "time_ids"}
        added = {name: inputs.pop(name) for name in names}
        with looking(self.unet, image_states), edges_meeting(seamless):
            return self.unet(sample=sample, added_cond_kwargs=added or None, **inputs)


def prediction_by_trial(unet: UNet2DConditionModel, where: tuple[torch.device, torch.dtype]) -> str:
    """epsilon or v_prediction, for families whose files do not say it: one forward at the last timestep tells.

    There the input is nearly all noise. A network that predicts noise gives back about what it is shown; one that
    predicts v gives about minus the picture, which for this input lies far below it.
    """
    config: Any = unet.config
    device, dtype = where
    shown = torch.full((1, config.in_channels, 8, 8), 0.5, device=device, dtype=dtype)
    texts = torch.full((1, 2, config.cross_attention_dim), 0.5).to(shown)
    last = torch.tensor([999], device=device)
    given = unet(shown, last, encoder_hidden_states=texts, return_dict=False)[0]
    seen = shown[:, : given.shape[1]]
    return "v_prediction" if float((given - seen).mean()) < -1 else "epsilon"


def network_of(from_config: Callable[[dict[str, Any]], nn.Module], part: Part) -> Any:
    """A network with the tensors of `part`, all of them and no others, where they lie."""
    try:
        with torch.device("meta"):
            network = from_config(part.config)
    except Exception as error:  # whatever a config of unknown origin may bring about
        why = f"{type(error).__name__}: {error}"
        raise ModelUnreadable(f"{part.source} describes no network: {why}.", REPAIR) from None
    wanted = network.state_dict().keys()
    tensors = _named_as(wanted, part.tensors)
    missing, unknown = sorted(wanted - tensors.keys()), sorted(tensors.keys() - wanted)
    if missing or unknown:
        raise ModelUnreadable(_difference(part, missing, unknown), REPAIR)
    try:
        network.load_state_dict(tensors, strict=True, assign=True)
    except RuntimeError as error:  # wrong shapes
        raise ModelUnreadable(f"{part.file} does not fit its config: {error}.", REPAIR) from None
    _fill_in_positions(network)
    stranded = [name for name, tensor in _all_tensors(network) if tensor.is_meta]
    if stranded:
        raise ModelUnreadable(f"{part.file} leaves {stranded[0]} without a value.", REPAIR)
    return network.eval()


def _clip(config: dict[str, Any]) -> CLIPTextModel:
    return CLIPTextModel(CLIPTextConfig.from_dict(config))


def _pooled_clip(config: dict[str, Any]) -> CLIPTextModelWithProjection:
    return CLIPTextModelWithProjection(CLIPTextConfig.from_dict(config))


def _skipping(network: CLIPTextModel) -> Callable[..., Tensor]:
    """The states of layer −clip_skip, normalised as the last one's are: (chunks, 77, width)."""

    def states(input_ids: Tensor, clip_skip: int) -> Tensor:
        answer = network(input_ids=input_ids, output_hidden_states=True)
        normalised: Tensor = network.final_layer_norm(answer.hidden_states[-clip_skip])
        return normalised

    return states


def _named_as(wanted: Any, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under the names of today's classes."""
    renamed = {}
    for name, tensor in tensors.items():
        new = name
        if new not in wanted:
            new = new.removeprefix("text_model.")
            for old, current in OLD_NAMES:
                new = new.replace(old, current)
        if not new.endswith("position_ids"):  # a counter, not a weight
            renamed[new] = tensor
    return renamed


def _fill_in_positions(network: nn.Module) -> None:
    """CLIP counts its positions in a buffer that is never saved."""
    for module in network.modules():
        positions = getattr(module, "position_ids", None)
        if isinstance(positions, Tensor) and positions.is_meta:
            module.position_ids = torch.arange(positions.shape[-1]).unsqueeze(0)


def _all_tensors(network: nn.Module) -> list[tuple[str, Tensor]]:
    return [*network.named_parameters(), *network.named_buffers()]


def _difference(part: Part, missing: list[str], unknown: list[str]) -> str:
    parts = []
    if missing:
        parts.append(f"{len(missing)} tensors are missing, the first is {missing[0]}")
    if unknown:
        parts.append(f"{len(unknown)} are unknown, the first is {unknown[0]}")
    return f"{part.file} does not fit its config: {'; '.join(parts)}."


def _tokenizer(folder: Path, vocabulary: int) -> CLIPTokenizer:
    """The tokenizer, which must know no id that the text encoder does not; it neither pads nor cuts a text."""
    why = "neither tokenizer.json nor vocab.json with merges.txt is there"
    if any(all((folder / name).is_file() for name in names) for names in TOKENIZER_FILES):
        try:
            tokenizer: CLIPTokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
        except Exception as error:  # transformers raises a dozen kinds here
            why = f"{type(error).__name__}: {error}"
        else:
            # tokenizer.json may say both; padding would count as words of the prompt.
            tokenizer.backend_tokenizer.no_padding()
            tokenizer.backend_tokenizer.no_truncation()
            if len(tokenizer) <= vocabulary:
                return tokenizer
            why = f"it has {len(tokenizer)} tokens, the text encoder knows {vocabulary}"
    raise ModelUnreadable(f"{folder} holds no CLIP tokenizer for this model: {why}.", REPAIR)
