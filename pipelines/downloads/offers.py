"""The first real models: four that are offered while there is only the starter; and whether they fit a machine.

Commits, sizes and checksums are as published for these files in several places. Where no commit was found, the
checksum of the file is pinned instead, and the commit is resolved when it is downloaded.
"""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import psutil

from pipelines.downloads.package import Package
from pipelines.errors import SourceFailed
from pipelines.tiers import Room, Sizes, choose, fits

# What the networks take at 16 bits a number, as published, and one picture of the family's size beside them.
SD15 = Sizes(
    denoiser=1_719_000_000,
    text_encoders=(246_000_000,),
    vae=167_000_000,
    largest_layer=30_000_000,
    denoiser_work=142_000_000,
    vae_work=409_000_000,
)
SDXL = Sizes(
    denoiser=5_135_000_000,
    text_encoders=(246_000_000, 1_389_000_000),
    vae=167_000_000,
    largest_layer=30_000_000,
    denoiser_work=346_000_000,
    vae_work=3_272_000_000,
)


class Offer(NamedTuple):
    """A model that is offered. `sha256`: of its file, if it is a single one."""

    id: str
    title: str
    text: str
    source: str
    size_bytes: int
    sizes: Sizes
    licence: str
    sha256: str = ""


OFFERS = (
    Offer(
        "sd15",
        "Stable Diffusion 1.5",
        "Small and quick, with thousands of LoRAs made for it. Pictures of 512 × 512.",
        "stable-diffusion-v1-5/stable-diffusion-v1-5@451f4fe16113bff5a5d2269ed5ad43b0592e9a14",
        2_134_000_000,
        SD15,
        "CreativeML Open RAIL-M",
    ),
    Offer(
        "sdxl",
        "Stable Diffusion XL",
        "Finer pictures of 1024 × 1024, with hands and light that hold up.",
        "stabilityai/stable-diffusion-xl-base-1.0@462165984030d82259a11f4367a4eed129e94a7b/sd_xl_base_1.0.safetensors",
        6_938_078_334,
        SDXL,
        "CreativeML Open RAIL++-M",
        "31e35c80fc4829d14f90153f4c74cd59c90b779f6afe05a74cd6120b893f7e5b",
    ),
    Offer(
        "lightning",
        "SDXL Lightning, 4 steps",
        "SDXL that needs four steps for a picture instead of thirty.",
        "ByteDance/SDXL-Lightning@c9a24f48e1c025556787b0c58dd67a091ece2e44/sdxl_lightning_4step.safetensors",
        6_938_040_682,
        SDXL,
        "CreativeML Open RAIL++-M",
        "e0d996ee0013e79d9d3561f50fcafb9a17e3ff07b780358e3b66d67932c4d490",
    ),
    Offer(
        "inpainting",
        "Stable Diffusion 1.5 Inpainting",
        "Made to fill masked parts so that they match the rest of a picture.",
        "webui/stable-diffusion-inpainting/sd-v1-5-inpainting.safetensors",
        4_265_203_873,
        SD15,
        "CreativeML Open RAIL-M",
        "0ec8f8585b104417a8c34a9fbcc1e922a70b8c15490ec4553087f01c8cf33673",
    ),
)
UNKNOWN, NONE = "unknown", "none"
RESERVE_BYTES = 512 * 2**20  # of a GPU, for its driver
RAM_SHARE = 0.5  # of all RAM, for models that wait beside a GPU
CPU_SHARE = 0.75  # of all RAM, where there is no GPU
FLOAT32_SHARE = 2  # on a processor the numbers take twice the space


def fit(sizes: Sizes, device: str, total_bytes: int, ram_bytes: int) -> str:
    """The name of the tier in which a model would run on an idle machine; NONE if in none, UNKNOWN before one knows.

    `total_bytes`: all memory of the device; `ram_bytes`: all RAM beside it.
    """
    if total_bytes <= 0:
        return UNKNOWN
    if device == "cpu":
        sizes, room = doubled(sizes), Room(int(total_bytes * CPU_SHARE))
    else:
        room = Room(max(0, total_bytes - RESERVE_BYTES), int(ram_bytes * RAM_SHARE))
    tier = choose(sizes, room)
    return tier.name if fits(tier, sizes, room) else NONE


def doubled(sizes: Sizes) -> Sizes:
    """The sizes at 32 bits a number."""
    texts = tuple(FLOAT32_SHARE * one for one in sizes.text_encoders)
    rest = {
        field.name: FLOAT32_SHARE * getattr(sizes, field.name)
        for field in dataclasses.fields(Sizes)
        if field.name != "text_encoders"
    }
    return Sizes(text_encoders=texts, **rest)


def offers_for(device: str, total_bytes: int) -> list[dict[str, Any]]:
    """The table as JSON, each row with its `fit`."""
    ram_bytes = psutil.virtual_memory().total
    rows = []
    for offer in OFFERS:
        row = offer._asdict()
        sizes = row.pop("sizes")
        rows.append({**row, "fit": fit(sizes, device, total_bytes, ram_bytes)})
    return rows


def check_offer(source: str, package: Package) -> None:
    """Raises SourceFailed when an offered file is no longer the one that was published."""
    wanted = next((row.sha256 for row in OFFERS if row.source == source.strip()), "")
    if wanted and wanted not in {file.sha256 for file in package.files}:
        raise SourceFailed(
            f"{package.name} is not the file that was published under this name.",
            "Nothing was downloaded. Look at its page for what has changed.",
        )
