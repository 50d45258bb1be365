"""The drawings on disk, memory-mapped: latents and captions of all, the pictures of some."""

import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from training.starter.captions import FACTS, describe
from training.starter.latents import LatentCode, measure_code, to_latents
from training.starter.plan import SEED, Plan
from training.starter.scenes import sample_scene
from training.starter.styles import render

CHUNK = 500


@dataclass(frozen=True)
class Drawings:
    """`latents` (n, 4, h/8, w/8) fp16, `pictures` (k, h, w, 3) bytes with k <= n, `facts` (n, facts), `captions` n."""

    latents: np.ndarray
    pictures: np.ndarray
    facts: np.ndarray
    captions: list[str]
    code: LatentCode


def draw(index: int, size_px: int, seed: int = SEED) -> tuple[np.ndarray, str, tuple[int, ...]]:
    """Drawing number `index` of the training set with its caption; the same number is always the same drawing."""
    rng = np.random.default_rng([seed, index])
    scene = sample_scene(rng)
    picture = np.asarray(render(scene, size_px, rng))
    caption = describe(scene, rng)
    return picture, caption.text, caption.facts


def draw_chunk(start: int, plan: Plan, code: LatentCode) -> None:
    """Draw `CHUNK` pictures into the files that `draw_all` has made."""
    numbers = range(start, min(start + CHUNK, plan.drawings))
    pictures, captions, facts = zip(*(draw(i, plan.size_px) for i in numbers), strict=True)
    batch = np.stack(pictures)
    span = slice(numbers.start, numbers.stop)
    np.load(plan.folder / "latents.npy", mmap_mode="r+")[span] = to_latents(batch, code)
    np.load(plan.folder / "facts.npy", mmap_mode="r+")[span] = facts
    kept = min(max(plan.kept_pictures - start, 0), len(batch))
    if kept:
        np.load(plan.folder / "pictures.npy", mmap_mode="r+")[start : start + kept] = batch[:kept]
    (plan.folder / f"captions-{start:07}.json").write_text(json.dumps(captions))


def draw_all(plan: Plan) -> None:
    """Draw the whole training set into the plan's folder."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    sample = np.stack([draw(i, plan.size_px)[0] for i in range(min(1000, plan.drawings))])
    code = measure_code(sample)
    code.save(plan.folder / "latents.json")
    shapes = {
        "latents": ((plan.drawings, 4, plan.latent_px, plan.latent_px), np.float16),
        "pictures": ((plan.kept_pictures, plan.size_px, plan.size_px, 3), np.uint8),
        "facts": ((plan.drawings, len(FACTS)), np.uint8),
    }
    for name, (shape, dtype) in shapes.items():
        np.lib.format.open_memmap(
            plan.folder / f"{name}.npy", mode="w+", dtype=dtype, shape=shape
        ).flush()
    with ProcessPoolExecutor(plan.processes) as pool:
        list(pool.map(partial(draw_chunk, plan=plan, code=code), range(0, plan.drawings, CHUNK)))
    parts = sorted(plan.folder.glob("captions-*.json"))
    captions = [text for part in parts for text in json.loads(part.read_text())]
    (plan.folder / "captions.json").write_text(json.dumps(captions))
    for part in parts:
        part.unlink()


def load_drawings(folder: Path) -> Drawings:
    """The training set, memory-mapped."""
    arrays = {
        name: np.load(folder / f"{name}.npy", mmap_mode="r")
        for name in ("latents", "pictures", "facts")
    }
    captions = json.loads((folder / "captions.json").read_text())
    return Drawings(captions=captions, code=LatentCode.load(folder / "latents.json"), **arrays)
