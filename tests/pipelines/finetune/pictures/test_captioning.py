"""Who describes pictures: found under models/, asked in a child process, and said in words when it cannot."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pipelines.errors import ModelUnreadable
from pipelines.finetune.pictures.captioning import Captioning, NoCaptioner

CHILD = """
import json, os, sys
for line in sys.stdin:
    path = json.loads(line)["path"]
    if path.endswith("die"):
        sys.exit(1)
    answer = {"problem": "it is odd"} if path.endswith("odd") else {"caption": f"{os.getpid()} {sys.argv[1]} {path}"}
    print(json.dumps(answer), flush=True)
"""


def captioner(folder: Path, kind: str = "blip") -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": kind}))
    return folder


@pytest.fixture
def captioning(tmp_path: Path) -> Captioning:
    return Captioning([tmp_path / "models"], (sys.executable, "-c", CHILD), idle_seconds=60)


def test_without_one_it_says_where_it_belongs(captioning: Captioning, tmp_path: Path) -> None:
    captioner(tmp_path / "models/captioner/other", "llava")

    assert captioning.name == ""
    with pytest.raises(NoCaptioner) as caught:
        captioning.describe(tmp_path / "a")
    assert "models/captioner/" in caught.value.remedy


@pytest.mark.parametrize("place", ["captioner", "captioner/blip-large"])
def test_it_is_found_in_its_folder_or_one_below(
    captioning: Captioning, tmp_path: Path, place: str
) -> None:
    folder = captioner(tmp_path / "models" / place)

    try:
        assert captioning.name == folder.name
        assert captioning.describe(tmp_path / "a").endswith(f"{folder} {tmp_path / 'a'}")
    finally:
        captioning.close()


def test_one_child_describes_many_and_ends_when_closed(
    captioning: Captioning, tmp_path: Path
) -> None:
    captioner(tmp_path / "models/captioner")
    first, second = (captioning.describe(tmp_path / name).split()[0] for name in "ab")
    captioning.close()

    third = captioning.describe(tmp_path / "c").split()[0]
    captioning.close()

    assert first == second != third


def test_a_child_that_has_nothing_to_do_ends(tmp_path: Path) -> None:
    captioner(tmp_path / "models/captioner")
    quick = Captioning([tmp_path / "models"], (sys.executable, "-c", CHILD), idle_seconds=0.01)

    first = quick.describe(tmp_path / "a").split()[0]
    quick._idle.join()

    assert quick.describe(tmp_path / "b").split()[0] != first
    quick.close()


def test_what_goes_wrong_is_said_and_the_next_picture_gets_a_new_child(
    captioning: Captioning, tmp_path: Path
) -> None:
    captioner(tmp_path / "models/captioner")
    try:
        with pytest.raises(ModelUnreadable, match="it is odd"):
            captioning.describe(tmp_path / "odd")
        with pytest.raises(ModelUnreadable, match="its process ended"):
            captioning.describe(tmp_path / "die")
        assert captioning.describe(tmp_path / "a")
    finally:
        captioning.close()
