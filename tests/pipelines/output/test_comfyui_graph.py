"""ComfyUI's graphs, told as `parameters`: what the sampler was given, whatever nodes it came from."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipelines.output import infotext, metadata
from pipelines.output.comfyui_graph import to_parameters
from tests.installations import GRAPH


def told(graph: Any) -> dict[str, str]:
    return infotext.read(to_parameters(json.dumps(graph)))


def changed(**nodes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(GRAPH), **{key.lstrip("_"): node for key, node in nodes.items()}}


def node(**inputs: Any) -> dict[str, Any]:
    return {"class_type": "Any", "inputs": inputs}


def test_the_common_graph_is_told_whole() -> None:
    assert to_parameters(json.dumps(GRAPH)) == (
        "galaxy in a bottle <lora:ink:0.8>\nNegative prompt: watermark\n"
        "Steps: 30, Sampler: Euler a, Schedule type: Karras, "
        "CFG scale: 8, Seed: 156680208700286, Model: galaxy.v2, Size: 640x512, RNG: CPU, Version: ComfyUI"
    )


def test_loras_and_clip_skip_are_told_as_in_a_prompt() -> None:
    second = node(lora_name="fog.safetensors", strength_model=1, strength_clip=0.5, model=["10", 0])
    graph = changed(_40=second, _41=node(stop_at_clip_layer=-2, clip=["4", 1]))
    graph["3"]["inputs"]["model"] = ["40", 0]
    graph["7"]["inputs"]["clip"] = ["41", 0]

    said = told(graph)

    assert said["Prompt"] == "galaxy in a bottle <lora:ink:0.8> <lora:fog:0.5:1>"
    assert said["Clip skip"] == "2"


def test_a_picture_with_a_graph_gives_a_request() -> None:
    request = metadata.parse({"prompt": json.dumps(GRAPH)}).request

    assert request is not None
    assert (request.seed, request.checkpoint, request.width) == (156680208700286, "galaxy.v2", 640)
    assert (request.sampling.sampler, request.sampling.schedule) == ("Euler a", "Karras")


def test_of_two_samplers_the_first_has_made_the_picture() -> None:
    second = node(
        seed=1, steps=9, cfg=2.0, sampler_name="ddim", scheduler="normal", denoise=0.5,
        model=["4", 0], positive=["6", 0], negative=["7", 0], latent_image=["20", 0],
    )  # fmt: skip
    upscale = node(samples=["3", 0], width=1280, height=1024)

    said = told(changed(_19=second, _20=upscale, _8=node(samples=["19", 0])))

    assert (said["Steps"], said["Seed"], said["Size-1"]) == ("30", "156680208700286", "640")


def test_nodes_that_shape_a_picture_in_other_ways_are_named() -> None:
    graph = changed(
        _30={"class_type": "FreeU_V2", "inputs": {"model": ["4", 0], "b1": 1.3}},
        _31={"class_type": "ControlNetApplyAdvanced", "inputs": {"positive": ["6", 0]}},
    )
    graph["3"]["inputs"]["denoise"] = 0.6

    found = {one.key: one.value for one in metadata.parse({"prompt": json.dumps(graph)}).unmapped}

    assert found == {"Denoising strength": "0.6", "Nodes": "ControlNetApplyAdvanced, FreeU_V2"}


def test_a_sampler_in_parts_is_put_together() -> None:
    graph = changed(
        _3=node(noise=["21", 0], guider=["22", 0], sampler=["23", 0], sigmas=["24", 0], latent_image=["5", 0]),
        _21=node(noise_seed=["25", 0]),
        _22=node(model=["10", 0], positive=["6", 0], negative=["7", 0], cfg=3.5),
        _23=node(sampler_name="dpmpp_2m"),
        _24=node(model=["10", 0], scheduler="simple", steps=12),
        _25=node(value=77),
    )  # fmt: skip

    said = told(graph)

    assert said["Prompt"] == "galaxy in a bottle <lora:ink:0.8>"
    assert said["Negative prompt"] == "watermark"
    assert (said["Steps"], said["Seed"], said["CFG scale"]) == ("12", "77", "3.5")
    assert (said["Sampler"], said["Schedule type"], said["Model"]) == (
        "DPM++ 2M",
        "Simple",
        "galaxy.v2",
    )


def test_prompts_are_found_behind_controlnets_and_in_sdxl_encoders() -> None:
    encode = node(text_g="a garden", text_l="a garden", width=1024, height=1024, clip=["4", 1])
    control = node(positive=["6", 0], negative=["7", 0], strength=0.8)
    graph = changed(_6=encode, _30=control)
    graph["3"]["inputs"] |= {"positive": ["30", 0], "negative": ["30", 1]}

    assert told(graph)["Prompt"].startswith("a garden")


WORKFLOW = {
    "nodes": [
        {"id": 1, "type": "CheckpointLoaderSimple", "widgets_values": ["galaxy.v2.safetensors"]},
        {
            "id": 2,
            "type": "CLIPTextEncode",
            "inputs": [{"name": "clip", "link": 1}],
            "widgets_values": ["a bottle"],
        },
        {"id": 3, "type": "EmptyLatentImage", "widgets_values": [640, 512, 1]},
        {
            "id": 4,
            "type": "KSampler",
            "inputs": [
                {"name": "model", "link": 2},
                {"name": "positive", "link": 3},
                {"name": "latent_image", "link": 4},
                {"name": "negative", "link": None},
            ],
            "widgets_values": [77, "randomize", 30, 8, "euler", "simple", 1],
        },
        {"id": 5, "type": "SaveImage", "inputs": [{"name": "images", "link": 5}]},
    ],
    "links": [[1, 1, 1, 2, 0, "CLIP"], [2, 1, 0, 4, 0, "MODEL"], [3, 2, 0, 4, 1, "CONDITIONING"],
              [4, 3, 0, 4, 3, "LATENT"], [5, 4, 0, 5, 0, "IMAGE"]],
}  # fmt: skip


def test_a_picture_with_the_editors_drawing_alone_is_understood() -> None:
    assert metadata.parse({"workflow": json.dumps(WORKFLOW)}).parameters == (
        "a bottle\nSteps: 30, Sampler: Euler, Schedule type: Simple, CFG scale: 8, Seed: 77, Model: galaxy.v2, "
        "Size: 640x512, RNG: CPU, Version: ComfyUI"
    )


@given(
    st.recursive(
        st.one_of(st.none(), st.integers(), st.text(max_size=3)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.dictionaries(
                st.sampled_from(
                    ["nodes", "links", "id", "inputs", "link", "name", "widgets_values"]
                ),
                inner,
            ),
        ),
    )
)
def test_any_drawing_is_read(workflow: Any) -> None:
    metadata.parse({"workflow": json.dumps({"nodes": [workflow], "links": [[1, 2, 3], workflow]})})
    metadata.parse({"workflow": json.dumps(workflow)})


def test_a_webp_has_the_graph_where_a_camera_has_its_name(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = 'workflow:{"nodes": []}', f"prompt:{json.dumps(GRAPH)}"
    Image.new("RGB", (8, 8)).save(tmp_path / "a.webp", exif=exif)

    embedded, _ = metadata.read(tmp_path / "a.webp")

    assert embedded.parameters.startswith(
        "galaxy in a bottle <lora:ink:0.8>\nNegative prompt: watermark"
    )


def test_a_graph_without_a_sampler_tells_nothing() -> None:
    assert to_parameters(json.dumps({"1": node(image="x.png"), "2": node(images=["1", 0])})) == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a plain prompt",
        "[]",
        "null",
        '{"3": 4}',
        '{"3": {"inputs": 4}}',
        "[" * 100_000,
        "9" * 5000,
    ],
    ids=range(8),
)
def test_what_is_no_graph_tells_nothing(text: str) -> None:
    assert to_parameters(text) == ""


def test_circles_and_links_to_nowhere_end() -> None:
    circle = node(
        seed=["2", 0], steps=["1", 0], positive=["1", 0], negative=["9", 9], images=["1", 0],
        text=["1", 0], latent_image=["1", 0],
    )  # fmt: skip

    assert to_parameters(json.dumps({"1": circle, "2": circle})) == "Version: ComfyUI"


def test_a_graph_of_many_nodes_takes_a_moment() -> None:
    graph = {
        str(n): node(text=[str(n + 1), 0], positive=[str(n + 1), 0], steps=[str(n + 1), 0])
        for n in range(4000)
    }

    assert to_parameters(json.dumps(graph)) == "Version: ComfyUI"


links = st.lists(st.one_of(st.sampled_from("1234"), st.integers(0, 3)), min_size=2, max_size=2)
values = st.one_of(links, st.text(max_size=8), st.integers(), st.floats(), st.none(), st.booleans())
inputs = st.sampled_from(
    [*GRAPH["3"]["inputs"], "guider", "text", "text_g", "images", "width", "ckpt_name"]
)
graphs = st.dictionaries(
    st.sampled_from("1234"),
    st.fixed_dictionaries({"inputs": st.dictionaries(inputs, values, max_size=8)}),
)


@given(graphs)
def test_any_graph_is_told_and_read(graph: dict[str, Any]) -> None:
    metadata.parse({"prompt": json.dumps(graph)})
