"""Guides of a request: found and made ready when it is submitted, refused by field and remedy, sent to the worker."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from pipelines import PipelineManager
from pipelines.errors import RequestError
from pipelines.guiding.guides import Control, ImagePrompt
from pipelines.worker.messages import Submit
from tests.paper_checkpoint import safetensors
from tests.pipelines.guiding.test_prepared import seen
from tests.pipelines.guiding.test_preprocessing import boxed
from tests.studio import OWNER, asking, ended, ready, studio

HINT = {"controlnet_cond_embedding.conv_in.weight": (16, 3, 3, 3)}
TO_K = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight"


def controlnet(folder: Path, name: str = "Canny", width: int = 6, channels: int = 3) -> Path:
    file = folder / "models" / "ControlNet" / f"{name}.safetensors"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(safetensors({next(iter(HINT)): (16, channels, 3, 3), TO_K: (4, width)}))
    return file


def upload(manager: PipelineManager, owner: str = OWNER) -> str:
    data = io.BytesIO()
    boxed((100, 80)).save(data, "PNG")
    return manager.assets.add(data.getvalue(), owner).id


def submits(manager: PipelineManager, monkeypatch: pytest.MonkeyPatch) -> list[Submit]:
    sent: list[Any] = []
    send = manager._gpu.send
    monkeypatch.setattr(
        manager._gpu, "send", lambda one: (isinstance(one, Submit) and sent.append(one), send(one))
    )
    return sent


def test_the_worker_is_told_file_picture_and_span(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = controlnet(tmp_path)
    with studio(tmp_path) as manager:
        ready(manager)
        sent = submits(manager, monkeypatch)
        image = upload(manager)
        controls = (
            Control(
                model="canny", image=image, weight=0.7, start=0.1, end=0.9, preprocessor="canny"
            ),
            Control(model="Canny", image=image, weight=0.0),
        )
        ended(manager, manager.submit(asking(controls=controls, width=64, height=72), OWNER))

    (submit,) = sent
    (task,) = submit.controls  # one of weight 0 is as good as none
    assert (task.network.name, task.network.path) == ("Canny", str(file))
    assert task.network.version
    assert (task.weight, task.start, task.end) == (0.7, 0.1, 0.9)
    assert seen(Path(task.picture.path)).size == (64, 72)
    assert submit.request["controls"][0]["image"] == image


def test_a_job_needs_the_upload_no_more_and_outlives_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    controlnet(tmp_path)
    monkeypatch.setenv("DARKROOM_FAKE", "start=60")  # no worker comes up
    with studio(tmp_path) as manager:
        controls = (Control(model="Canny", image=upload(manager)),)
        job = manager.submit(asking(controls=controls), OWNER)
    for path in (tmp_path / "data" / "assets").iterdir():
        path.unlink()
    monkeypatch.delenv("DARKROOM_FAKE")

    with studio(tmp_path) as manager:
        done = ended(manager, manager.job(job.id, OWNER))

    assert done.state == "done", done.error
    assert done.request.controls == controls


ADAPTER = {
    "image_proj.proj.weight": (12, 5),
    "ip_adapter.1.to_k_ip.weight": (4, 6),
}
ENCODER = {
    "vision_model.embeddings.class_embedding": (7,),
    "visual_projection.weight": (5, 7),
}


def put(folder: Path, name: str, shapes: dict[str, tuple[int, ...]]) -> Path:
    file = folder / "models" / "IP-Adapter" / f"{name}.safetensors"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(safetensors(shapes))
    return file


def test_an_image_prompt_is_sent_with_the_encoder_that_fits_its_adapter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = put(tmp_path, "adapter", ADAPTER)
    put(tmp_path, "a small encoder", ENCODER | {"visual_projection.weight": (3, 7)})
    encoder = put(tmp_path, "encoder", ENCODER)
    with studio(tmp_path) as manager:
        ready(manager)
        sent = submits(manager, monkeypatch)
        given = {"model": "adapter", "image": upload(manager)}
        prompts = (ImagePrompt(**given, weight=0.6, end=0.8), ImagePrompt(**given, weight=0.0))
        job = ended(manager, manager.submit(asking(image_prompts=prompts), OWNER))
        record = manager.library.get(job.pictures[0].picture_id or "", OWNER)

    (task,) = sent[0].image_prompts
    assert [file.path for file in task.files[:2]] == [str(adapter), str(encoder)]
    assert seen(Path(task.picture.path)).size == (100, 80)
    assert (task.weight, task.start, task.end) == (0.6, 0.0, 0.8)
    assert (
        'ControlNet 0: "Module: ip-adapter-auto, Model: adapter, Weight: 0.6' in record.parameters
    )
    assert record.request == job.request


def test_an_adapter_without_its_encoder_says_what_to_put_where(tmp_path: Path) -> None:
    put(tmp_path, "adapter", ADAPTER | {"image_proj.proj.weight": (12, 1024)})
    put(tmp_path, "encoder", ENCODER)
    with studio(tmp_path) as manager:
        prompt = ImagePrompt(model="adapter", image=upload(manager))
        with pytest.raises(RequestError) as raised:
            manager.submit(asking(image_prompts=(prompt,)), OWNER)

    assert raised.value.field == "image_prompts.0.model"
    assert "image encoder that is not there" in raised.value.message
    assert "CLIP ViT-H/14" in raised.value.remedy


@pytest.mark.parametrize(
    ("changes", "field", "why"),
    [
        ({"model": "none"}, "controls.0.model", "there is no ControlNet of this name"),
        ({"model": "Depth XL"}, "controls.0.model", "for checkpoints of the family sdxl"),
        ({"model": "inpaint"}, "controls.0.model", "looks at no RGB picture"),
        ({"image": "0" * 32}, "controls.0.image", "there is no such upload"),
        ({"image": "../secret"}, "controls.0.image", "there is no such upload"),
        ({"image": ""}, "controls.0.image", "no picture is chosen"),
        ({"model": ""}, "controls.0.model", "no model is chosen"),
        ({"weight": 2.5}, "controls.0.weight", "outside 0.0 to 2.0"),
        ({"end": 0.0}, "controls.0.end", "is not after the start"),
        ({"resize": "squeeze"}, "controls.0.resize", "is not known"),
        ({"preprocessor": "magic"}, "controls.0.preprocessor", "is not known"),
    ],
)
def test_what_cannot_be_used_is_refused_by_field_and_remedy(
    tmp_path: Path, changes: dict[str, Any], field: str, why: str
) -> None:
    controlnet(tmp_path)
    controlnet(tmp_path, "Depth XL", width=2048)
    controlnet(tmp_path, "inpaint", channels=4)
    with studio(tmp_path) as manager:
        given = {"model": "Canny", "image": upload(manager), **changes}
        with pytest.raises(RequestError) as raised:
            manager.submit(asking(controls=(Control(**given),)), OWNER)

        assert raised.value.field == field
        assert why in raised.value.message
        assert raised.value.remedy
        assert not manager.jobs(OWNER)


def test_the_upload_of_somebody_else_is_as_good_as_none(tmp_path: Path) -> None:
    controlnet(tmp_path)
    with studio(tmp_path) as manager:
        control = Control(model="Canny", image=upload(manager, "eve"))
        with pytest.raises(RequestError, match="there is no such upload"):
            manager.submit(asking(controls=(control,)), OWNER)


def test_a_job_whose_controlnet_has_gone_fails_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = controlnet(tmp_path)
    monkeypatch.setenv("DARKROOM_FAKE", "start=60")
    with studio(tmp_path) as manager:
        controls = (Control(model="Canny", image=upload(manager)),)
        job = manager.submit(asking(controls=controls), OWNER)
    file.unlink()
    monkeypatch.delenv("DARKROOM_FAKE")

    with studio(tmp_path) as manager:
        failed = ended(manager, manager.job(job.id, OWNER))

    assert failed.error
    assert "there is no ControlNet of this name" in failed.error["message"]
