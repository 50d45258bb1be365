"""ControlNets, IP-Adapters and image encoders: known by their tensors, named by their folder, and who fits whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.catalog import single_file
from pipelines.catalog.checkpoint import Other
from tests import paper_file
from tests.paper_file import Shapes

TO_K = "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
HF_TO_K = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight"
HINT = "controlnet_cond_embedding.conv_in.weight"
CONTROLNETS: list[tuple[str, Shapes, str]] = [
    ("original", {"control_model.input_hint_block.0.weight": (16, 3, 3, 3), f"control_model.{TO_K}": (4, 768)}, "sd15"),
    ("alone", {"input_hint_block.0.weight": (16, 3, 3, 3), TO_K: (4, 1024)}, "sd2"),
    ("diffusers", {HINT: (16, 3, 3, 3), HF_TO_K: (4, 2048)}, "sdxl"),
    ("of unknown width", {HINT: (16, 3, 3, 3), HF_TO_K: (4, 32)}, ""),
]  # fmt: skip
IP_ADAPTERS: list[tuple[str, Shapes, str, str]] = [
    ("plain", {"image_proj.proj.weight": (96, 1024), "ip_adapter.1.to_k_ip.weight": (8, 768)}, "sd15", "pooled 1024"),
    ("xl", {"image_proj.proj.weight": (8192, 1280), "ip_adapter.1.to_k_ip.weight": (640, 2048)}, "sdxl", "pooled 1280"),
    ("plus", {"image_proj.latents": (1, 16, 768), "image_proj.proj_in.weight": (768, 1280),
              "ip_adapter.1.to_k_ip.weight": (320, 768)}, "sd15", "states 1280"),
    ("full", {"image_proj.proj.0.weight": (1280, 1280), "image_proj.proj.3.weight": (768,),
              "ip_adapter.1.to_k_ip.weight": (320, 768)}, "sd15", "states 1280"),
]  # fmt: skip
ENCODER: Shapes = {
    "vision_model.embeddings.class_embedding": (1280,),
    "visual_projection.weight": (1024, 1280),
}


def ids(rows: list[tuple[str, Shapes, str]] | list[tuple[str, Shapes, str, str]]) -> list[str]:
    return [row[0] for row in rows]


@pytest.mark.parametrize(("name", "shapes", "family"), CONTROLNETS, ids=ids(CONTROLNETS))
def test_controlnets_can_be_used(tmp_path: Path, name: str, shapes: Shapes, family: str) -> None:
    path = paper_file.write(tmp_path / f"{name}.safetensors", shapes)

    found = single_file.read(path, tmp_path)

    assert found == Other(name=name, path=path, kind="controlnet", family=family)


@pytest.mark.parametrize(("name", "shapes", "family", "mark"), IP_ADAPTERS, ids=ids(IP_ADAPTERS))
def test_ip_adapters_know_what_they_read_of_a_picture(
    tmp_path: Path, name: str, shapes: Shapes, family: str, mark: str
) -> None:
    path = paper_file.write(tmp_path / f"{name}.safetensors", shapes)

    found = single_file.read(path, tmp_path)

    assert found == Other(name=name, path=path, kind="ip_adapter", family=family, marks=(mark,))


def test_an_image_encoder_says_what_it_writes(tmp_path: Path) -> None:
    path = paper_file.write(tmp_path / "clip h.safetensors", ENCODER)

    found = single_file.read(path, tmp_path)

    marks = ("pooled 1024", "states 1280")
    assert found == Other(name="clip h", path=path, kind="image_encoder", marks=marks)


@pytest.mark.parametrize(
    "stem", ["diffusion_pytorch_model", "model", "diffusion_pytorch_model.fp16"]
)
def test_a_file_in_a_folder_of_its_own_has_the_name_of_the_folder(
    tmp_path: Path, stem: str
) -> None:
    path = paper_file.write(tmp_path / "canny sd15" / f"{stem}.safetensors", CONTROLNETS[2][1])

    assert single_file.read(path, tmp_path).name == "canny sd15"
