"""What AUTOMATIC1111's `txt2img` says beside the basics, in our fields; and what its answer says of them."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from api.a1111_fields import Chosen, to_request
from api.a1111_hires import with_hires
from pipelines import UPSCALERS, Request, RequestError
from tests.api.conftest import House
from tests.api.test_a1111 import SMALL, image, made, txt2img


def asked(**body: Any) -> Request:
    return with_hires(to_request(body, Chosen()), body, lambda _: "")


def test_a_second_pass_is_asked_for_under_their_names() -> None:
    hires = asked(
        enable_hr=True, hr_scale=1.5, hr_upscaler="Latent (nearest)", hr_second_pass_steps=9, hr_resize_x=0,
        hr_resize_y=0, hr_checkpoint_name="Use same checkpoint", hr_sampler_name="Euler a", hr_scheduler="karras",
        hr_prompt="sharp", hr_negative_prompt="", denoising_strength=0.4,
    ).hires  # fmt: skip

    assert hires is not None
    assert (hires.scale, hires.upscaler, hires.steps) == (1.5, "Latent (nearest)", 9)
    assert (hires.width, hires.height, hires.checkpoint) == (None, None, None)
    assert (hires.sampler, hires.schedule) == ("Euler a", "karras")
    assert (hires.prompt, hires.strength) == ("sharp", 0.4)


def test_without_enable_hr_there_is_none() -> None:
    assert asked(hr_scale=2, hr_upscaler="Latent").hires is None
    assert asked(enable_hr=False, hr_scale=2).hires is None


def test_what_is_left_out_of_a_second_pass_is_as_there() -> None:
    hires = asked(enable_hr=True).hires

    assert hires is not None
    assert (hires.scale, hires.upscaler, hires.strength) == (2.0, "Latent", 0.75)


def test_in_2022_the_first_pass_had_the_names_of_its_own() -> None:
    request = asked(
        enable_hr=True, width=1024, height=768, firstphase_width=512, firstphase_height=384
    )

    assert (request.width, request.height) == (512, 384)
    assert request.size == (1024, 768)


def test_noise_is_asked_for_under_their_names() -> None:
    request = asked(
        subseed=5, subseed_strength=0.3, seed_resize_from_w=256, seed_resize_from_h=512, tiling=True, eta=0.5,
        s_churn=1, s_tmin=0.1, s_tmax=0, s_noise=1.01,
        override_settings={
            "randn_source": "CPU", "eta_noise_seed_delta": 31337, "emphasis": "No norm",
            "comma_padding_backtrack": 10, "sgm_noise_multiplier": True, "rho": 0, "CLIP_stop_at_last_layers": 2,
        },
    )  # fmt: skip
    noise, sampling = request.noise, request.sampling

    assert (noise.variation_seed, noise.variation_strength) == (5, 0.3)
    assert (noise.from_width, noise.from_height, noise.source) == (256, 512, "cpu")
    assert (noise.seed_delta, request.seamless, request.clip_skip) == (31337, "both", 2)
    assert (sampling.eta, sampling.churn, sampling.churn_from) == (0.5, 1, 0.1)
    assert (sampling.churn_to, sampling.noise_scale, sampling.rho) == (None, 1.01, None)
    assert sampling.sgm_noise
    assert (request.wording.emphasis, request.wording.comma_backtrack) == ("no norm", 10)


@pytest.mark.parametrize("source", ["GPU", "NV"])
def test_noise_of_a_cuda_device_is_drawn_everywhere(source: str) -> None:
    assert asked(override_settings={"randn_source": source}).noise.source == "nv"


def test_what_stands_for_not_set_is_not_set() -> None:
    assert asked(
        subseed=-1, subseed_strength=0, seed_resize_from_w=-1, seed_resize_from_h=0, tiling=None, s_tmax=None,
        eta=None, hr_upscaler=None, script_name=None, script_args=[],
    ) == Request()  # fmt: skip


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"subseed_strength": 2}, "subseed_strength"),
        ({"eta": 9}, "eta"),
        ({"s_noise": 99}, "s_noise"),
        ({"enable_hr": True, "hr_scale": 99}, "hr_scale"),
        ({"enable_hr": True, "hr_second_pass_steps": 9999}, "hr_second_pass_steps"),
        ({"enable_hr": True, "hr_sampler_name": "Magic"}, "hr_sampler_name"),
        ({"enable_hr": True, "hr_upscaler": "Magic"}, "hr_upscaler"),
        ({"enable_hr": True, "denoising_strength": 2}, "denoising_strength"),
        ({"override_settings": {"emphasis": "Loud"}}, "emphasis"),
        (
            {"override_settings": {"comma_padding_backtrack": 900}},
            "override_settings.comma_padding_backtrack",
        ),
        ({"script_name": "x/y/z plot"}, "script_name"),
        ({"infotext": 5}, "infotext"),
    ],
)
def test_what_cannot_be_used_is_named_as_it_was_sent(
    home: House, body: dict[str, Any], field: str
) -> None:
    answer = txt2img(home, **body)

    assert answer.status_code == 422, answer.text
    assert answer.json()["field"] == field
    assert answer.json()["remedy"]


def test_scripts_are_refused_with_the_way_to_grids() -> None:
    with pytest.raises(RequestError, match="no scripts"):
        asked(script_name="x/y/z plot", script_args=[])


def test_the_answer_tells_what_was_varied(home: House) -> None:
    info = json.loads(
        made(home, seed=5, subseed=7, subseed_strength=0.5, n_iter=2, seed_resize_from_w=128,
             seed_resize_from_h=64, enable_hr=True, hr_scale=2, denoising_strength=0.3)["info"]
    )  # fmt: skip

    assert (info["all_seeds"], info["all_subseeds"]) == ([5, 5], [7, 8])
    assert (info["subseed"], info["subseed_strength"]) == (7, 0.5)
    assert (info["seed_resize_from_w"], info["seed_resize_from_h"]) == (128, 64)
    assert info["denoising_strength"] == 0.3
    assert info["extra_generation_params"]["Hires upscale"] == "2"
    assert "Variation seed: 8, Variation seed strength: 0.5" in info["infotexts"][1]
    assert "Hires upscale: 2, Hires upscaler: Latent" in info["infotexts"][0]


def test_a_text_fills_what_the_request_leaves_open(home: House) -> None:
    text = made(home, prompt="a boat", seed=9, subseed=3, subseed_strength=0.25, cfg_scale=4)[
        "info"
    ]
    infotext = json.loads(text)["infotexts"][0]

    answer = home.client.post("/sdapi/v1/txt2img", json={"infotext": infotext, "seed": 11})

    assert answer.status_code == 200, answer.text
    info = json.loads(answer.json()["info"])
    assert (info["prompt"], info["seed"], info["subseed"], info["cfg_scale"]) == (
        "a boat",
        11,
        3,
        4,
    )
    assert (info["steps"], info["width"]) == (SMALL["steps"], 64)


def test_png_info_reads_what_stands_in_a_picture(home: House) -> None:
    answer = made(home, prompt="a boat", negative_prompt="fog", seed=9)
    picture = answer["images"][0]

    for sent in (picture, f"data:image/png;base64,{picture}"):
        found = home.client.post("/sdapi/v1/png-info", json={"image": sent}).json()
        assert found["info"] == image(picture).info["parameters"]
        assert found["items"] == {"parameters": found["info"]}
        assert found["parameters"]["Prompt"] == "a boat"
        assert found["parameters"]["Seed"] == "9"


def test_png_info_reads_pictures_of_other_programs_and_of_none(home: House) -> None:
    chunks = PngInfo()
    text = (
        "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 3, Size: 512x512, Version: v1.10.1"
    )
    chunks.add_text("parameters", text)

    def info(**arguments: Any) -> dict[str, Any]:
        stream = io.BytesIO()
        Image.new("RGB", (8, 8)).save(stream, "PNG", **arguments)
        sent = {"image": base64.b64encode(stream.getvalue()).decode()}
        found: dict[str, Any] = home.client.post("/sdapi/v1/png-info", json=sent).json()
        return found

    assert info(pnginfo=chunks)["info"] == text
    assert info() == {"info": "", "items": {}, "parameters": {}}


@pytest.mark.parametrize("picture", [None, "", "%%%", "bm8gcGljdHVyZQ=="])
def test_png_info_refuses_what_is_no_picture(home: House, picture: Any) -> None:
    answer = home.client.post("/sdapi/v1/png-info", json={"image": picture})

    assert answer.status_code in (415, 422)
    assert answer.json()["detail"]


def test_upscalers_are_listed_where_clients_look_for_them(home: House) -> None:
    latent = home.client.get("/sdapi/v1/latent-upscale-modes").json()
    upscalers = home.client.get("/sdapi/v1/upscalers").json()

    assert [row["name"] for row in latent] == [row.name for row in UPSCALERS if row.is_latent]
    assert [row["name"] for row in upscalers][:3] == ["None", "Lanczos", "Nearest"]
    for row in (*latent, *upscalers[:3]):
        made(home, enable_hr=True, hr_upscaler=row["name"])
