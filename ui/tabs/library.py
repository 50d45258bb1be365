"""The tab "Library": every picture of this owner, in a grid of our own."""

from __future__ import annotations

import gradio as gr

from ui.tabs.places import island


def build() -> None:
    """The tab, to be called inside `gr.Tabs`; `islands/library.js` does the rest over `api/v1/pictures`."""
    with gr.Tab("Library", id="library", elem_id="library"):
        island("library")
