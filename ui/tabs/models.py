"""The tab "Models": everything that lies under the folders of models, as cards."""

from __future__ import annotations

import gradio as gr

from ui.tabs.places import island


def build() -> None:
    """The tab, to be called inside `gr.Tabs`; `islands/models.js` does the rest over `api/v1/models`."""
    with gr.Tab("Models", id="models", elem_id="models"):
        island("models")
