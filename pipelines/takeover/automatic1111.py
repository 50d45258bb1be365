"""Where AUTOMATIC1111's web UI and its forks (Forge, reForge, SD.Next) keep their things."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipelines.takeover.launch_script import flags
from pipelines.takeover.place import (
    EMBEDDINGS,
    MODELS,
    OUTPUTS,
    STYLES,
    UNREAD,
    WILDCARDS,
    Place,
    read_values,
    resolved,
    texts_in,
)

CONFIG, SCRIPTS = "config.json", ("webui-user.sh", "webui-user.bat")
BY_CUSTOM = (
    (MODELS, "models"),
    (MODELS, "extensions/sd-webui-controlnet/models"),
    (EMBEDDINGS, "embeddings"),
    (STYLES, "styles.csv"),
    (WILDCARDS, "wildcards"),
    (WILDCARDS, "scripts/wildcards"),
    (OUTPUTS, "outputs"),
    (OUTPUTS, "output"),
    (OUTPUTS, "log/images"),
)
WILDCARDS_OF_EXTENSIONS = "extensions*/*/wildcards"
HOME = "home"  # the use of a folder that is laid out like an installation
FLAGS = {
    **dict.fromkeys(("--ckpt-dir", "--ckpt-dirs", "--models-dir"), MODELS),
    **dict.fromkeys(("--lora-dir", "--lora-dirs", "--lyco-dir"), MODELS),
    **dict.fromkeys(("--vae-dir", "--vae-dirs", "--controlnet-dir", "--hypernetwork-dir"), MODELS),
    **dict.fromkeys(("--esrgan-models-path", "--realesrgan-models-path"), MODELS),
    "--embeddings-dir": EMBEDDINGS,
    "--styles-file": STYLES,
    **dict.fromkeys(("--data-dir", "--forge-ref-a1111-home"), HOME),
}
KEYS = {  # of config.json
    **dict.fromkeys(("ckpt_dir", "diffusers_dir", "lora_dir", "vae_dir", "models_dir"), MODELS),
    "embeddings_dir": EMBEDDINGS,
    **dict.fromkeys(("wildcard_dir", "wildcards_dir"), WILDCARDS),
    **dict.fromkeys(
        ("outdir_samples", "outdir_txt2img_samples", "outdir_img2img_samples"), OUTPUTS
    ),
    **dict.fromkeys(("outdir_extras_samples", "outdir_save", "outdir_grids"), OUTPUTS),
    **dict.fromkeys(("outdir_txt2img_grids", "outdir_img2img_grids"), OUTPUTS),
}


def places(root: Path) -> Iterator[Place]:
    """Everything, also what is not there."""
    homes = [root]
    for script in SCRIPTS:
        for flag, value in flags(root / script):
            use, path = FLAGS.get(flag), resolved(root, value)
            said_by = f"{flag} in {script}"
            if use == HOME and path.is_dir():
                homes.append(path)
            elif use:
                yield Place(MODELS if use == HOME else use, path, said_by)
    for home in homes:
        yield from _laid_out(home)


def _laid_out(home: Path) -> Iterator[Place]:
    yield from (Place(use, home / path) for use, path in BY_CUSTOM)
    yield from (Place(WILDCARDS, path) for path in sorted(home.glob(WILDCARDS_OF_EXTENSIONS)))
    values = read_values(home / CONFIG)
    if values is None and (home / CONFIG).exists():
        yield Place(UNREAD, home / CONFIG)
    for key, text in texts_in(values):
        if key in KEYS:
            yield Place(KEYS[key], resolved(home, text), f"{key} in {CONFIG}")
