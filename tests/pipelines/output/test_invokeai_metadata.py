"""InvokeAI's metadata, told as `parameters`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.output import metadata
from pipelines.output.invokeai_metadata import to_parameters
from tests.installations import INVOKE

OLD = {
    "model": "stable diffusion",
    "model_weights": "stable-diffusion-1.5",
    "image": {
        "prompt": [{"prompt": "a barn, dusk", "weight": 1.0}, {"prompt": "fog", "weight": 0.5}],
        "steps": 50, "cfg_scale": 7.5, "seed": 99, "sampler": "k_euler_a", "width": 512, "height": 448,
    },
}  # fmt: skip


def test_version_3_and_later() -> None:
    assert to_parameters(json.dumps(INVOKE)) == (
        "porcelain fox\nNegative prompt: plastic\nSteps: 33, Sampler: DPM++ 2M, Schedule type: Karras, "
        "CFG scale: 7.5, Seed: 1234, Size: 512x512, Model: porcelain-v1, RNG: CPU, Version: InvokeAI"
    )


def test_loras_are_told_as_in_a_prompt() -> None:
    new = {"model": {"name": "ink:2"}, "weight": 0.75}
    old = {"lora": {"model_name": "fog"}, "weight": 1}
    text = to_parameters(json.dumps({**INVOKE, "loras": [new, old, "odd", {"model": 4}]}))

    assert text.startswith("porcelain fox <lora:ink2:0.75> <lora:fog:1>\nNegative")


def test_what_has_a_field_here_is_taken_over_and_the_rest_is_named() -> None:
    said = {
        **INVOKE, "clip_skip": 1, "seamless_x": True, "seamless_y": True, "cfg_rescale_multiplier": 0.7,
        "vae": {"name": "clear.safetensors"}, "strength": 0.4, "init_image": "9d3e.png",
        "controlnets": [{"control_model": {"name": "canny"}, "control_weight": 1}], "ipAdapters": [],
    }  # fmt: skip
    embedded = metadata.parse({"invokeai_metadata": json.dumps(said)})
    request = embedded.request

    assert request is not None
    assert (request.clip_skip, request.seamless, request.vae) == (2, "both", "clear")
    assert (request.sampling.guidance_rescale, request.noise.source) == (0.7, "cpu")
    assert {one.key: one.value for one in embedded.unmapped} == {
        "Denoising strength": "0.4",
        "ControlNets": "canny",
        "Init image": "9d3e.png",
    }


def test_version_2() -> None:
    assert to_parameters(json.dumps(OLD)) == (
        "a barn, dusk, fog\nSteps: 50, Sampler: Euler a, Schedule type: Automatic, CFG scale: 7.5, Seed: 99, "
        "Size: 512x448, Model: stable-diffusion-1.5, RNG: CPU, Version: InvokeAI"
    )


@pytest.mark.parametrize("text", ["", "{}", "[]", "nonsense", '{"image": []}', '{"a":' * 90_000])
def test_what_is_none_tells_nothing(text: str) -> None:
    assert to_parameters(text) == ""


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(sorted(INVOKE)), inner)),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from([*INVOKE, "image", "model_weights"]), anything))
def test_any_values_are_told_and_read(values: dict[str, Any]) -> None:
    metadata.parse({"invokeai_metadata": json.dumps(values)})
