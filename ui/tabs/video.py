"""The tab "Video": animations, restyled movies, photos that come to life, work on frames."""

from __future__ import annotations

import gradio as gr

from ui.tabs.places import island


def build() -> None:
    """The tab, to be called inside `gr.Tabs`; `islands/video/video.js` does the rest over `api/v1/videos`."""
    with gr.Tab("Video", id="video", elem_id="video"):
        island("video")
