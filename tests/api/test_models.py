"""The native API for models: cards, their pictures, and what is written on them."""

from __future__ import annotations

import base64
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests import paper_checkpoint, paper_file
from tests.api.conftest import SMALL, House, opened, png

pytestmark = pytest.mark.usefixtures("shelf")
LORA = {"lora_unet_down_blocks_1_attn2_to_k.lora_down.weight": (4, 768)}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("shelf")
    with opened(folder, models_dir=(folder / "models",)) as house:
        yield house


@pytest.fixture
def shelf(house: House) -> Path:
    """A folder with a checkpoint, a LoRA and a file that cannot be used; the same for each test."""
    folder = house.settings.models_dir[0]
    shutil.rmtree(folder, ignore_errors=True)
    paper_checkpoint.write(folder / "paper", licence="MIT")
    paper_file.write(folder / "loras" / "ink.safetensors", LORA, {"modelspec.license": "CC0"})
    paper_file.write(folder / "vae" / "clear.safetensors", paper_file.VAE)
    return folder


def rows(house: House, **query: str) -> dict[str, dict[str, Any]]:
    answer = house.client.get("/api/v1/models", params=query).json()
    return {row["name"]: row for row in answer["items"]}


def address(house: House, name: str) -> str:
    return f"/api/v1/models/{rows(house)[name]['id']}"


def test_there_is_a_row_for_every_model_of_any_kind(house: House, shelf: Path) -> None:
    found = rows(house)

    assert {row["name"]: row["kind"] for row in found.values()} == {
        "paper": "checkpoint", "ink": "lora", "clear": "vae"
    }  # fmt: skip
    ink = found["ink"]
    assert (ink["family"], ink["file"], ink["problem"]) == ("sd15", "loras/ink.safetensors", "")
    assert ink["bytes"] == (shelf / "loras" / "ink.safetensors").stat().st_size
    assert ink["licence"]["commercial"] == "yes"
    assert found["paper"]["defaults"]["steps"] == 4
    assert found["paper"]["licence"]["title"] == "MIT"


def test_rows_can_be_narrowed_by_kind_and_words(house: House) -> None:
    assert set(rows(house, kind="lora")) == {"ink"}
    assert set(rows(house, q="CLEAR vae")) == {"clear"}
    assert rows(house, q="nowhere") == {}


def test_a_list_that_is_known_is_not_sent_again(house: House, shelf: Path) -> None:
    tag = house.client.get("/api/v1/models").headers["etag"]
    ask = {"if-none-match": tag}
    assert house.client.get("/api/v1/models", headers=ask).status_code == 304

    (shelf / "loras" / "ink.json").write_text('{"notes": "new"}')

    assert house.client.get("/api/v1/models", headers=ask).status_code == 200


def test_what_is_written_stays_and_nothing_else_is_lost(house: House, shelf: Path) -> None:
    facts = shelf / "loras" / "ink.darkroom.json"
    facts.write_text('{"mine": [1, 2]}')
    changes = {"notes": "thin <b>lines</b>", "trigger_words": ["inkstyle"], "preferred_weight": 0.8,
               "licence": "CC BY 4.0"}  # fmt: skip

    answer = house.client.patch(address(house, "ink"), json=changes).json()

    assert (answer["notes"], answer["trigger_words"]) == ("thin <b>lines</b>", ["inkstyle"])
    assert answer["licence"]["id"] == "cc-by-4.0"
    assert json.loads(facts.read_text()) == {"mine": [1, 2], **changes}

    house.client.patch(address(house, "ink"), json={"notes": "", "licence": None})

    assert set(json.loads(facts.read_text())) == {"mine", "trigger_words", "preferred_weight"}
    assert [path.name for path in facts.parent.iterdir() if "part" in path.name] == []


def test_defaults_of_a_checkpoint_are_written_as_they_are_understood(house: House) -> None:
    changes = {"defaults": {"steps": 9.0, "sampler": "euler a", "width": 72}}

    answer = house.client.patch(address(house, "paper"), json=changes).json()

    assert answer["defaults"]["steps"] == 9
    assert (answer["defaults"]["sampler"], answer["defaults"]["width"]) == ("Euler a", 72)


@pytest.mark.parametrize(
    ("name", "changes", "field"),
    [
        ("paper", {"defaults": {"steps": 9000}}, "steps"),
        ("paper", {"defaults": {"colour": 1}}, "defaults"),
        ("paper", {"defaults": [1]}, "defaults"),
        ("ink", {"defaults": {"steps": 9}}, "defaults"),
        ("ink", {"trigger_words": "one"}, "trigger_words"),
        ("ink", {"trigger_words": [7]}, "trigger_words"),
        ("ink", {"preferred_weight": "much"}, "preferred_weight"),
        ("ink", {"preferred_weight": True}, "preferred_weight"),
        ("ink", {"notes": ["x"]}, "notes"),
        ("ink", {"licence": "two\nlines"}, "licence"),
        ("ink", {"path": "/etc"}, "path"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_named(
    house: House, shelf: Path, name: str, changes: dict[str, Any], field: str
) -> None:
    answer = house.client.patch(address(house, name), json=changes)

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)
    assert not (shelf / "loras" / "ink.darkroom.json").exists()


def test_a_damaged_file_of_facts_is_not_written_over(house: House, shelf: Path) -> None:
    facts = shelf / "loras" / "ink.darkroom.json"
    facts.write_text('{"notes": "half')

    answer = house.client.patch(address(house, "ink"), json={"notes": "new"})

    assert answer.status_code == 422
    assert "ink.darkroom.json is no readable JSON" in answer.json()["error"]["message"]
    assert facts.read_text() == '{"notes": "half'


def test_a_folder_that_cannot_be_written_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    where = address(house, "ink")
    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.replace", refuse)
        answer = house.client.patch(where, json={"notes": "new"})

    assert answer.status_code == 507
    assert "Cannot write into" in answer.json()["error"]["message"]


def test_the_picture_beside_a_model_comes_small_and_with_its_settings(
    house: House, shelf: Path
) -> None:
    picture_id = house.make(prompt="a preview")["pictures"][0]["picture_id"]
    made = house.client.get(f"/api/v1/pictures/{picture_id}/file").content
    (shelf / "loras" / "ink.png").write_bytes(made)

    small = house.client.get(address(house, "ink") + "/preview")
    said = house.client.get(address(house, "ink") + "/settings").json()

    assert Image.open(io.BytesIO(small.content)).format == "WEBP"
    assert small.headers["content-type"] == "image/webp"
    assert said["request"]["prompt"] == "a preview"


def test_a_large_picture_becomes_a_small_one(house: House, shelf: Path) -> None:
    Image.new("RGB", (1600, 800), "blue").save(shelf / "loras" / "ink.jpg")

    answer = house.client.get(address(house, "ink") + "/preview")

    assert Image.open(io.BytesIO(answer.content)).size == (512, 256)


@pytest.mark.parametrize("prefix", ["data:image/png;base64,", ""])
def test_a_picture_inside_the_header_is_shown(house: House, shelf: Path, prefix: str) -> None:
    text = base64.b64encode(png()).decode()
    cover = (
        {"modelspec.thumbnail": prefix + text}
        if prefix
        else {"ssmd_cover_images": json.dumps([text])}
    )
    paper_file.write(shelf / "loras" / "own.safetensors", LORA, cover)

    answer = house.client.get(address(house, "own") + "/preview")

    assert Image.open(io.BytesIO(answer.content)).size == (40, 30)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 415),
        (b"<svg onload='alert(1)'>", 415),
        (b"\x89PNG\r\n\x1a\nbroken", 415),
        (b"GIF89a", 415),
    ],
)
def test_a_picture_that_is_none_is_refused(
    house: House, shelf: Path, content: bytes, status: int
) -> None:
    (shelf / "loras" / "ink.png").write_bytes(content)

    assert house.client.get(address(house, "ink") + "/preview").status_code == status


def test_models_that_are_not_there_are_not_found(house: House) -> None:
    for path in ("", "/preview", "/settings"):
        assert house.client.get(f"/api/v1/models/0123456789abcdef{path}").status_code == 404
    assert house.client.get(address(house, "clear") + "/preview").status_code == 404


def test_the_hash_is_worked_out_once_a_card_was_opened(house: House) -> None:
    where = address(house, "ink")
    house.client.get(where)
    path = house.manager.models.card(where.rpartition("/")[2]).model.path
    digest = house.manager.hashes.work_out(path)

    assert rows(house)["ink"]["hash"] == digest[:10]
    assert house.client.get(where).json()["sha256"] == digest


def test_a_picture_keeps_the_licences_of_its_models_and_what_they_allow_together(
    house: House, shelf: Path
) -> None:
    paper_file.write(shelf / "loras" / "grain.safetensors", LORA, {"modelspec.license": "CC BY-NC"})
    prompt = "a boat <lora:ink:1> <lora:Grain:0.5>"

    picture_id = house.make(prompt=prompt, checkpoint="paper")["pictures"][0]["picture_id"]
    house.manager.library.rebuild()  # from the file alone
    licences = house.client.get(f"/api/v1/pictures/{picture_id}").json()["licences"]

    assert [(one["name"], one["licence"]) for one in licences["models"]] == [
        ("paper", "MIT"), ("grain", "CC BY-NC"), ("ink", "CC0")
    ]  # fmt: skip
    assert (licences["commercial"], licences["sharing"]) == ("no", "conditions")


def test_a_model_goes_to_the_trash_and_back(house: House, shelf: Path) -> None:
    (shelf / "loras" / "ink.json").write_text("{}")

    entry = house.client.delete(address(house, "ink")).json()
    assert "ink" not in rows(house)
    assert list((shelf / "loras").iterdir()) == []
    [listed] = house.client.get("/api/v1/models/trash").json()["items"]
    assert (listed["name"], listed["bytes"] > 0) == ("ink", True)

    answer = house.client.post(f"/api/v1/models/trash/{entry['id']}/restore")

    assert answer.status_code == 200
    assert "ink" in rows(house)
    assert (shelf / "loras" / "ink.json").exists()


def test_the_trash_is_emptied_when_it_is_said(house: House) -> None:
    entry = house.client.delete(address(house, "clear")).json()

    assert house.client.delete(f"/api/v1/models/trash/{entry['id']}").json()["freed_bytes"] > 0
    assert house.client.delete("/api/v1/models/trash").json() == {"freed_bytes": 0}
    assert house.client.post(f"/api/v1/models/trash/{entry['id']}/restore").status_code == 404


def test_a_model_that_a_job_needs_stays(house: House, shelf: Path) -> None:
    for word in ("cat-toy", "toys"):
        paper_file.write(shelf / "embeddings" / f"{word}.safetensors", {"emb_params": (3, 768)})
    held = house.client.post(
        "/api/v1/jobs",
        json={
            **SMALL,
            "checkpoint": "paper",
            "prompt": "a cat-toy <lora:ink:1>",
            "draft_fraction": 0.5,
        },
    ).json()
    for name in ("paper", "ink", "cat-toy"):
        answer = house.client.delete(address(house, name))
        assert answer.status_code == 409
        assert "one job waits or runs" in answer.json()["error"]["message"]
    assert (shelf / "loras" / "ink.safetensors").exists()
    assert house.client.delete(address(house, "toys")).status_code == 200

    house.client.post(f"/api/v1/jobs/{held['id']}/cancel")
    house.ended(held["id"])

    assert house.client.delete(address(house, "ink")).status_code == 200


def test_the_starter_stays(house: House, shelf: Path) -> None:
    paper_checkpoint.write(shelf / "starter")

    answer = house.client.delete(address(house, "starter"))

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "model_kept")
    assert house.client.get(address(house, "starter")).json()["movable"] is False
    assert house.client.get(address(house, "ink")).json()["movable"] is True
    assert (shelf / "starter").exists()
