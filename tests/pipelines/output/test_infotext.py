"""The `parameters` text: as AUTOMATIC1111 writes and reads it, and safe on any text."""

from __future__ import annotations

import dataclasses
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.asking.sampling import Sampling
from pipelines.editing.source import Inpainting, Source
from pipelines.output import infotext
from pipelines.request import Request
from tests.pipelines.output.requests import one_picture

REQUEST = Request(
    prompt="a cat",
    negative_prompt="blurry",
    checkpoint="v1-5-pruned-emaonly",
    width=512,
    height=768,
    sampling=Sampling(sampler="Euler a", schedule="Automatic", steps=20, guidance_scale=7.0),
    clip_skip=1,
    seed=123,
)

VECTORS = [
    (
        "a cat\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, Schedule type: Automatic, CFG scale: 7, "
        "Seed: 123, Size: 512x768, Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Version: v1.10.1",
        {
            "Steps": "20",
            "Sampler": "Euler a",
            "Schedule type": "Automatic",
            "CFG scale": "7",
            "Seed": "123",
            "Size-1": "512",
            "Size-2": "768",
            "Model hash": "6ce0161689",
            "Model": "v1-5-pruned-emaonly",
            "Version": "v1.10.1",
            "Prompt": "a cat",
            "Negative prompt": "blurry",
        },
    ),
    (
        "just a prompt with no parameters",
        {"Prompt": "just a prompt with no parameters", "Negative prompt": ""},
    ),
    (
        "a <lora:foo:0.8>\nSteps: 8, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 5, "
        'Size: 512x512, Lora hashes: "foo: 0123456789ab, bar baz: ba9876543210", '
        'TI hashes: "easyneg: c74b4e810b03", Version: x',
        {
            "Steps": "8",
            "Sampler": "DPM++ 2M",
            "Schedule type": "Karras",
            "CFG scale": "6.5",
            "Seed": "5",
            "Size-1": "512",
            "Size-2": "512",
            "Lora hashes": "foo: 0123456789ab, bar baz: ba9876543210",
            "TI hashes": "easyneg: c74b4e810b03",
            "Version": "x",
            "Prompt": "a <lora:foo:0.8>",
            "Negative prompt": "",
        },
    ),
    (
        "a\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 512x512, Mask blur: 4, "
        "Inpaint area: Only masked, Masked area padding: 32, Masked content: latent noise, "
        "Denoising strength: 0.75, Clip skip: 2, ENSD: 31337, RNG: CPU",
        {
            "Steps": "20",
            "Sampler": "Euler",
            "CFG scale": "7",
            "Seed": "1",
            "Size-1": "512",
            "Size-2": "512",
            "Mask blur": "4",
            "Inpaint area": "Only masked",
            "Masked area padding": "32",
            "Masked content": "latent noise",
            "Denoising strength": "0.75",
            "Clip skip": "2",
            "ENSD": "31337",
            "RNG": "CPU",
            "Prompt": "a",
            "Negative prompt": "",
        },
    ),
    (
        "a\r\nNegative prompt: b\r\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 512x512",
        {
            "Steps": "20",
            "Sampler": "Euler",
            "CFG scale": "7",
            "Seed": "1",
            "Size-1": "512",
            "Size-2": "512",
            "Prompt": "a",
            "Negative prompt": "b",
        },
    ),
]


@pytest.mark.parametrize(("text", "values"), VECTORS)
def test_reads_what_the_original_reads(text: str, values: dict[str, str]) -> None:
    assert infotext.read(text) == values


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("plain", "plain"),
        ("a: b", '"a: b"'),
        ('say "hi"', 'say "hi"'),
        ("猫, 犬", '"猫, 犬"'),
        (7.0, "7"),
        (6.5, "6.5"),
        (20, "20"),
    ],
)
def test_quotes_a_value_only_where_it_must(value: object, quoted: str) -> None:
    assert infotext.quote(value) == quoted


def test_writes_prompt_negative_and_settings_with_the_steps_first() -> None:
    assert infotext.write(REQUEST, {"Model hash": "6ce0161689"}, "0.1.0") == (
        "a cat\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, Schedule type: Automatic, CFG scale: 7, "
        "Seed: 123, Size: 512x768, Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, RNG: NV, "
        "Version: Darkroom 0.1.0"
    )


def test_leaves_out_what_is_empty() -> None:
    text = infotext.write(Request(width=64, height=64, seed=1))

    assert text == "Seed: 1, Size: 64x64, RNG: NV, Version: Darkroom"


@pytest.mark.parametrize("clip_skip", [1, 2])
def test_what_it_writes_it_reads_back_as_the_same_request(clip_skip: int) -> None:
    request = dataclasses.replace(REQUEST, clip_skip=clip_skip)

    assert infotext.to_request(infotext.write(request)) == request


def test_a_refiner_is_written_and_read_back_with_or_without_a_hash() -> None:
    refined = dataclasses.replace(REQUEST, refiner="fine, v1", refiner_switch_at=0.75)
    text = infotext.write(refined)

    assert 'Refiner: "fine, v1", Refiner switch at: 0.75, ' in text
    assert infotext.to_request(text) == refined
    marked = infotext.write(refined, {"Refiner": "fine, v1 [0123456789]"})
    assert 'Refiner: "fine, v1 [0123456789]", ' in marked
    assert infotext.to_request(marked) == refined


def test_clip_skip_is_written_when_it_skips() -> None:
    skipping = dataclasses.replace(REQUEST, clip_skip=2)

    assert ", Model: v1-5-pruned-emaonly, Clip skip: 2, " in infotext.write(skipping)
    assert "Clip skip" not in infotext.write(REQUEST)


def test_reads_a_request_as_older_versions_and_other_programs_wrote_it() -> None:
    request = infotext.to_request(
        "two lines\nof prompt\nSteps: 12, Sampler: DPM++ 2M Karras, CFG scale: x, Seed: 9, Size: 640x512"
    )

    assert request is not None
    assert request.prompt == "two lines\nof prompt"
    assert (request.sampling.sampler, request.sampling.schedule) == ("DPM++ 2M", "Karras")
    assert (request.sampling.steps, request.sampling.guidance_scale) == (12, None)
    assert (request.seed, request.width, request.height) == (9, 640, 512)
    assert request.checkpoint is None


def test_a_text_without_settings_gives_no_request() -> None:
    assert infotext.to_request("a cat, sitting: there") is None


@given(st.text(max_size=400) | st.text('ab:," \\\n{}x19', max_size=400))
def test_reads_any_text_without_complaint(text: str) -> None:
    infotext.to_request(text)
    for value in infotext.read(text).values():
        value.encode()


@given(st.text(max_size=60))
def test_any_value_survives_quoting(name: str) -> None:
    text = infotext.write(Request(checkpoint=f"m{name}m", seed=1, width=64, height=64))

    assert infotext.read(f"p\n{text}")["Model"] == f"m{name}m"


@pytest.mark.parametrize(
    "line", ["a" * 500_000, " " * 500_000, 'ab:"' * 100_000, 'ab:"\\",' * 80_000, "a:" * 250_000]
)
def test_a_hostile_line_costs_linear_time(line: str) -> None:
    start = time.process_time()

    infotext.read(line)

    assert time.process_time() - start < 2


def details(**parts: object) -> dict[str, str]:
    return infotext.read(infotext.write(dataclasses.replace(REQUEST, **parts)))  # type: ignore[arg-type]


def test_a_picture_from_noise_says_nothing_of_a_source() -> None:
    assert {"Denoising strength", "Mask blur", "Init image hash"}.isdisjoint(details())


def test_a_picture_from_a_picture_says_how_far_it_was_changed() -> None:
    found = details(source=Source(image="ab" * 16, strength=0.4, noise_multiplier=0.9))

    assert found["Denoising strength"] == "0.4"
    assert found["Noise multiplier"] == "0.9"
    assert found["Init image hash"] == "ab" * 16
    assert "Mask blur" not in found


@pytest.mark.parametrize(
    ("inpainting", "said"),
    [
        (
            Inpainting(mask="cd" * 16, blur=4, content="noise", area="masked", padding=32),
            {
                "Mask blur": "4",
                "Masked content": "latent noise",
                "Inpaint area": "Only masked",
                "Masked area padding": "32",
                "Mask hash": "cd" * 16,
            },
        ),
        (
            Inpainting(mask="cd" * 16, is_inverted=True, area="whole", conditioning_weight=0.5),
            {
                "Mask mode": "Inpaint not masked",
                "Masked content": "original",
                "Inpaint area": "Whole picture",
                "Conditional mask weight": "0.5",
            },
        ),
    ],
)
def test_inpainting_is_told_under_the_keys_of_automatic1111(
    inpainting: Inpainting, said: dict[str, str]
) -> None:
    found = details(source=Source(image="ab" * 16), inpainting=inpainting)

    assert said.items() <= found.items()
    assert ("Masked area padding" in found) == (inpainting.area == "masked")


@given(one_picture())
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
def test_all_that_decides_a_picture_is_read_back_out_of_the_text_alone(request: Request) -> None:
    assert infotext.to_request(infotext.write(request, version="1.0")) == request
