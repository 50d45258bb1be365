"""Which tier a model of full size gets on cards of 4 to 24 GB, and the most that lies on the card while it draws.

No card is needed: networks as published, as shapes without numbers, are placed by the code that places real ones, and
what their forwards take is counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from benchmarks.counting import peak_bytes
from benchmarks.subject import Subject
from benchmarks.table import Goal, Row, Table
from pipelines.tiers import Room, Sizes, Tier, choose
from pipelines.worker.device.choice import Device
from pipelines.worker.engine.gate import Component
from pipelines.worker.messages import CheckpointRef
from pipelines.worker.weights.budget import RESERVE_BYTES
from pipelines.worker.weights.families import Family, find_family
from pipelines.worker.weights.network import DENOISER, TEXT_ENCODER, VAE, Network
from pipelines.worker.weights.places import Places
from pipelines.worker.weights.reading import Part, Weights
from pipelines.worker.weights.vae import Vae, vae_of
from tests import tiny
from tests.pipelines.worker.weights.test_full_size import published

GB = 2**30
CARDS_GB = (4, 6, 8, 12, 24)
FAMILIES = ("sd15", "sdxl")
RAM = 64 * GB
GOAL = Goal(1.0, is_at_least=False)
META = Device(torch.device("meta"), "counted", has_own_memory=True)
DTYPE = torch.float16
WITH_GUIDANCE = 2  # rows of a forward of the denoiser for one picture
METHOD = (
    "One picture of the family's own size, with guidance, in float16 (SDXL's VAE in float32), 64 GB of RAM. Counted: "
    f"weights on the card, what forwards have alive at most, and {RESERVE_BYTES // 2**20} MB for the driver and for "
    "gaps. Not tried on cards of these sizes."
)


@dataclass(eq=False)
class Counted:
    """A model whose networks have shapes and no numbers, placed on a card of so many bytes."""

    family: Family
    parts: tiny.Components
    card_bytes: int
    networks: list[Network] = field(default_factory=list)
    peak_bytes: int = 0

    def place(self) -> tuple[Tier, Places]:
        """Chooses a tier; from then on the networks are away."""
        room = Room(self.card_bytes - RESERVE_BYTES, RAM)
        tier = choose(self._sizes(), room)
        encoders = [e for e in (self.parts.text_encoder, self.parts.text_encoder_2) if e]
        modules = [(DENOISER, self.parts.unet), (VAE, self.parts.vae)]
        for role, module in [*modules, *((TEXT_ENCODER, one) for one in encoders)]:
            where = (META.torch_device, DTYPE)
            one = Network(role, module, where, moves=True, is_parked=tier.is_parked)
            if tier.is_streamed and role == DENOISER:
                one.stream()
            self.networks.append(one)
        return tier, Places(room.device_bytes, lambda: self.networks)

    def run(self, places: Places, component: Component, **inputs: Any) -> bool:
        """One forward where it would run; True when the slower way in less memory was taken."""
        network = component.network
        assert network is not None
        positions = next(iter(inputs.values()))[:, 0].numel() * component.positions_per_cell
        ready = places.fit(component, component.work_bytes * positions)
        beside = sum(one.here_bytes for one in self.networks if one is not network)
        work = peak_bytes(lambda: ready.forward(**inputs), network.module.parameters())
        streamed = network.needed_bytes if network.is_streamed else 0
        self.peak_bytes = max(self.peak_bytes, beside + network.here_bytes + streamed + work)
        if network.is_parked:
            network.leave()
        return ready is not component

    def _sizes(self) -> Sizes:
        def part(network: Any) -> Part:
            return Part(Path(), {}, "", network.state_dict())

        encoders = (self.parts.text_encoder, self.parts.text_encoder_2)
        weights = Weights(
            ref=CheckpointRef("", "", self.family.name),
            unet=part(self.parts.unet),
            vae=part(self.parts.vae),
            text_encoders=tuple(part(encoder) for encoder in encoders if encoder),
            tokenizers=(),
            scheduler={},
            dtype=DTYPE,
        )
        return weights.sizes

    def _denoiser_work(self) -> int:
        return self.family.denoiser_work(self.parts.unet.config.block_out_channels[0])

    def draw(self) -> tuple[Tier, bool]:
        """Words, one step, pixels: the tier, and whether the picture was decoded in tiles."""
        tier, places = self.place()
        denoiser, vae, *encoders = self.networks
        for encoder in encoders:
            words = Component(TEXT_ENCODER, encoder.module, network=encoder)
            self.run(places, words, input_ids=_empty(1, 77, dtype=torch.long))
        work = self._denoiser_work() * DTYPE.itemsize
        step = Component(DENOISER, self.parts.unet, network=denoiser, work_bytes=work)
        self.run(places, step, **self._told())
        decoder: Vae = vae_of(vae, "", self.family)
        side = self.family.size_px // self.family.px_per_cell
        is_tiled = self.run(places, decoder.decode, z=_empty(1, 4, side, side))
        return tier, is_tiled

    def _told(self) -> dict[str, Any]:
        unet, side = self.parts.unet, self.family.size_px // self.family.px_per_cell
        rows = WITH_GUIDANCE
        added = {"text_embeds": _empty(rows, 1280), "time_ids": _empty(rows, 6)}
        return {
            "sample": _empty(rows, unet.config.in_channels, side, side),
            "timestep": _empty(rows),
            "encoder_hidden_states": _empty(rows, 77, unet.config.cross_attention_dim),
            "added_cond_kwargs": added if self.family.is_told_its_size else None,
        }


def run(subject: Subject) -> list[Table]:
    """`subject` is not looked at: it is the cards that are compared."""
    return [Table("Memory of cards", METHOD, ("tier", "most at once", "decoded"), tuple(rows()))]


def rows() -> list[Row]:
    """A row for each family and card."""
    return [row(name, card_gb) for name, card_gb in product(FAMILIES, CARDS_GB)]


def row(name: str, card_gb: int) -> Row:
    """A family on a card of so many GB."""
    counted = Counted(find_family(name), _published(name), card_gb * GB)
    # It moves numbers, and here are none; what it keeps on the card is counted by the network.
    with patch("pipelines.worker.weights.network.apply_group_offloading"):
        tier, is_tiled = counted.draw()
    most, size = counted.peak_bytes + RESERVE_BYTES, counted.family.size_px
    figures = (tier.name, f"{most / GB:.1f} GB", "in tiles" if is_tiled else "whole")
    what = f"{name}, {size} × {size}, {card_gb} GB"
    return Row(what, figures, most / counted.card_bytes, GOAL)


def _published(name: str) -> tiny.Components:
    """The networks in the format that a card computes in."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(DTYPE)
    try:
        return published(name)
    finally:
        torch.set_default_dtype(before)


def _empty(*shape: int, dtype: torch.dtype = DTYPE) -> Tensor:
    return torch.empty(shape, dtype=dtype, device=META.torch_device)
