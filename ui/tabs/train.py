"""The tab "Train": a subject, a style or a concept is taught with a few pictures."""

from __future__ import annotations

import gradio as gr

from ui.tabs.places import island


def build() -> None:
    """The tab, to be called inside `gr.Tabs`; `islands/train/train.js` does the rest over `api/v1/trainings`."""
    with gr.Tab("Train", id="train", elem_id="train"):
        island("train")
