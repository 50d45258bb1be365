"""Makes the small pictures of the styles of graphics, always the same: `python -m scripts.style_thumbnails`.

Those that the starter model knows are made by it; the others are drawn over a heart of its making.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from PIL import Image

from pipelines import GRAPHIC_STYLES
from pipelines.graphics.cutout import cut_out
from pipelines.graphics.flatten import flat
from scripts.style_drawings import DRAWINGS
from scripts.style_motif import PAPER, motif_of
from training.starter.evaluate import generate
from training.starter.plan import MODEL_FOLDER

FOLDER = Path(__file__).parent.parent / "ui" / "static" / "styles"
SIDE_PX = 128
BYTES_MAX = 4096
STEPS, GUIDANCE = 20, 3.0
# Style → (caption, seed, what is done with its cut-out).
MADE: dict[str, tuple[str, int, Callable[[Image.Image], Image.Image]]] = {
    "flat-logo": ("a red heart on a white background", 3, lambda cut: flat(cut, 4)),
    "badge": ("a logo of a red heart on a white background", 1, lambda cut: flat(cut, 4)),
    "watercolour": ("a watercolour of a red heart on a white background", 3, lambda cut: cut),
    "pencil-drawing": ("a pencil drawing of a red heart on a white background", 3, lambda cut: cut),
}
MOTIF = ("a red heart on a white background", 3)


def main() -> None:
    torch.set_num_threads(1)
    pipe = StableDiffusionPipeline.from_pretrained(MODEL_FOLDER, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    asked = [*((caption, seed) for caption, seed, _ in MADE.values()), MOTIF]
    captions, seeds = ([*part] for part in zip(*asked, strict=True))
    pictures = [Image.fromarray(one) for one in generate(pipe, captions, seeds, STEPS, GUIDANCE)]
    FOLDER.mkdir(exist_ok=True)
    for (name, (_, _, finish)), picture in zip(MADE.items(), pictures, strict=False):
        write(name, on_paper(finish(cut_out(picture))))
    motif = motif_of(cut_out(pictures[-1]).getchannel("A"))
    for name, draw in DRAWINGS.items():
        write(name, draw(motif).resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX))
    missing = {style.id for style in GRAPHIC_STYLES} ^ {*MADE, *DRAWINGS}
    assert not missing, f"no thumbnail, or no style: {missing}"


def on_paper(picture: Image.Image) -> Image.Image:
    ground = Image.new("RGBA", picture.size, PAPER)
    return Image.alpha_composite(ground, picture).convert("RGB")


def write(name: str, picture: Image.Image) -> None:
    """As WebP, in the best quality that is small enough."""
    for quality in range(92, 20, -4):
        stream = io.BytesIO()
        picture.save(stream, "WEBP", quality=quality, method=6)
        if stream.tell() <= BYTES_MAX:
            break
    (FOLDER / f"{name}.webp").write_bytes(stream.getvalue())


if __name__ == "__main__":
    main()
