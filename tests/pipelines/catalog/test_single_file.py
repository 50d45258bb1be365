"""Single files: each is known by what is in it, and one that cannot be used says in a sentence why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.catalog import single_file
from pipelines.catalog.checkpoint import CLIP_VOCABULARY, Checkpoint, Other
from pipelines.request import Defaults
from pipelines.samplers import SAMPLERS, SCHEDULES
from tests import paper_checkpoint, paper_file
from tests.paper_file import BODY, CLIP, SD2, SD15, SDXL, Shapes, below

WHOLE = {"sd15": SD15, "sd2": SD2, "sdxl": SDXL, "sdxl_refiner": paper_file.REFINER}


def read(path: Path) -> Checkpoint | Other:
    return single_file.read(path, path.parent)


def checkpoint(path: Path) -> Checkpoint:
    found = read(path)
    assert isinstance(found, Checkpoint)
    return found


@pytest.mark.parametrize("family", WHOLE)
def test_a_whole_checkpoint_of_any_size_is_known_by_its_text_encoders(
    tmp_path: Path, family: str
) -> None:
    path = paper_file.write(tmp_path / "drawn v1.safetensors", WHOLE[family])

    found = checkpoint(path)

    assert (found.name, found.family, found.problem) == ("drawn v1", family, "")
    assert len(found.latent_rgb_factors) == 4
    ref = found.ref()
    assert (ref.path, ref.is_single_file, ref.tokenizer) == (str(path), True, str(CLIP_VOCABULARY))


@pytest.mark.parametrize(("family", "side_px"), [("sd15", 512), ("sd2", 512), ("sdxl", 1024)])
def test_a_unet_of_nine_channels_is_one_for_inpainting(
    tmp_path: Path, family: str, side_px: int
) -> None:
    first = {"model.diffusion_model.input_blocks.0.0.weight": (4, 9, 3, 3)}
    path = paper_file.write(tmp_path / "inpainting.safetensors", WHOLE[family] | first)

    found = checkpoint(path)

    assert (found.family, found.variant, found.problem) == (family, "inpainting", "")
    assert (found.defaults.width, found.defaults.height) == (side_px, side_px)


def test_the_oldest_names_of_a_text_encoder_are_known(tmp_path: Path) -> None:
    shapes = BODY | below("cond_stage_model.transformer.", CLIP)

    assert not checkpoint(paper_file.write(tmp_path / "old.safetensors", shapes)).problem


def test_copies_for_training_beside_the_weights_do_no_harm(tmp_path: Path) -> None:
    shapes = SD15 | {"model_ema.decay": (), "model_ema.diffusion_modeltime_embed0weight": (8, 4)}

    assert not checkpoint(paper_file.write(tmp_path / "full.safetensors", shapes)).problem


WHOLE_FILE = paper_checkpoint.safetensors(SD15)
DAMAGED = [
    ("a.safetensors", b"", "is empty; if it is still being copied"),
    ("a.safetensors", WHOLE_FILE[:999], "ends inside its header"),
    ("a.safetensors", WHOLE_FILE[:-9], "was cut off"),
    ("a.safetensors", bytes(len(WHOLE_FILE)), "nothing but zeros"),
    ("a.safetensors", WHOLE_FILE + b"0", "1 bytes too many"),
    ("a.safetensors", b"<!DOCTYPE html>", "is a web page"),
    ("a.safetensors", b"version https://git-lfs.github.com/spec/v1", "is a Git LFS pointer"),
    ("a.safetensors", b"PK\x03\x04" + bytes(99), "is a pickle or a zip archive"),
    ("a.safetensors", b'{"detail":"Unauthorized"}', "is text (JSON)"),
    ("a.safetensors", (2**40).to_bytes(8, "little") + b"{" + bytes(99), "its header would be"),
    ("a.safetensors", (4).to_bytes(8, "little") + b"{..}", "no JSON"),
    ("a.ckpt", b"PK\x03\x04", "is a pickle, which could run code"),
    ("a.CKPT", b"", "convert it to safetensors"),
    ("a.pt", b"\x80\x02", "is a pickle"),
    ("a.gguf", b"GGUF", "is a GGUF file"),
]


@pytest.mark.parametrize(("name", "data", "words"), DAMAGED, ids=[row[2] for row in DAMAGED])
def test_damage_and_foreign_formats_are_named(
    tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)

    found = checkpoint(path)

    assert found.problem.startswith(f"{name} ")
    assert words in found.problem


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("Lora/a.safetensors", "lora"),
        ("VAE/a.pt", "vae"),
        ("Stable-diffusion/a.vae.pt", "vae"),
        ("a.vae.pt", "vae"),
        ("ESRGAN/x4/a.pth", "upscaler"),
        ("embeddings/a.bin", "embedding"),
        ("a.bin", "other"),
        ("checkpoints/a.ckpt", "checkpoint"),
    ],
)
def test_what_cannot_be_read_is_what_its_folder_is_for(
    tmp_path: Path, file: str, kind: str
) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"damaged")

    found = single_file.read(path, tmp_path)

    assert (found.kind if isinstance(found, Other) else "checkpoint") == kind


def test_weights_of_eight_bits_are_refused(tmp_path: Path) -> None:
    path = paper_file.write(tmp_path / "fp8.safetensors")
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    values = json.loads(data[8 : 8 + length])
    values["extra"] = {"dtype": "F8_E4M3", "shape": [0], "data_offsets": [0, 0]}
    text = json.dumps(values).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])

    assert "8 bits" in checkpoint(path).problem


@pytest.mark.parametrize(
    ("marks", "metadata", "yaml", "prediction"),
    [
        ({}, {}, "", ""),
        ({"v_pred": (0,)}, {}, "", "v_prediction"),
        ({}, {"modelspec.prediction_type": "v"}, "", "v_prediction"),
        ({}, {"modelspec.prediction_type": "epsilon"}, "", "epsilon"),
        ({}, {"modelspec.prediction_type": "nonsense"}, "", ""),
        ({}, {}, 'model:\n  params:\n    parameterization: "v"\n', "v_prediction"),
        ({}, {}, "model:\n  params:\n    parameterization: eps\n", ""),
    ],
)
def test_the_prediction_is_what_the_file_says(
    tmp_path: Path, marks: Shapes, metadata: dict[str, str], yaml: str, prediction: str
) -> None:
    path = paper_file.write(tmp_path / "a.safetensors", SD2 | marks, metadata)
    if yaml:
        path.with_suffix(".yaml").write_text(yaml)

    assert checkpoint(path).ref().prediction == prediction


def test_a_file_marked_as_zero_snr_is_told_to_the_worker(tmp_path: Path) -> None:
    plain = paper_file.write(tmp_path / "plain.safetensors")
    marked = paper_file.write(tmp_path / "marked.safetensors", paper_file.SD15 | {"ztsnr": (0,)})

    assert not checkpoint(plain).ref().is_zero_snr
    assert checkpoint(marked).ref().is_zero_snr


@pytest.mark.parametrize(
    ("name", "shapes", "metadata", "expected"),
    [
        ("v1-5", SD15, {}, Defaults()),
        ("v2", SD2, {}, Defaults(width=768, height=768)),
        ("v2", SD2, {"modelspec.prediction_type": "v"}, Defaults(width=768, height=768)),
        ("v2", SD2, {"modelspec.prediction_type": "epsilon"}, Defaults()),
        ("xl", SDXL, {}, Defaults(width=1024, height=1024, steps=25, guidance_scale=6)),
        ("xl", SDXL, {"modelspec.resolution": "832x1216"},
         Defaults(width=832, height=1216, steps=25, guidance_scale=6)),
        ("xl", SDXL, {"modelspec.resolution": "1x99999"},
         Defaults(width=1024, height=1024, steps=25, guidance_scale=6)),
        ("sd_xl_turbo_1.0_fp16", SDXL, {}, Defaults(sampler="Euler a", schedule="SGM Uniform", steps=4,
                                                    guidance_scale=1)),
        ("dreamTurboXL", SDXL, {}, Defaults(width=1024, height=1024, sampler="Euler a", schedule="SGM Uniform",
                                            steps=4, guidance_scale=1)),
        ("sdxl_lightning_8step", SDXL, {}, Defaults(width=1024, height=1024, sampler="Euler",
                                                    schedule="SGM Uniform", steps=8, guidance_scale=1)),
        ("photoLightning", SDXL, {}, Defaults(width=1024, height=1024, sampler="Euler", schedule="SGM Uniform",
                                              steps=4, guidance_scale=1)),
        ("dreamshaper_8LCM", SD15, {}, Defaults(sampler="LCM", steps=8, guidance_scale=1.5)),
        ("plain", SD15, {"modelspec.title": "Hyper-SD 2-steps"}, Defaults(sampler="Euler", schedule="SGM Uniform",
                                                                         steps=2, guidance_scale=1)),
        ("hyperrealism v3", SD15, {}, Defaults()),
        ("steps 99step lightning", SD15, {}, Defaults(sampler="Euler", schedule="SGM Uniform", steps=99,
                                                      guidance_scale=1)),
    ],
)  # fmt: skip
def test_defaults_follow_family_and_distillation(
    tmp_path: Path, name: str, shapes: Shapes, metadata: dict[str, str], expected: Defaults
) -> None:
    path = paper_file.write(tmp_path / f"{name}.safetensors", shapes, metadata)

    defaults = checkpoint(path).defaults

    assert defaults == expected
    assert defaults.sampler in {row.name for row in SAMPLERS}
    assert defaults.schedule in {row.name for row in SCHEDULES}


def test_a_file_of_facts_beside_it_overrides(tmp_path: Path) -> None:
    path = paper_file.write(tmp_path / "a.safetensors", SDXL)
    facts = {"name": "Drawn", "defaults": {"steps": 9}, "prediction": "v_prediction"}
    (tmp_path / "a.darkroom.json").write_text(json.dumps(facts))

    found = checkpoint(path)

    assert (found.name, found.defaults.steps, found.defaults.width) == ("Drawn", 9, 1024)
    assert found.ref().prediction == "v_prediction"


@pytest.mark.parametrize("facts", ["{", "[]", '{"prediction": "x"}', '{"defaults": {"a": 1}}'])
def test_a_damaged_file_of_facts_is_a_problem(tmp_path: Path, facts: str) -> None:
    path = paper_file.write(tmp_path / "a.safetensors")
    (tmp_path / "a.darkroom.json").write_text(facts)

    assert "a.darkroom.json" in checkpoint(path).problem


def test_the_licence_is_taken_from_the_metadata(tmp_path: Path) -> None:
    path = paper_file.write(tmp_path / "a.safetensors", SD15, {"modelspec.license": "CC0"})

    assert checkpoint(path).licence == "CC0"
