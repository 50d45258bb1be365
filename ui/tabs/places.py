"""Empty places in the page: islands that `islands/main.js` fills, and buttons that fold a block away."""

from __future__ import annotations

import gradio as gr


def island(name: str, *modes: str) -> gr.HTML:
    """An empty place; the template holds no value, so Gradio never redraws it. `modes`: see `in_modes`."""
    return gr.HTML(
        html_template=f'<div data-island="{name}"></div>',
        js_on_load=None,
        apply_default_css=False,
        elem_id=f"island-{name}",
        elem_classes=["island", *in_modes(*modes)],
    )


def fold(name: str, label: str, *modes: str) -> gr.HTML:
    """A button that shows and hides the block `fold-{name}`; the page remembers how it was left."""
    return gr.HTML(
        html_template=f'<button type="button" class="fold" data-fold="{name}" aria-expanded="false" '
        f'aria-controls="fold-{name}">{label}</button>',
        js_on_load=None,
        apply_default_css=False,
        elem_classes=["fold-row", *in_modes(*modes)],
    )


def in_modes(*modes: str) -> list[str]:
    """Classes of a block that is shown in these modes of the workspace only; without any it is always shown."""
    return ["in-modes", *(f"in-{mode}" for mode in modes)] if modes else []
