"""Tiers: where a model's networks lie while it draws, from the fastest to the smallest. Plain numbers, no torch."""

from __future__ import annotations

from dataclasses import dataclass

AUTO = "auto"
LAYERS_ON_THE_WAY = (
    4  # of a streamed network: one computes, the next is coming, and the last is let go
)


@dataclass(frozen=True)
class Tier:
    """One way of placing a model. `name` is what --tier takes and the page shows."""

    name: str
    title: str
    is_parked: bool = False  # text encoders and VAE are on the device only while they compute
    is_streamed: bool = False  # the denoiser's layers come one by one, the next while one computes
    is_float8: bool = (
        False  # the denoiser is kept in 8 bits a number, which changes pictures a little
    )


RESIDENT = Tier("resident", "all networks stay on the device")
OFFLOAD = Tier("offload", "text encoders and VAE wait in RAM", is_parked=True)
STREAM = Tier(
    "stream", "the denoiser comes from RAM layer by layer", is_parked=True, is_streamed=True
)
FLOAT8 = Tier("float8", "the denoiser is kept in 8 bits", is_parked=True, is_float8=True)
TIERS = (RESIDENT, OFFLOAD, STREAM, FLOAT8)
HERE = (RESIDENT, FLOAT8)  # of a device whose memory is the RAM: there is nowhere else to wait


@dataclass(frozen=True)
class Sizes:
    """Bytes of a model's networks in the format that they compute in, and of what one picture takes beside them."""

    denoiser: int
    text_encoders: tuple[int, ...]
    vae: int
    largest_layer: int  # of the denoiser
    denoiser_work: int = 0
    vae_work: int = 0

    @property
    def all(self) -> int:
        return self.denoiser + sum(self.text_encoders) + self.vae


@dataclass(frozen=True)
class Room:
    """What may be filled. `ram_bytes` is None where the device computes in the RAM, of which work has its own share."""

    device_bytes: int
    ram_bytes: int | None = None

    @property
    def home_bytes(self) -> int:
        """For all models that are loaded."""
        return self.device_bytes if self.ram_bytes is None else self.ram_bytes


def kept_bytes(tier: Tier, sizes: Sizes) -> int:
    """What lies on the device from step to step."""
    if tier.is_streamed:
        return min(sizes.denoiser, LAYERS_ON_THE_WAY * sizes.largest_layer)
    denoiser = sizes.denoiser // 2 if tier.is_float8 else sizes.denoiser
    return denoiser if tier.is_parked else denoiser + sum(sizes.text_encoders) + sizes.vae


def home_bytes(tier: Tier, sizes: Sizes) -> int:
    """What the networks take where they are at home: in RAM, or on a device that has no other memory."""
    return sizes.all - (sizes.denoiser // 2 if tier.is_float8 else 0)


def peak_bytes(tier: Tier, sizes: Sizes) -> int:
    """The most that lies on the device at once while one picture develops."""
    kept = kept_bytes(tier, sizes)
    if not tier.is_parked:
        return kept + max(sizes.denoiser_work, sizes.vae_work)
    alone = (*sizes.text_encoders, sizes.vae + sizes.vae_work)
    return max(kept + sizes.denoiser_work, *alone)


def choose(sizes: Sizes, room: Room, wanted: str = AUTO) -> Tier:
    """The first tier that fits the room, else the last there is; or the one that is wanted."""
    rows = TIERS if room.ram_bytes is not None else HERE
    for tier in rows:
        if wanted == tier.name:
            return tier
    return next((tier for tier in rows if fits(tier, sizes, room)), rows[-1])


def fits(tier: Tier, sizes: Sizes, room: Room) -> bool:
    """Whether a picture can develop in this tier."""
    is_kept = home_bytes(tier, sizes) <= room.home_bytes
    return is_kept and (room.ram_bytes is None or peak_bytes(tier, sizes) <= room.device_bytes)
