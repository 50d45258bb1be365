"""The result out: a model among the others, with word, picture and licence, and nobody else's file touched."""

from __future__ import annotations

import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from safetensors import safe_open

from pipelines.catalog import facts
from pipelines.catalog.cards import card_of
from pipelines.catalog.catalog import Catalog
from pipelines.catalog.checkpoint import Other
from pipelines.catalog.embeddings import EmbeddingFile
from pipelines.catalog.hashes import AFTER_HEADER, Hashes
from pipelines.catalog.pictures import picture_of
from pipelines.catalog.verdict import licence_notice, verdict_of
from pipelines.catalog.weights_file import read_header
from pipelines.errors import DiskFull, ModelUnreadable, NotFound, RequestError
from pipelines.finetune.results import publishing
from pipelines.finetune.results.publishing import publish
from pipelines.finetune.training import Training
from pipelines.manager.used import used_by
from pipelines.request import Request
from tests.pipelines.finetune.results.taught import base, kept, taught

STARTER = Path(__file__).parents[4] / "models" / "starter"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return kept(tmp_path / "trainings" / "a", taught())


def names(place: Path) -> list[str]:
    return sorted(path.name for path in place.rglob("*") if path.is_file())


def only(models: Path) -> Other:
    (found,) = Catalog([models]).others()
    return found


def test_it_is_a_model_like_any_other_with_word_picture_and_licence_on_its_card(
    models: Path, folder: Path
) -> None:
    made = publish(taught(), folder, 200, models)

    assert (made.name, made.trigger, made.step) == ("Zorp", "zorp", 200)
    assert made.file == "loras/Zorp.safetensors"
    lora = only(models)
    row = card_of(lora, [models]).details("")
    assert (row["name"], row["kind"], row["family"], row["problem"]) == ("Zorp", "lora", "sd15", "")
    assert row["trigger_words"] == ["zorp"]
    assert row["licence"]["id"] == "creativeml-openrail-m"
    assert row["preview"]
    assert row["tags"] == [{"tag": "a zorp dog", "count": 5}]
    with Image.open(models / "loras/Zorp.preview.png") as preview:
        assert preview.getpixel((5, 5)) == (200, 90, 40)
    assert picture_of(lora) == (models / "loras/Zorp.preview.png").read_bytes()


def test_the_verdict_over_a_picture_made_with_it_names_the_licence_of_its_base(
    models: Path, folder: Path
) -> None:
    (models / "starter").parent.mkdir()
    (models / "starter").symlink_to(STARTER)
    publish(taught(), folder, 200, models)
    request = Request(prompt="a zorp dog <lora:Zorp:1>", checkpoint="Darkroom starter")

    verdict = verdict_of(used_by(request, Catalog([models]).look()))

    assert [one.licence for one in verdict.models] == ["Apache-2.0", "CreativeML Open RAIL-M"]
    assert verdict.hosting == "conditions"


def test_text_and_restrictions_of_the_base_lie_beside_the_file_and_in_it(
    models: Path, folder: Path
) -> None:
    publish(taught(), folder, 200, models)

    beside = (models / "loras/Zorp.license.txt").read_text()
    texts = read_header(models / "loras/Zorp.safetensors").metadata
    assert beside == texts["darkroom.licence_notice"] == licence_notice([base()])
    assert "Use restrictions" in beside
    assert "exploit or harm minors" in licence_notice([only(models)])


def test_base_and_training_may_be_gone_afterwards(models: Path, folder: Path) -> None:
    publish(taught(), folder, 200, models)
    shutil.rmtree(folder)

    assert only(models).about.licence.name == "CreativeML Open RAIL-M"
    assert names(models) == [
        "Zorp.darkroom.json",
        "Zorp.license.txt",
        "Zorp.preview.png",
        "Zorp.safetensors",
    ]


def test_no_picture_that_was_taught_leaves_the_training(models: Path, folder: Path) -> None:
    shutil.rmtree(folder / "samples")

    publish(taught(), folder, 200, models)

    assert "Zorp.preview.png" not in names(models)


def test_tensors_are_the_same_and_their_hash_stands_in_the_file(
    models: Path, folder: Path, tmp_path: Path
) -> None:
    made = publish(taught(), folder, 100, models)

    path = models / made.file
    source = folder / "steps/zorp-000100.safetensors"
    with safe_open(source, "np") as before, safe_open(path, "np") as after:
        texts, tensors = after.metadata(), list(before.keys())
        assert tensors == list(after.keys())
        for name in tensors:
            assert (before.get_tensor(name) == after.get_tensor(name)).all()
    digest = texts.pop("sshs_model_hash")
    assert texts["modelspec.hash_sha256"] == f"0x{digest}"
    assert texts["ss_steps"] == texts["darkroom.step"] == "100"
    hidden = tmp_path / "other.safetensors"
    hidden.write_bytes(path.read_bytes().replace(digest.encode(), b"?" * 64))
    assert Hashes(tmp_path, share=1).work_out(hidden, AFTER_HEADER) == digest


def test_another_step_takes_the_place_of_its_own_file_and_leaves_its_owners_words(
    models: Path, folder: Path
) -> None:
    training = taught()
    made = publish(training, folder, 200, models)
    path = models / "loras/Zorp.darkroom.json"
    facts.write(path, {"notes": "mine", "trigger_words": ["zorp", "my dog"]})

    again = publish(replace(training, made=made), folder, 100, models)

    assert again == replace(made, step=100)
    assert len(names(models)) == 4
    assert read_header(models / made.file).metadata["ss_steps"] == "100"
    about = only(models).about
    assert about.notes == "mine"
    assert about.trigger_words == ("zorp", "my dog")
    with Image.open(models / "loras/Zorp.preview.png") as preview:
        assert preview.getpixel((5, 5)) == (100, 90, 40)


@pytest.mark.parametrize(
    "foreign",
    ["Zorp.safetensors", "zorp.SAFETENSORS", "ZORP.ckpt", "zorp.preview.png", "Zorp.json"],
)
def test_nothing_of_others_is_written_over(models: Path, folder: Path, foreign: str) -> None:
    (models / "loras").mkdir(parents=True)
    (models / "loras" / foreign).write_bytes(b"somebody's")

    made = publish(taught(), folder, 200, models)

    assert made.name == "Zorp 2"
    assert (models / "loras" / foreign).read_bytes() == b"somebody's"
    assert len(names(models)) == 5


def test_a_file_that_somebody_has_put_in_its_place_since_is_left_alone(
    models: Path, folder: Path
) -> None:
    training = taught()
    made = publish(training, folder, 200, models)
    (models / made.file).write_bytes(b"somebody's")

    again = publish(replace(training, made=made), folder, 100, models)

    assert again.name == "Zorp 2"
    assert (models / made.file).read_bytes() == b"somebody's"


def test_names_of_models_elsewhere_are_not_taken(models: Path, folder: Path) -> None:
    assert publish(taught(), folder, 200, models, taken=["zorp", "Zorp 2"]).name == "Zorp 3"


def test_what_a_kill_has_left_is_its_own(models: Path, folder: Path) -> None:
    training = taught()
    publish(training, folder, 200, models)  # the training was killed before it knew
    (models / "loras/Zorp.preview.png").unlink()
    (models / f"loras/.{training.id}.part").write_bytes(b"half")

    made = publish(training, folder, 200, models)

    assert made.name == "Zorp"
    assert len(names(models)) == 4


def test_an_embedding_answers_to_the_name_of_its_file(models: Path, tmp_path: Path) -> None:
    training = taught(method="embedding")
    folder = kept(tmp_path / "t", training)
    (models / "embeddings").mkdir(parents=True)
    (models / "embeddings/Zorp.pt").write_bytes(b"somebody's")

    made = publish(training, folder, 200, models)

    assert made.file == "embeddings/Zorp 2.safetensors"
    assert made.trigger == made.name == "Zorp 2"
    found = next(one for one in Catalog([models]).others() if isinstance(one, EmbeddingFile))
    assert (found.word, found.family, found.about.trigger_words) == ("Zorp 2", "sd15", ("Zorp 2",))


def test_without_a_licence_none_is_claimed(models: Path, tmp_path: Path) -> None:
    training = taught()
    unsaid = base(about=base().about.__class__())
    made = publish(training, kept(tmp_path / "t", training, unsaid), 200, models)

    assert not only(models).about.licence.terms.id
    assert "unknown" in (models / "loras/Zorp.license.txt").read_text()
    assert "licence" not in json.loads((models / f"loras/{made.name}.darkroom.json").read_text())


def test_steps_that_are_not_kept_or_gone_or_damaged_are_named(models: Path, folder: Path) -> None:
    (folder / "steps/zorp-000100.safetensors").unlink()
    (folder / "steps/zorp-000200.safetensors").write_bytes(b"half of a")
    training = taught()

    with pytest.raises(RequestError) as caught:
        publish(training, folder, 150, models)
    assert caught.value.field == "step"
    assert "100, 200" in caught.value.remedy
    with pytest.raises(NotFound):
        publish(training, folder, 100, models)
    with pytest.raises(ModelUnreadable):
        publish(training, folder, 200, models)
    assert names(models) == []


@pytest.mark.parametrize("file", ["fsync", "preview"])
def test_a_full_disk_leaves_nothing_new_and_the_earlier_file_as_it_was(
    models: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    def full(*given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def refused(training: Training) -> None:
        with monkeypatch.context() as patch:
            if file == "fsync":
                patch.setattr("os.fsync", full)
            else:
                patch.setattr(publishing, "rewrite", full)
            with pytest.raises(DiskFull):
                publish(training, folder, 100, models)

    training = taught()
    refused(training)
    assert names(models) == []
    made = publish(training, folder, 200, models)
    before = {path: path.read_bytes() for path in models.rglob("*.*")}
    refused(replace(training, made=made))
    assert {path: path.read_bytes() for path in models.rglob("*.*")} == before
