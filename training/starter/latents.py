"""What the four latent channels mean. They are defined, not discovered, so that every net can be trained on its own.

Channels 0-2 are the mean colour of an 8x8 patch, whitened; channel 3 is the logarithm of how much goes on inside
the patch. All have mean 0 and variance 1 over the drawings, so the scaling factor of the autoencoder is 1.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

PATCH_PX = 8
FLAT_ENERGY = 1e-4  # below this the inside of a patch counts as empty


@dataclass(frozen=True)
class LatentCode:
    """The constants of the definition: `whiten` is (3, 3) and symmetric, `mean` the mean colour (0..1)."""

    whiten: list[list[float]]
    mean: list[float]
    energy_mean: float
    energy_spread: float

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @staticmethod
    def load(path: Path) -> "LatentCode":
        return LatentCode(**json.loads(path.read_text()))


def patch_statistics(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean colour (n, h/8, w/8, 3) and log energy (n, h/8, w/8) of pictures (n, h, w, 3) of bytes."""
    count, height, width, _ = pictures.shape
    rows, columns = height // PATCH_PX, width // PATCH_PX
    patches = pictures.reshape(count, rows, PATCH_PX, columns, PATCH_PX, 3).astype(np.float32) / 255
    means = patches.mean(axis=(2, 4))
    energy = ((patches - means[:, :, None, :, None]) ** 2).mean(axis=(2, 4, 5))
    return means, np.log(energy + FLAT_ENERGY)


def measure_code(pictures: np.ndarray) -> LatentCode:
    """The definition that gives these pictures latents of mean 0 and variance 1."""
    means, energy = patch_statistics(pictures)
    flat = means.reshape(-1, 3).astype(np.float64)
    values, vectors = np.linalg.eigh(np.cov(flat.T))
    whiten = vectors @ np.diag(values**-0.5) @ vectors.T
    return LatentCode(
        whiten.tolist(), flat.mean(axis=0).tolist(), float(energy.mean()), float(energy.std())
    )


def to_latents(pictures: np.ndarray, code: LatentCode) -> np.ndarray:
    """Latents (n, 4, h/8, w/8) of pictures (n, h, w, 3) of bytes."""
    means, energy = patch_statistics(pictures)
    colour = (means - np.array(code.mean, np.float32)) @ np.array(code.whiten, np.float32)
    detail = (energy - code.energy_mean) / code.energy_spread
    return (
        np.concatenate([colour, detail[..., None]], axis=-1)
        .transpose(0, 3, 1, 2)
        .astype(np.float32)
    )


def rgb_factors(code: LatentCode) -> tuple[list[list[float]], list[float]]:
    """`rgb = latent @ factors + bias`, exact for the mean colour of a patch (0..1); for previews."""
    factors = np.concatenate([np.linalg.inv(np.array(code.whiten)), np.zeros((1, 3))])
    return factors.round(6).tolist(), [round(v, 6) for v in code.mean]
