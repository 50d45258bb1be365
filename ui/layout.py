"""The page: its tabs, its theme, and what stands in its head.

Gradio draws tabs and form; header, job dock, result and library are islands (`islands/*.js`) that speak to `api/v1`.
No event of the page runs Python: a generation belongs to the queue and must outlive the page.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from ui import form, theme
from ui.tabs import library, models, train, video, workspace

# In this order: what comes later wins. The page asks for them as one file, since each request of a first visit costs.
STYLES = (
    "style",
    "chrome",
    "form",
    "finer",
    "prompting",
    "pictures",
    "models",
    "offers",
    "guides",
    "grid",
    "canvas",
    "modes",
    "source",
    "editor",
    "train",
    "video",
    "animate",
    "frames",
)
FOLDER = Path(__file__).parent
# Not "static": that is a place of Gradio's own.
STATIC = {"ui/islands": FOLDER / "islands", "ui": FOLDER / "static"}
STYLESHEET = "ui/page.css"

# The first script runs before anything is drawn, so that the page never flashes in the wrong theme or mode.
HEAD = """
<meta name="color-scheme" content="dark light">
<script>
try {{ document.documentElement.dataset.theme = JSON.parse(localStorage.getItem("darkroom.theme")) || "dark"; }}
catch {{ document.documentElement.dataset.theme = "dark"; }}
try {{ document.documentElement.dataset.mode = JSON.parse(localStorage.getItem("darkroom.mode")) || "text"; }}
catch {{ document.documentElement.dataset.mode = "text"; }}
document.documentElement.dataset.tab = "workspace";
</script>
<link rel="icon" href="ui/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{stylesheet}">
<script type="application/json" id="darkroom-fields">{fields}</script>
<script type="application/json" id="darkroom-choices">{choices}</script>
<script type="module" src="ui/islands/main.js"></script>
"""


def build() -> gr.Blocks:
    """The page for `gr.mount_gradio_app`, together with `options`."""
    page = gr.Blocks(title="Darkroom", analytics_enabled=False, fill_width=True)
    with page, gr.Tabs(elem_id="tabs", overflow_behavior="wrap"):
        workspace.build()
        library.build()
        models.build()
        train.build()
        video.build()
    return page


def stylesheet() -> str:
    """All our styles in one."""
    files = (FOLDER / "static" / f"{name}.css" for name in STYLES)
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def options() -> dict[str, Any]:
    """What `gr.mount_gradio_app` must be told for the page to look and behave as meant."""
    fields, choices = (
        table.replace("</", "<\\/") for table in (form.for_page(), form.choices_for_page())
    )
    return {
        "theme": theme.build(),
        "head": HEAD.format(fields=fields, choices=choices, stylesheet=STYLESHEET),
        "footer_links": [],
        "run_history": False,
        "enable_monitoring": False,
        "mcp_server": False,
        "ssr_mode": False,
        "show_error": False,
    }
