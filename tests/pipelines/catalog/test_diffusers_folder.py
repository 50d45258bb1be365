"""Folders in the layout of diffusers: of which family they are, what they lack, what they are best used with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pipelines.catalog.catalog import Catalog
from tests import paper_checkpoint


def write_config(folder: Path, values: dict[str, object]) -> None:
    (folder / "config.json").write_text(json.dumps(values))


def as_xl(folder: Path) -> Path:
    """Makes SDXL's structure of a folder of paper."""
    index = json.loads((folder / "model_index.json").read_text())
    index |= {
        "_class_name": "StableDiffusionXLPipeline",
        "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
        "tokenizer_2": ["transformers", "CLIPTokenizer"],
    }
    (folder / "model_index.json").write_text(json.dumps(index))
    for name in ("text_encoder", "tokenizer"):
        shutil.copytree(folder / name, folder / f"{name}_2")
    write_config(folder / "unet", {"addition_embed_type": "text_time"})
    return folder


@pytest.mark.parametrize(
    ("config", "family"),
    [
        ({"hidden_size": 1024}, "sd2"),
        ({"hidden_size": 768, "hidden_act": "gelu"}, "sd15"),
        ({"hidden_size": 16, "hidden_act": "gelu"}, "sd2"),
        ({"hidden_size": 16, "hidden_act": "quick_gelu"}, "sd15"),
        ({}, "sd15"),
    ],
)
def test_the_text_encoder_tells_the_family(
    tmp_path: Path, config: dict[str, object], family: str
) -> None:
    folder = paper_checkpoint.write(tmp_path / "folder")
    write_config(folder / "text_encoder", config)

    (found,) = Catalog([tmp_path]).checkpoints()

    assert (found.family, found.problem) == (family, "")


def test_a_folder_of_xl_is_whole_with_both_text_encoders_and_tokenizers(tmp_path: Path) -> None:
    folder = as_xl(paper_checkpoint.write(tmp_path / "folder"))
    (folder / "darkroom.json").unlink()

    (found,) = Catalog([tmp_path]).checkpoints()

    assert (found.family, found.problem) == ("sdxl", "")
    assert (found.defaults.width, found.defaults.steps, found.defaults.guidance_scale) == (
        1024,
        25,
        6,
    )
    assert found.latent_rgb_factors[0] == pytest.approx((0.2353,) * 3, abs=1e-4)


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("text_encoder_2/model.safetensors", "text_encoder_2/model.safetensors is missing"),
        ("tokenizer_2/merges.txt", "tokenizer_2/merges.txt is missing"),
        ("unet/config.json", "unet/config.json is missing"),
    ],
)
def test_what_xl_lacks_is_named(tmp_path: Path, file: str, why: str) -> None:
    (as_xl(paper_checkpoint.write(tmp_path / "folder")) / file).unlink()

    assert why in Catalog([tmp_path]).checkpoints()[0].problem


def test_an_xl_unet_that_knows_no_size_is_refused(tmp_path: Path) -> None:
    write_config(as_xl(paper_checkpoint.write(tmp_path / "folder")) / "unet", {})

    assert "addition_embed_type" in Catalog([tmp_path]).checkpoints()[0].problem


def test_a_unet_of_nine_channels_is_one_for_inpainting(tmp_path: Path) -> None:
    folder = paper_checkpoint.write(tmp_path / "folder")
    index = {**paper_checkpoint.INDEX, "_class_name": "StableDiffusionInpaintPipeline"}
    (folder / "model_index.json").write_text(json.dumps(index))
    write_config(folder / "unet", {"in_channels": 9})
    shapes = paper_checkpoint.UNET | {"conv_in.weight": (2, 9, 3, 3)}
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(paper_checkpoint.safetensors(shapes))

    (found,) = Catalog([tmp_path]).checkpoints()

    assert (found.family, found.variant, found.problem) == ("sd15", "inpainting", "")


def test_a_folder_of_xl_without_the_first_text_encoder_is_a_refiner(tmp_path: Path) -> None:
    folder = as_xl(paper_checkpoint.write(tmp_path / "folder"))
    index = json.loads((folder / "model_index.json").read_text())
    nothing = {"text_encoder": [None, None], "tokenizer": [None, None]}
    name = {"_class_name": "StableDiffusionXLImg2ImgPipeline"}
    (folder / "model_index.json").write_text(json.dumps(index | nothing | name))
    for part in ("text_encoder", "tokenizer"):
        shutil.rmtree(folder / part)

    (found,) = Catalog([tmp_path]).checkpoints()

    assert (found.family, found.problem) == ("sdxl_refiner", "")


def test_files_of_half_precision_are_taken(tmp_path: Path) -> None:
    folder = paper_checkpoint.write(tmp_path / "folder")
    for file in folder.rglob("*.safetensors"):
        file.rename(file.with_suffix(".fp16.safetensors"))

    assert not Catalog([tmp_path]).checkpoints()[0].problem


@pytest.mark.parametrize(
    ("sample_size", "side_px"), [(64, 512), (96, 768), (7, 512), ([64, 64], 512), (9000, 512)]
)
def test_the_size_is_the_one_that_the_unet_was_made_for(
    tmp_path: Path, sample_size: object, side_px: int
) -> None:
    folder = paper_checkpoint.write(tmp_path / "folder")
    (folder / "darkroom.json").unlink()
    write_config(folder / "unet", {"sample_size": sample_size})

    defaults = Catalog([tmp_path]).checkpoints()[0].defaults

    assert (defaults.width, defaults.height) == (side_px, side_px)


def test_a_folder_of_sd2_is_as_large_as_its_prediction_says(tmp_path: Path) -> None:
    folder = paper_checkpoint.write(tmp_path / "folder")
    (folder / "darkroom.json").unlink()
    write_config(folder / "text_encoder", {"hidden_size": 1024})
    scheduler = folder / "scheduler" / "scheduler_config.json"
    widths = []

    for prediction in ("epsilon", "v_prediction"):
        scheduler.write_text(json.dumps({"prediction_type": prediction}))
        widths.append(Catalog([tmp_path]).checkpoints()[0].defaults.width)

    assert widths == [512, 768]
