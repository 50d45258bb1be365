"""The tab "Text to image": prompt and settings on the left, what develops on the right."""

from __future__ import annotations

import gradio as gr
from gradio.components import Component

from ui import form

# Gradio hands the widgets' values over in the order of form.FIELDS; nothing here goes to the server.
GENERATE = "(...values) => window.darkroom.generate(values)"
DRAFTS = "(...values) => window.darkroom.drafts(values)"
REMEMBER = "(...values) => window.darkroom?.remember(values)"
FILL = "() => window.darkroom.filled()"


def island(name: str) -> gr.HTML:
    """An empty place that `islands/main.js` fills; the template holds no value, so Gradio never redraws it."""
    return gr.HTML(
        html_template=f'<div data-island="{name}"></div>',
        js_on_load=None,
        apply_default_css=False,
        elem_id=f"island-{name}",
        elem_classes=["island"],
    )


def fold(name: str, label: str) -> gr.HTML:
    """A button that shows and hides the block `fold-{name}`; the page remembers how it was left."""
    return gr.HTML(
        html_template=f'<button type="button" class="fold" data-fold="{name}" aria-expanded="false" '
        f'aria-controls="fold-{name}">{label}</button>',
        js_on_load=None,
        apply_default_css=False,
        elem_classes=["fold-row"],
    )


def build() -> None:
    """The tab with its wiring, to be called inside `gr.Tabs`."""
    widgets: dict[str, Component] = {}

    def place(*names: str) -> None:
        for name in names:
            widgets[name] = form.build(name)

    with gr.Tab("Text to image", id="text-to-image", elem_id="text-to-image"):
        with gr.Column(elem_id="prompt-block"):
            place("prompt")
            island("tokens")
            with gr.Row(elem_id="actions"):
                generate = gr.Button("Generate", variant="primary", elem_id="generate")
                drafts = gr.Button("8 drafts", elem_id="drafts")
            fold("negative", "Negative prompt")
            with gr.Column(elem_id="fold-negative"):
                place("negative_prompt")
        island("result")
        with gr.Column(elem_id="settings-block"):
            fold("networks", "LoRAs and embeddings")
            with gr.Column(elem_id="fold-networks"):
                island("networks")
            island("shape")
            with gr.Row(elem_classes=["pair"]):
                place("sampling.steps", "sampling.guidance_scale")
            with gr.Row(elem_classes=["pair"]):
                place("sampling.sampler", "batch_size")
            with gr.Row(elem_id="seed-row"):
                place("seed")
                island("seed")
            fold("controls", "ControlNet")
            with gr.Column(elem_id="fold-controls"):
                island("controls")
            fold("prompts", "Image prompt")
            with gr.Column(elem_id="fold-prompts"):
                island("prompts")
            fold("refiner", "Refiner")
            with gr.Column(elem_id="fold-refiner"), gr.Row(elem_classes=["pair"]):
                place("refiner", "refiner_switch_at")
            fold("more", "More")
            with gr.Column(elem_id="fold-more"):
                with gr.Row(elem_classes=["pair"]):
                    place("width", "height")
                with gr.Row(elem_classes=["pair"]):
                    place("sampling.schedule", "batch_count")
                with gr.Row(elem_classes=["pair"]):
                    place("clip_skip", "format")
                place("vae", "exact")
        fill = gr.Button("Fill the form", visible="hidden", elem_id="fill-form")

    ordered = [widgets[row.name] for row in form.FIELDS]
    generate.click(None, ordered, None, js=GENERATE, api_visibility="private")
    drafts.click(None, ordered, None, js=DRAFTS, api_visibility="private")
    fill.click(None, None, ordered, js=FILL, api_visibility="private")
    changes = [widget.change for widget in ordered]  # type: ignore[attr-defined]
    gr.on(changes, None, ordered, None, js=REMEMBER, api_visibility="private")
