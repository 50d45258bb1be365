"""Pictures described over the API by a model of the user's own: for their owners alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from pipelines.finetune.pictures.captioning import Captioning
from tests.api.conftest import House, png

CHILD = """
import sys
for line in sys.stdin:
    print('{"caption": "a dog on a lawn"}', flush=True)
"""


@pytest.fixture
def described(home: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """With a captioner."""
    (tmp_path / "captioner").mkdir()
    (tmp_path / "captioner/config.json").write_text(json.dumps({"model_type": "blip"}))
    captioning = Captioning([tmp_path], (sys.executable, "-c", CHILD))
    monkeypatch.setattr(home.manager.trainings._maker, "captioning", captioning)
    return home


def sent(house: House) -> str:
    answer = house.client.post("/api/v1/assets", content=png())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_what_it_says_becomes_a_caption_with_the_word_in_it(described: House) -> None:
    image = sent(described)

    answer = described.client.post("/api/v1/trainings/describe", json={"image": image})

    assert answer.json() == {"text": "a dog on a lawn"}
    plan = {"name": "Zorp", "trigger": "zorp", "class_word": "dog", "resolution": 64}
    images = [{"image": image, **answer.json()}]
    draft = described.client.post(
        "/api/v1/trainings/draft", json={"plan": plan, "images": images}
    ).json()
    assert draft["captioner"] == "captioner"
    assert draft["examples"][0]["caption"] == "a zorp dog on a lawn"
    described.manager.trainings._maker.captioning.close()


def test_without_one_it_says_what_to_get(home: House) -> None:
    answer = home.client.post("/api/v1/trainings/describe", json={"image": sent(home)})

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "no_captioner"


@pytest.mark.parametrize(("image", "status"), [("0" * 32, 404), (None, 422), (5, 422)])
def test_only_ones_own_uploads_are_described(described: House, image: object, status: int) -> None:
    answer = described.client.post("/api/v1/trainings/describe", json={"image": image})

    assert answer.status_code == status
