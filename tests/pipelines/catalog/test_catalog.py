"""The catalog: finds checkpoints, names what is wrong with damaged ones, and notices changes."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from pipelines.catalog.catalog import Catalog
from pipelines.errors import ModelUnreadable, NotFound
from tests import paper_checkpoint, paper_file


def names(catalog: Catalog) -> list[str]:
    return [checkpoint.name for checkpoint in catalog.checkpoints()]


def test_whole_folders_are_found_at_any_depth(tmp_path: Path) -> None:
    paper_checkpoint.write(tmp_path / "beta")
    paper_checkpoint.write(tmp_path / "checkpoints" / "alpha")
    (tmp_path / "loras").mkdir()

    found = Catalog([tmp_path]).checkpoints()

    assert [(one.name, one.family, one.problem) for one in found] == [
        ("alpha", "sd15", ""),
        ("beta", "sd15", ""),
    ]


def test_a_models_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert Catalog([tmp_path / "nowhere"]).checkpoints() == ()


def test_darkroom_json_gives_name_licence_defaults_and_preview_colours(tmp_path: Path) -> None:
    paper_checkpoint.write(
        tmp_path / "folder",
        name="Drawn",
        licence="CC0",
        defaults={"width": 128, "steps": 12, "sampler": "Euler"},
        latent_rgb_factors=[[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]],
        latent_rgb_bias=[0.1, 0.2, 0.3],
    )

    found = Catalog([tmp_path]).find("Drawn")
    ref = found.ref()

    assert (found.licence, found.defaults.width, found.defaults.height) == ("CC0", 128, 512)
    assert (found.defaults.steps, found.defaults.sampler) == (12, "Euler")
    assert ref.latent_rgb_factors[1] == (0.0, 1.0, 0.0)
    assert ref.latent_rgb_bias == (0.1, 0.2, 0.3)
    assert ref.path == str(tmp_path / "folder")


@pytest.mark.parametrize(
    "facts",
    [
        {"prediction": "x0"},
        {"defaults": {"width": "wide"}},
        {"defaults": {"colour": 1}},
        {"defaults": [1]},
        {"name": ""},
        {"name": "two\nlines"},
        {"latent_rgb_factors": [[1, 0, 0]]},
        {"latent_rgb_bias": [1, "x", 0]},
    ],
)
def test_a_damaged_darkroom_json_is_a_problem(tmp_path: Path, facts: dict[str, object]) -> None:
    paper_checkpoint.write(tmp_path / "folder", **facts)

    assert "darkroom.json" in Catalog([tmp_path]).checkpoints()[0].problem


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 3)


def lfs_pointer(path: Path) -> None:
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n")


def as_pickle(path: Path) -> None:
    path.rename(path.with_suffix(".bin"))


def as_variant(path: Path) -> None:
    path.rename(path.with_suffix(".non_ema.safetensors"))


def other_class(path: Path) -> None:
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "_class_name": "StableDiffusionDepth2ImgPipeline"}))


def without_vae(path: Path) -> None:
    values = json.loads(path.read_text())
    del values["vae"]
    path.write_text(json.dumps(values))


def inpainting(path: Path) -> None:
    path.write_text(json.dumps({"in_channels": 9}))


def other_weights(path: Path) -> None:
    path.write_bytes(paper_checkpoint.safetensors({"lora.down": (2, 2)}))


UNET = "unet/diffusion_pytorch_model.safetensors"


def video(path: Path) -> None:
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "_class_name": "WanPipeline"}))


def odd_pieces(path: Path) -> None:
    path.unlink()
    path.with_name("model.safetensors.index.json").write_text('{"weight_map": [1]}')


def widths_that_differ(path: Path) -> None:
    path.write_text(json.dumps({"in_channels": 4, "cross_attention_dim": 12}))
    (path.parent.parent / "text_encoder" / "config.json").write_text('{"hidden_size": 8}')


DAMAGES = [
    (UNET, Path.unlink, f"{UNET} is missing"),
    (UNET, cut, f"{UNET} was cut off"),
    (UNET, lfs_pointer, f"{UNET} is a Git LFS pointer"),
    (UNET, as_pickle, "a pickle (.bin) is there"),
    (UNET, as_variant, "rename diffusion_pytorch_model.non_ema.safetensors"),
    (UNET, other_weights, "hold no UNet2DConditionModel"),
    ("text_encoder/model.safetensors", cut, "text_encoder/model.safetensors was cut off"),
    ("vae/diffusion_pytorch_model.safetensors", Path.unlink, "vae/"),
    ("unet/config.json", Path.unlink, "unet/config.json is missing"),
    (
        "unet/config.json",
        inpainting,
        "the weights of the unet take (4,) channels, its config says 9",
    ),
    ("unet/config.json", lambda path: path.write_text('{"in_channels": [4]}'), "input channels"),
    (
        "unet/config.json",
        lambda path: path.write_text('{"in_channels": 8}'),
        "asks for 8 input channels: this is an InstructPix2Pix checkpoint",
    ),
    ("unet/config.json", widths_that_differ, "write 8 numbers a token, the unet reads 12"),
    ("text_encoder/model.safetensors", odd_pieces, "names no files beside it"),
    ("model_index.json", video, "this is Wan, which is not supported yet"),
    ("vae/config.json", lambda path: path.write_text("{"), "vae/config.json is no readable JSON"),
    ("scheduler/scheduler_config.json", Path.unlink, "scheduler/scheduler_config.json"),
    ("tokenizer/vocab.json", Path.unlink, "tokenizer/vocab.json is missing"),
    (
        "model_index.json",
        other_class,
        "says StableDiffusionDepth2ImgPipeline: this is a depth-to-image checkpoint",
    ),
    ("model_index.json", without_vae, "has no AutoencoderKL as vae"),
    ("model_index.json", lambda path: path.write_text("[]"), "is no JSON object"),
    ("model_index.json", lambda path: path.write_text("<html>"), "is no readable JSON"),
]


@pytest.mark.parametrize(("file", "damage", "why"), DAMAGES, ids=[why for _, _, why in DAMAGES])
def test_each_damage_names_the_file(tmp_path: Path, file: str, damage: object, why: str) -> None:
    folder = paper_checkpoint.write(tmp_path / "folder")
    damage(folder / file)  # type: ignore[operator]
    catalog = Catalog([tmp_path])

    assert why in catalog.checkpoints()[0].problem
    with pytest.raises(ModelUnreadable, match="folder cannot be used"):
        catalog.find("folder")


def test_weights_in_pieces_are_whole_when_all_pieces_are(tmp_path: Path) -> None:
    folder = paper_checkpoint.write(tmp_path / "folder")
    unet = folder / "unet"
    (folder / UNET).rename(unet / "part-1.safetensors")
    index = {"weight_map": {"conv_in.weight": "part-1.safetensors"}}
    (unet / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(index))
    assert not Catalog([tmp_path]).checkpoints()[0].problem

    (unet / "part-1.safetensors").unlink()

    assert "unet/part-1.safetensors is missing" in Catalog([tmp_path]).checkpoints()[0].problem


def test_pieces_outside_the_folder_are_not_looked_at(tmp_path: Path) -> None:
    folder = paper_checkpoint.write(tmp_path / "folder")
    (folder / UNET).unlink()
    index = {"weight_map": {"conv_in.weight": "../../secret.safetensors"}}
    path = folder / "unet" / "diffusion_pytorch_model.safetensors.index.json"
    path.write_text(json.dumps(index))

    assert "names no files beside it" in Catalog([tmp_path]).checkpoints()[0].problem


def test_without_a_name_no_refiner_is_taken_and_inpainting_models_last(tmp_path: Path) -> None:
    first = {"model.diffusion_model.input_blocks.0.0.weight": (4, 9, 3, 3)}
    paper_file.write(tmp_path / "a refiner.safetensors", paper_file.REFINER)
    paper_checkpoint.write(tmp_path / "starter")
    catalog = Catalog([tmp_path])
    assert catalog.find(None).name == "starter"

    paper_file.write(tmp_path / "b inpainting.safetensors", paper_file.SD15 | first)
    assert catalog.find(None).name == "b inpainting"

    paper_file.write(tmp_path / "c plain.safetensors", paper_file.SD15)
    assert catalog.find(None).name == "c plain"


def test_without_a_name_a_real_checkpoint_comes_before_the_starter(tmp_path: Path) -> None:
    paper_checkpoint.write(tmp_path / "starter")
    catalog = Catalog([tmp_path])
    assert catalog.find(None).name == "starter"

    paper_checkpoint.write(tmp_path / "zebra")

    assert catalog.find(None).name == "zebra"


def test_without_a_name_a_damaged_checkpoint_is_passed_over(tmp_path: Path) -> None:
    folder = paper_checkpoint.write(tmp_path / "alpha")
    paper_checkpoint.write(tmp_path / "starter")
    (folder / UNET).unlink()

    assert Catalog([tmp_path]).find(None).name == "starter"


def test_nothing_usable_says_where_to_put_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no usable checkpoint") as caught:
        Catalog([tmp_path]).find(None)

    assert "diffusers folder" in caught.value.remedy


def test_an_unknown_name_tells_the_known_ones(tmp_path: Path) -> None:
    paper_checkpoint.write(tmp_path / "alpha")

    with pytest.raises(NotFound) as caught:
        Catalog([tmp_path]).find("beta")

    assert "alpha" in caught.value.remedy


def test_changes_on_disk_are_noticed(tmp_path: Path) -> None:
    catalog = Catalog([tmp_path])
    assert names(catalog) == []

    folder = paper_checkpoint.write(tmp_path / "new")
    assert names(catalog) == ["new"]
    cut(folder / UNET)
    assert "was cut off" in catalog.checkpoints()[0].problem
    shutil.rmtree(folder)

    assert names(catalog) == []


def test_unchanged_folders_are_not_read_again(tmp_path: Path) -> None:
    paper_checkpoint.write(tmp_path / "alpha")
    catalog = Catalog([tmp_path])

    assert catalog.checkpoints()[0] is catalog.checkpoints()[0]


def test_two_checkpoints_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for models in ("one", "two"):
        paper_checkpoint.write(tmp_path / models / "alpha")

    found = Catalog([tmp_path / "one", tmp_path / "two"])

    assert names(found) == ["alpha", "two/alpha"]
    assert found.find("two/alpha").path == tmp_path / "two" / "alpha"
