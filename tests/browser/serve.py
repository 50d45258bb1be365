"""Serves the whole app with the fake worker, in a process of its own: `python -m tests.browser.serve FOLDER PORT`.

FOLDER gets `models/` with two checkpoints of paper, `outputs/` and `data/`. A file `password` in it asks for a login; a
file `hub` names a place of models, and then there is only a starter; `old/`, an installation of another program, is
taken over. With a file `real` it is the real worker, with the model that ships with the project. What lies under
`models/captioner/` is played by the fake one.
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn

import app
from pipelines.finetune.pictures.captioning import Captioning
from pipelines.settings import Settings
from pipelines.works.lifeline import end_with_parent
from tests import paper_checkpoint

CAPTIONER = (sys.executable, "-m", "tests.fake_captioner")
SHIPPED = Path(app.__file__).parent / "models"
CHECKPOINTS = {
    "small": {"width": 128, "height": 128, "steps": 12, "guidance_scale": 5.0},
    "large": {"width": 512, "height": 512, "steps": 20, "guidance_scale": 7.0},
}


def main(folder: Path, port: int) -> None:
    hub, is_real = folder / "hub", (folder / "real").exists()
    checkpoints = {"starter": CHECKPOINTS["small"]} if hub.exists() else CHECKPOINTS
    for name, defaults in () if is_real else checkpoints.items():
        if not (folder / "models" / name).exists():
            # The starter has another name than its folder, as the one that ships with the project.
            named = {"name": "Darkroom starter"} if name == "starter" else {}
            paper_checkpoint.write(
                folder / "models" / name, defaults=defaults, licence="MIT", **named
            )
    password, old = folder / "password", folder / "old"
    settings = Settings(
        port=port,
        models_dir=(folder / "models", *([SHIPPED] if is_real else [])),
        output_dir=folder / "outputs",
        data_dir=folder / "data",
        from_=(old,) if old.exists() else (),
        **({"hub_url": hub.read_text(), "civitai_url": hub.read_text()} if hub.exists() else {}),
        password_file=password if password.exists() else None,
    )
    site, manager = app.create(settings, worker_target=None if is_real else "tests.fake_worker")
    manager.trainings._maker.captioning = Captioning(settings.models_dir, CAPTIONER)
    # A page that a failed test has left open waits in a long poll; the others need not wait for that.
    uvicorn.run(site, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=5)


if __name__ == "__main__":
    end_with_parent()
    main(Path(sys.argv[1]), int(sys.argv[2]))
