"""Presets: what is set for a kind of picture, as a part of a Request. Those that come with the house are rows here."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Preset:
    """`settings`: fields of a Request as JSON; what is left out stays as it is in the form."""

    name: str
    about: str = ""
    settings: MappingProxyType[str, Any]
    is_builtin: bool = True

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the API."""
        return {
            "name": self.name,
            "about": self.about,
            "settings": dict(self.settings),
            "builtin": self.is_builtin,
        }


def _preset(name: str, about: str, **settings: Any) -> Preset:
    return Preset(name=name, about=about, settings=MappingProxyType(settings))


def _graphic(name: str, style: str, about: str) -> Preset:
    """In the words of one of the styles that come with the house."""
    sampling = {
        "sampler": "DPM++ 2M",
        "schedule": "Karras",
        "steps": 24,
        "guidance_scale": 7.5,
    }
    return _preset(name, about, styles=style, negative_prompt="", sampling=sampling, hires=None)


# Sizes are open, so that each family makes its own.
PRESETS = (
    _preset(
        "Photo",
        "Calm contrast, fine detail, a gentle second pass.",
        negative_prompt="painting, drawing, cartoon, 3d render, blurry, watermark, text",
        sampling={
            "sampler": "DPM++ 2M SDE",
            "schedule": "Karras",
            "steps": 28,
            "guidance_scale": 5.5,
        },
        hires={"scale": 1.5, "strength": 0.4, "upscaler": "Latent (nearest-exact)"},
    ),
    _preset(
        "Artwork",
        "Strong prompt, varied strokes.",
        negative_prompt="photo, blurry, watermark, signature, text",
        sampling={
            "sampler": "Euler a",
            "schedule": "Automatic",
            "steps": 28,
            "guidance_scale": 7.5,
        },
        hires={"scale": 1.5, "strength": 0.55, "upscaler": "Latent"},
    ),
    _graphic("Graphic", "Geometric", "Flat shapes on a plain ground, to be cut out or traced."),
    _graphic("Logo", "Flat logo", "Few colours, clean shapes, a plain white ground."),
    _graphic("Icon", "App icon", "A white symbol on a coloured square with round corners."),
    _preset(
        "Draft",
        "Fast: few steps, no second pass.",
        sampling={"sampler": "UniPC", "schedule": "Automatic", "steps": 10},
        hires=None,
    ),
)
