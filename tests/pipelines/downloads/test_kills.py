"""A server that is killed while a model comes, or while it gets its place: the next one goes on."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from pipelines.catalog.catalog import Catalog
from pipelines.downloads import place
from tests.model_server import Fault, ModelServer
from tests.pipelines.downloads.conftest import SECONDS, WEIGHTS, House, Opener

CUT = 900_000
PART = "models/.downloads/*/painted.safetensors.part"


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def until_some_came(folder: Path) -> None:
    end = time.monotonic() + SECONDS
    while not any(part.stat().st_size for part in folder.glob(PART)):
        assert time.monotonic() < end
        time.sleep(0.005)


def live(folder: Path, address: str, point: str) -> None:
    """A process that downloads and is killed: from outside, or by itself at a point of the publishing."""
    moved = place._move
    if point == "notes lie there":
        place._move = die
    elif point == "it lies there":
        place._move = lambda source, target: (moved(source, target), die())
    house = House(folder, address)
    house.downloads.start()
    house.ended(house.begin("ada/painted"))
    raise AssertionError("it should have been killed")


@pytest.mark.parametrize("point", ["half has come", "notes lie there", "it lies there"])
def test_the_next_server_goes_on(
    point: str, tmp_path: Path, server: ModelServer, single: str, open_house: Opener
) -> None:
    file = server.served(single, "painted.safetensors")
    if point == "half has come":
        file.faults += [Fault(hold_after=CUT)]
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=live, args=(tmp_path, server.address, point))
    process.start()
    if point == "half has come":
        until_some_came(tmp_path)
        process.kill()
    process.join(SECONDS)
    assert process.exitcode == -signal.SIGKILL
    server.release.set()
    listed = [one.name for one in Catalog((tmp_path / "models",)).checkpoints()]
    assert listed == (["painted"] if point == "it lies there" else [])

    with open_house() as house:
        (download,) = house.downloads.all()
        done = house.ended(download)
        assert (done.state, done.model, done.error) == ("done", "painted", None)
        assert (house.models / "painted.safetensors").read_bytes() == WEIGHTS
        assert house.files() == {
            "painted.safetensors",
            "painted.darkroom.json",
            "painted.license.txt",
        }
        assert house.listed() == ["painted"]
    whole = [range_ for range_ in server.ranges("painted.safetensors") if not range_]
    assert len(whole) == 1  # what had come was not fetched again
