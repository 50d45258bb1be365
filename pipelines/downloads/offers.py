"""The first real models: four that are offered while there is only the starter; and whether they fit a machine.

Commits, sizes and checksums are as published for these files in several places. Where no commit was found, the
checksum of the file is pinned instead, and the commit is resolved when it is downloaded.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pipelines.downloads.package import Package
from pipelines.errors import SourceFailed


class Offer(NamedTuple):
    """`weights_bytes`: what it takes in memory at 16 bits a number. `sha256`: of its file, if it is a single one."""

    id: str
    title: str
    text: str
    source: str
    size_bytes: int
    weights_bytes: int
    licence: str
    sha256: str = ""


OFFERS = (
    Offer(
        "sd15",
        "Stable Diffusion 1.5",
        "Small and quick, with thousands of LoRAs made for it. Pictures of 512 × 512.",
        "stable-diffusion-v1-5/stable-diffusion-v1-5@451f4fe16113bff5a5d2269ed5ad43b0592e9a14",
        2_134_000_000,
        2_133_000_000,
        "CreativeML Open RAIL-M",
    ),
    Offer(
        "sdxl",
        "Stable Diffusion XL",
        "Finer pictures of 1024 × 1024, with hands and light that hold up.",
        "stabilityai/stable-diffusion-xl-base-1.0@462165984030d82259a11f4367a4eed129e94a7b/sd_xl_base_1.0.safetensors",
        6_938_078_334,
        6_938_000_000,
        "CreativeML Open RAIL++-M",
        "31e35c80fc4829d14f90153f4c74cd59c90b779f6afe05a74cd6120b893f7e5b",
    ),
    Offer(
        "lightning",
        "SDXL Lightning, 4 steps",
        "SDXL that needs four steps for a picture instead of thirty.",
        "ByteDance/SDXL-Lightning@c9a24f48e1c025556787b0c58dd67a091ece2e44/sdxl_lightning_4step.safetensors",
        6_938_040_682,
        6_938_000_000,
        "CreativeML Open RAIL++-M",
        "e0d996ee0013e79d9d3561f50fcafb9a17e3ff07b780358e3b66d67932c4d490",
    ),
    Offer(
        "inpainting",
        "Stable Diffusion 1.5 Inpainting",
        "Made to fill masked parts so that they match the rest of a picture.",
        "webui/stable-diffusion-inpainting/sd-v1-5-inpainting.safetensors",
        4_265_203_873,
        2_133_000_000,
        "CreativeML Open RAIL-M",
        "0ec8f8585b104417a8c34a9fbcc1e922a70b8c15490ec4553087f01c8cf33673",
    ),
)
FITS, TIGHT, SLOW, UNKNOWN = "fits", "tight", "slow", "unknown"
# A picture needs room beside the weights; and most of a model can wait in main memory.
ROOM_SHARE, ROOM_BYTES = 1.4, 500_000_000
TIGHT_SHARE = 0.6
FLOAT32_SHARE = 2  # on a processor the numbers take twice the space


def fit(weights_bytes: int, device: str, total_bytes: int) -> str:
    """How a model of so many bytes goes with the memory of a device; a coarse rule for choosing, not a promise."""
    if total_bytes <= 0:
        return UNKNOWN
    needed = weights_bytes * (FLOAT32_SHARE if device == "cpu" else 1)
    if total_bytes >= needed * ROOM_SHARE + ROOM_BYTES:
        return FITS
    return TIGHT if total_bytes >= needed * TIGHT_SHARE else SLOW


def offers_for(device: str, total_bytes: int) -> list[dict[str, Any]]:
    """The table as JSON, each row with its `fit`."""
    return [row._asdict() | {"fit": fit(row.weights_bytes, device, total_bytes)} for row in OFFERS]


def check_offer(source: str, package: Package) -> None:
    """Raises SourceFailed when an offered file is no longer the one that was published."""
    wanted = next((row.sha256 for row in OFFERS if row.source == source.strip()), "")
    if wanted and wanted not in {file.sha256 for file in package.files}:
        raise SourceFailed(
            f"{package.name} is not the file that was published under this name.",
            "Nothing was downloaded. Look at its page for what has changed.",
        )
