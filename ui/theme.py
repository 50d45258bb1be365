"""Gradio's theme, emptied: every colour and size it knows points at a token of ours in `static/style.css`.

So there is one palette, in one file, and the switch between dark and light is one attribute on <html>.
"""

from __future__ import annotations

import inspect

import gradio as gr

SYSTEM_FONT = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif")
MONO_FONT = ("ui-monospace", "SFMono-Regular", "Consolas", "monospace")

TOKENS = {
    "body_background_fill": "var(--page)",
    "background_fill_primary": "var(--panel)",
    "background_fill_secondary": "var(--raised)",
    "body_text_color": "var(--text)",
    "body_text_color_subdued": "var(--quiet)",
    "block_background_fill": "transparent",
    "block_border_width": "0px",
    "block_border_color": "transparent",
    "block_label_text_color": "var(--quiet)",
    "block_title_text_color": "var(--text)",
    "block_info_text_color": "var(--quiet)",
    "block_shadow": "none",
    "block_radius": "0px",
    "border_color_primary": "var(--line)",
    "border_color_accent": "var(--line)",
    "color_accent": "var(--text)",
    "color_accent_soft": "var(--raised)",
    "panel_background_fill": "transparent",
    "input_background_fill": "var(--field)",
    "input_background_fill_focus": "var(--field)",
    "input_border_color": "var(--line)",
    "input_border_color_focus": "var(--quiet)",
    "input_border_width": "1px",
    "input_placeholder_color": "var(--quiet)",
    "input_radius": "var(--radius)",
    "input_shadow": "none",
    "input_shadow_focus": "none",
    "slider_color": "var(--quiet)",
    "button_primary_background_fill": "var(--accent)",
    "button_primary_background_fill_hover": "var(--accent-hover)",
    "button_primary_text_color": "var(--on-accent)",
    "button_primary_border_color": "transparent",
    "button_secondary_background_fill": "var(--raised)",
    "button_secondary_background_fill_hover": "var(--line)",
    "button_secondary_text_color": "var(--text)",
    "button_secondary_border_color": "var(--line)",
    "shadow_drop": "none",
    "shadow_drop_lg": "none",
    "shadow_inset": "none",
}


def build() -> gr.themes.Base:
    """The theme for `gr.mount_gradio_app`; dark and light are the same to Gradio, our tokens change."""
    theme = gr.themes.Base(
        primary_hue="neutral",
        secondary_hue="neutral",
        neutral_hue="neutral",
        font=SYSTEM_FONT,
        font_mono=MONO_FONT,
        spacing_size="sm",
        radius_size="sm",
    )
    known = inspect.signature(theme.set).parameters
    dark = {f"{name}_dark": token for name, token in TOKENS.items() if f"{name}_dark" in known}
    return theme.set(**TOKENS, **dark)
