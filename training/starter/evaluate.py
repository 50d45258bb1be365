"""How good the model is: `python -m training.starter.evaluate` prints the table of the model card and writes sheets.

It samples through plain diffusers, so that its figures do not depend on our own sampling code.
"""

import argparse
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline

from training.starter.autoencoder import psnr
from training.starter.captions import describe
from training.starter.checker import Checker, load_checker, name_all, own_accuracy
from training.starter.drawings import THINGS
from training.starter.pipeline import GUIDANCE, STEPS
from training.starter.plan import MODEL_FOLDER
from training.starter.scenes import (
    COLOURS,
    HELD_OUT,
    SCENERY,
    STYLES,
    Scene,
    Subject,
    compose_one,
    compose_two,
)
from training.starter.sheets import save_sheet
from training.starter.styles import render

BATCH = 25
EVALUATION_SEED = 77
SHOWPIECES = (
    "a red boat on the sea at sunset",
    "a black cat in the snow",
    "a yellow moon at night",
    "a red mushroom on a meadow",
    "a watercolour of a green tree on a meadow",
    "pixel art of a red heart on a blue background",
    "a pencil drawing of a blue fish",
    "a logo of an orange star on a white background",
    "a red house next to a green tree in the snow",
    "a yellow sun above a blue boat on the sea",
    "a pink flower on a meadow, watercolour",
    "a white cloud on a blue background",
)


@dataclass(frozen=True)
class Asked:
    """A caption and the scene that it describes."""

    text: str
    scene: Scene


def held_out_captions(count: int) -> list[Asked]:
    """Single things in pairs never shown in training: things and colours alike often, styles and backdrops in turn."""
    pairs = [
        (thing, colour)
        for side in (0, 1)
        for thing, colour in ((t, HELD_OUT[t][side]) for t in THINGS)
    ]
    asked = []
    for i in range(count):
        rng = np.random.default_rng([EVALUATION_SEED, i])
        thing, colour = pairs[i % len(pairs)]
        style = tuple(STYLES)[(i // len(pairs)) % len(STYLES)]
        plain = style == "logo" or (i + i // len(pairs)) % 2 == 0
        backdrop = rng.choice([b for b in (COLOURS if plain else SCENERY) if b != colour])
        scene = compose_one(rng, Subject(thing, colour), str(backdrop), style)
        asked.append(Asked(describe(scene, rng, in_full=True).text, scene))
    return asked


def two_thing_captions(count: int) -> list[Asked]:
    """Two flat things with a relation, on plain backdrops."""
    asked = []
    for i in range(count):
        rng = np.random.default_rng([EVALUATION_SEED, 1, i])
        names, colours = rng.permutation(list(THINGS))[:2], rng.permutation(list(COLOURS))[:3]
        first, second = ((str(n), str(c)) for n, c in zip(names, colours, strict=False))
        scene = compose_two(rng, first, second, str(colours[2]), "flat")
        asked.append(Asked(describe(scene, rng, in_full=True).text, scene))
    return asked


def generate(
    pipe: StableDiffusionPipeline,
    captions: list[str],
    seeds: list[int],
    steps: int,
    guidance: float,
) -> np.ndarray:
    """Pictures (n, h, w, 3) of bytes."""
    made = []
    for start in range(0, len(captions), BATCH):
        span = slice(start, start + BATCH)
        generators = [torch.Generator().manual_seed(s) for s in seeds[span]]
        images = pipe(
            captions[span],
            num_inference_steps=steps,
            guidance_scale=guidance,
            generator=generators,
            output_type="np",
        ).images
        made.append((images * 255).round().astype(np.uint8))
    return np.concatenate(made)


def crop_around(picture: np.ndarray, subject: Subject) -> np.ndarray:
    """The neighbourhood of one of two subjects, enlarged to a picture of its own by repeating pixels."""
    size_px = len(picture)
    half = round(0.25 * size_px)
    left = int(np.clip(subject.x * size_px - half, 0, size_px - 2 * half))
    top = int(np.clip(subject.y * size_px - half, 0, size_px - 2 * half))
    part = picture[top : top + 2 * half, left : left + 2 * half]
    return part.repeat(2, axis=0).repeat(2, axis=1)


def judge_singles(
    checker: Checker, asked: list[Asked], pictures: np.ndarray
) -> tuple[dict[str, float], dict[str, dict]]:
    """Shares of right answers: over all, and of the thing per thing and per style."""
    seen = name_all(checker, pictures)
    right = defaultdict(list)
    groups: dict[str, dict[str, list]] = {
        "thing": defaultdict(list),
        "style": defaultdict(list),
        "missed as": defaultdict(list),
    }
    for a, s in zip(asked, seen, strict=True):
        subject = a.scene.subjects[0]
        wanted = {
            "thing": subject.thing,
            "colour": subject.colour,
            "backdrop": a.scene.backdrop,
            "style": a.scene.style,
        }
        for name, value in wanted.items():
            right[name].append(s[name] == value)
        right["all but style"].append(
            all(s[n] == wanted[n] for n in ("thing", "colour", "backdrop"))
        )
        groups["thing"][subject.thing].append(s["thing"] == subject.thing)
        groups["style"][a.scene.style].append(s["thing"] == subject.thing)
        if s["thing"] != subject.thing:
            groups["missed as"][f"{subject.thing}>{s['thing']}"].append(1)
    shares = {
        n: {k: float(np.mean(v)) for k, v in g.items()}
        for n, g in groups.items()
        if n != "missed as"
    }
    shares["missed as"] = {
        k: len(v) for k, v in sorted(groups["missed as"].items(), key=lambda kv: -len(kv[1]))
    }
    return {name: float(np.mean(values)) for name, values in right.items()}, shares


def judge_pairs(checker: Checker, asked: list[Asked], pictures: np.ndarray) -> dict[str, float]:
    """Shares of right things and colours where each of two subjects should be, and of both being right."""
    things, colours = [], []
    for side in (0, 1):
        crops = np.stack(
            [crop_around(p, a.scene.subjects[side]) for a, p in zip(asked, pictures, strict=True)]
        )
        seen = name_all(checker, crops)
        subjects = [a.scene.subjects[side] for a in asked]
        things.append([s["thing"] == w.thing for s, w in zip(seen, subjects, strict=True)])
        colours.append([s["colour"] == w.colour for s, w in zip(seen, subjects, strict=True)])
    whole = np.array(things) & np.array(colours)
    return {
        "thing": float(np.mean(things)),
        "colour": float(np.mean(colours)),
        "both whole": float(whole.all(axis=0).mean()),
    }


def seed_difference(pictures: np.ndarray) -> float:
    """Mean absolute difference between any two of the pictures, in 0..255."""
    values = pictures.astype(float)
    pairs = [np.abs(values[i] - values[j]).mean() for i in range(len(values)) for j in range(i)]
    return float(np.mean(pairs))


@torch.no_grad()
def round_trip_psnr(pipe: StableDiffusionPipeline, count: int = 100) -> float:
    """PSNR in dB of drawings through encoder and decoder."""
    size_px = pipe.unet.config.sample_size * 8
    drawings = []
    for asked in held_out_captions(count):
        drawings.append(
            np.asarray(
                render(
                    asked.scene, size_px, np.random.default_rng([EVALUATION_SEED, 2, len(drawings)])
                )
            )
        )
    originals = np.stack(drawings)
    x = torch.from_numpy(originals).permute(0, 3, 1, 2).float() / 127.5 - 1
    painted = torch.cat(
        [pipe.vae.decode(pipe.vae.encode(part).latent_dist.mean).sample for part in x.split(10)]
    )
    return psnr(originals, ((painted.clamp(-1, 1) + 1) * 127.5).permute(0, 2, 3, 1).numpy())


def line(name: str, shares: dict[str, float]) -> str:
    return f"{name}: " + "  ".join(
        f"{k} {v:.1%}" if isinstance(v, float) else f"{k} {v}" for k, v in shares.items()
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m training.starter.evaluate", description=__doc__
    )
    parser.add_argument("--model", type=Path, default=MODEL_FOLDER)
    parser.add_argument(
        "--sheets",
        type=Path,
        default=Path("outputs/starter-evaluation"),
        help="where the sheets go",
    )
    parser.add_argument("--count", type=int, default=300, help="held-out captions")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--guidance", type=float, default=GUIDANCE)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    pipe = StableDiffusionPipeline.from_pretrained(arguments.model, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    report(pipe, load_checker(), arguments)


def report(pipe: StableDiffusionPipeline, checker: Checker, arguments: argparse.Namespace) -> None:
    """Print every figure of the model card and write the sheets."""
    steps, guidance, sheets = arguments.steps, arguments.guidance, arguments.sheets
    size_px = pipe.unet.config.sample_size * 8
    print(line("checker on real drawings", own_accuracy(checker, size_px)), flush=True)
    showpieces = generate(
        pipe,
        [c for c in SHOWPIECES for _ in range(4)],
        list(range(4)) * len(SHOWPIECES),
        steps,
        guidance,
    )
    save_sheet(showpieces, 8, sheets / "showpieces.png")
    asked = held_out_captions(arguments.count)
    pictures = generate(pipe, [a.text for a in asked], list(range(len(asked))), steps, guidance)
    save_sheet(pictures, 15, sheets / "held-out.png")
    total, groups = judge_singles(checker, asked, pictures)
    print(
        line(f"{len(asked)} held-out captions, {steps} steps, guidance {guidance}", total),
        flush=True,
    )
    for name, shares in groups.items():
        print(line(f"  right thing per {name}" if name != "missed as" else "  missed", shares))
    pairs = two_thing_captions(60)
    pictures = generate(pipe, [a.text for a in pairs], list(range(len(pairs))), steps, guidance)
    save_sheet(pictures, 12, sheets / "two-things.png")
    print(line("60 captions of two things", judge_pairs(checker, pairs, pictures)))
    differences = {
        c: seed_difference(showpieces[4 * i : 4 * i + 4]) for i, c in enumerate(SHOWPIECES)
    }
    eight = generate(pipe, [asked[0].text] * 8, list(range(8)), steps, guidance)
    average = np.mean(list(differences.values()))
    print(
        f"seeds differ by {seed_difference(eight):.1f} of 255 ({asked[0].text}); {average:.1f} on average"
    )
    print(f"autoencoder: {round_trip_psnr(pipe):.2f} dB")


if __name__ == "__main__":
    main()
