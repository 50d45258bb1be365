"""Toys written through the real classes: whatever the worker can load, the catalog lists without a problem."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.catalog.catalog import Catalog
from tests import original_layout, tiny

FAMILIES = tuple(tiny.PLAIN)


def toy(family: str) -> tiny.Components:
    return tiny.components(tiny.PLAIN[family], family=family.split()[0])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_diffusers_folder_is_of_its_family(tmp_path: Path, family: str) -> None:
    tiny.save(tmp_path / "toy", toy(family))

    (found,) = Catalog([tmp_path]).checkpoints()

    assert (f"{found.family} {found.variant}".strip(), found.problem) == (family, "")
    assert not found.ref().is_single_file


@pytest.mark.parametrize("family", FAMILIES)
def test_a_single_file_is_of_its_family(tmp_path: Path, family: str) -> None:
    original_layout.save(tmp_path / "toy.safetensors", toy(family))

    (found,) = Catalog([tmp_path]).checkpoints()

    assert (f"{found.family} {found.variant}".strip(), found.problem) == (family, "")
    assert found.ref().is_single_file
