"""What other programs write into pictures: taken over as far as it can be, and the rest is listed with a reason."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipelines.output import fooocus, infotext, metadata, novelai
from pipelines.output.decoder import read_texts, reencode
from pipelines.output.infotext import Told
from pipelines.output.stealth import read_hidden
from pipelines.request import Request


def told(text: str) -> tuple[Request, Told]:
    found = infotext.understood(text)
    assert found.request is not None
    return found.request, found


def unmapped(found: Told) -> dict[str, str]:
    """Key → value of what could not be taken over; each with a reason."""
    assert all(one.why.endswith(".") for one in found.unmapped)
    return {one.key: one.value for one in found.unmapped}


# ---- AUTOMATIC1111 ---------------------------------------------------------------------------------------

HIRES = (
    "a cat\nSteps: 20, Sampler: DPM++ 2M SDE, Schedule type: Karras, CFG scale: 7, Seed: 5, Size: 512x768, "
    "Model hash: 6ce0161689, Model: photon, Variation seed: 9, Variation seed strength: 0.25, "
    "Seed resize from: 512x512, Denoising strength: 0.55, Clip skip: 2, ENSD: 31337, RNG: CPU, Tiling: True, "
    'Hires upscale: 1.5, Hires steps: 12, Hires upscaler: Latent (bicubic), Hires prompt: "a cat, sharp", '
    "Hires sampler: Use same sampler, Hires CFG Scale: 5, Sigma noise: 1.02, Schedule rho: 5, "
    'Emphasis: No norm, CFG Rescale: 0.5, Wildcard prompt: "a __pet__", Pad conds: True, Version: v1.10.1'
)


def test_the_fields_of_automatic1111_are_taken_over() -> None:
    request, found = told(HIRES)
    noise, hires = request.noise, request.hires

    assert found.program == "AUTOMATIC1111"
    assert (noise.variation_seed, noise.variation_strength, noise.seed_delta) == (9, 0.25, 31337)
    assert (noise.from_width, noise.from_height, noise.source) == (512, 512, "cpu")
    assert hires is not None
    assert (hires.scale, hires.steps, hires.strength, hires.guidance_scale) == (1.5, 12, 0.55, 5)
    assert (hires.upscaler, hires.sampler) == ("Latent (bicubic)", None)
    assert (hires.prompt, request.template) == ("a cat, sharp", "a __pet__")
    assert (request.clip_skip, request.seamless) == (2, "both")
    assert (request.sampling.noise_scale, request.sampling.rho) == (1.02, 5)
    assert request.sampling.guidance_rescale == 0.5
    assert request.wording.emphasis == "no norm"
    assert unmapped(found) == {"Pad conds": "True"}


@pytest.mark.parametrize("rng", ["", "RNG: GPU, ", "RNG: NV, "])
def test_noise_of_a_cuda_device_is_drawn_by_its_twin_that_runs_everywhere(rng: str) -> None:
    request, _ = told(f"a\nSteps: 2, Sampler: Euler, Seed: 1, {rng}Version: v1.10.1")

    assert request.noise.source == "nv"


def test_one_side_of_a_second_pass_stays_open() -> None:
    request, _ = told("a\nSteps: 2, Seed: 1, Size: 512x512, Hires resize: 0x1024, Version: v1.9.0")

    assert request.hires is not None
    assert (request.hires.width, request.hires.height) == (None, 1024)
    assert request.size == (1024, 1024)


@pytest.mark.parametrize(
    ("first", "size", "expected"),
    [
        ("640x512", "1280x1024", (640, 512)),
        ("0x0", "1024x1024", (512, 512)),
        ("0x0", "768x1536", (384, 768)),
    ],
)
def test_a_second_pass_of_2022_had_its_size_the_other_way_round(
    first: str, size: str, expected: tuple[int, int]
) -> None:
    request, _ = told(
        f"a\nSteps: 2, Sampler: Euler, Seed: 1, Size: {size}, First pass size: {first}, Denoising strength: 0.7"
    )

    assert (request.width, request.height) == expected
    assert f"{request.size[0]}x{request.size[1]}" == size
    assert request.hires is not None
    assert request.hires.strength == 0.7


@pytest.mark.parametrize(
    ("version", "is_noted"), [("v1.5.2", True), ("", True), ("v1.6.0", False), ("v1.10.1", False)]
)
def test_prompt_editing_of_old_versions_is_noted_where_it_meant_something_else(
    version: str, is_noted: bool
) -> None:
    ending = f", Version: {version}" if version else ""
    text = f"a [cat:dog:0.5]\nSteps: 20, Seed: 1, Hires upscale: 2{ending}"

    noted = "prompt editing" in " ".join(one.why for one in told(text)[1].unmapped)

    assert noted == is_noted


def test_an_old_refiner_came_by_the_steps() -> None:
    text = (
        "a\nSteps: 2, Seed: 1, Refiner: fine [0123456789], Refiner switch at: 0.8, Version: v1.7.0"
    )

    request, found = told(text)

    assert request.refiner == "fine"
    assert "refiner" in found.unmapped[0].why


def test_values_beyond_our_bounds_are_listed_and_left_open() -> None:
    request, found = told(
        "a\nSteps: 900, Sampler: Magic, CFG scale: x, Seed: -5, Size: 16x16, Version: v1.9.0"
    )

    assert request == Request(prompt="a", clip_skip=1)
    assert unmapped(found) == {
        "Steps": "900", "Sampler": "Magic", "CFG scale": "x", "Seed": "-5", "Size": "16x16",
    }  # fmt: skip


def test_a_picture_from_a_picture_needs_the_one_that_it_started_from() -> None:
    request, found = told(
        "a\nSteps: 20, Seed: 1, Size: 512x512, Denoising strength: 0.4, Mask blur: 4, "
        'ControlNet 0: "Module: canny, Model: c", ADetailer model: face, Version: v1.9.0'
    )

    assert request.source is None
    assert set(unmapped(found)) == {
        "Denoising strength", "Mask blur", "ControlNet 0", "ADetailer model",
    }  # fmt: skip


def test_hashes_for_civitai_stand_as_json_at_the_end_and_hinder_no_reader() -> None:
    hashes = {"model": "0123456789", "lora:a {b}, c": "ba98765432"}
    request = Request(prompt="a", checkpoint="m", width=64, height=64, seed=1)
    text = infotext.write(request, {"Hashes": hashes})

    assert text.endswith(
        'Hashes: {"model": "0123456789", "lora:a \\u007bb\\u007d, c": "ba98765432"}'
    )
    assert json.loads(infotext.read(text)["Hashes"]) == hashes
    assert "lora" not in infotext.read(text)


# ---- Forge, SD.Next --------------------------------------------------------------------------------------


def test_forge_names_its_vae_among_modules() -> None:
    one, found = told(
        "a\nSteps: 2, Seed: 1, Size: 512x512, Module 1: fine-vae, Version: f2.0.1v1.10.1-previous-1"
    )
    many, others = told(
        "a\nSteps: 2, Seed: 1, Distilled CFG Scale: 3.5, Module 1: ae, Module 2: clip_l, "
        "Diffusion in Low Bits: bnb-nf4, Version: f2.0.1v1.10.1-previous-1"
    )

    assert (found.program, one.vae, found.unmapped) == ("Forge", "fine-vae", ())
    assert many.vae is None
    assert set(unmapped(others)) == {
        "Distilled CFG Scale", "Module 1", "Module 2", "Diffusion in Low Bits",
    }  # fmt: skip


def test_sd_next_has_words_of_its_own() -> None:
    request, found = told(
        "a\nSteps: 20, Size: 768x512, Sampler: DPM++ 2M, Seed: 1, CFG scale: 6, CFG rescale: 0.7, App: SD.Next, "
        "Version: 1a2b3c4, Pipeline: StableDiffusionPipeline, Operations: txt2img; hires, Model: m, "
        "Sampler sigma: karras, Hires scale: 2, Hires strength: 0.3, Hires steps: 0, Variation strength: 0.5, "
        "Variation seed: 3, CFG end: 0.8"
    )

    assert found.program == "SD.Next"
    assert request.hires is not None
    assert (request.hires.scale, request.hires.strength, request.hires.steps) == (2, 0.3, None)
    assert (request.sampling.schedule, request.sampling.guidance_rescale) == ("Karras", 0.7)
    assert (request.noise.variation_seed, request.noise.variation_strength) == (3, 0.5)
    assert unmapped(found) == {"CFG end": "0.8"}


# ---- Fooocus ---------------------------------------------------------------------------------------------

FOOOCUS: dict[str, Any] = {
    "prompt": "a fox in snow", "negative_prompt": "plastic", "prompt_expansion": "", "performance": "Speed",
    "styles": "['Fooocus V2', 'Fooocus Sharp']", "steps": 30, "resolution": "(1152, 896)",
    "guidance_scale": 4.0, "sharpness": 2.0, "adm_guidance": "(1.5, 0.8, 0.3)",
    "base_model": "juggernautXL_v8.safetensors", "base_model_hash": "aeb7e9e689", "refiner_model": "None",
    "refiner_switch": 0.5, "clip_skip": 2, "sampler": "dpmpp_2m_sde_gpu", "scheduler": "karras",
    "vae": "Default (model)", "seed": "1234567890123", "loras": [["offset.safetensors", 0.1, "4852686128"]],
    "lora_combined_1": "offset.safetensors : 0.1", "metadata_scheme": "fooocus", "version": "Fooocus v2.5.5",
}  # fmt: skip


def test_fooocus_writes_json_where_others_write_text() -> None:
    embedded = metadata.parse({"parameters": json.dumps(FOOOCUS)})
    request = embedded.request

    assert embedded.program == "Fooocus"
    assert request is not None
    assert request.prompt == "a fox in snow <lora:offset:0.1>"
    assert (request.seed, request.width, request.height) == (1234567890123, 1152, 896)
    assert (request.sampling.sampler, request.sampling.schedule) == ("DPM++ 2M SDE", "Karras")
    assert (request.checkpoint, request.vae, request.refiner) == ("juggernautXL_v8", None, None)
    assert (request.clip_skip, request.noise.source) == (2, "cpu")
    assert {one.key for one in embedded.unmapped} == {"Styles", "Sharpness", "ADM Guidance"}


def test_older_fooocus_counts_steps_by_words_and_lists_loras_in_rows() -> None:
    old = {key: value for key, value in FOOOCUS.items() if key not in ("steps", "loras")}

    request = metadata.parse({"parameters": json.dumps({**old, "performance": "Quality"})}).request

    assert request is not None
    assert request.sampling.steps == 60
    assert request.prompt.endswith("<lora:offset:0.1>")


def test_fooocus_in_the_form_of_automatic1111_has_its_loras_beside_the_prompt() -> None:
    request, found = told(
        "a fox\nSteps: 30, Sampler: DPM++ 2M SDE Karras, Seed: 1, Size: 1152x896, CFG scale: 4, Sharpness: 2, "
        'ADM Guidance: "(1.5, 0.8, 0.3)", Model: m, Lora hashes: "offset: 4852686128", '
        'Lora weights: "offset: 0.1", Version: Fooocus v2.5.5'
    )

    assert request.prompt == "a fox <lora:offset:0.1>"
    assert found.program == "Fooocus"


def test_fooocus_jpegs_hold_it_in_a_tag_beside_the_usual_one() -> None:
    exif = Image.Exif()
    exif[0x9286] = json.dumps(FOOOCUS)
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "JPEG", exif=exif)

    with Image.open(stream) as image:
        assert metadata.parse(read_texts(image)).program == "Fooocus"


# ---- NovelAI, hidden texts, other files ------------------------------------------------------------------

NOVELAI = {
    "prompt": "{{cat}}, [rain] (soft)", "uc": "lowres", "steps": 28, "sampler": "k_euler_ancestral", "scale": 11.0,
    "seed": 3511219453, "width": 512, "height": 768, "sm": True, "sm_dyn": False, "cfg_rescale": 0.3,
    "noise_schedule": "native",
}  # fmt: skip


def test_novelai_weighs_with_braces() -> None:
    texts = {"Software": "NovelAI", "Comment": json.dumps(NOVELAI)}
    embedded = metadata.parse(texts)
    request = embedded.request

    assert embedded.program == "NovelAI"
    assert request is not None
    assert request.prompt == "((cat:1.05):1.05), (rain:0.952) \\(soft\\)"
    assert (request.sampling.sampler, request.clip_skip) == ("Euler a", 2)
    assert (request.noise.seed_delta, request.sampling.guidance_rescale) == (31337, 0.3)
    assert {one.key for one in embedded.unmapped} == {"SMEA"}


def test_comments_of_other_programs_tell_nothing() -> None:
    assert metadata.parse({"Comment": "Created with GIMP"}) == metadata.Embedded()


def hidden(text: str, mode: str, *, is_gzipped: bool) -> Image.Image:
    """A picture with the text in its lowest bits, written as the format is described."""
    data = gzip.compress(text.encode()) if is_gzipped else text.encode()
    kind = {"RGBA": "png", "RGB": "rgb"}[mode]
    signature = f"stealth_{kind}{'comp' if is_gzipped else 'info'}".encode()
    whole = signature + (len(data) * 8).to_bytes(4, "big") + data
    bits = [byte >> shift & 1 for byte in whole for shift in range(7, -1, -1)]
    image = Image.new(mode, (64, 48), (250, 120, 60, 255)[: len(mode)])
    places = [
        (x, y, c)
        for x in range(64)
        for y in range(48)
        for c in ((3,) if mode == "RGBA" else (0, 1, 2))
    ]
    for (x, y, channel), bit in zip(places, bits, strict=False):
        pixel = list(image.getpixel((x, y)))  # type: ignore[arg-type]
        pixel[channel] = pixel[channel] & ~1 | bit
        image.putpixel((x, y), tuple(pixel))
    return image


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("is_gzipped", [True, False])
def test_texts_hidden_in_the_pixels_are_found(mode: str, is_gzipped: bool) -> None:
    text = "a 猫\nSteps: 20, Sampler: Euler, Seed: 3, Size: 64x48"
    stream, target = io.BytesIO(), io.BytesIO()
    hidden(text, mode, is_gzipped=is_gzipped).save(stream, "PNG")
    stream.seek(0)

    report = reencode(stream, target)

    assert report["texts"] == {"parameters": text}


def test_novelai_hides_its_chunks_as_json() -> None:
    text = json.dumps({"Software": "NovelAI", "Comment": json.dumps(NOVELAI)})

    found = read_hidden(hidden(text, "RGBA", is_gzipped=True))

    assert metadata.parse(found).program == "NovelAI"


@pytest.mark.parametrize("length", [0, 2**31, 2**32 - 1])
def test_a_hidden_length_that_lies_costs_nothing(length: int) -> None:
    image = hidden("x", "RGBA", is_gzipped=False)
    head = b"stealth_pnginfo" + length.to_bytes(4, "big")
    for number, bit in enumerate(byte >> shift & 1 for byte in head for shift in range(7, -1, -1)):
        place = (number // 48, number % 48)
        image.putpixel(place, (1, 2, 3, 254 | bit))

    read_hidden(image)


def test_plain_pictures_hide_nothing() -> None:
    for mode in ("RGB", "RGBA", "L"):
        assert read_hidden(Image.new(mode, (1, 1))) == {}
        assert read_hidden(Image.new(mode, (64, 64))) == {}


@pytest.mark.parametrize("file_format", ["AVIF", "GIF"])
def test_avif_and_gif_carry_the_text_as_well(file_format: str) -> None:
    text = "a cat\nSteps: 20, Sampler: Euler a, Seed: 3, Size: 512x512"
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text.encode("utf-16-be")
    stream, target = io.BytesIO(), io.BytesIO()
    arguments: dict[str, Any] = (
        {"exif": exif.tobytes()} if file_format == "AVIF" else {"comment": text}
    )
    Image.new("RGB", (64, 64)).save(stream, file_format, **arguments)
    stream.seek(0)

    assert reencode(stream, target)["texts"] == {"parameters": text}


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*FOOOCUS, *NOVELAI]), anything))
def test_any_json_is_told_and_read(values: dict[str, Any]) -> None:
    for whole in (FOOOCUS | values, NOVELAI | values, values):
        text = json.dumps(whole)
        fooocus.to_parameters(text)
        novelai.to_parameters(text)
        metadata.parse({"parameters": text, "Comment": text})
