"""A checkpoint is found under every name that clients of AUTOMATIC1111 give it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.catalog.checkpoint import Checkpoint
from pipelines.catalog.titles import find_title, title_of

ONE = Checkpoint(name="Painted v2", path=Path("m/Painted v2.safetensors"), is_single_file=True)
TWO = Checkpoint(name="sub/x", path=Path("m/sub/x.safetensors"), is_single_file=True)
DIGESTS = {ONE.path: "0123456789" + "a" * 54, TWO.path: ""}


def digest_of(path: Path) -> str:
    return DIGESTS[path]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Painted v2", "Painted v2"),
        (" Painted v2 ", "Painted v2"),
        ("painted V2", "Painted v2"),
        ("Painted v2.safetensors", "Painted v2"),
        ("Painted v2.safetensors [0123456789]", "Painted v2"),
        ("Painted v2 [ffffffffff]", "Painted v2"),
        ("renamed [0123456789]", "Painted v2"),
        ("0123456789", "Painted v2"),
        ("01234567", "Painted v2"),
        ("0123456789" + "A" * 54, "Painted v2"),
        ("sub/x.safetensors", "sub/x"),
        ("sub\\x.safetensors", "sub/x"),
        ("x", "sub/x"),
        ("nowhere", None),
        ("nowhere [9999999999]", None),
        ("0123", None),
        ("[", None),
        ("", None),
    ],
)
def test_titles_lead_to_their_checkpoint(title: str, name: str | None) -> None:
    assert find_title(title, (ONE, TWO), digest_of) == name


def test_a_title_has_the_hash_once_it_is_known() -> None:
    assert title_of(ONE, DIGESTS[ONE.path]) == "Painted v2 [0123456789]"
    assert title_of(TWO, "") == "sub/x"
    assert find_title(title_of(ONE, DIGESTS[ONE.path]), (TWO, ONE), digest_of) == ONE.name
