"""The native API for trainings: from uploads to a draft, a training, its pictures and its end; and who may see it."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipelines import Training
from pipelines.finetune.plan import Plan
from tests.api.conftest import House
from tests.api.test_fuzz import bodies, quiet, values
from tests.pipelines.finetune.desk.lessons import SHORT, picture

TRAININGS = "/api/v1/trainings"
Values = dict[str, Any]
Headers = dict[str, str] | None


def uploads(house: House, count: int = 5, headers: Headers = None) -> list[str]:
    sent = {**(headers or {}), "content-type": "image/png"}
    answers = [
        house.client.post("/api/v1/assets", content=picture(number), headers=sent)
        for number in range(count)
    ]
    return [str(answer.json()["id"]) for answer in answers]


def plan(name: str, **changes: Any) -> Values:
    return SHORT | {"name": name} | changes


def begun(house: House, name: str, headers: Headers = None, **changes: Any) -> Values:
    examples = [{"image": one} for one in uploads(house, 2, headers)]
    body = {"plan": plan(name, **changes), "examples": examples}
    answer = house.client.post(TRAININGS, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    found: Values = answer.json()
    return found


def in_state(house: House, training: Values, state: str, headers: Headers = None) -> Values:
    """Followed as the page follows it."""
    version = 0
    while True:
        news = house.client.get(f"/api/v1/jobs?since={version}&wait=5", headers=headers).json()
        version = news["version"]
        listed = house.client.get(TRAININGS, headers=headers).json()
        assert listed["version"] >= news["status"]["trainings_version"]
        found: Values = next(one for one in listed["items"] if one["id"] == training["id"])
        if found["state"] == state:
            return found
        assert found["state"] != "failed", found["error"]


def errors(answer: Any) -> Values:
    found: Values = answer.json()["error"]
    return found


@pytest.fixture(scope="module")
def sent_once(home: House) -> list[str]:
    return uploads(home, 2)


@pytest.fixture(scope="module")
def kept_once(home: House) -> Values:
    return in_state(home, begun(home, "Otter"), "done")


# ---- drafts --------------------------------------------------------------------------------------------


def test_a_draft_settles_the_plan_and_proposes_crops_and_captions(home: House) -> None:
    images = uploads(home, 3)

    body = {"plan": {"name": "Bello", "class_word": "dog"}, "images": images}
    draft = home.client.post(f"{TRAININGS}/draft", json=body).json()

    assert draft["problems"] == []
    assert [one["image"] for one in draft["examples"]] == images
    assert draft["plan"]["steps"] > 0
    assert draft["plan"]["trigger"] in draft["examples"][0]["caption"]
    x, y, width, height = draft["examples"][0]["crop"]
    assert (x + width <= 96, y + height <= 80) == (True, True)
    assert draft["memory_bytes"] > 0
    assert draft["available_bytes"] > 0
    assert any("5 or more" in text for text in draft["warnings"])


def test_a_draft_of_nothing_says_what_lacks(home: House) -> None:
    draft = home.client.post(f"{TRAININGS}/draft", json={}).json()

    assert {one["field"] for one in draft["problems"]} == {"name", "examples"}
    assert all(one["why"] and one["remedy"] for one in draft["problems"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"steps": 0}, "steps"),
        ({"steps": "many"}, "steps"),
        ({"kind": "opera"}, "kind"),
        ({"resolution": 100}, "resolution"),
        ({"checkpoint": "nothing"}, "checkpoint"),
        ({"optimizer": "AdamW 8-bit"}, "optimizer"),
        ({"name": "a/b"}, "name"),
        ({"frobnicate": 1}, "frobnicate"),
        ({"prior_pictures": 9, "class_word": ""}, "prior_pictures"),
        ({"trigger": "dog"}, "trigger"),
        ({"method": "embedding", "trigger": "zwk"}, "trigger"),
    ],
)
def test_what_cannot_be_used_is_a_problem_at_its_field(
    home: House, changes: Values, field: str
) -> None:
    body = {"plan": plan("Bello") | changes, "images": uploads(home, 1)}
    answer = home.client.post(f"{TRAININGS}/draft", json=body)

    assert answer.status_code == 200
    assert [one["field"] for one in answer.json()["problems"]] == [field]

    begin = {"plan": body["plan"], "examples": body["images"]}
    refused = home.client.post(TRAININGS, json=begin)
    assert (refused.status_code, errors(refused)["field"]) == (422, field)
    assert errors(refused)["remedy"]


def test_an_upload_of_nobody_is_named_by_its_place(home: House) -> None:
    body = {"plan": plan("Bello"), "images": [*uploads(home, 1), "0" * 32]}
    draft = home.client.post(f"{TRAININGS}/draft", json=body).json()

    assert [one["field"] for one in draft["problems"]] == ["examples.1.image"]
    assert len(draft["examples"]) == 1


def test_pictures_are_named_by_the_place_they_were_sent_at(home: House) -> None:
    first, second = uploads(home, 2)
    images = ["0" * 32, first, 7, {"image": second, "crop": [0, 0, 900, 900]}]
    draft = home.client.post(
        f"{TRAININGS}/draft", json={"plan": plan("Bello"), "images": images}
    ).json()

    told = [one["field"] for one in draft["problems"]]
    assert told == ["examples.0.image", "examples.2.image", "examples.3.crop"]


# ---- trainings -----------------------------------------------------------------------------------------


def test_from_uploads_to_a_model_that_prompts_can_use(home: House) -> None:
    training = begun(home, "Hund")
    assert training["state"] in ("queued", "running")
    assert "owner" not in training

    done = in_state(home, training, "done")

    address = f"{TRAININGS}/{training['id']}"
    assert home.client.get(address).json() == done
    assert done["made"]["name"] in {
        row["name"] for row in home.client.get("/api/v1/models?kind=lora").json()["items"]
    }
    for path, kind in (("examples/0", "PNG"), ("samples/0/0", "WEBP"), ("samples/6/0", "WEBP")):
        answer = home.client.get(f"{address}/{path}")
        assert answer.status_code == 200
        assert Image.open(io.BytesIO(answer.content)).format == kind
    tag = f"<lora:{done['made']['name']}:0.8> {done['made']['trigger']}"
    assert home.make(prompt=tag)["state"] == "done"


def test_crops_captions_and_what_is_held_out_are_taken_as_sent(home: House) -> None:
    first, second = uploads(home, 2)
    examples = [
        {"image": first, "caption": "a zwkl dog", "crop": [0, 0, 64, 64]},
        {"image": second, "is_held_out": True},
    ]
    body = {"plan": plan("Dackel", trigger="zwkl"), "examples": examples}
    training = home.client.post(TRAININGS, json=body).json()

    one, other = training["examples"]
    assert (one["caption"], one["crop"], one["size"]) == ("a zwkl dog", [0, 0, 64, 64], [64, 64])
    assert (one["is_held_out"], other["is_held_out"]) == (False, True)
    assert training["plan"]["held_out"] == 1
    in_state(home, training, "done")


def test_pause_resume_finish_and_delete(home: House) -> None:
    slow = {"steps": 5000, "sample_every": 4000, "sample_prompts": ["red fake:step=0.02"]}
    training = begun(home, "Pudel", **slow)
    address = f"{TRAININGS}/{training['id']}"
    in_state(home, training, "running")

    assert home.client.post(f"{address}/pause").status_code == 200
    in_state(home, training, "paused")
    assert home.client.post(f"{address}/resume").status_code == 200
    in_state(home, training, "running")
    assert home.client.post(f"{address}/finish").status_code == 200
    assert in_state(home, training, "done")["step"] < 4000
    assert home.client.delete(address).status_code == 204
    assert home.client.get(address).status_code == 404


def test_the_same_client_request_id_is_one_training(home: House) -> None:
    body = {
        "plan": plan("Mops"),
        "examples": uploads(home, 1),
        "client_request_id": "mops-1",
    }
    first, again = (home.client.post(TRAININGS, json=body).json() for _ in range(2))

    assert first["id"] == again["id"]
    in_state(home, first, "done")


def test_another_browser_sees_nothing_of_it(lan: House) -> None:
    ada, bob = lan.owner(), lan.owner()
    training = begun(lan, "Spitz", ada)
    address = f"{TRAININGS}/{training['id']}"
    in_state(lan, training, "done", ada)

    assert lan.client.get(TRAININGS, headers=bob).json()["items"] == []
    for path in ("", "/examples/0", "/samples/0/0"):
        assert lan.client.get(address + path, headers=ada).status_code == 200
        assert lan.client.get(address + path, headers=bob).status_code == 404
    for act in ("pause", "resume", "finish"):
        assert lan.client.post(f"{address}/{act}", headers=bob).status_code == 404
    assert lan.client.delete(address, headers=bob).status_code == 404


@pytest.mark.parametrize(("method", "kind"), [("lora", "loras"), ("embedding", "embeddings")])
def test_kept_steps_are_there_for_who_teaches_alone(lan: House, method: str, kind: str) -> None:
    ada, bob = lan.owner(), lan.owner()
    training = in_state(lan, begun(lan, f"Kranich {kind}", ada, method=method), "done", ada)
    steps = {Path(mark["file"]).stem for mark in training["marks"]}
    addresses = (f"/api/v1/{kind}", f"/sdapi/v1/{kind}", f"/api/v1/models?kind={method}")

    for address in addresses:
        own, others = (lan.client.get(address, headers=one).text for one in (ada, bob))
        assert training["made"]["name"] in own
        assert training["made"]["name"] in others
        assert all(step in own for step in steps), address
        assert not any(step in others for step in steps), address
    open_counts, own_counts = (
        lan.client.get("/api/v1/status", headers=one).json()["other_models"] for one in (bob, ada)
    )
    assert own_counts[method] == open_counts[method] + len(steps)


def test_a_kept_step_of_anothers_is_refused_as_what_is_not_there(lan: House) -> None:
    ada, bob = lan.owner(), lan.owner()
    training = in_state(lan, begun(lan, "Storch", ada), "done", ada)
    step = Path(training["marks"][0]["file"]).stem

    def answers(headers: Headers, name: str) -> list[str]:
        """What is told of a prompt with this LoRA, its name left out."""
        asked = {"prompt": f"red <lora:{name}:1>"}
        told = lan.client.post("/api/v1/prompts/explain", json=asked, headers=headers)
        job = lan.client.post("/api/v1/jobs", json=asked, headers=headers)
        return [job.text.replace(name, "…"), told.text.replace(name, "…")]

    assert answers(bob, step) == answers(bob, "x" * len(step))
    assert "there is no LoRA of this name" in answers(bob, step)[0]
    assert lan.make(headers=ada, prompt=f"red <lora:{step}:1>")["state"] == "done"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"plan": []}, "plan"),
        ({"plan": {"name": "x"}, "examples": {}}, "examples"),
        ({"plan": {"name": "x"}, "examples": [7]}, "examples.0.image"),
        ({"client_request_id": 7}, "client_request_id"),
    ],
)
def test_what_is_no_training_is_refused(home: House, body: Values, field: str) -> None:
    answer = home.client.post(TRAININGS, json=body)

    assert (answer.status_code, errors(answer)["field"]) == (422, field)


@pytest.mark.parametrize("path", ["examples/-1", "samples/-1/0", f"examples/{'9' * 400}"])
def test_pictures_that_are_not_there_are_not_found(home: House, path: str) -> None:
    training = begun(home, f"Fuchs {len(path)}")

    assert home.client.get(f"{TRAININGS}/{training['id']}/{path}").status_code == 404
    assert home.client.get(f"{TRAININGS}/../../{path}").status_code == 404
    home.client.delete(f"{TRAININGS}/{training['id']}")


def test_steps_are_published_and_bad_ones_refused(home: House) -> None:
    training = in_state(home, begun(home, "Wolf"), "done")
    address = f"{TRAININGS}/{training['id']}/publish"

    assert home.client.post(address, json={"step": 3}).json()["made"]["step"] == 3
    for step in (4, "3", None, True, 3.5):
        answer = home.client.post(address, json={"step": step})
        assert (answer.status_code, errors(answer)["field"]) == (422, "step")


def test_only_what_is_newer_is_told_of_what_was_asked_for_before(home: House) -> None:
    quiet_one = in_state(home, begun(home, "Dachs"), "done")
    known = home.client.get(TRAININGS).json()
    training = in_state(home, begun(home, "Marder"), "done")

    news = home.client.get(f"{TRAININGS}?since={known['version']}").json()
    assert news["items"] == [training]
    assert {quiet_one["id"], training["id"]} < set(news["ids"])

    home.client.delete(f"{TRAININGS}/{quiet_one['id']}")
    later = home.client.get(f"{TRAININGS}?since={news['version']}").json()
    assert later["items"] == []
    assert later["ids"] == [one for one in news["ids"] if one != quiet_one["id"]]
    assert home.client.get(f"{TRAININGS}?since={2**60}").status_code == 422


def test_losses_are_shown_thinned(home: House) -> None:
    training = begun(home, "Luchs", steps=700, sample_every=700)

    done = in_state(home, training, "done")

    assert len(done["losses"]) <= 300
    assert done["losses"][-1][0] == 700


def test_the_owner_stays_out_of_what_is_told(home: House) -> None:
    told = set(begun(home, "Igel"))

    assert "owner" not in told
    assert {name for name in Training.__dataclass_fields__ if name != "owner"} <= told


# ---- whatever is sent ----------------------------------------------------------------------------------

FIELDS = [one.name for one in dataclasses.fields(Plan)]


@given(body=bodies(FIELDS), pictures=values, number=st.integers(0, 2))
@quiet
def test_whatever_is_sent_for_a_draft_is_told_or_refused(
    home: House, sent_once: list[str], body: Values, pictures: Any, number: int
) -> None:
    images = [*sent_once[:number], pictures]
    sent = json.dumps({"plan": body, "images": images, "examples": images})

    draft = home.client.post(f"{TRAININGS}/draft", content=sent)
    created = home.client.post(TRAININGS, content=sent)

    assert draft.status_code in (200, 422), draft.text
    assert created.status_code == 422, created.text
    assert errors(created)["message"]
    if draft.status_code == 200:
        assert draft.json()["problems"]  # `pictures` is none


@given(body=bodies(["steps", "strengths", "prompt", "step"]))
@quiet
def test_whatever_is_sent_for_a_comparison_is_a_job_or_refused(
    home: House, kept_once: Values, body: Values
) -> None:
    address = f"{TRAININGS}/{kept_once['id']}"

    for act in ("compare", "publish"):
        answer = home.client.post(f"{address}/{act}", content=json.dumps(body))

        assert answer.status_code in (200, 201, 422, 429), answer.text
        if answer.status_code == 201:
            home.client.post(f"/api/v1/jobs/{answer.json()['id']}/cancel")
