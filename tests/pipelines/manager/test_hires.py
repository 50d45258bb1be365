"""Hires fix on its way to the worker: what it names is found or refused with a remedy, and its work is counted."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines import upscaler_rows
from pipelines.asking.hires import Hires
from pipelines.errors import RequestError
from pipelines.manager.pace import units
from pipelines.manager.upscalers import upscaler_of, with_upscaler
from pipelines.upscalers import UPSCALERS
from pipelines.worker.messages import Submit
from tests import paper_checkpoint, paper_file
from tests.pipelines.worker.workbench import request
from tests.studio import OWNER, asking, ended, ready, studio

ESRGAN = {"model.0.weight": (4, 3, 3, 3), "model.1.sub.0.RDB1.conv1.0.weight": (4, 4, 3, 3)}


@pytest.fixture
def spandrel(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it were installed; nobody looks inside."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "spandrel" or find(name))


@pytest.fixture
def no_spandrel(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "spandrel" else find(name)
    )


def network(tmp_path: Path, name: str = "4x-Sharp") -> Path:
    return paper_file.write(tmp_path / "models" / "ESRGAN" / f"{name}.safetensors", ESRGAN)


def test_the_worker_is_told_both_and_the_picture_has_the_new_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spandrel: None
) -> None:
    folder, file = paper_checkpoint.write(tmp_path / "models" / "fine"), network(tmp_path)
    hires = Hires(scale=1.5, upscaler="4X-sharp.safetensors", checkpoint="fine", steps=3)
    with studio(tmp_path) as manager:
        ready(manager)
        sent: list[Any] = []
        send = manager._gpu.send
        monkeypatch.setattr(manager._gpu, "send", lambda one: (sent.append(one), send(one)))

        made = manager.submit(asking(checkpoint="paper", hires=hires), OWNER)
        job = ended(manager, made)
        picture_id = job.pictures[0].picture_id
        assert picture_id is not None
        record = manager.library.get(picture_id, OWNER)

    (submit,) = [one for one in sent if isinstance(one, Submit)]
    assert submit.hires_checkpoint is not None
    assert submit.upscaler is not None
    assert (submit.checkpoint.name, submit.hires_checkpoint.path) == ("paper", str(folder))
    assert (submit.upscaler.kind, submit.upscaler.path) == ("upscaler", str(file))
    assert job.request.hires == replace(hires, upscaler="4x-Sharp")
    assert (job.pictures[0].step, job.pictures[0].steps) == (7, 7)
    width, height = job.request.width or 0, job.request.height or 0
    assert (record.width, record.height) == (width * 3 // 2, height * 3 // 2)


def test_what_is_built_in_needs_no_file(tmp_path: Path) -> None:
    for row in UPSCALERS:
        asked = request(hires=Hires(upscaler=row.name))
        assert upscaler_of(asked, ()) is None
        assert with_upscaler(asked, ()) is asked
    assert upscaler_of(request(), ()) is None


@pytest.mark.parametrize(
    ("name", "near"), [("Latnet", "Latent"), ("lanczoz", "Lanczos"), ("4x-Shrap", "4x-Sharp")]
)
def test_an_upscaler_that_is_not_there_is_refused_with_the_nearest(
    tmp_path: Path, name: str, near: str, spandrel: None
) -> None:
    network(tmp_path)
    with studio(tmp_path) as manager:
        with pytest.raises(RequestError, match="there is no upscaler of this name") as raised:
            manager.submit(asking(hires=Hires(upscaler=name)), OWNER)

        assert raised.value.field == "hires.upscaler"
        assert near in raised.value.remedy
        assert not manager.jobs(OWNER)


def test_a_network_without_what_builds_it_is_refused_with_how_to_get_it(
    tmp_path: Path, no_spandrel: None
) -> None:
    network(tmp_path)
    with studio(tmp_path) as manager:
        with pytest.raises(
            RequestError, match="spandrel, which builds those, is not installed"
        ) as raised:
            manager.submit(asking(hires=Hires(upscaler="4x-Sharp")), OWNER)
        rows = {row["name"]: row for row in upscaler_rows(manager.catalog.others())}

    assert raised.value.field == "hires.upscaler"
    assert "pip install -r requirements-upscalers.txt" in raised.value.remedy
    assert "spandrel" in rows["4x-Sharp"]["problem"]
    assert rows["Latent"]["problem"] == ""


def test_all_upscalers_are_listed_the_built_in_ones_first(tmp_path: Path, spandrel: None) -> None:
    network(tmp_path)
    network(tmp_path, "2x-Fine")
    with studio(tmp_path) as manager:
        rows = upscaler_rows(manager.catalog.others())

    assert [row["name"] for row in rows] == [
        *(row.name for row in UPSCALERS),
        "2x-Fine",
        "4x-Sharp",
    ]
    assert rows[0] == {
        **{"name": "Latent", "hint": UPSCALERS[0].hint, "is_latent": True},
        **{"file": "", "problem": ""},
    }
    assert rows[-1]["file"] == "4x-Sharp.safetensors"


def test_a_checkpoint_for_the_second_pass_that_is_not_there_is_a_bad_field(tmp_path: Path) -> None:
    with studio(tmp_path) as manager, pytest.raises(RequestError, match="is not there") as raised:
        manager.submit(asking(hires=Hires(checkpoint="gone")), OWNER)

    assert raised.value.field == "hires.checkpoint"
    assert "paper" in raised.value.remedy


def test_one_that_sees_other_latents_is_refused(tmp_path: Path) -> None:
    paper_file.write(tmp_path / "models" / "xl.safetensors", paper_file.SDXL)
    asked = asking(checkpoint="paper", hires=Hires(checkpoint="xl"))
    with studio(tmp_path) as manager, pytest.raises(RequestError, match="of SDXL only") as raised:
        manager.submit(asked, OWNER)

    assert raised.value.field == "hires.checkpoint"
    assert "Stable Diffusion 1 and 2" in raised.value.remedy


def test_the_licence_of_its_checkpoint_counts_for_the_picture(tmp_path: Path) -> None:
    paper_checkpoint.write(tmp_path / "models" / "fine", licence="MIT")
    with studio(tmp_path) as manager:
        made = manager.submit(asking(checkpoint="paper", hires=Hires(checkpoint="fine")), OWNER)
        job = ended(manager, made)
        record = manager.library.get(job.pictures[0].picture_id or "", OWNER)

    assert record.licences is not None
    assert "fine" in str(record.licences)


@pytest.mark.parametrize(
    ("steps", "after", "work"),
    [(4, 0, 4.0), (7, 0, 16.0), (3, 4, 12.0), (2, 3, 5.0), (1, 6, 4.0), (0, 7, 0.0)],
)
def test_steps_of_the_second_pass_cost_what_their_size_costs(
    steps: int, after: int, work: float
) -> None:
    asked = request(width=1000, height=1000, hires=Hires(scale=2.0, steps=3))

    assert units(asked, steps, after) == work


def test_its_own_sampler_counts_for_its_own_steps() -> None:
    asked = request(width=1000, height=1000, hires=Hires(scale=2.0, steps=3, sampler="Heun"))

    assert units(asked, 7) == 4 + 3 * 2 * 4
