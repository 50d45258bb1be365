"""A checkpoint that is replaced, damaged or deleted while it is loaded, or just before: the right one or a sentence."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import torch

from pipelines.worker.messages import CheckpointRef, PictureDone, PictureFailed
from tests import tiny
from tests.pipelines.worker.workbench import Workbench

WEIGHTS = ("unet", "diffusion_pytorch_model.safetensors")


def replace(own: CheckpointRef, other: CheckpointRef) -> CheckpointRef:
    """Puts the other's files in its place; the ref as the catalog gives it from then on."""
    shutil.rmtree(own.path)
    shutil.copytree(other.path, own.path)
    return dataclasses.replace(own, version="replaced")


def alone(checkpoint: CheckpointRef) -> torch.Tensor:
    bench = Workbench(checkpoint)
    bench.submit()
    bench.run()
    return bench.pixels()


def test_the_next_job_reads_the_file_that_is_there_now(
    own_toy: CheckpointRef, other_toy: CheckpointRef
) -> None:
    bench = Workbench(own_toy)
    bench.submit("before")
    bench.run()
    now = replace(own_toy, other_toy)
    bench.submit("after", checkpoint=now)
    bench.run()

    assert torch.equal(bench.pixels("after"), alone(other_toy))
    assert not torch.equal(bench.pixels("after"), bench.pixels("before"))
    assert bench.models.names == (own_toy.name,)  # what is no longer there keeps no memory


def test_a_running_job_ends_with_the_weights_that_it_began_with(
    own_toy: CheckpointRef, other_toy: CheckpointRef
) -> None:
    wanted = alone(own_toy)
    bench = Workbench(own_toy)
    bench.submit("running")
    bench.run(turns=4)
    assert not bench.all(PictureDone)
    now = replace(own_toy, other_toy)
    bench.submit("next", checkpoint=now)
    bench.run()

    assert torch.equal(bench.pixels("running"), wanted)
    assert torch.equal(bench.pixels("next"), alone(other_toy))
    assert bench.models.names == (own_toy.name,)


def test_what_is_loaded_goes_on_when_its_files_are_cut_off_or_deleted(
    own_toy: CheckpointRef,
) -> None:
    wanted = alone(own_toy)
    bench = Workbench(own_toy)
    bench.submit("running")
    bench.run(turns=4)
    file = Path(own_toy.path).joinpath(*WEIGHTS)
    with file.open("r+b") as stream:
        stream.truncate(100)  # memory that is mapped to it would end the process here
    bench.run()
    shutil.rmtree(own_toy.path)
    bench.submit("next")
    bench.run()

    assert torch.equal(bench.pixels("running"), wanted)
    assert torch.equal(bench.pixels("next"), wanted)


def test_one_that_is_gone_before_it_is_read_is_named_and_the_others_go_on(
    own_toy: CheckpointRef, toy: CheckpointRef
) -> None:
    shutil.rmtree(own_toy.path)
    bench = Workbench(toy)
    bench.submit("gone", checkpoint=own_toy)
    bench.submit("there")
    bench.run()

    (failed,) = bench.all(PictureFailed, "gone")
    assert failed.error["code"] == "model_unreadable"
    assert own_toy.path in failed.error["message"]
    assert bench.all(PictureDone, "there")
    tiny.save(Path(own_toy.path), tiny.components())
    bench.submit("back", checkpoint=own_toy)
    bench.run()
    assert bench.all(PictureDone, "back")
