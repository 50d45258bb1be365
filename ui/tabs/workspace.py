"""The workspace: one form and one result, and the three tabs that stand over it.

Prompt and settings travel between "Text to image", "Image to image" and "Inpaint" by staying where they are: the
second and the third tab are empty, and `islands/modes.js` shows the panel of the first one for all three. What
belongs to some of them only says so: `island("source", "image")`.
"""

from __future__ import annotations

from collections.abc import Callable

import gradio as gr
from gradio.components import Component

from ui import form
from ui.tabs.places import fold, island

# Gradio hands the widgets' values over in the order of form.FIELDS; nothing here goes to the server.
GENERATE = "(...values) => window.darkroom.generate(values)"
DRAFTS = "(...values) => window.darkroom.drafts(values)"
REMEMBER = "(...values) => window.darkroom?.remember(values)"
FILL = "() => window.darkroom.filled()"


# A mode and its tab's name; the first tab holds the panel. `islands/modes.js` has the same modes.
TABS = {"text": "Text to image", "image": "Image to image", "inpaint": "Inpaint"}


def build() -> None:
    """The tabs with their wiring, to be called inside `gr.Tabs`."""
    widgets: dict[str, Component] = {}

    def place(*names: str) -> None:
        for name in names:
            widgets[name] = form.build(name)

    first, *others = TABS.values()
    with _tab(first):
        with gr.Column(elem_id="prompt-block"):
            place("prompt")
            island("tokens")
            island("chosen")
            with gr.Row(elem_id="actions"):
                generate = gr.Button("Generate", variant="primary", elem_id="generate")
                drafts = gr.Button("8 drafts", elem_id="drafts")
            island("style", "text", "image")
            island("panels")
            fold("negative", "Negative prompt")
            with gr.Column(elem_id="fold-negative"):
                place("negative_prompt")
        island("result", "text", "image")
        island("editor", "inpaint")
        island("edits", "inpaint")
        _settings(place)
        fill = gr.Button("Fill the form", visible="hidden", elem_id="fill-form")
    for name in others:
        with _tab(name):
            pass

    ordered = [widgets[row.name] for row in form.FIELDS]
    generate.click(None, ordered, None, js=GENERATE, api_visibility="private")
    drafts.click(None, ordered, None, js=DRAFTS, api_visibility="private")
    fill.click(None, None, ordered, js=FILL, api_visibility="private")
    changes = [widget.change for widget in ordered]  # type: ignore[attr-defined]
    gr.on(changes, None, ordered, None, js=REMEMBER, api_visibility="private")


def _settings(place: Callable[..., None]) -> None:
    """What stands below the prompt; `place` draws widgets of the form by their names."""
    with gr.Column(elem_id="settings-block"):
        island("presets")
        island("source", "image")
        island("retouch", "inpaint")
        island("strength", "image", "inpaint")
        island("masking", "inpaint")
        fold("networks", "LoRAs and embeddings")
        with gr.Column(elem_id="fold-networks"):
            island("networks")
        island("shape")
        _pairs(
            place,
            ("sampling.steps", "sampling.guidance_scale"),
            ("sampling.sampler", "batch_size"),
        )
        with gr.Row(elem_id="seed-row"):
            place("seed")
            island("seed")
        _hires(place)
        fold("graphics", "Graphics and logo", "text", "image")
        with gr.Column(elem_id="fold-graphics"):
            island("styles", "text", "image")
        fold("controls", "ControlNet")
        with gr.Column(elem_id="fold-controls"):
            island("controls")
        fold("prompts", "Image prompt")
        with gr.Column(elem_id="fold-prompts"):
            island("prompts")
        fold("refiner", "Refiner")
        with gr.Column(elem_id="fold-refiner"), gr.Row(elem_classes=["pair"]):
            place("refiner", "refiner_switch_at")
        _finer(place)
        fold("grid", "Grid", "text", "image")
        with gr.Column(elem_id="fold-grid"):
            island("grid", "text", "image")
        fold("more", "More")
        with gr.Column(elem_id="fold-more"):
            _pairs(
                place,
                ("width", "height"),
                ("batch_count", "format"),
                ("clip_skip", "seamless"),
                ("wording.emphasis", "wording.comma_backtrack"),
            )
            place("vae", "exact")


def _hires(place: Callable[..., None]) -> None:
    fold("hires", "Hires fix", "text")
    with gr.Column(elem_id="fold-hires"):
        place("hires")
        island("hires")
        with gr.Column(elem_id="hires-block"):
            _pairs(
                place,
                ("hires.scale", "hires.strength"),
                ("hires.upscaler", "hires.steps"),
                ("hires.width", "hires.height"),
                ("hires.sampler", "hires.schedule"),
                ("hires.checkpoint", "hires.guidance_scale"),
            )
            place("hires.prompt", "hires.negative_prompt")


def _finer(place: Callable[..., None]) -> None:
    """What most pictures are made without."""
    fold("sampling", "Sampling")
    with gr.Column(elem_id="fold-sampling"):
        place("sampling.schedule")
        island("heeded")
        _pairs(
            place,
            ("sampling.guidance_rescale", "sampling.eta"),
            ("sampling.churn", "sampling.noise_scale"),
            ("sampling.churn_from", "sampling.churn_to"),
            ("sampling.sigma_min", "sampling.sigma_max"),
            ("sampling.rho", "sampling.skips_penultimate"),
            ("sampling.beta_alpha", "sampling.beta_beta"),
        )
        place("sampling.sgm_noise")
    fold("seeds", "Seeds and noise")
    with gr.Column(elem_id="fold-seeds"):
        _pairs(
            place,
            ("noise.variation_seed", "noise.variation_strength"),
            ("noise.from_width", "noise.from_height"),
            ("noise.source", "noise.seed_delta"),
        )


def _pairs(place: Callable[..., None], *pairs: tuple[str, str]) -> None:
    """Two widgets side by side, in as many rows."""
    for pair in pairs:
        with gr.Row(elem_classes=["pair"]):
            place(*pair)


def _tab(name: str) -> gr.Tab:
    own_id = name.lower().replace(" ", "-")
    return gr.Tab(name, id=own_id, elem_id=own_id)
