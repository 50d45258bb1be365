"""The native API: a picture from request to file, what is refused and how it is said, and whose things are whose."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from PIL import Image

from tests import paper_file
from tests.api.conftest import SMALL, House, png
from tests.paper_checkpoint import safetensors
from tests.studio import OWNER, ready, until


def test_a_picture_is_asked_for_followed_found_and_fetched(home: House) -> None:
    answer = home.client.post("/api/v1/jobs", json={**SMALL, "prompt": "a red circle", "seed": 7})
    assert answer.status_code == 201
    job = answer.json()
    assert job["request"]["seed"] == 7
    assert "owner" not in job

    (picture,) = home.ended(job["id"])["pictures"]
    record = home.client.get(f"/api/v1/pictures/{picture['picture_id']}").json()
    file = home.client.get(f"/api/v1/pictures/{record['id']}/file")

    assert (record["seed"], record["prompt"], record["width"]) == (7, "a red circle", 64)
    assert "owner" not in record
    assert Image.open(io.BytesIO(file.content)).size == (64, 64)
    assert file.headers["content-type"] == "image/png"
    assert file.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert file.headers["content-disposition"].startswith("inline")
    found = home.client.get(
        "/api/v1/pictures", params={"q": "circle", "after": "", "trash": 0}
    ).json()
    assert record["id"] in [item["id"] for item in found["items"]]


def test_the_same_client_request_id_is_the_same_job(home: House) -> None:
    body = {**SMALL, "client_request_id": "click-1"}

    first, second = (home.client.post("/api/v1/jobs", json=body).json() for _ in range(2))

    assert first["id"] == second["id"]
    home.ended(first["id"])


def test_a_running_job_shows_previews_and_can_be_cancelled_queued_again_and_forgotten(
    home: House,
) -> None:
    slow = {**SMALL, "prompt": "fake:step=0.05", "sampling": {"steps": 100}}
    job_id = home.client.post("/api/v1/jobs", json=slow).json()["id"]
    address = f"/api/v1/jobs/{job_id}"
    version, seen = 0, 0
    while not seen:
        news = home.client.get(f"/api/v1/jobs?since={version}&wait=5").json()
        version = news["version"]
        seen = max(
            (p["preview_seq"] for j in news["jobs"] if j["id"] == job_id for p in j["pictures"]),
            default=0,
        )
    preview = home.client.get(f"{address}/pictures/0/preview?v={seen}")
    assert preview.headers["content-type"] == "image/jpeg"
    assert preview.headers["cache-control"] == "no-store"

    assert home.client.post(f"{address}/cancel").status_code == 200
    assert home.ended(job_id)["state"] == "cancelled"
    assert home.client.post(f"{address}/requeue").json()["state"] in ("queued", "running")
    home.client.post(f"{address}/cancel")
    home.ended(job_id)
    assert home.client.delete(address).json() == {"removed": job_id}
    assert home.client.get(address).status_code == 404


def test_held_drafts_are_developed_when_they_are_picked(home: House) -> None:
    body = {**SMALL, "batch_size": 3, "draft_fraction": 0.4, "sampling": {"steps": 5}}
    job_id = home.client.post("/api/v1/jobs", json=body).json()["id"]
    version, state = 0, ""
    while state != "held":
        news = home.client.get(f"/api/v1/jobs?since={version}&wait=5").json()
        version = news["version"]
        state = next((job["state"] for job in news["jobs"] if job["id"] == job_id), state)

    assert (
        home.client.post(f"/api/v1/jobs/{job_id}/develop", json={"pictures": [1]}).status_code
        == 200
    )

    states = [picture["state"] for picture in home.ended(job_id)["pictures"]]
    assert states == ["dropped", "done", "dropped"]


@pytest.mark.parametrize("picked", [None, [], [True], ["1"], 3, {"0": 1}])
def test_picks_that_are_no_indices_are_refused(home: House, picked: Any) -> None:
    answer = home.client.post("/api/v1/jobs/x/develop", json={"pictures": picked})

    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == "pictures"


def test_the_status_says_what_there_is(home: House) -> None:
    status = home.client.get("/api/v1/status").json()

    assert status["version"]
    assert {"name", "hint", "schedule"} <= set(status["samplers"][0])
    assert {"name", "hint"} <= set(status["schedules"][0])
    names = {
        "name",
        "family",
        "variant",
        "latents",
        "defaults",
        "licence",
        "terms",
        "starter",
        "problem",
    }
    assert names == set(status["checkpoints"][0])
    assert status["other_models"] == {}
    assert status["worker"] in ("starting", "ready")


def test_followers_hear_of_models_that_come(home: House) -> None:
    before = home.client.get("/api/v1/status").json()["catalog_version"]
    news = home.client.get("/api/v1/jobs?since=0").json()
    path = paper_file.write(home.settings.models_dir[0] / "came later.safetensors")

    while news["status"]["catalog_version"] == before:
        news = home.client.get(f"/api/v1/jobs?since={news['version']}&wait=10").json()

    names = [one["name"] for one in home.client.get("/api/v1/status").json()["checkpoints"]]
    path.unlink()
    assert "came later" in names


def test_loras_are_listed_and_a_prompt_may_name_them(home: House) -> None:
    layer = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    shapes = {f"{layer}.lora_down.weight": (4, 768), f"{layer}.lora_up.weight": (8, 4)}
    file = home.settings.models_dir[0] / "ink.safetensors"
    file.write_bytes(safetensors(shapes))

    listed = home.client.get("/api/v1/loras").json()
    theirs = home.client.get("/sdapi/v1/loras").json()
    job = home.client.post("/api/v1/jobs", json={**SMALL, "prompt": "a boat <lora:ink:0.5>"}).json()
    refused = home.client.post("/api/v1/jobs", json={**SMALL, "prompt": "a boat <lora:pen:0.5>"})
    ended = home.ended(job["id"])
    file.unlink()

    assert {"name": "ink", "family": "sd15", "problem": "", "weight": None} in listed
    assert [one["name"] for one in theirs] == ["ink"]
    assert ended["state"] == "done"
    assert refused.status_code == 422
    assert refused.json()["error"]["field"] == "prompt"
    assert home.client.get("/api/v1/loras").json() == []


def test_a_worker_that_is_broken_starts_when_it_is_told_to(
    door: Callable[..., AbstractContextManager[House]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.worker.restarts.LONGEST_WAIT_SECONDS", 0.01)
    monkeypatch.setenv("DARKROOM_FAKE", "die-at-start")
    with door() as house:

        def follow(wanted: str) -> None:
            while house.client.get("/api/v1/jobs?wait=1").json()["status"]["worker"] != wanted:
                time.sleep(0.05)

        follow("broken")
        monkeypatch.setenv("DARKROOM_FAKE", "")

        assert house.client.post("/api/v1/worker/start").status_code == 202
        follow("ready")


def test_a_worker_that_works_is_left_alone(home: House) -> None:
    before = home.client.get("/api/v1/status").json()

    assert home.client.post("/api/v1/worker/start").json() == {"worker": before["worker"]}

    assert home.client.get("/api/v1/status").json()["restarts"] == before["restarts"]


def test_tokens_are_counted(home: House) -> None:
    count = home.client.post("/api/v1/tokens", json={"text": "a red circle"}).json()

    assert count["tokens"] >= 1
    assert count["limit"] % 75 == 0


def test_waiting_for_news_ends_when_there_are_some(lan: House) -> None:
    ada = lan.owner()
    version = lan.client.get("/api/v1/jobs", headers=ada).json()["version"]
    heard: list[dict[str, Any]] = []

    def follow() -> None:
        since = version
        while not any(news["jobs"] for news in heard):
            address = f"/api/v1/jobs?since={since}&wait=20"
            heard.append(lan.client.get(address, headers=ada).json())
            since = heard[-1]["version"]

    follower = threading.Thread(target=follow)
    follower.start()
    job_id = lan.client.post("/api/v1/jobs", json=SMALL, headers=ada).json()["id"]
    follower.join(15)

    assert [job["id"] for job in heard[-1]["jobs"]] == [job_id]
    assert heard[-1]["version"] > version
    assert heard[-1]["status"]["worker"]
    lan.ended(job_id, ada)


def test_waiting_in_vain_ends_in_time_with_nothing(home: House) -> None:
    version = home.client.get("/api/v1/jobs").json()["version"]
    start = time.monotonic()

    news = home.client.get(f"/api/v1/jobs?since={version}&wait=0.3").json()

    assert time.monotonic() - start < 10
    assert news["version"] >= version


# ---- what is refused ---------------------------------------------------------------------------------------

NUMBERS = [
    ("width", -1), ("width", 0), ("width", 63), ("width", 10**12), ("width", 1e300), ("width", 512.5),
    ("height", -8), ("height", 10**400), ("seed", -2), ("seed", 2**60), ("seed", 1.5),
    ("batch_size", 0), ("batch_size", -1), ("batch_size", 10**9), ("batch_count", 0), ("batch_count", 1e9),
    ("clip_skip", 0), ("clip_skip", 13), ("clip_skip", 1.5), ("clip_skip", "2"),
    ("draft_fraction", -0.1), ("draft_fraction", 2), ("width", True), ("width", "512"), ("width", [512]),
]  # fmt: skip
SAMPLING_NUMBERS = [
    ("steps", 0), ("steps", -1), ("steps", 10**9), ("steps", 2.5), ("steps", "many"),
    ("guidance_scale", -0.5), ("guidance_scale", 1e9), ("guidance_scale", 10**400), ("guidance_scale", "high"),
]  # fmt: skip


def refusal(answer: Any, field: str) -> dict[str, Any]:
    assert 400 <= answer.status_code < 500, answer.text
    error: dict[str, Any] = answer.json()["error"]
    assert error["field"].endswith(field)
    assert error["value"]
    assert field in error["message"]
    assert error["remedy"]
    return error


@pytest.mark.parametrize(("field", "value"), NUMBERS)
def test_a_number_that_cannot_be_used_is_refused_by_name_value_and_remedy(
    home: House, field: str, value: Any
) -> None:
    refusal(home.client.post("/api/v1/jobs", json={**SMALL, field: value}), field)


@pytest.mark.parametrize(("field", "value"), SAMPLING_NUMBERS)
def test_the_same_holds_for_the_numbers_of_the_sampling(
    home: House, field: str, value: Any
) -> None:
    refusal(home.client.post("/api/v1/jobs", json={"sampling": {field: value}}), field)


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize("field", ["width", "seed", "batch_size", "draft_fraction"])
def test_what_is_no_finite_number_is_refused(home: House, field: str, literal: str) -> None:
    answer = home.client.post("/api/v1/jobs", content=f'{{"{field}": {literal}}}')

    refusal(answer, field)
    assert answer.status_code == 422


def test_nan_deep_inside_is_found_and_named(home: House) -> None:
    answer = home.client.post("/api/v1/jobs", content='{"sampling": {"guidance_scale": NaN}}')

    refusal(answer, "guidance_scale")


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        '"x"',
        "12",
        "null",
        b"\xff\xfe{",
        "[" * 100_000,
        "9" * 5000,
        '{"width": ' + "9" * 5000 + "}",
    ],
)
def test_a_body_that_is_no_json_object_is_refused_as_such(home: House, body: str | bytes) -> None:
    answer = home.client.post("/api/v1/jobs", content=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_json"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"promt": "x"}, "promt"),
        ({"prompt": 5}, "prompt"),
        ({"prompt": "x" * 20_000}, "prompt"),
        ({"prompt": "a\0b"}, "prompt"),
        ({"format": "gif"}, "format"),
        ({"kind": "video"}, "kind"),
        ({"checkpoint": "nowhere"}, "checkpoint"),
        ({"sampling": {"sampler": "Magic"}}, "sampler"),
        ({"sampling": {"schedule": "Magic"}}, "schedule"),
        ({"sampling": 5}, "sampling"),
        ({"client_request_id": 5}, "client_request_id"),
        ({"client_request_id": "x" * 100}, "client_request_id"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(
    home: House, body: dict[str, Any], field: str
) -> None:
    refusal(home.client.post("/api/v1/jobs", json=body), field)


def test_half_a_character_is_refused(home: House) -> None:
    answer = home.client.post("/api/v1/jobs", content='{"prompt": "\\ud800"}')

    refusal(answer, "prompt")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("jobs?since=abc", "since"),
        ("jobs?since=99999999999999999999999", "since"),
        ("jobs?wait=nan", "wait"),
        ("jobs?wait=inf", "wait"),
        ("jobs?wait=-1", "wait"),
        ("jobs?wait=21", "wait"),
        ("pictures?limit=0", "limit"),
        ("pictures?limit=100000", "limit"),
        ("pictures?after=nan", "after"),
        ("pictures?before=inf", "before"),
        ("pictures?before=1e300", "before"),
        ("pictures?cursor=zzz", "cursor"),
        ("pictures?trash=perhaps", "trash"),
    ],
)
def test_a_query_that_cannot_be_used_is_refused_in_the_same_form(
    home: House, query: str, field: str
) -> None:
    refusal(home.client.get(f"/api/v1/{query}"), field)


def test_an_address_that_is_not_there_says_so(home: House) -> None:
    answer = home.client.get("/api/v2/jobs")

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


# ---- whose things are whose --------------------------------------------------------------------------------


def test_nothing_of_one_owner_is_there_for_another(lan: House) -> None:
    ada, bob = lan.owner(), lan.owner()
    job = lan.make(ada, prompt="secret of ada")
    picture_id = job["pictures"][0]["picture_id"]
    asset = lan.client.post(
        "/api/v1/assets", content=png(), headers={**ada, "content-type": "image/png"}
    ).json()
    job_address, picture = f"/api/v1/jobs/{job['id']}", f"/api/v1/pictures/{picture_id}"
    attempts = [
        ("GET", job_address), ("POST", f"{job_address}/cancel"), ("POST", f"{job_address}/requeue"),
        ("POST", f"{job_address}/develop"), ("DELETE", job_address),
        ("GET", f"{job_address}/pictures/0/preview"), ("GET", picture), ("GET", f"{picture}/file"),
        ("GET", f"{picture}/thumbnail"), ("GET", f"{picture}/strip"), ("GET", f"{picture}/strip/1"),
        ("DELETE", picture), ("POST", f"{picture}/restore"),
        ("GET", f"/api/v1/assets/{asset['id']}"), ("GET", f"/api/v1/assets/{asset['id']}/file"),
    ]  # fmt: skip

    for method, address in attempts:
        sent = {"json": {"pictures": [0]}} if address.endswith("develop") else {}
        answer = lan.client.request(method, address, headers=bob, **sent)
        assert answer.status_code == 404, (method, address, answer.text)
        assert "secret" not in answer.text

    assert not [
        j
        for j in lan.client.get("/api/v1/jobs", headers=bob).json()["jobs"]
        if j["id"] == job["id"]
    ]
    assert lan.client.get("/api/v1/pictures?q=secret", headers=bob).json()["total"] == 0
    assert lan.client.get("/api/v1/pictures?q=secret", headers=ada).json()["total"] == 1
    assert lan.client.get(f"{picture}/file", headers=ada).status_code == 200


def test_a_checkpoint_is_unloaded_by_name(home: House) -> None:
    ready(home.manager)
    name = until(home.manager, OWNER, lambda: home.manager.status().loaded)[0]
    assert home.client.get("/api/v1/status").json()["holders"][0]["name"] == name

    assert home.client.post("/api/v1/models/unload", json={"name": name}).status_code == 202
    until(home.manager, OWNER, lambda: name not in home.manager.status().loaded)

    for wrong, status in ((name, 404), (7, 422)):
        answer = home.client.post("/api/v1/models/unload", json={"name": wrong})
        assert answer.status_code == status
        assert str(wrong) in answer.json()["error"]["message"]
    assert home.client.post("/sdapi/v1/unload-checkpoint").json() == {}
