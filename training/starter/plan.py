"""The plan of one training run: sizes, amounts and where its working files lie."""

from dataclasses import dataclass, field
from pathlib import Path

SEED = 20
TOKENS = 77
TEXT_WIDTH = 128
MODEL_FOLDER = Path(__file__).parents[2] / "models" / "starter"


@dataclass(frozen=True)
class Plan:
    """Everything that the stages of a run must agree on."""

    folder: Path = field(default_factory=lambda: Path("~/.cache/darkroom/training").expanduser())
    size_px: int = 128
    drawings: int = 64_000  # drawn, described and turned into latents for the denoiser
    kept_pictures: int = (
        12_000  # of these also kept as pictures, for the autoencoder and the checker
    )
    denoiser_widths: tuple[int, ...] = (64, 128, 160)
    autoencoder_widths: tuple[int, ...] = (16, 24, 48, 96)
    vocabulary: int = 2048
    processes: int = 2
    device: str = "cpu"

    @property
    def latent_px(self) -> int:
        return self.size_px // 8


def plan_for(size_px: int, device: str, folder: Path | None = None) -> Plan:
    """The plan for a picture size: 128 px suits two CPU cores, 256 px one GPU."""
    where = {} if folder is None else {"folder": folder}
    if size_px == 128:
        return Plan(device=device, **where)
    return Plan(
        size_px=size_px,
        drawings=200_000,
        kept_pictures=20_000,
        denoiser_widths=(96, 160, 224),
        autoencoder_widths=(24, 32, 64, 96),
        device=device,
        processes=1 if device == "cuda" else 2,
        **where,
    )
