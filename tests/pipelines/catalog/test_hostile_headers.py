"""Any header is read or named within a moment: changed bytes, odd values in the right places, names made to be slow."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from pipelines.catalog import single_file
from tests import paper_checkpoint, paper_file

HEADERS, SECONDS = 5000, 10.0  # of all together; what is measured is that none hangs
METADATA = {"modelspec.resolution": "512x512", "modelspec.title": "x 4 steps lightning"}


def test_five_thousand_damaged_headers_bring_about_no_crash(tmp_path: Path) -> None:
    whole = paper_checkpoint.safetensors(paper_file.SDXL, METADATA)
    header_bytes = int.from_bytes(whole[:8], "little")
    chance, path = random.Random(0), tmp_path / "a.safetensors"

    for _ in range(HEADERS):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 2, 5))):
            data[chance.randrange(8 + header_bytes)] = chance.randrange(256)
        path.write_bytes(data)

        found = single_file.read(path, tmp_path)

        assert found.problem == "" or found.problem.startswith("a.safetensors ")


@pytest.mark.parametrize("shape", [[], [4], [0, 0], [4, 4, 3, 3, 3], [1] * 16])
@pytest.mark.parametrize("part", paper_file.UNET)
def test_odd_shapes_in_the_right_places_are_read(
    tmp_path: Path, part: str, shape: list[int]
) -> None:
    shapes = paper_file.SD15 | {f"model.diffusion_model.{part}": tuple(shape)}

    single_file.read(paper_file.write(tmp_path / "a.safetensors", shapes), tmp_path)


@pytest.mark.parametrize(
    "unit", ["a.", "lora.", "attn2_to_k.", "model.diffusion_model.", "\n", "("]
)
def test_names_made_to_be_slow_are_not(tmp_path: Path, unit: str) -> None:
    place: dict[str, Any] = {"dtype": "F16", "shape": [0, 0], "data_offsets": [0, 0]}
    text = json.dumps({f"{unit * (990 // len(unit))}{n}": place for n in range(5000)}).encode()
    path = tmp_path / "a.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    began = time.process_time()

    found = single_file.read(path, tmp_path)

    assert found.problem
    assert time.process_time() - began < SECONDS
