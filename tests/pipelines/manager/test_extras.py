"""A request's VAE and embeddings: found, refused with a remedy, sent to the worker, counted, told in the picture."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import RequestError
from pipelines.manager.gpu import Gpu
from pipelines.manager.manager import PipelineManager
from pipelines.output.infotext import read
from pipelines.worker.messages import Submit
from tests import paper_checkpoint, paper_file
from tests.paper_file import Shapes
from tests.studio import OWNER, asking, ended, ready, studio

LORA = {
    "lora_unet_mid_block_attn1_to_q.lora_down.weight": (2, 4),
    "lora_unet_mid_block_attn1_to_q.lora_up.weight": (4, 2),
}


def file(folder: Path, name: str, shapes: Shapes) -> Path:
    return paper_file.write(folder / "models" / name, shapes)


def vectors(count: int = 3, width: int = 768) -> Shapes:
    return {"emb_params": (count, width)}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Submit]:
    """What the worker is told of jobs."""
    told: list[Submit] = []

    def send(gpu: Gpu, message: Any, send: Any = Gpu.send) -> None:
        if isinstance(message, Submit):
            told.append(message)
        send(gpu, message)

    monkeypatch.setattr(Gpu, "send", send)
    return told


@pytest.mark.parametrize(
    "name", ["Clear", "clear", "Clear.safetensors", "vae/clear.safetensors", "VAE\\Clear.ckpt"]
)
def test_a_vae_is_found_by_its_name_or_file(tmp_path: Path, sent: list[Submit], name: str) -> None:
    path = file(tmp_path, "VAE/Clear.safetensors", paper_file.VAE)
    with studio(tmp_path) as manager:
        ready(manager)
        job = ended(manager, manager.submit(asking(vae=name), OWNER))
        for own in (None, "", "None", "Automatic", "automatic"):
            plain = ended(manager, manager.submit(asking(vae=own), OWNER))
            assert plain.request.vae is None

    assert job.request.vae == "Clear"
    assert [one.vae.path if one.vae else None for one in sent] == [str(path)] + [None] * 5
    assert sent[0].vae is not None
    assert sent[0].vae.version


def test_a_checkpoints_own_choice_of_vae_is_taken_unless_another_is_asked_for(
    tmp_path: Path, sent: list[Submit]
) -> None:
    for name in ("one", "two"):
        file(tmp_path, f"VAE/{name}.safetensors", paper_file.VAE)
    defaults = {**paper_checkpoint.DEFAULTS, "vae": "one"}
    paper_checkpoint.write(tmp_path / "models" / "paper", defaults=defaults)
    with studio(tmp_path) as manager:
        ready(manager)
        jobs = [manager.submit(asking(vae=name), OWNER) for name in (None, "two")]
        assert [ended(manager, job).request.vae for job in jobs] == ["one", "two"]


def test_a_vae_that_cannot_be_used_is_refused_with_a_remedy(tmp_path: Path) -> None:
    file(tmp_path, "VAE/clear.safetensors", paper_file.VAE)
    file(tmp_path, "VAE/xl.safetensors", paper_file.VAE)
    (tmp_path / "models/VAE/xl.darkroom.json").write_text('{"family": "sdxl"}')
    (tmp_path / "models/VAE/old.vae.pt").write_bytes(b"\x80")
    causes = {
        "another": "is not there",
        "old.vae": "old.vae.pt is a pickle, which could run code",
        "xl": "was made for sdxl, paper is sd15",
    }
    with studio(tmp_path) as manager:
        for name, cause in causes.items():
            with pytest.raises(RequestError) as raised:
                manager.submit(asking(vae=name), OWNER)
            assert raised.value.field == "vae"
            assert cause in raised.value.message
            assert "Automatic for the checkpoint's own" in raised.value.remedy
        assert "that are there: clear, xl." in _remedy(manager, "another")
        assert not manager.jobs(OWNER)


def _remedy(manager: PipelineManager, name: str) -> str:
    with pytest.raises(RequestError) as raised:
        manager.submit(asking(vae=name), OWNER)
    return raised.value.remedy


def test_embeddings_are_found_by_their_names_in_both_prompts(
    tmp_path: Path, sent: list[Submit]
) -> None:
    der, red = (file(tmp_path, f"embeddings/{n}.safetensors", vectors()) for n in ("DER", "red"))
    file(tmp_path, "embeddings/derd.safetensors", vectors())
    with studio(tmp_path) as manager:
        ready(manager)
        asked = asking("a der, red", negative_prompt="red")
        ended(manager, manager.submit(asked, OWNER))
        ended(manager, manager.submit(asking("a dd"), OWNER))

    first, second = sent
    assert [(one.word, one.path) for one in first.embeddings] == [
        ("DER", str(der)),
        ("red", str(red)),
    ]
    assert second.embeddings == ()


def test_of_two_of_one_name_the_one_that_fits_is_taken(tmp_path: Path, sent: list[Submit]) -> None:
    xl = {"clip_l": (2, 768), "clip_g": (2, 1280)}
    file(tmp_path, "embeddings/a/der.safetensors", xl)
    fitting = file(tmp_path, "embeddings/b/der.safetensors", vectors())
    file(tmp_path, "embeddings/c/der.safetensors", xl)
    with studio(tmp_path) as manager:
        ready(manager)
        ended(manager, manager.submit(asking("der"), OWNER))

    assert [one.path for one in sent[0].embeddings] == [str(fitting)]


def test_an_embedding_that_was_meant_and_cannot_be_used_is_refused(tmp_path: Path) -> None:
    file(tmp_path, "embeddings/der.safetensors", vectors(width=1024))
    old = tmp_path / "models/embeddings/ddr.pt"
    old.write_bytes(b"\x80")
    with studio(tmp_path) as manager:
        for field, text, cause in (
            ("prompt", "a der", "der.safetensors is an embedding for sd2, the checkpoint is sd15"),
            ("negative_prompt", "ddr", "ddr.pt is a pickle"),
        ):
            with pytest.raises(RequestError) as raised:
                manager.submit(asking(**{"prompt": "", field: text}), OWNER)
            assert raised.value.field == field
            assert cause in raised.value.message
            assert "Take the name out of the prompt" in raised.value.remedy


def test_a_word_of_the_vocabulary_stays_a_word_where_its_embedding_does_not_fit(
    tmp_path: Path, sent: list[Submit]
) -> None:
    file(tmp_path, "embeddings/red.safetensors", vectors(width=1024))
    with studio(tmp_path) as manager:
        ready(manager)
        assert ended(manager, manager.submit(asking("red"), OWNER)).state == "done"
        assert manager.count_tokens("red red").tokens == 2

    assert sent[0].embeddings == ()


def test_vectors_count_as_tokens_and_fill_chunks(tmp_path: Path) -> None:
    file(tmp_path, "embeddings/der.safetensors", vectors(70))
    with studio(tmp_path) as manager:
        assert manager.count_tokens("red der").tokens == 71
        assert manager.count_tokens("red der").limit == 75
        assert manager.count_tokens("der der").tokens == 75 + 70
        assert manager.count_tokens("der der").limit == 150


def test_the_picture_tells_the_hashes_of_all_its_files(tmp_path: Path) -> None:
    lora = file(tmp_path, "Lora/ink.safetensors", LORA)
    vae = file(tmp_path, "VAE/clear.safetensors", paper_file.VAE)
    der = file(tmp_path, "embeddings/der.safetensors", vectors())
    with studio(tmp_path) as manager:
        for path, part in ((lora, "|after header"), (lora, ""), (vae, ""), (der, "")):
            manager.hashes.work_out(path, part)
        asked = asking("der <lora:ink:1>", vae="clear")
        job = ended(manager, manager.submit(asked, OWNER))
        picture_id = job.pictures[0].picture_id
        assert picture_id
        record = manager.library.get(picture_id, OWNER)

    told = read(record.parameters)
    data = lora.read_bytes()
    body = data[8 + int.from_bytes(data[:8], "little") :]
    assert told["VAE"] == "clear.safetensors"
    assert told["VAE hash"] == hashlib.sha256(vae.read_bytes()).hexdigest()[:10]
    assert told["Lora hashes"] == f"ink: {hashlib.sha256(body).hexdigest()[:12]}"
    assert told["TI hashes"] == f"der: {hashlib.sha256(der.read_bytes()).hexdigest()[:12]}"
    assert json.loads(told["Hashes"]) == {
        f"{name}{path.stem}" if name.endswith(":") else name: digest_of(path)
        for name, path in (("lora:", lora), ("embed:", der), ("vae", vae))
    }
    assert record.request is not None
    assert record.request.vae == "clear"


def digest_of(path: Path) -> str:
    """AutoV2."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def test_a_vae_that_has_gone_before_its_turn_fails_the_job_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file(tmp_path, "VAE/clear.safetensors", paper_file.VAE)
    monkeypatch.setenv("DARKROOM_FAKE", "start=1")
    with studio(tmp_path) as manager:
        job = manager.submit(asking(vae="clear"), OWNER)
        path.unlink()

        failed = ended(manager, job)

    assert failed.state == "failed"
    assert failed.error is not None
    assert "vae = 'clear'" in failed.error["message"]
