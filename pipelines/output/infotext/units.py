"""Guides as the ControlNet extension for AUTOMATIC1111 writes them: `ControlNet 0: "Module: …, Model: …"`.

There an IP-Adapter is a ControlNet with a module of its own. The pictures are named in no text but ours.
"""

from __future__ import annotations

from pipelines.guiding.guides import Control, ImagePrompt
from pipelines.request import Request

# Our names → those of the extension.
MODULES = {
    "line": "lineart_standard (from white bg & black line)",
    "invert": "invert (from white bg & black line)",
    "scribble": "scribble_xdog",
}
IP_ADAPTER_MODULE = "ip-adapter-auto"
RESIZE_MODES = {
    "crop": "Crop and Resize",
    "fit": "Resize and Fill",
    "stretch": "Just Resize",
}


def guides_told(request: Request) -> dict[str, str]:
    """Key → value of each."""
    units = [
        _unit(one, MODULES.get(one.preprocessor, one.preprocessor), RESIZE_MODES.get(one.resize))
        for one in request.controls
    ]
    units += [_unit(one, IP_ADAPTER_MODULE) for one in request.image_prompts]
    return {f"ControlNet {number}": unit for number, unit in enumerate(units)}


def _unit(guide: Control | ImagePrompt, module: str, resize_mode: str | None = None) -> str:
    facts = {
        "Module": module,
        "Model": guide.model,
        "Weight": guide.weight,
        "Resize Mode": resize_mode or RESIZE_MODES["crop"],
        "Guidance Start": guide.start,
        "Guidance End": guide.end,
        "Control Mode": "Balanced",
    }
    return ", ".join(f"{key}: {value}" for key, value in facts.items())
