"""Models that a picture's text names are found among ours by hash or name; the others are listed and left open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.asking.hires import Hires
from pipelines.catalog.catalog import Catalog
from pipelines.catalog.hashes import AFTER_HEADER, Hashes, auto_v1
from pipelines.manager.naming import Naming
from pipelines.output import infotext
from pipelines.request import Request
from tests import paper_file
from tests.paper_checkpoint import safetensors

LORA = {
    "lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight": (2, 4),
    "lora_unet_down_blocks_0_attentions_0_proj_in.lora_up.weight": (4, 2),
}


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def naming(models: Path, tmp_path: Path) -> Naming:
    (tmp_path / "data").mkdir()
    return Naming(Catalog((models,)), Hashes(tmp_path / "data"))


def named(naming: Naming, text: str) -> tuple[Request, dict[str, str]]:
    """(the request, what is missing: key → value)."""
    request = infotext.to_request(text)
    assert request is not None
    found = naming.named(request, text)
    assert all(one.why.endswith(".") for one in found.missing)
    return found.request, {one.key: one.value for one in found.missing}


def test_the_hash_counts_more_than_the_name(naming: Naming, models: Path) -> None:
    ours = paper_file.write(models / "ours.safetensors")
    paper_file.write(models / "theirs.safetensors", metadata={"note": "another one"})
    digest = naming.hashes.work_out(ours)

    by_hash, _ = named(naming, f"a\nSteps: 2, Seed: 1, Model hash: {digest[:10]}, Model: theirs")
    by_name, _ = named(naming, "a\nSteps: 2, Seed: 1, Model hash: 0123456789, Model: theirs")

    assert (by_hash.checkpoint, by_name.checkpoint) == ("ours", "theirs")


def test_hashes_of_2022_are_of_a_piece_of_the_file(naming: Naming, models: Path) -> None:
    long = paper_file.SD15 | {"model_ema.decay": (2**20,)}
    ours = paper_file.write(models / "ours.safetensors", long)
    digest = auto_v1(ours)

    request, missing = named(naming, f"a\nSteps: 2, Seed: 1, Model hash: {digest}, Size: 512x512")

    assert len(digest) == 8
    assert (request.checkpoint, missing) == ("ours", {})


def test_what_is_not_here_is_listed_with_name_and_hash_and_left_open(naming: Naming) -> None:
    request, missing = named(
        naming,
        "a <lora:ink:0.8>\nSteps: 2, Seed: 1, Model hash: 0123456789, Model: gone, VAE hash: 9876543210, "
        'VAE: far.pt, Refiner: fine [aaaaaaaaaa], Refiner switch at: 0.8, Lora hashes: "ink: 0123456789ab", '
        'TI hashes: "easy: ba9876543210", Hires upscale: 2, Hires upscaler: R-ESRGAN 4x+, '
        "Hires checkpoint: other [bbbbbbbbbb]",
    )

    assert missing == {
        "Model": "gone [0123456789]",
        "Refiner": "fine [aaaaaaaaaa]",
        "Hires checkpoint": "other [bbbbbbbbbb]",
        "VAE": "far.pt [9876543210]",
        "<lora:ink:0.8>": "0123456789ab",
        "Hires upscaler": "R-ESRGAN 4x+",
        "easy": "ba9876543210",
    }
    assert (request.checkpoint, request.vae, request.refiner) == (None, None, None)
    assert request.hires == replace(Hires(), checkpoint=None)


def test_a_lora_is_called_by_our_name_for_its_file(naming: Naming, models: Path) -> None:
    ours = models / "Lora" / "ink-v2.safetensors"
    ours.parent.mkdir(parents=True)
    ours.write_bytes(safetensors(LORA))
    digest = naming.hashes.work_out(ours, AFTER_HEADER)

    request, missing = named(
        naming, f'a <lora:ink:0.8>\nSteps: 2, Seed: 1, Size: 8x8, Lora hashes: "ink: {digest[:12]}"'
    )

    assert request.prompt == "a <lora:ink-v2:0.8>"
    assert missing == {}


def test_a_lora_whose_name_only_begins_like_a_renamed_one_keeps_its_own(
    naming: Naming, models: Path
) -> None:
    ours = models / "Lora" / "ink-v2.safetensors"
    ours.parent.mkdir(parents=True)
    ours.write_bytes(safetensors(LORA))
    digest = naming.hashes.work_out(ours, AFTER_HEADER)

    request, _ = named(
        naming,
        f'a <lora:ink:0.8> <lora:inkwell:1>\nSteps: 2, Seed: 1, Size: 8x8, Lora hashes: "ink: {digest[:12]}"',
    )

    assert request.prompt == "a <lora:ink-v2:0.8> <lora:inkwell:1>"


def test_a_vae_is_found_by_the_name_of_its_file(naming: Naming, models: Path) -> None:
    (models / "VAE").mkdir(parents=True)
    (models / "VAE" / "clear.safetensors").write_bytes(safetensors(paper_file.VAE))

    request, missing = named(naming, "a\nSteps: 2, Seed: 1, VAE: clear.safetensors, Size: 512x512")

    assert (request.vae, missing) == ("clear", {})
