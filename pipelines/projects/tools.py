"""Tools: edits without a model, as rows of a table. Each is a function picture → picture with settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from PIL import Image

from pipelines.errors import RequestError
from pipelines.fields import within
from pipelines.retouch.tones import restore_tones


class Setting(NamedTuple):
    """A number that a tool is told."""

    default: float
    bounds: tuple[float, float]


@dataclass(frozen=True)
class Tool:
    """`work(picture, **settings)`; the picture is RGB, RGBA or L."""

    says: str
    work: Callable[..., Image.Image]
    settings: Mapping[str, Setting] = field(default_factory=dict)


Tools = Mapping[str, Tool]

# By the name that a step says: {"tool": "…", and its settings}.
TOOLS: Tools = {
    "tones": Tool(
        "black, white and neutral greys of a faded photograph are brought back",
        restore_tones,
        {"strength": Setting(1.0, (0.0, 1.0))},
    ),
}


def check_tool(values: Any, tools: Tools) -> dict[str, Any]:
    """What a step says of its tool, every setting filled in. Raises RequestError."""
    if not isinstance(values, dict):
        raise RequestError("tool", values, "is no object", 'Send {"tool": "…"} with its settings.')
    name = values.get("tool")
    tool = tools.get(name) if isinstance(name, str) else None
    if tool is None:
        raise RequestError("tool", name, "is no tool we know", f"Use one of: {', '.join(tools)}.")
    for unknown in values.keys() - tool.settings.keys() - {"tool"}:
        known = ", ".join(tool.settings) or "none"
        raise RequestError(f"tool.{unknown}", values[unknown], "is no setting", f"Known: {known}.")
    filled: dict[str, Any] = {"tool": name}
    for setting, (default, bounds) in tool.settings.items():
        value = values.get(setting, default)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise RequestError(f"tool.{setting}", value, "is no number", "Send a number.")
        within(f"tool.{setting}", value, bounds)
        filled[setting] = float(value)
    return filled


def use(values: dict[str, Any], picture: Image.Image, tools: Tools) -> Image.Image:
    """What the tool makes of the picture. Raises RequestError, or whatever the tool does."""
    settings = check_tool(values, tools)
    return tools[settings.pop("tool")].work(picture, **settings)
