"""What a file of weights says of itself: the keys that other programs read, and what must go with every copy."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.catalog.about import About, of_header
from pipelines.catalog.licences import UNSAID
from pipelines.finetune.results.header import header
from pipelines.finetune.training import Example
from tests.pipelines.finetune.results.taught import base, taught


@pytest.mark.parametrize(
    ("family", "method", "prediction", "architecture", "version"),
    [
        ("sd15", "lora", "epsilon", "stable-diffusion-v1/lora", "sd_v1"),
        ("sd2", "lora", "epsilon", "stable-diffusion-v2-512/lora", "sd_v2"),
        ("sd2", "lora", "v_prediction", "stable-diffusion-v2-768-v/lora", "sd_v2_v"),
        ("sdxl", "lora", "", "stable-diffusion-xl-v1-base/lora", "sdxl_base_v1-0"),
        ("sd15", "embedding", "", "stable-diffusion-v1/textual-inversion", "sd_v1"),
    ],
)
def test_it_names_what_the_weights_belong_to(
    family: str, method: str, prediction: str, architecture: str, version: str
) -> None:
    texts = dict(
        header(taught(family=family, method=method), base(family=family, prediction=prediction))
    )

    assert texts["modelspec.architecture"] == architecture
    assert texts["ss_base_model_version"] == version
    assert texts["modelspec.prediction_type"] == ("v" if prediction.startswith("v") else "epsilon")
    assert texts["ss_v2"] == str(family == "sd2")


def test_all_that_modelspec_demands_is_there_and_all_are_texts() -> None:
    texts = dict(header(taught(), base(), "ab" * 32))

    for name in ("sai_model_spec", "architecture", "implementation", "title"):
        assert texts[f"modelspec.{name}"]
    assert texts["modelspec.trigger_phrase"] == "zorp"
    assert texts["modelspec.resolution"] == "512x512"
    assert texts["modelspec.date"] == "2023-11-14T22:13:20+00:00"
    assert "a zorp dog" in texts["modelspec.usage_hint"]
    assert "5 pictures on v1-5" in texts["modelspec.description"]
    assert texts["ss_new_sd_model_hash"] == "ab" * 32
    assert all(isinstance(one, str) and one for one in texts.values())


def test_captions_are_counted_as_tags_of_one_folder() -> None:
    captions = ["a zorp dog, on a lawn", "a zorp dog", "a zorp dog, on a lawn"]
    examples = tuple(
        Example(index=n, caption=one, crop=(0, 0, 9, 9), size=size, is_held_out=n == 2)
        for n, (one, size) in enumerate(
            zip(captions, [(512, 512), (640, 384), (512, 512)], strict=True)
        )
    )

    texts = dict(header(replace(taught(), examples=examples), base()))

    assert json.loads(texts["ss_tag_frequency"]) == {
        "1_zorp dog": {"a zorp dog": 2, "on a lawn": 1}
    }
    assert json.loads(texts["ss_dataset_dirs"])["1_zorp dog"]["img_count"] == 2
    buckets = json.loads(texts["ss_bucket_info"])["buckets"]
    assert buckets == {
        "0": {"resolution": [512, 512], "count": 1},
        "1": {"resolution": [640, 384], "count": 1},
    }


def test_the_licence_and_its_restrictions_go_into_the_file() -> None:
    texts = dict(header(taught(), base()))

    assert texts["modelspec.license"] == "CreativeML Open RAIL-M"
    assert "exploit or harm minors" in texts["darkroom.licence_notice"]
    assert of_header(texts).licence.terms.id == "creativeml-openrail-m"


def test_what_nobody_has_said_is_not_made_up() -> None:
    texts = dict(header(taught(), base(about=About(licence=UNSAID))))

    assert "modelspec.license" not in texts
    assert "Licence: unknown" in texts["darkroom.licence_notice"]


def test_no_path_of_this_machine_leaves_it(tmp_path: Path) -> None:
    path = tmp_path / "secret place" / "v1-5.safetensors"
    path.parent.mkdir()
    path.write_bytes(b"\0" * 2**21)

    texts = dict(header(taught(), base(path)))

    assert texts["ss_sd_model_name"] == "v1-5.safetensors"
    assert len(texts["ss_sd_model_hash"]) == 8
    assert "secret" not in json.dumps(texts)
