"""Refiners that a request names: found, refused with a remedy, sent to the worker, and told in the picture."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import RequestError
from pipelines.worker.messages import Submit
from tests import paper_checkpoint, paper_file
from tests.studio import OWNER, asking, ended, ready, studio


def test_the_worker_is_told_where_the_refiner_lies_and_the_picture_who_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = paper_checkpoint.write(tmp_path / "models" / "fine", licence="MIT")
    with studio(tmp_path) as manager:
        ready(manager)
        sent: list[Any] = []
        send = manager._gpu.send
        monkeypatch.setattr(manager._gpu, "send", lambda one: (sent.append(one), send(one)))

        job = ended(manager, manager.submit(asking(checkpoint="paper", refiner="fine"), OWNER))
        picture_id = job.pictures[0].picture_id
        assert picture_id is not None
        record = manager.library.get(picture_id, OWNER)

    (submit,) = [one for one in sent if isinstance(one, Submit)]
    assert submit.refiner is not None
    assert (submit.checkpoint.name, submit.refiner.path) == ("paper", str(folder))
    assert (job.request.refiner, job.request.refiner_switch_at) == ("fine", 0.8)
    assert "Refiner: fine, Refiner switch at: 0.8" in record.parameters
    assert record.licences is not None
    assert "fine" in str(record.licences)


def test_one_that_is_not_there_is_a_bad_field(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        with pytest.raises(RequestError, match="refiner = 'gone': is not there") as raised:
            manager.submit(asking(refiner="gone"), OWNER)

        assert raised.value.field == "refiner"
        assert "paper" in raised.value.remedy
        assert not manager.jobs(OWNER)


def test_one_that_sees_other_latents_is_refused(tmp_path: Path) -> None:
    paper_file.write(tmp_path / "models" / "xl refiner.safetensors", paper_file.REFINER)
    with studio(tmp_path) as manager:
        with pytest.raises(RequestError, match="goes on with pictures of SDXL only") as raised:
            manager.submit(asking(checkpoint="paper", refiner="xl refiner"), OWNER)

        assert raised.value.field == "refiner"
        assert "Stable Diffusion 1 and 2" in raised.value.remedy


def test_one_that_has_gone_before_its_turn_fails_the_job_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = paper_checkpoint.write(tmp_path / "models" / "fine")
    monkeypatch.setenv("DARKROOM_FAKE", "start=1")
    with studio(tmp_path) as manager:
        job = manager.submit(asking(checkpoint="paper", refiner="fine"), OWNER)
        shutil.rmtree(folder)
        manager.catalog.look()

        failed = ended(manager, job)

    assert failed.state == "failed"
    assert failed.error is not None
    assert "fine" in failed.error["message"]
