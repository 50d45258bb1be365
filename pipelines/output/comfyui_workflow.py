"""ComfyUI's `workflow`, a graph as its editor keeps it, as the graph itself: for pictures that have no other.

There the values of a node stand in a list, in the order of the fields on the screen, so the order is known for the
nodes of this table only; links stand in a list of their own.
"""

from __future__ import annotations

import json
from typing import Any

from pipelines.output import comfyui_graph

NODES_MAX = 5000
VALUES: dict[str, tuple[str, ...]] = {  # of each node; "" for what is of no use here
    "KSampler": ("seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": ("", "noise_seed", "", "steps", "cfg", "sampler_name", "scheduler"),
    "KSamplerSelect": ("sampler_name",),
    "BasicScheduler": ("scheduler", "steps"),
    "RandomNoise": ("noise_seed",),
    "CFGGuider": ("cfg",),
    "CLIPTextEncode": ("text",),
    "CLIPTextEncodeSDXL": ("", "", "", "", "", "", "text_g", "text_l"),
    "PrimitiveString": ("value",),
    "PrimitiveStringMultiline": ("value",),
    "CheckpointLoader": ("", "ckpt_name"),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "UNETLoader": ("unet_name",),
    "EmptyLatentImage": ("width", "height"),
    "EmptySD3LatentImage": ("width", "height"),
}


def to_parameters(text: str) -> str:
    """The `parameters` text; "" when nothing is said there."""
    return comfyui_graph.to_parameters(to_prompt(text))


def to_prompt(text: str) -> str:
    """The same graph as ComfyUI writes it into `prompt`, as JSON; "" for what is no workflow."""
    try:
        workflow = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(workflow, dict) or not isinstance(workflow.get("nodes"), list):
        return ""
    sources = _sources(workflow.get("links"))
    nodes = [node for node in workflow["nodes"][:NODES_MAX] if isinstance(node, dict)]
    graph = {
        str(node.get("id")): {"class_type": node.get("type"), "inputs": _inputs(node, sources)}
        for node in nodes
    }
    return json.dumps(graph)


def _sources(links: Any) -> dict[Any, list[Any]]:
    """From where each link comes, by its id: [node, slot]."""
    rows = links if isinstance(links, list) else []
    plain = (int, str)
    return {
        row[0]: [str(row[1]), row[2]]
        for row in rows
        if isinstance(row, list) and len(row) > 2 and isinstance(row[0], plain)
    }


def _inputs(node: dict[str, Any], sources: dict[Any, list[Any]]) -> dict[str, Any]:
    values, inputs = node.get("widgets_values"), node.get("inputs")
    names = VALUES.get(str(node.get("type")), ())
    given = values if isinstance(values, list) else []
    found = {name: value for name, value in zip(names, given, strict=False) if name}
    for one in inputs if isinstance(inputs, list) else ():
        if isinstance(one, dict) and isinstance(one.get("link"), int) and one["link"] in sources:
            found[str(one.get("name"))] = sources[one["link"]]
    return found
