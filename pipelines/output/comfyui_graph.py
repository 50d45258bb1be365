"""ComfyUI's `prompt`, the graph of nodes that made a picture, told as AUTOMATIC1111's `parameters` text.

A node is {"class_type", "inputs"}; an input is a value or a link ["id of a node", slot]. From the pictures that are
saved the links lead back to the sampler, and from there to prompts, seed and checkpoint. Nodes of all kinds exist, so
they are known by their inputs and not by their names. Safe on any JSON: every walk sees a node once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from pipelines.output import infotext
from pipelines.output.foreign_names import (
    checkpoint_name,
    clip_skip,
    lora_tag,
    sampler_name,
    schedule_name,
)

Node = dict[str, Any]  # the inputs of a node
NODES_MAX = 5000
TEXT_CHARACTERS = 20_000
SINKS = ("images", "filename_prefix")  # inputs of nodes that save
GUIDED = ("positive", "guider", "conditioning")
STEPPED = ("steps", "sigmas", "sampler_name", "sampler")
TEXTS = (
    "text",
    "text_g",
    "prompt",
    "positive",
    "clip_l",
    "t5xxl",
    "wildcard_text",
    "populated_text",
)
STRINGS = (
    "value",
    "string",
    "text",
    "prompt",
    "text_a",
    "populated_text",
    "wildcard_text",
    "String",
)
VALUES: dict[str, tuple[str, ...]] = {  # of the details line, by the inputs in which they stand
    "Steps": ("steps",),
    "Sampler": ("sampler_name",),
    "Schedule type": ("scheduler",),
    "CFG scale": ("cfg",),
    "Seed": ("seed", "noise_seed"),
    "Model": ("ckpt_name", "unet_name", "model_name"),
    "Clip skip": ("stop_at_clip_layer",),
}
NAMES = {
    "Sampler": sampler_name,
    "Schedule type": schedule_name,
    "Model": checkpoint_name,
    "Clip skip": clip_skip,
}
LORAS_MAX = 20
# Kinds of nodes that shape a picture in ways that are not told otherwise.
SHAPING = re.compile(
    "(?i)control|ipadapter|upscale|detailer|freeu|modelsampling|rescalecfg|perturbed|skiplayer|pag|"
    "conditioning(?:set|combine|concat|average)|inpaint|loadimage|vaeencode|style|instantid|photomaker|"
    "hypernetwork|unclip|hypertile|tome"
)
KINDS_SHOWN = 12


def to_parameters(text: str) -> str:
    """The `parameters` text; "" when there is no sampler in the graph, or no graph in the text."""
    nodes = _nodes(text)
    sampler = _first_sampler(nodes)
    if sampler is None:
        return ""
    values: dict[str, Any] = {}
    for name, inputs in VALUES.items():
        value = _value(nodes, sampler, inputs)
        if value is not None:
            values[name] = NAMES[name](str(value)) if name in NAMES else value
    positive = _text(nodes, sampler, ("positive", "conditioning", "guider"))
    negative = _text(nodes, sampler, ("negative",)) or _text(
        nodes, _linked(nodes, sampler.get("guider")) or {}, ("negative",)
    )
    width, height = (
        _value(nodes, _linked(nodes, sampler.get("latent_image")) or {}, (name,))
        for name in ("width", "height")
    )
    if isinstance(width, int) and isinstance(height, int):
        values["Size"] = f"{width}x{height}"
    strength = _value(nodes, sampler, ("denoise",))
    if isinstance(strength, float) and strength < 1:
        values["Denoising strength"] = strength
    if kinds := _shaping(text):
        values["Nodes"] = ", ".join(kinds)
    prompt = " ".join(filter(None, (positive, *_loras(nodes, sampler))))
    source = {"RNG": "CPU"} if "Seed" in values else {}
    return infotext.compose(prompt, negative, {**values, **source, "Version": "ComfyUI"})


def _nodes(text: str) -> dict[str, Node]:
    """The inputs of each node, by its id."""
    try:
        graph = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(graph, dict):
        return {}
    return {
        key: node["inputs"]
        for key, node in list(graph.items())[:NODES_MAX]
        if isinstance(node, dict) and isinstance(node.get("inputs"), dict)
    }


def _shaping(text: str) -> list[str]:
    """The kinds of nodes in a sound graph that do more than a Request says."""
    nodes = [node for node in json.loads(text).values() if isinstance(node, dict)][:NODES_MAX]
    kinds = {str(node.get("class_type"))[:60] for node in nodes if node.get("inputs")}
    return sorted(kind for kind in kinds if SHAPING.search(kind))[:KINDS_SHOWN]


def _linked(nodes: dict[str, Node], value: Any) -> Node | None:
    """The node that a link leads to; None for what is no link."""
    is_link = isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)
    return nodes.get(value[0]) if is_link else None


def _upstream(nodes: dict[str, Node], *starts: Node) -> Iterator[Node]:
    """The starts and all that they are made from, nearest first, each once."""
    waiting, seen = list(starts), {id(node) for node in starts}
    for node in waiting:  # grows while it is walked
        yield node
        for value in node.values():
            found = _linked(nodes, value)
            if found is not None and id(found) not in seen:
                seen.add(id(found))
                waiting.append(found)


def _first_sampler(nodes: dict[str, Node]) -> Node | None:
    """The sampler farthest from what is saved: it has made the picture, those after it have enlarged it."""
    sinks = [node for node in nodes.values() if any(name in node for name in SINKS)]
    samplers = [
        node
        for node in _upstream(nodes, *(sinks or nodes.values()))
        if any(_linked(nodes, node.get(name)) for name in GUIDED)
        and any(name in node for name in STEPPED)
    ]
    return samplers[-1] if samplers else None


def _value(nodes: dict[str, Node], start: Node, names: tuple[str, ...]) -> Any:
    """The nearest number or text of one of these names; one that is linked is what stands in the node there."""
    for node in _upstream(nodes, start):
        for name in names:
            value = node.get(name)
            linked = _linked(nodes, value)
            if linked is not None:
                value = next((linked[key] for key in ("value", *names) if key in linked), None)
            if isinstance(value, (int, float, str)) and not isinstance(value, bool):
                return value[:TEXT_CHARACTERS] if isinstance(value, str) else value
    return None


def _loras(nodes: dict[str, Node], sampler: Node) -> list[str]:
    """The LoRAs of the networks, each as it would stand in a prompt, in the order in which they are put on."""
    found = [
        lora_tag(node["lora_name"], node.get("strength_model", 1.0), node.get("strength_clip"))
        for node in _upstream(nodes, sampler)
        if isinstance(node.get("lora_name"), str)
    ]
    return found[:LORAS_MAX][::-1]


def _text(nodes: dict[str, Node], start: Node, inputs: tuple[str, ...]) -> str:
    """The nearest words that one of these inputs is made from."""
    for name in inputs:
        first = _linked(nodes, start.get(name))
        for node in _upstream(nodes, first) if first is not None else ():
            found = _words(nodes, node)
            if found:
                return found
    return ""


def _words(nodes: dict[str, Node], node: Node) -> str:
    for name in TEXTS:
        value = node.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()[:TEXT_CHARACTERS]
        linked = _linked(nodes, value)
        # Words in a node of their own; "positive" also names links to conditionings, which have none.
        for one in _upstream(nodes, linked) if linked is not None and name != "positive" else ():
            for key in STRINGS:
                if isinstance(one.get(key), str) and one[key].strip():
                    return str(one[key]).strip()[:TEXT_CHARACTERS]
    return ""
