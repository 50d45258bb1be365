"""LoRAs that a prompt names: found, refused with a remedy, sent to the worker, and told in the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.branching import Branch
from pipelines.errors import RequestError
from pipelines.worker.messages import Submit
from tests.paper_checkpoint import safetensors
from tests.studio import OWNER, asking, ended, ready, studio

TENSORS = {
    "lora_unet_mid_block_attn1_to_q.lora_down.weight": (2, 4),
    "lora_unet_mid_block_attn1_to_q.lora_up.weight": (4, 2),
}


def lora(folder: Path, name: str) -> Path:
    file = folder / "models" / "Lora" / f"{name}.safetensors"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(safetensors(TENSORS))
    return file


def test_the_worker_is_told_which_files_and_how_strong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = lora(tmp_path, "Ink Pen")
    lora(tmp_path, "other")
    with studio(tmp_path) as manager:
        ready(manager)
        sent: list[Any] = []
        send = manager._gpu.send
        monkeypatch.setattr(manager._gpu, "send", lambda one: (sent.append(one), send(one)))

        prompt = "a boat <lora:ink pen:0.8> <lora:other:0.5:0.25> <lora:other:te=0> <hypernet:x:1>"
        ended(manager, manager.submit(asking(prompt), OWNER))

    (submit,) = [one for one in sent if isinstance(one, Submit)]
    told = [(one.name, one.text_scale, one.unet_scale) for one in submit.loras]
    assert told == [("Ink Pen", 0.8, 0.8), ("other", 0.5, 0.25), ("other", 0.0, 0.0)]
    assert submit.loras[0].path == str(file)
    assert submit.loras[0].version
    assert submit.request["prompt"] == prompt


@pytest.mark.parametrize(
    ("tag", "why", "remedy"),
    [
        ("<lora:none:1>", "there is no LoRA of this name", "Those that are there: red."),
        ("<lora:red:strong>", "its scale strong cannot be used", "Write a number"),
        ("<lora:red:nan>", "its scale nan cannot be used", "Write a number"),
        ("<lora:red:unet=1e9>", "its scale 1e9 cannot be used", "Write a number"),
        ("<lora:red:1:inf>", "its scale inf cannot be used", "Write a number"),
    ],
)
def test_what_cannot_be_used_is_refused_by_tag_and_remedy(
    tmp_path: Path, tag: str, why: str, remedy: str
) -> None:
    lora(tmp_path, "red")
    with studio(tmp_path) as manager:
        with pytest.raises(RequestError) as raised:
            manager.submit(asking(f"a boat {tag}"), OWNER)

        assert raised.value.field == "prompt"
        assert tag in raised.value.message
        assert why in raised.value.message
        assert remedy in raised.value.remedy
        assert not manager.jobs(OWNER)


def test_one_that_has_gone_before_its_turn_fails_the_job_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = lora(tmp_path, "red")
    monkeypatch.setenv("DARKROOM_FAKE", "start=1")
    with studio(tmp_path) as manager:
        job = manager.submit(asking("a boat <lora:red:1>"), OWNER)
        file.unlink()

        failed = ended(manager, job)

        assert failed.state == "failed"
        assert failed.error is not None
        assert "<lora:red:1>" in failed.error["message"]
        assert ended(manager, manager.submit(asking("a boat"), OWNER)).state == "done"


def test_tags_do_not_count_as_words(tmp_path: Path) -> None:
    lora(tmp_path, "red")
    with studio(tmp_path) as manager:
        count = manager.count_tokens("a boat").tokens

        assert manager.count_tokens("a boat<lora:red:0.8>").tokens == count


@pytest.mark.parametrize("prompt", ["a moon", "a moon <lora:red:0.5>", "a moon <lora:blue:1>"])
def test_a_branch_keeps_the_loras_of_its_picture(tmp_path: Path, prompt: str) -> None:
    for name in ("red", "blue"):
        lora(tmp_path, name)
    with studio(tmp_path) as manager:
        job = ended(manager, manager.submit(asking("a boat <lora:red:1>", steps=6), OWNER))
        picture = job.pictures[0].picture_id or ""

        with pytest.raises(RequestError, match="the same at all of its steps") as raised:
            manager.branch(picture, OWNER, Branch(step=3, prompt=prompt))

        assert raised.value.field == "prompt"
        assert raised.value.remedy == "Name the LoRAs that the picture has."
        same = Branch(step=3, prompt="a moon <lora:red:1>")
        assert ended(manager, manager.branch(picture, OWNER, same)).state == "done"
