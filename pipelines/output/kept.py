"""The denoising strip: latents kept after steps, shown as small pictures through the checkpoint's linear map.

A cache under the data folder: at most 30 steps a picture and 1 GB in all; the oldest pictures lose theirs first.
"""

from __future__ import annotations

import contextlib
import io
import threading
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipelines.errors import NotFound
from pipelines.output.record import StripFrame
from pipelines.worker.messages import CheckpointRef, KeptStep

STEPS_MAX = 30
BYTES_MAX = 1_000_000_000
ROOM_AFTER_DROPPING = 0.9  # of the limit, so that not every picture sweeps the folder
FRAME_PX = 512  # longest side of a frame
PX_A_LATENT = 8  # no frame is larger than its picture
LATENTS = "latents."  # and the place of the step: those of a second pass may be larger


def as_arrays(kept: Sequence[KeptStep]) -> dict[str, Any]:
    """Steps as arrays of a file; `from_arrays` is the inverse."""
    latents = {
        f"{LATENTS}{place}": np.frombuffer(one.latents, np.float16).reshape(one.shape)
        for place, one in enumerate(kept)
    }
    steps, sigmas = [one.step for one in kept], [one.sigma for one in kept]
    return {"steps": np.array(steps), "sigmas": np.array(sigmas), **latents}


def from_arrays(arrays: Mapping[str, Any]) -> tuple[KeptStep, ...]:
    """Raises KeyError or ValueError for what `as_arrays` has not made."""
    pairs = zip(arrays["steps"], arrays["sigmas"], strict=True)
    latents = [arrays[f"{LATENTS}{place}"] for place in range(len(arrays["steps"]))]
    return tuple(
        KeptStep(int(step), float(sigma), x0.shape, x0.tobytes())
        for (step, sigma), x0 in zip(pairs, latents, strict=True)
    )


class KeptSteps:
    """One file a picture: steps, sigmas, the latents of each (channel, height, width) as float16, and the map."""

    def __init__(self, folder: Path, bytes_max: int = BYTES_MAX) -> None:
        self._folder = folder
        self._bytes_max = bytes_max
        self._lock = threading.Lock()
        self._bytes = sum(path.stat().st_size for path in self._files())

    def save(self, picture_id: str, kept: tuple[KeptStep, ...], checkpoint: CheckpointRef) -> None:
        """Keeps at most 30 of the steps, evenly chosen, the last among them. Raises OSError."""
        chosen = sorted(kept, key=lambda one: one.step)
        if len(chosen) > STEPS_MAX:
            places = np.linspace(0, len(chosen) - 1, STEPS_MAX).round().astype(int)
            chosen = [chosen[place] for place in places]
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(picture_id)
        np.savez(
            path,
            **as_arrays(chosen),
            factors=np.array(checkpoint.latent_rgb_factors, np.float32),
            bias=np.array(checkpoint.latent_rgb_bias, np.float32),
        )
        with self._lock:
            self._bytes += path.stat().st_size
            if self._bytes > self._bytes_max:
                self._drop_oldest()

    def frames(self, picture_id: str) -> list[StripFrame]:
        """What is kept of a picture, in order; an empty list when nothing is."""
        steps, sigmas = self._read(picture_id, "steps", "sigmas")
        return [StripFrame(int(s), float(sigma)) for s, sigma in zip(steps, sigmas, strict=True)]

    def frame(self, picture_id: str, step: int) -> bytes:
        """One step as a JPEG. Raises NotFound."""
        steps, factors, bias = self._read(picture_id, "steps", "factors", "bias")
        places = np.flatnonzero(steps == step)
        if not places.size:
            raise NotFound(
                "This step is not kept.", "Steps of older pictures are dropped to save space."
            )
        x0 = np.nan_to_num(self._latents(picture_id, int(places[0])).astype(np.float32))
        rgb = np.einsum("chw,cr->hwr", x0, factors) + bias
        small = Image.fromarray((rgb.clip(0, 1) * 255).round().astype(np.uint8))
        scale = min(PX_A_LATENT, FRAME_PX / max(small.size))
        size = (round(small.width * scale), round(small.height * scale))
        stream = io.BytesIO()
        small.resize(size, Image.Resampling.BICUBIC).save(stream, "JPEG", quality=85)
        return stream.getvalue()

    def remove(self, picture_id: str) -> None:
        with self._lock:
            path = self._path(picture_id)
            with contextlib.suppress(FileNotFoundError):
                self._bytes -= path.stat().st_size
                path.unlink()

    def _latents(self, picture_id: str, place: int) -> np.ndarray:
        (own,) = self._read(picture_id, f"{LATENTS}{place}")
        if own.size:
            return own
        (all_of_them,) = self._read(picture_id, "latents")  # of older versions, in one array
        if not all_of_them.size:
            raise NotFound("This step is gone from the disk.", "It was dropped to save space.")
        latents: np.ndarray = all_of_them[place]
        return latents

    def _path(self, picture_id: str) -> Path:
        return self._folder / f"{picture_id}.npz"

    def _files(self) -> list[Path]:
        return list(self._folder.glob("*.npz"))

    def _read(self, picture_id: str, *names: str) -> list[np.ndarray]:
        """The named arrays, or empty ones when the file was dropped or a kill left half of it."""
        try:
            with (
                self._path(picture_id).open("rb") as file,
                np.load(file, allow_pickle=False) as arrays,
            ):
                return [arrays[name] for name in names]
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
            return [np.array([])] * len(names)

    def _drop_oldest(self) -> None:
        aged = sorted((path.stat().st_mtime, path) for path in self._files())
        self._bytes = sum(path.stat().st_size for _, path in aged)
        for _, path in aged:
            if self._bytes <= self._bytes_max * ROOM_AFTER_DROPPING:
                return
            self._bytes -= path.stat().st_size
            path.unlink()
