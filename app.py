"""Darkroom: `python app.py` starts the worker, the server and the page. This file puts the house together.

Only the standard library is imported at the top: the worker process imports this file again when it starts.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from api.closing import Closing
    from pipelines import PipelineManager, Settings

EXIT_CANNOT_START = 2
LARGEST_UPLOAD = "25mb"
GRADIO_LOOK_SECONDS = 1.0


def main() -> int:
    """Serves until a signal comes; the exit code."""
    from pipelines import StudioError
    from pipelines.settings import read

    try:
        serve(read(sys.argv[1:], os.environ))
    except StudioError as error:
        message = error.message.rstrip(".")
        print(f"Darkroom cannot start: {message}. {error.remedy}", file=sys.stderr)
        return EXIT_CANNOT_START
    return 0


def serve(settings: Settings, worker_target: str | None = None) -> None:
    """Binds the port, starts the worker, then serves; the page follows when Gradio has been imported."""
    from pydantic.warnings import UnsupportedFieldAttributeWarning

    from api.closing import Closing
    from api.serving import Server, listen
    from api.welcome import greet

    # FastAPI hides this one itself, but not while another thread (the page's) does the same with its own.
    warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)
    listening = listen(settings)
    settings = dataclasses.replace(settings, port=listening.getsockname()[1])
    closing = Closing()
    app, manager = create(settings, worker_target, closing)
    greet(settings, manager.takeovers.lines())
    with contextlib.suppress(KeyboardInterrupt):  # raised again after an orderly end
        Server(app, closing).run(sockets=[listening])


def create(
    settings: Settings, worker_target: str | None = None, closing: Closing | None = None
) -> tuple[ASGIApp, PipelineManager]:
    """The whole application behind its guard, and its manager, started; the application stops it when it ends."""
    from pipelines import PipelineManager

    set_environment(settings)
    manager = PipelineManager(settings, worker_target=worker_target)
    manager.start()
    # From here on the worker process imports torch, beside what follows.
    from api.closing import Closing
    from api.front import Front
    from api.site import build, guarded
    from api.studio import furnish
    from api.welcome import tell

    studio = furnish(settings, manager, closing or Closing())
    front = Front(lambda: build_page(settings))
    site = build(studio, front, lambda: tell(settings, manager, front))
    return guarded(site, settings), manager


def build_page(settings: Settings) -> FastAPI:
    """The page alone: our scripts and styles, then Gradio at "/". Takes seconds, all of them Gradio's."""
    import gradio

    from api.site import bare, mount_static, mount_text
    from ui import layout

    app = bare()
    mount_text(app, layout.STYLESHEET, layout.stylesheet, "text/css")
    mount_static(app, layout.STATIC)
    blocks = layout.build()
    blocks.queue(api_open=False)
    # No event of the page runs Python, and Gradio would look a thousand times a second whether one does.
    blocks._queue.sleep_when_free = GRADIO_LOOK_SECONDS
    mounted: FastAPI = gradio.mount_gradio_app(
        app,
        blocks,
        path="/",
        root_path=settings.root_path or None,
        max_file_size=LARGEST_UPLOAD,
        **layout.options(),
    )
    return mounted


def set_environment(settings: Settings) -> None:
    """What Gradio and the Hugging Face libraries read when they are imported, here and in the worker."""
    uploads = Path(settings.data_dir) / "gradio"
    uploads.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ |= {
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": str(uploads),
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


if __name__ == "__main__":
    sys.exit(main())
